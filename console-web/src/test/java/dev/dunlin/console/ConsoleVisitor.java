package dev.dunlin.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Uses the console without a browser, for tests that are not about pages. */
public final class ConsoleVisitor {
    private static final Pattern TOKEN = Pattern.compile("name=\"_csrf\" value=\"([^\"]+)\"");
    private static final Pattern COMMAND = Pattern.compile("id=\"code-mosquitto-pub\"[^>]*>([^<]+)<");

    private static final String PAGES = "text/html, */*;q=0.5";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newBuilder()
            .cookieHandler(new CookieManager())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();

    /** Signs up, and returns the command that the first screen prints. */
    public String signUp(String console, String email, String password) {
        var welcome = submit(console + "/sign-up", "email=" + encoded(email) + "&password=" + encoded(password));
        assertThat(welcome.uri().getPath()).isEqualTo("/welcome");
        var command = COMMAND.matcher(welcome.body());
        assertThat(command.find()).isTrue();
        return command.group(1).replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
    }

    public void logIn(String console, String email, String password) {
        assertThat(tryLogIn(console, email, password).uri().getPath()).isEqualTo("/devices");
    }

    /** Logs in, and gives the page that answers. */
    public HttpResponse<String> tryLogIn(String console, String email, String password) {
        return submit(console + "/login", "email=" + encoded(email) + "&password=" + encoded(password));
    }

    private HttpResponse<String> submit(String form, String fields) {
        return send(form, fields + "&_csrf=" + encoded(tokenIn(get(form))));
    }

    /** Posts what a form of the device list's frame could. */
    HttpResponse<String> post(String url, String fields) {
        return send(
                url,
                fields + "&_csrf="
                        + encoded(
                                tokenIn(get(URI.create(url).resolve("/devices").toString()))));
    }

    private static String tokenIn(HttpResponse<String> page) {
        var token = TOKEN.matcher(page.body());
        assertThat(token.find()).as(page.body()).isTrue();
        return token.group(1);
    }

    public HttpResponse<String> get(String url) {
        return exchange(HttpRequest.newBuilder(URI.create(url))
                .timeout(PATIENCE)
                .header("Accept", PAGES)
                .build());
    }

    private HttpResponse<String> send(String url, String fields) {
        return exchange(HttpRequest.newBuilder(URI.create(url))
                .timeout(PATIENCE)
                .header("Accept", PAGES)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(fields))
                .build());
    }

    /** An event stream that is open when this returns, as a page has one. */
    CompletableFuture<HttpResponse<InputStream>> openStream(String url) {
        var stream = client.sendAsync(
                HttpRequest.newBuilder(URI.create(url))
                        .header("Accept", "text/event-stream")
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        assertThat(stream.orTimeout(20, TimeUnit.SECONDS).join().statusCode()).isEqualTo(200);
        return stream;
    }

    private HttpResponse<String> exchange(HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
