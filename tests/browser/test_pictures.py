"""Adding a picture and giving the site its colours, at a real browser, with the keyboard."""

import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from tests import factories
from webapp.accounts.models import Role
from webapp.extensions import db


@pytest.fixture
def harbour(tmp_path):
    """A picture as a camera would write it."""
    file = tmp_path / "harbour.jpg"
    stream = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((1600, 1000)).save(stream, "JPEG")
    file.write_bytes(stream.getvalue())
    return file


def nothing_found(page) -> None:
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{light}\n{found.generate_report()}"
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_picture_is_added_described_shown_and_deleted(window, world, client, harbour, jobs):
    page = window(world.alice, client, bypass_csp=True)
    page.goto("/images")
    page.get_by_label("Picture").set_input_files(harbour)
    page.get_by_label("What is to be seen").fill("A quiet harbour")
    page.keyboard.press("Enter")
    line = page.locator("li.shelf code").inner_text()
    assert re.fullmatch(r"!\[A quiet harbour\]\(/images/\w+/harbour\.jpg\)", line)
    page.wait_for_function("document.querySelector('.shelf img').naturalWidth > 0")  # though no copy is made yet
    jobs.run()
    nothing_found(page)
    page.get_by_role("link", name="Describe").press("Enter")
    page.get_by_label("What is to be seen").fill("A harbour at low tide")
    nothing_found(page)
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_role("button", name="Delete").press("Enter")
    page.get_by_role("button", name="Undo").press("Enter")
    assert page.locator("li.shelf").count() == 1
    shown = page.locator("li.shelf img")
    shown.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.shelf img').naturalWidth > 0")
    assert shown.evaluate("it => it.currentSrc").endswith("/480.avif")


def test_the_administrator_gives_the_site_a_name_and_a_second_ink(window, world, client, browser):
    ada = factories.person("Ada", role=Role.ADMIN)
    db.session.commit()
    page = window(ada, client, bypass_csp=True, color_scheme="light")
    browser.expected = ("422",)
    page.goto("/settings")
    page.get_by_role("link", name="Name, logo, colour").press("Enter")
    page.get_by_label("Name", exact=True).fill("The Walking Season")
    page.get_by_label("Second ink by day").fill("#ffcc00")
    page.keyboard.press("Enter")
    assert "By day it has a contrast of 1." in page.locator("#accent_day-error").inner_text()
    nothing_found(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Second ink by day").fill("#00549c")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Saved").wait_for()
    page.emulate_media(color_scheme="light")
    page.goto("/")
    assert page.title().endswith("The Walking Season")
    today = page.locator(".week [aria-current] time b")
    assert today.evaluate("it => getComputedStyle(it).color") == "rgb(0, 84, 156)"
    page.emulate_media(color_scheme="dark")
    assert today.evaluate("it => getComputedStyle(it).color") == "rgb(255, 143, 128)"
    nothing_found(page)
