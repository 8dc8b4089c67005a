"""Every main page: accessible by day and by night, and readable on the narrowest phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests import pages

pytestmark = pytest.mark.parametrize(("is_author", "path"), pages.PAGES)


@pytest.fixture
def places(world):
    return pages.fill(world)


@pytest.fixture
def opened(is_author, path, browser, window, world, client, places):
    """A function that opens the page in a window of some kind."""
    browser.expected = ("404",)  # Chromium says so on the console

    def opened(**options):
        page = window(world.alice if is_author else None, client, **options)
        page.goto(path.format(**places))
        return page

    return opened


def test_axe_finds_nothing_by_day_or_by_night(opened):
    page = opened(color_scheme="light", bypass_csp=True)
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{light}\n{found.generate_report()}"


def test_axe_finds_nothing_in_chinese_and_a_narrow_phone_shows_all(opened):
    page = opened(color_scheme="light", locale="zh-CN", bypass_csp=True)
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, too_wide(page)


def test_a_page_is_whole_on_every_screen(opened):
    page = opened()
    assert page.title().strip()
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html").get_attribute("lang")
    page.set_viewport_size({"width": 390, "height": 844})
    assert too_small(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, too_wide(page)


def too_small(page: Page) -> list[str]:
    """What a finger cannot hit. WCAG 2.2, 2.5.8: 24 by 24 CSS pixels, links within a line of text excepted."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a")]
            .filter(it => it.getClientRects().length && !it.closest(".skip, .unseen"))
            .map(it => [it, it.type === "checkbox" || it.type === "radio" ? (it.labels[0] || it) : it])
            .filter(([, box]) => box.getBoundingClientRect().height < 23.5)
            .map(([it]) => it.outerHTML.slice(0, 120))"""
    )


def too_wide(page: Page) -> list[str]:
    """What stands out over the right edge, for the message."""
    return page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(it => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest("pre, table"))
            .map(it => it.outerHTML.slice(0, 120))"""
    )
