"""Adding a picture and giving the site its colours, at a real browser, with the keyboard."""

import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

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


def drop(page, place, *files) -> None:
    """Drops files from the system onto an element, as a hand does: the browser makes the events and reads the files."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 40}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **at})
        page.wait_for_timeout(100)  # the page says meanwhile that it takes files here
    session.detach()


@pytest.fixture
def editor(window, world, client):
    """Alice's editor, with a draft in it."""
    draft = factories.post(world.alice, "At sea", body="")
    db.session.commit()
    page = window(world.alice, client, bypass_csp=True)
    page.goto(f"/posts/{draft.id}/edit")
    page.get_by_role("button", name="Add a picture").wait_for()  # the script has come
    return page


def test_files_dropped_onto_the_text_become_pictures_in_it(editor, harbour, tmp_path):
    quay, notes = tmp_path / "quay.png", tmp_path / "notes.txt"
    Image.new("RGB", (64, 48), (20, 80, 120)).save(quay)
    notes.write_text("not a picture")
    page, text = editor, editor.locator("#body")
    drop(page, text, harbour, notes, quay)
    page.get_by_label("What does harbour.jpg show?").fill("A quiet harbour")
    page.get_by_label("What does quay.png show?").fill("An empty quay")
    both = r"!\[A quiet harbour\]\(/images/\w+/harbour\.jpg\)!\[An empty quay\]\(/images/\w+/quay\.png\)"
    expect(text).to_have_value(re.compile(both))
    assert page.url.endswith("/edit"), "the browser has not left the page for the file"
    assert "notes" not in text.input_value()
    page.wait_for_function("[...document.querySelectorAll('#preview img')].filter((it) => it.naturalWidth).length == 2")
    page.get_by_role("button", name="Publish now").press("Enter")
    shown = page.locator(".prose img").first
    assert shown.get_attribute("alt") == "A quiet harbour"
    assert shown.evaluate("it => it.decode().then(() => it.offsetWidth)") > 300


def test_a_file_that_only_looks_like_a_picture_is_refused_and_the_text_stays(editor, browser, tmp_path):
    browser.expected = ("422",)
    fake = tmp_path / "quay.png"
    fake.write_bytes(b"\x89PNG\r\n\x1a\n and nothing else")
    editor.locator("#body").fill("Three kinds.")
    drop(editor, editor.locator("#body"), fake)
    expect(editor.locator("#pictures").get_by_role("alert")).to_be_visible()
    expect(editor.locator("#body")).to_have_value("Three kinds.")


def test_the_picture_at_the_head_is_chosen_by_keyboard_among_those_there_are(editor, harbour, tmp_path):
    quay = tmp_path / "quay.png"
    Image.new("RGB", (64, 48), (20, 80, 120)).save(quay)
    page = editor
    drop(page, page.locator("#body"), harbour, quay)
    page.get_by_label("What does quay.png show?").fill("An empty quay")
    expect(page.locator("#body")).to_have_value(re.compile(r"An empty quay\]\(/images/\w+/quay\.png\)"))
    page.get_by_role("button", name="Publish now").press("Enter")
    page.get_by_role("link", name="Edit").first.press("Enter")
    page.get_by_text("Picture at the head").first.press("Enter")
    choices = page.get_by_role("group", name="Picture at the head").get_by_role("radio")
    assert choices.count() == 3
    expect(choices.first).to_be_checked()
    choices.first.focus()
    page.keyboard.press("ArrowDown")
    for number in (1, 2):
        image = page.locator(".covers img").nth(number - 1)
        assert image.evaluate("it => it.decode().then(() => it.naturalWidth)") > 0
    nothing_found(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    chosen = page.locator(".covers label", has=page.locator("input:checked")).locator("img").get_attribute("src")
    page.get_by_role("button", name="Save changes").press("Enter")
    page.get_by_role("link", name="Read", exact=True).click()
    assert page.locator("img.u-featured").evaluate("it => it.decode().then(() => it.offsetWidth)") >= 64
    head = page.locator("meta[property='og:image']").get_attribute("content")
    assert head.split("/")[-2] == chosen.split("/")[-2]  # the key of the picture
    page.get_by_role("link", name="Edit").first.press("Enter")
    page.get_by_text("Picture at the head").first.press("Enter")
    choices.first.check()
    page.get_by_role("button", name="Save changes").press("Enter")
    page.get_by_role("link", name="Read", exact=True).click()
    expect(page.locator("img.u-featured")).to_have_count(0)
