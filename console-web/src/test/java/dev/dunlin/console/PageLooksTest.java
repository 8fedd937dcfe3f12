package dev.dunlin.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Every page at both widths, light and dark, in a real browser: it fits, can be used by keyboard and can be read. */
@SpringBootTest(
        classes = ConsoleWithMocks.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = "management.server.port=-1")
class PageLooksTest {
    private static TestBrowser browser;

    @LocalServerPort
    int port;

    @BeforeAll
    static void openBrowser() {
        browser = new TestBrowser();
    }

    @AfterAll
    static void closeBrowser() {
        browser.close();
    }

    private String console() {
        return "http://localhost:" + port;
    }

    private Page loggedIn(int width, ColorScheme colors) {
        var page = browser.person(console(), width, colors).newPage();
        page.navigate("/login");
        page.getByLabel("E-mail").fill("owner@example.com");
        page.getByLabel("Password").fill(ConsoleWithMocks.PASSWORD);
        page.keyboard().press("Enter");
        page.waitForURL("**/devices");
        return page;
    }

    @ParameterizedTest
    @CsvSource({
        "home, /",
        "sign-up, /sign-up",
        "login, /login",
    })
    void looksRightOutside(String name, String path) {
        var page = browser.desktop(console());
        page.navigate(path);
        TestBrowser.screenshots(page, name);
        assertFits(page);
        page.context().close();
    }

    @ParameterizedTest
    @CsvSource({
        "devices, /devices",
        "devices-none-found, /devices?q=nothing",
        "device-new, /new-device",
        "device, /devices/boiler-7",
        "device-delete, /devices/boiler-7/delete",
        "welcome, /welcome",
        "live-empty, /live",
        "problems, /problems",
        "not-found, /devices/nobody",
    })
    void looksRightInside(String name, String path) {
        var page = loggedIn(TestBrowser.DESKTOP, ColorScheme.LIGHT);
        page.navigate(path);
        TestBrowser.screenshots(page, name);
        assertFits(page);
        page.context().close();
    }

    /** No page scrolls sideways on a phone, and what can be pressed has a name. */
    private static void assertFits(Page page) {
        page.setViewportSize(TestBrowser.PHONE, 844);
        assertThat(page.evaluate("document.documentElement.scrollWidth")).isEqualTo(TestBrowser.PHONE);
        assertThat(page.evaluate("""
                Array.from(document.querySelectorAll('input:not([type=hidden]),select,textarea'))
                  .filter(e => !e.labels.length && !e.getAttribute('aria-label')).map(e => e.outerHTML)""")).isEqualTo(List.of());
        assertThat(page.evaluate("""
                Array.from(document.querySelectorAll('a,button'))
                  .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML)""")).isEqualTo(List.of());
        assertThat(page.locator("h1").count()).isEqualTo(1);
        assertThat(page.locator("main").count()).isEqualTo(1);
        assertThat(page.evaluate("document.documentElement.lang")).isEqualTo("en");
    }

    @Test
    void hidesTheNavigationBehindOneButtonOnAPhone() {
        var page = loggedIn(TestBrowser.PHONE, ColorScheme.LIGHT);
        var live = page.getByRole(
                com.microsoft.playwright.options.AriaRole.LINK,
                new Page.GetByRoleOptions().setName("Live").setExact(true));
        assertThat(live.isVisible()).isFalse();
        var menu = page.getByText("Menu");
        menu.focus();
        page.keyboard().press("Enter");
        assertThat(live.isVisible()).isTrue();
        assertThat(menu.getAttribute("aria-expanded")).isEqualTo("true");
        TestBrowser.screenshots(page, "menu");
        page.context().close();
    }
}
