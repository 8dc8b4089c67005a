"""Every page: accessible by day and by night and in both languages, and readable on the narrowest phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests import pages

GROUPS = pages.groups()
COLOURS = ["color-contrast", "link-in-text-block"]
"""axe's rules whose answer depends on the colours of the style sheet."""

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize(("who", "paths"), GROUPS, ids=[f"{who or 'anyone'}:{paths[0]}" for who, paths in GROUPS]),
]


@pytest.fixture
def wrong_with(who, paths, browser, window, client, places):
    """A function that opens each page in a window of some kind, and gathers what is wrong with them by path."""
    browser.expected = ("400", "403", "404", "405", "410", "422")  # Chromium says so on the console

    def wrong_with(look: Callable[[Page], str], **options) -> dict[str, str]:
        page = window(places["people"][who] if who else None, client, **options)
        found = {}
        for path in paths:
            page.set_viewport_size({"width": 1280, "height": 900})
            answer = page.goto(path.format(**places))
            assert answer is not None
            if page.locator("#editor").count():
                page.locator("[data-adds=picture]").wait_for()  # going on too soon breaks off what loads its scripts
            status = answer.status
            wrong = f"answered {status}" if status != pages.status(who, path) else look(page)
            if wrong:
                found[path] = wrong
        return found

    return wrong_with


def test_axe_finds_nothing_by_day_or_by_night(wrong_with):
    def look(page: Page) -> str:
        return axe(page) + axe_by_night(page)

    assert wrong_with(look, color_scheme="light", reduced_motion="reduce", bypass_csp=True) == {}


def test_axe_finds_nothing_in_chinese_and_a_narrow_phone_shows_all(wrong_with):
    def look(page: Page) -> str:
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        return axe_by_night(page) + axe(page) + too_wide(page)

    assert wrong_with(look, locale="zh-CN", bypass_csp=True) == {}


def test_a_page_is_whole_on_every_screen(wrong_with):
    def look(page: Page) -> str:
        if not (page.title().strip() and page.locator("h1").count() == 1 and page.locator("main").count() == 1):
            return "it has no title, or not one heading and one main part"
        page.set_viewport_size({"width": 390, "height": 844})
        return "".join(too_small(page)) + too_wide(page)

    assert wrong_with(look) == {}


def axe(page: Page, **options) -> str:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options})
    return found.generate_report() if found.violations_count else ""


def axe_by_night(page: Page) -> str:
    """The same page in other colours, so what axe says about colours."""
    page.emulate_media(color_scheme="dark")
    found = axe(page, runOnly=COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def too_small(page: Page) -> list[str]:
    """What a finger cannot hit. WCAG 2.2, 2.5.8: 24 by 24 CSS pixels, links within a line of text excepted."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, summary, nav a")]
            .filter(it => it.type !== "hidden" && !it.disabled)
            .filter(it => it.getClientRects().length && !it.closest(".skip, .unseen"))
            .map(it => [it, it.type === "checkbox" || it.type === "radio" ? (it.labels[0] || it) : it])
            .filter(([, box]) => box.getBoundingClientRect().height < 23.5)
            .map(([it]) => it.outerHTML.slice(0, 120))"""
    )


def too_wide(page: Page) -> str:
    """What stands out over the right edge of the narrowest screen."""
    page.set_viewport_size({"width": 320, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")
    if width <= 320:
        return ""
    culprits = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(it => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest("pre, table"))
            .map(it => it.outerHTML.slice(0, 120))"""
    )
    return f"{width} pixels wide: {culprits}"
