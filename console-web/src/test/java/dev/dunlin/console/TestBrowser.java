package dev.dunlin.console;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import dev.dunlin.engine.testkit.TestTools;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A real Chromium. Complaints of pages (errors of scripts, breaches of the Content Security Policy) are kept, to fail on. */
final class TestBrowser implements AutoCloseable {
    static final int DESKTOP = 1280;
    static final int PHONE = 390;
    private static final Path SCREENSHOTS = Path.of("screenshots"); // tests run in the build's target folder

    private final Playwright playwright;
    private final Browser browser;
    private final List<String> complaints = new ArrayList<>();

    TestBrowser() {
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(TestTools.chromium())
                        .setChromiumSandbox(false)
                        .setArgs(List.of(
                                "--disable-dev-shm-usage",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync")));
    }

    /** A browser of its own for one person: no cookie is shared. */
    BrowserContext person(String baseUrl, int width, ColorScheme colors) {
        var context = browser.newContext(new Browser.NewContextOptions()
                .setBaseURL(baseUrl)
                .setViewportSize(width, width == PHONE ? 844 : 900)
                .setColorScheme(colors));
        context.setDefaultTimeout(15_000);
        context.onConsoleMessage(message -> {
            if (message.type().equals("error")) {
                complaints.add(message.page().url() + ": " + message.text());
            }
        });
        context.onWebError(error -> complaints.add("script: " + error.error()));
        return context;
    }

    Page desktop(String baseUrl) {
        return person(baseUrl, DESKTOP, ColorScheme.LIGHT).newPage();
    }

    /** What pages complained of since the last call. */
    List<String> takeComplaints() {
        var taken = List.copyOf(complaints);
        complaints.clear();
        return taken;
    }

    /** Keeps the whole page as it looks now, at both widths, light and dark, in {@code target/screenshots}. */
    static void screenshots(Page page, String name) {
        for (var width : new int[] {PHONE, DESKTOP}) {
            for (var colors : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
                page.setViewportSize(width, width == PHONE ? 844 : 900);
                page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(colors));
                page.screenshot(new Page.ScreenshotOptions()
                        .setPath(SCREENSHOTS.resolve(
                                name + "-" + width + "-" + colors.name().toLowerCase(Locale.ROOT) + ".png"))
                        .setFullPage(true));
            }
        }
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.LIGHT));
        page.setViewportSize(DESKTOP, 900);
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
