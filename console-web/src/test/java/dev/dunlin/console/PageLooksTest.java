package dev.dunlin.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.dunlin.database.DatabasePulse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.ArgumentCaptor;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Every page at both widths, light and dark, in a real browser: it fits, can be used by keyboard and can be read. */
@SpringBootTest(
        classes = ConsoleWithMocks.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = "management.server.port=-1")
class PageLooksTest {
    /** Texts that are hard to read on what is behind them: WCAG 2 AA asks for 4.5, or for 3 where letters are large. */
    private static final String LOW_CONTRAST = """
            () => {
              const parse = color => (color.match(/[\\d.]+/g) || []).map(Number);
              const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4))
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              const behind = e => {
                for (let at = e; at; at = at.parentElement) {
                  const color = parse(getComputedStyle(at).backgroundColor);
                  if (color.length === 3 || color[3] === 1) { return color; }
                }
                return [255, 255, 255];
              };
              return Array.from(document.querySelectorAll('body *'))
                .filter(e => e.checkVisibility() && Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()))
                .map(e => {
                  const style = getComputedStyle(e);
                  const [a, b] = [light(parse(style.color)), light(behind(e))].sort((x, y) => y - x);
                  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
                  return { text: e.textContent.trim().slice(0, 40), ratio: (a + 0.05) / (b + 0.05), needed: large ? 3 : 4.5 };
                })
                .filter(found => found.ratio < found.needed).map(found => found.text + ': ' + found.ratio.toFixed(2));
            }""";

    private static TestBrowser browser;

    @LocalServerPort
    int port;

    /** A mock. */
    @Autowired
    private DatabasePulse database;

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
        "disk-full, /devices/disk-full",
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
        for (var colors : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(colors));
            assertThat(page.evaluate(LOW_CONTRAST)).as("%s", colors).isEqualTo(List.of());
        }
        assertThat(page.locator("h1").count()).isEqualTo(1);
        assertThat(page.locator("main").count()).isEqualTo(1);
        assertThat(page.evaluate("document.documentElement.lang")).isEqualTo("en");
    }

    @Test
    void saysThatTheDatabaseIsAwayWhereAPageCannotBeMade() {
        var page = loggedIn(TestBrowser.DESKTOP, ColorScheme.LIGHT);
        page.clock().install(); // it looks again after some seconds
        page.navigate("/devices/database-away");
        assertThat(page.locator("main").textContent())
                .contains("The database does not answer right now", "heals by itself");
        TestBrowser.screenshots(page, "database-away");
        assertFits(page);
        page.context().close();
    }

    @Test
    void saysOnAnOpenPageThatTheDatabaseIsAwayUntilItIsBack() {
        var page = loggedIn(TestBrowser.DESKTOP, ColorScheme.LIGHT);
        var note = page.locator("#database-away");
        PlaywrightAssertions.assertThat(page.locator("body")).hasAttribute("data-feed-state", "open");
        PlaywrightAssertions.assertThat(note).isHidden();
        databaseAnswers(false);
        try {
            PlaywrightAssertions.assertThat(note).isVisible();
            TestBrowser.screenshots(page, "database-away-while-open");
            assertFits(page);
        } finally {
            databaseAnswers(true);
        }
        PlaywrightAssertions.assertThat(note).isHidden();
        page.context().close();
    }

    private void databaseAnswers(boolean answers) {
        when(database.isAnswering()).thenReturn(answers);
        var changed = ArgumentCaptor.forClass(Runnable.class);
        verify(database).whenChanged(changed.capture());
        changed.getValue().run();
    }

    @Test
    void hidesTheNavigationBehindOneButtonOnAPhone() {
        var page = loggedIn(TestBrowser.PHONE, ColorScheme.LIGHT);
        var live = page.getByRole(
                AriaRole.LINK, new Page.GetByRoleOptions().setName("Live").setExact(true));
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
