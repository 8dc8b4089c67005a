"""Nobody loses a word they typed: autosave, two tabs, a lost connection, a session that ended, pictures and keys."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from tests import factories
from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts import operations, queries
from webapp.posts.models import Post, Tag, WorkingCopy

NOW = datetime.now(UTC)
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")
SAVED = re.compile(r"Saved \d+ s ago")


@pytest.fixture
def alice(window, world, client):
    """A function that opens an address as Alice, each time in a tab of the same browser."""
    first = window(world.alice, client)

    def opened(path="/write/new"):
        page = first if first.url == "about:blank" else first.context.new_page()
        page.goto(path)
        return page

    return opened


@pytest.fixture
def draft(world):
    made = factories.post(world.alice, "Salt", body="Three kinds.")
    db.session.commit()
    db.session.expunge_all()
    return made


@pytest.fixture
def public(world):
    made = factories.post(world.alice, "Salt", body="Three kinds.", published_at=NOW - timedelta(days=2))
    db.session.commit()
    db.session.expunge_all()
    return made


def text(page: Page):
    return page.get_by_label("Text", exact=True)


def status(page: Page):
    return page.locator("#saved")


def written(page: Page, words: str, into=None) -> None:
    """Types, and waits until what was typed has been taken."""
    with page.expect_response(lambda answer: answer.url.endswith("/autosave") and answer.status == 200):
        (into or text(page)).fill(words)
    expect(status(page)).to_contain_text(SAVED)


def kept(model=Post):
    """The only row there is, as it is in the database now. Reading it takes the lock, so it is let go at once."""
    db.session.rollback()
    found = db.session.scalars(select(model).execution_options(populate_existing=True)).all()
    db.session.expunge_all()
    db.session.rollback()
    return found[0] if len(found) == 1 else found


def test_a_new_post_becomes_a_draft_while_it_is_written(alice):
    page = alice()
    text(page).press_sequentially("The dahlias are in the cellar.")
    expect(status(page)).to_contain_text(SAVED)
    expect(page).to_have_url(re.compile(r"/posts/\d+/edit$"))
    expect(page.locator("#count")).to_have_text("6 words, 1 min")
    page.get_by_label("Title", exact=True).press_sequentially("First frost")
    page.keyboard.press("Control+s")
    expect(page.get_by_label("Address")).to_have_value("first-frost")
    expect(status(page)).to_contain_text("Saved 1 s ago")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    assert (kept().title, kept().body, kept().slug) == ("First frost", "The dahlias are in the cellar.", "first-frost")
    page.get_by_role("button", name="Publish now").click()
    expect(page).to_have_url(re.compile("/posts/first-frost$"))
    assert kept().is_public


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without"])
def test_a_long_title_is_seen_whole_on_a_phone(scripted, window, world, client):
    long = "霜降之后 " + "what the first frost did to the dahlias behind the house, and to whoever planted them"
    post = factories.post(world.alice, long)
    db.session.commit()
    page = window(world.alice, client, viewport={"width": 375, "height": 800}, java_script_enabled=scripted)
    page.goto(f"/posts/{post.id}/edit")
    title = page.get_by_label("Title", exact=True)
    seen = title.evaluate("it => [it.clientHeight - it.scrollHeight, it.clientWidth - it.scrollWidth]")
    assert min(seen) >= 0
    title.fill("Short")
    lower = title.bounding_box()["height"]
    title.fill(long)
    assert title.bounding_box()["height"] > 2 * lower


def test_a_title_is_one_line_whatever_is_typed_or_pasted(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    page.get_by_role("button", name="Add a picture").wait_for()  # the script has come
    title = page.get_by_label("Title", exact=True)
    title.fill("Salt\r\n and pepper")
    expect(title).to_have_value("Salt and pepper")
    title.press("Enter")
    expect(text(page)).to_be_focused()
    expect(title).to_have_value("Salt and pepper")
    page.keyboard.press("Control+s")
    expect(status(page)).to_contain_text("Saved")
    assert kept().title == "Salt and pepper"


def test_what_is_typed_into_a_public_post_waits_until_it_is_saved(alice, public, window):
    page = alice(f"/posts/{public.id}/edit")
    written(page, "Four kinds.")
    expect(status(page)).to_contain_text("Readers do not see it until you save.")
    assert kept().body == "Three kinds."
    page.goto("/")
    page.goto(f"/posts/{public.id}/edit")
    expect(text(page)).to_have_value("Three kinds.")
    page.get_by_role("link", name="Go on with those changes").click()
    expect(text(page)).to_have_value("Four kinds.")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert kept().body == "Four kinds."
    assert kept(WorkingCopy) == []


def test_two_tabs_get_a_note_and_both_texts(browser, alice, draft):
    browser.expected = ("409",)
    one, other = alice(f"/posts/{draft.id}/edit"), alice(f"/posts/{draft.id}/edit")
    written(one, "From the first tab.")
    text(other).fill("From the second tab.")
    expect(other.get_by_role("alert")).to_contain_text("Somebody saved this post while you were writing.")
    expect(other.get_by_label("Saved text")).to_have_value("From the first tab.")
    expect(text(other)).to_have_value("From the second tab.")
    other.get_by_role("link", name="What is different").press("Enter")
    expect(other.locator("#as-saved del")).to_have_text("first")
    expect(other.locator("#as-saved ins")).to_have_text("second")
    expect(status(other)).to_contain_text("Not saved: the note above says why.")
    other.clock.install()
    text(other).press_sequentially(" More.")
    other.clock.run_for(15_000)
    expect(status(other)).to_contain_text("Not saved: the note above says why.")
    assert kept().body == "From the first tab.", "autosave stops until somebody decides"
    text(other).fill("From both tabs.")
    other.keyboard.press("Control+s")
    expect(other.get_by_text("Saved.", exact=True)).to_be_visible()
    assert kept().body == "From both tabs."


def test_a_press_while_an_autosave_is_on_its_way_waits_for_it(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    held: list[Route] = []
    page.route("**/autosave", lambda route: held.append(route))  # noqa: PLW0108  # Playwright asks what it is given
    with page.expect_request("**/autosave"):
        text(page).fill("First this.")
    text(page).fill("First this, then that.")
    page.get_by_role("button", name="Save draft").click(no_wait_after=True)
    held[0].continue_()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert kept().body == "First this, then that."


def test_a_lost_connection_is_said_and_made_up_for(browser, alice, draft):
    browser.expected = ("ERR_INTERNET_DISCONNECTED", "htmx:")
    page = alice(f"/posts/{draft.id}/edit")
    page.context.set_offline(True)
    text(page).fill("Written in a tunnel.")
    expect(status(page)).to_contain_text("Not saved: no connection. We keep trying.")
    with page.expect_response("**/autosave"):
        page.context.set_offline(False)
    expect(status(page)).to_contain_text(SAVED)
    assert kept().body == "Written in a tunnel."


def test_words_of_a_closed_tab_are_offered_back(browser, alice):
    browser.expected = ("ERR_FAILED",)
    page, elsewhere = alice(), alice("/")
    page.route("**/write/autosave", lambda route: route.abort())
    page.get_by_label("Title", exact=True).fill("In the tunnel")
    text(page).fill("Never sent.")
    elsewhere.wait_for_function("Object.values(localStorage).some((words) => words.includes('Never sent.'))")
    page.close(run_before_unload=False)
    page = alice()
    note = page.locator("main > .note")
    expect(note).to_contain_text("words from")
    expect(note).to_contain_text("In the tunnel. Never sent.")
    note.get_by_role("button", name="Throw them away").click()
    note.get_by_role("button", name="Undo").click()
    note.get_by_role("button", name="Put them back").click()
    expect(text(page)).to_have_value("Never sent.")
    expect(page.locator("#preview")).to_contain_text("Never sent.")
    expect(status(page)).to_contain_text(SAVED)
    assert kept().title == "In the tunnel"
    nothing_is_offered(alice())


def test_words_that_are_older_than_what_was_saved_come_back_beside_it(browser, alice, draft, world):
    browser.expected = ("ERR_FAILED", "409")
    page = alice(f"/posts/{draft.id}/edit")
    page.route("**/autosave", lambda route: route.abort())
    text(page).fill("On the old laptop.")
    page.goto("/")
    page.unroute("**/autosave")
    saved_elsewhere(draft.id, world.alice.id, "On the phone.")
    page.goto(f"/posts/{draft.id}/edit")
    page.get_by_role("button", name="Put them back").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody saved this post while you were writing.")
    expect(text(page)).to_have_value("On the old laptop.")
    expect(page.get_by_label("Saved text")).to_have_value("On the phone.")
    assert kept().body == "On the phone."


def test_letters_that_were_taken_back_leave_nothing_to_offer(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    text(page).press_sequentially("x")
    text(page).press("Backspace")
    nothing_is_offered(page)


def nothing_is_offered(page: Page) -> None:
    """The editor, opened again, has looked for words that were left, and has asked the other tabs."""
    page.clock.install()
    page.reload()
    expect(page.get_by_role("button", name="Add a picture")).to_be_visible()  # the script has come, and asks
    page.clock.run_for(1_000)
    expect(page.locator("main > .note")).to_have_count(0)


def test_every_note_and_panel_is_accessible_and_fits_a_phone(browser, window, client, world, public):
    browser.expected = ("409", "422", "400", "401")
    page = window(world.alice, client, bypass_csp=True)
    page.goto(f"/posts/{public.id}/edit")
    place = Pictures(page)
    written(page, "Four kinds.")
    page.reload()
    text(page).fill("Five kinds.")
    expect(page.get_by_role("alert")).to_contain_text("other unsaved changes")
    page.locator("#keys summary").click()
    page.get_by_role("button", name="Add a picture").click()
    give_picture(page, "paste")
    place.answer(page, status=422, detail="That is not a picture.")
    expect(page.locator("#pictures").get_by_role("alert")).to_be_visible()
    look_at(page)
    page.context.clear_cookies()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
    look_at(page)


def look_at(page: Page) -> None:
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{light}\n{found.generate_report()}"
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})


def saved_elsewhere(post_id: int, person_id: int, body: str) -> None:
    db.session.rollback()
    post = queries.get_editable(db.session.get(Person, person_id), post_id)
    operations.edit(post, by=post.author, now=datetime.now(UTC), version=None, body=body)
    db.session.commit()
    db.session.expunge_all()


def test_a_session_that_ended_leads_to_sign_in_and_back_to_the_words(browser, alice, draft, world):
    browser.expected = ("400", "401")
    page = alice(f"/posts/{draft.id}/edit")
    page.context.clear_cookies()
    text(page).fill("Written too long.")
    expect(status(page)).to_contain_text("Not saved: you are signed out.")
    status(page).get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(world.alice.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    with page.expect_response("**/autosave"):
        page.get_by_role("button", name="Sign in").click()
    expect(text(page)).to_have_value("Written too long.")
    expect(status(page)).to_contain_text(SAVED)
    assert kept().body == "Written too long."


def test_a_new_session_in_another_tab_lets_the_autosave_go_on(browser, alice, draft, world):
    browser.expected = ("400", "401")
    page = alice(f"/posts/{draft.id}/edit")
    page.context.clear_cookies()
    other = alice("/login")
    other.get_by_label("E-mail address").fill(world.alice.email)
    other.get_by_label("Password").fill(factories.PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("link", name="Alice")).to_be_visible()
    written(page, "With an old token.")
    assert kept().body == "With an old token."


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without"])
def test_a_form_sent_after_the_session_ended_keeps_its_words(scripted, browser, window, world, client, draft):
    browser.expected = ("400", "401")
    page = window(world.alice, client, java_script_enabled=scripted)
    page.goto(f"/posts/{draft.id}/edit")
    page.context.clear_cookies()
    text(page).fill("Sent too late.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
    expect(text(page)).to_have_value("Sent too late.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").last.click()
    door = opened.value
    door.get_by_label("E-mail address").fill(world.alice.email)
    door.get_by_label("Password").fill(factories.PASSWORD)
    door.get_by_role("button", name="Sign in").click()
    expect(door).to_have_url(re.compile("/edit$"))
    page.get_by_role("button", name="Go on writing").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved yet.")
    expect(text(page)).to_have_value("Sent too late.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert kept().body == "Sent too late."


class Pictures:
    """The place where pictures are sent, which answers when it is told to."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        page.route("**/images/*/*", lambda route: route.fulfill(content_type="image/png", body=PIXEL))
        page.route("**/images", self._keep)

    def _keep(self, route: Route) -> None:
        self.waiting.append(route)

    def answer(self, page: Page, status=201, **said):
        for _ in range(50):
            if self.waiting:
                break
            page.wait_for_timeout(50)
        route = self.waiting.pop(0)
        body = {"id": 7, "url": "/images/7/frost.png", "markdown": "![](/images/7/frost.png)", "width": 1, "height": 1}
        route.fulfill(status=status, content_type="application/json", body=json.dumps(said or body))
        return route.request


def give_picture(page: Page, how: str) -> None:
    """Pastes or drops a small picture onto the text."""
    page.evaluate(
        """how => {
            const area = document.getElementById("body"), given = new DataTransfer();
            given.items.add(new File([new Uint8Array([137, 80, 78, 71])], "frost.png", {type: "image/png"}));
            area.focus();
            const event = how === "paste"
                ? new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true})
                : new DragEvent("drop", {dataTransfer: given, bubbles: true, cancelable: true});
            area.dispatchEvent(event);
        }""",
        how,
    )


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_picture_is_put_where_the_cursor_is_and_asks_what_it_shows(how, alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    place = Pictures(page)
    text(page).focus()
    page.keyboard.press("Control+End")
    give_picture(page, how)
    expect(text(page)).to_have_value("Three kinds.![Uploading frost.png (1)]()")
    page.keyboard.type(" Typed meanwhile.")
    sent = place.answer(page)
    assert sent.headers["x-csrftoken"]
    expect(text(page)).to_have_value("Three kinds.![](/images/7/frost.png) Typed meanwhile.")
    expect(text(page)).to_be_focused()
    page.get_by_label("What does frost.png show?").fill("Frost on a [red] leaf")
    expect(text(page)).to_have_value(r"Three kinds.![Frost on a \[red\] leaf](/images/7/frost.png) Typed meanwhile.")
    page.get_by_role("button", name="Done").click()
    expect(status(page)).to_contain_text(SAVED)


def test_a_picture_that_is_refused_says_why_and_can_be_sent_again(browser, alice, draft):
    browser.expected = ("422",)
    page = alice(f"/posts/{draft.id}/edit")
    place = Pictures(page)
    give_picture(page, "paste")
    place.answer(page, status=422, detail="That is not a picture.")
    row = page.locator("#pictures li")
    expect(row.get_by_role("alert")).to_have_text("That is not a picture.")
    expect(text(page)).to_have_value("Three kinds.")
    row.get_by_role("button", name="Try again").click()
    place.answer(page)
    expect(text(page)).to_have_value("![](/images/7/frost.png)Three kinds.")


def test_a_picture_is_added_by_keyboard(alice, draft, tmp_path):
    file = tmp_path / "frost.png"
    file.write_bytes(b"\x89PNG")
    page = alice(f"/posts/{draft.id}/edit")
    place = Pictures(page)
    page.get_by_role("button", name="Add a picture").press("Enter")
    expect(page.get_by_label("Picture", exact=True)).to_be_focused()
    page.get_by_label("Picture", exact=True).set_input_files(file)
    page.get_by_label("What it shows").fill("Frost")
    page.get_by_label("What it shows").press("Enter")
    sent = place.answer(page, id=7, url="/images/7/x.png", markdown="![Frost](/images/7/x.png)")
    assert b"Frost" in sent.post_data_buffer
    expect(text(page)).to_have_value(re.compile(re.escape("![Frost](/images/7/x.png)")))
    expect(page.locator("#pictures li")).to_have_count(0)


def test_keys_make_bold_and_lead_to_the_preview_and_back(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    text(page).fill("salt")
    text(page).select_text()
    page.keyboard.press("Control+b")
    expect(text(page)).to_have_value("**salt**")
    expect(page.locator("#preview strong")).to_have_text("salt")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#preview")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(text(page)).to_be_focused()
    page.keyboard.press("Control+End")
    page.get_by_role("button", name="Note", exact=True).click()
    page.keyboard.type("A note.")
    expect(text(page)).to_have_value("**salt**[^1]\n\n[^1]: A note.")


def test_half_a_tag_is_no_tag(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    text(page).fill("Four kinds.")
    with page.expect_response("**/autosave"):
        page.get_by_label("Tags").press_sequentially("kit")
    page.get_by_label("Tags").press_sequentially("chen")
    with page.expect_response("**/autosave"):
        page.keyboard.press("Tab")
    assert kept(Tag).name == "kitchen"


def test_saving_by_keyboard_keeps_the_cursor_and_the_scroll(alice, public):
    page = alice(f"/posts/{public.id}/edit")
    text(page).fill("A line.\n\n" * 60)
    text(page).press("Control+Home")
    page.keyboard.type("First: ")
    page.evaluate("scrollTo(0, 300)")
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    expect(text(page)).to_be_focused()
    assert page.evaluate("[scrollY, document.activeElement.selectionStart]") == [300, 7]
    assert kept().body.startswith("First: A line.")


def test_a_table_that_is_pasted_becomes_markdown(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    text(page).fill("")
    page.evaluate(
        """() => {
            const area = document.getElementById("body"), given = new DataTransfer();
            given.setData("text/html", "<html><head><style>td {}</style></head><body><table><tr>" +
                "<th>day</th><th>grams</th></tr><tr><td>Mon</td><td>4</td></tr></table></body></html>");
            given.setData("text/plain", "day\\tgrams");
            area.focus();
            area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true}));
        }"""
    )
    expect(text(page)).to_have_value(re.compile(r"day \| grams[\s\S]*Mon \| 4"))


def paste_words(page: Page, words: str) -> None:
    page.evaluate(
        """words => {
            const area = document.getElementById("body"), given = new DataTransfer();
            given.setData("text/plain", words);
            area.focus();
            area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true}));
        }""",
        words,
    )


def test_an_address_that_is_pasted_by_itself_becomes_a_link(alice, draft):
    page = alice(f"/posts/{draft.id}/edit")
    text(page).fill("See: ")
    paste_words(page, "https://example.org/salt?a=1")
    expect(text(page)).to_have_value("See: <https://example.org/salt?a=1>")
    expect(page.locator("#preview a")).to_have_attribute("href", "https://example.org/salt?a=1")
    for before in ("[salt](", "[salt]: ", "```\n", "<"):
        text(page).fill(before)
        paste_words(page, "https://example.org/")
        expect(text(page)).to_have_value(before)  # left to the browser, which pastes nothing for an event of a script
