"""Everything that people do here, done with the keyboard alone. No test in this file touches a mouse."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.keyboard import Keyboard
from tests.door import local
from tests.unit.portability import exports
from webapp.accounts.models import Role
from webapp.comments.models import Comment, CommentState
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, Kind, State
from webapp.posts.models import Post, PostState

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def keyboard(browser):
    """A keyboard at a window in which nobody is signed in."""
    return Keyboard(browser.window())


@pytest.fixture
def keyboard_of(window, app):
    """A function that gives someone a keyboard, signed in."""
    return lambda person, **options: Keyboard(window(person, app.test_client(), **options))


def test_a_person_makes_an_account_confirms_it_signs_in_and_out(keyboard, world, smtp, jobs):
    page = keyboard.page
    keyboard.open("/").to("Sign in").go().to("Make an account").go()
    keyboard.to("Name").type("Dora").to("E-mail address").type("dora@example.org")
    keyboard.to("Password").type("seven quiet otters").go()
    expect(page.locator("main")).to_contain_text("dora@example.org")
    jobs.run()
    keyboard.open(local(smtp.only("dora@example.org", "confirm").link("/confirm/")))
    keyboard.to("Confirm my address").go()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    keyboard.to("Password").type("seven quiet otters").go()
    keyboard.to("Dora").go().to("Sign out").go()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_an_author_writes_looks_and_publishes(keyboard_of, world):
    keyboard = keyboard_of(world.alice)
    page = keyboard.page
    keyboard.open("/").to("Write").go().to("New post").go()
    keyboard.to("Title").type("The first frost").to("Text").type("The dahlias are *in the cellar*.")
    preview = page.locator("#preview")
    expect(preview.locator("em")).to_have_text("in the cellar")
    keyboard.press("Control+Enter")
    expect(preview).to_be_focused()
    keyboard.press("Control+Enter")
    expect(page.locator("#body")).to_be_focused()
    keyboard.to("Tags").type("garden").to("Publish now").go()
    expect(page).to_have_url(re.compile("/posts/the-first-frost"))
    expect(page.get_by_role("heading", name="The first frost")).to_be_visible()


def test_the_words_above_the_text_are_worked_by_arrows_and_panels_give_the_focus_back(keyboard_of, world):
    keyboard = keyboard_of(world.alice)
    page = keyboard.open("/write/new").page
    page.get_by_role("button", name="Add a picture").wait_for()  # the script has come
    keyboard.to("Bold").press("ArrowRight")
    assert keyboard.here["name"] == "Italic"
    keyboard.press("Home", "Enter")
    expect(page.locator("#body")).to_have_value("****")
    keyboard.to("Add a picture", back=True).press("Enter")
    expect(page.get_by_label("Picture", exact=True)).to_be_focused()
    with page.expect_file_chooser():
        keyboard.press("Enter")
    keyboard.press("Escape")
    expect(page.get_by_role("button", name="Add a picture")).to_be_focused()
    keyboard.to("Keyboard").press("Enter")
    expect(page.get_by_text("Paste as plain text")).to_be_visible()
    keyboard.press("Enter")
    expect(page.get_by_text("Paste as plain text")).to_be_hidden()


def test_a_post_is_scheduled_for_a_day_and_a_time(keyboard_of, world):
    draft = factories.post(world.alice, "At sea")
    keyboard = keyboard_of(world.alice, locale="en-US")
    keyboard.open(f"/posts/{draft.id}/edit").to("Publish on")
    keyboard.page.keyboard.type("12242027")
    keyboard.press("Tab")
    keyboard.page.keyboard.type("0905AM")
    keyboard.to("Schedule").go()
    expect(keyboard.page.locator("main")).to_contain_text("Fri 24 Dec 2027, 09:05")
    assert db.session.query(Post.state).scalar() is PostState.SCHEDULED


def test_a_post_moves_to_another_address_goes_back_to_a_revision_and_returns_from_the_trash(keyboard_of, world):
    keyboard = keyboard_of(world.alice)
    page = keyboard.page
    keyboard.open("/write/new").to("Title").type("The first frost").to("Text").type("In the cellar.")
    keyboard.to("Publish now").go()
    expect(page.get_by_role("heading", name="The first frost")).to_be_visible()
    keyboard.to("Edit").go().to("Text").type("In the attic.")
    keyboard.to("Address").type("frost").to("Save changes").go()
    expect(page.locator("#slug")).to_have_value("frost")
    keyboard.to("Revisions").go().to(re.compile("Revision 1: .*")).go()
    keyboard.to("Go back to revision 1").go()
    expect(page.locator("#body")).to_have_value("In the cellar.")
    keyboard.open("/posts/the-first-frost")
    expect(page).to_have_url(re.compile("/posts/frost$"))
    keyboard.to("Edit").go().to("Move to trash").go()
    expect(page.get_by_role("status")).to_contain_text("trash")
    keyboard.to("Undo").go()
    expect(page.locator("main")).to_contain_text("The first frost")
    assert db.session.query(Post.state).scalar() is not PostState.TRASHED


def test_a_member_comments_and_answers_and_finds_the_field_at_once(keyboard_of, world):
    post = factories.post(world.alice, "First frost", slug="first-frost", published_at=LONG_AGO)
    factories.comment(post, world.carol, "A *fine* frost.")
    keyboard = keyboard_of(world.bob)
    page = keyboard.open("/posts/first-frost").page
    keyboard.to("Add a comment").type("Mine froze too.").to("Post comment").go()
    expect(page.locator("#comments")).to_contain_text("Mine froze too.")
    keyboard.open("/posts/first-frost").to("Reply to Carol").go()
    expect(page.locator("#say textarea")).to_be_focused()
    keyboard.type("It was.").to("Post reply").go()
    expect(page.locator(".thread .thread")).to_contain_text("It was.")
    assert db.session.query(Comment).count() == 3


def test_comments_are_decided_about_together_and_it_can_be_undone(keyboard_of, world):
    post = factories.post(world.alice, "First frost", published_at=LONG_AGO)
    for number in range(3):
        factories.comment(post, world.bob, f"Number {number}", state=CommentState.PENDING)
    keyboard = keyboard_of(world.alice)
    page = keyboard.open("/comments/moderation").page
    keyboard.to(re.compile("The comment by Bob")).press("Space").to("Publish").go()
    expect(page.get_by_role("status")).to_contain_text("1 comment is published.")
    keyboard.to("Check all").press("Space").to("Spam", back=True).go()
    expect(page.get_by_role("status")).to_contain_text("2 comments")
    expect(page.locator(".queue > li")).to_have_count(0)
    keyboard.to("Undo").go()
    expect(page.locator(".queue > li")).to_have_count(2)


def test_someone_searches_turns_the_page_and_reads(keyboard, world):
    for number in range(12):
        factories.post(world.alice, f"Frost {number}", published_at=LONG_AGO + timedelta(days=number))
    db.session.commit()
    page = keyboard.page
    keyboard.open("/").to("Search").go()
    expect(page.get_by_label("Search the posts")).to_be_focused()
    keyboard.type("frost").go()
    expect(page.get_by_role("status")).to_have_text("12 posts")
    keyboard.to("Further hits").go()
    expect(page.locator("main")).to_contain_text("You are reading 11 to 12")
    keyboard.to("Frost 0").go()
    expect(page.get_by_role("heading", name="Frost 0")).to_be_visible()


def test_a_reader_asks_for_the_letter_below_a_post_and_confirms(keyboard, world, smtp, jobs):
    page = keyboard.open("/").page
    keyboard.to(re.compile("One letter a week.*")).type("reader@example.org").go()
    expect(page.locator("main")).to_contain_text("reader@example.org")
    jobs.run()
    keyboard.open(local(smtp.only("reader@example.org", "confirm").link("/confirm/letter-")))
    keyboard.to("Yes, send it to me").go()
    expect(page.locator("main")).to_contain_text("Saturday")


def test_a_reminder_is_set_put_off_cancelled_and_brought_back(keyboard_of, world):
    keyboard = keyboard_of(world.bob)
    page = keyboard.open("/reminders").page
    keyboard.to("What").type("Ring the boat club").to("When").type("tomorrow 9am").go()
    row = page.locator("main li", has_text="Ring the boat club")
    expect(row).to_contain_text("09:00")
    keyboard.to("Snooze").press("Enter").tab()
    later = keyboard.here["name"]
    keyboard.go()
    expect(page.get_by_role("status")).to_be_visible()
    assert later
    expect(row).to_have_count(1)
    keyboard.to("Cancel").go()
    expect(row).to_have_count(0)
    keyboard.to("Undo").go()
    expect(row).to_have_count(1)


def test_the_light_and_the_language_are_changed_and_changed_back(keyboard, world):
    page = keyboard.open("/").page
    html = page.locator("html")
    for name, theme in (("Night", "dark"), ("Day", "light")):
        keyboard.to(name).go()
        expect(html).to_have_attribute("data-theme", theme)
    for name, language in (("简体中文", "zh-Hans"), ("English", "en")):
        keyboard.to(name).go()
        expect(html).to_have_attribute("lang", language)


def test_someone_moves_to_another_city_and_another_language(keyboard_of, world):
    keyboard = keyboard_of(world.bob)
    page = keyboard.open("/settings").page
    keyboard.to("Where you are").type("Tokyo").to("Language").press("End")
    keyboard.to("Save").go()
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    db.session.refresh(world.bob)
    assert (world.bob.zone, world.bob.language) == ("Asia/Tokyo", "zh-Hans")


def test_an_administrator_names_the_site_and_sets_the_rules(keyboard_of, world):
    ada = factories.person("Ada", role=Role.ADMIN)
    keyboard = keyboard_of(ada)
    page = keyboard.open("/settings").page
    keyboard.to("Name, logo, colour, links and footer").go().to("Name").type("Frost and Bread")
    keyboard.to("Save").go()
    expect(page.locator(".mark")).to_have_text("Frost and Bread")
    keyboard.to("Comments").go().to("Rules").go()
    keyboard.to("appears at once").press("ArrowDown").to("Save").go()
    expect(page.get_by_role("radio", name="is read first").first).to_be_checked()


def test_a_file_is_chosen_and_sent_to_be_imported(keyboard_of, world, tmp_path):
    ada = factories.person("Ada", role=Role.ADMIN)
    keyboard = keyboard_of(ada)
    page = keyboard.open("/settings/import").page
    keyboard.to("WordPress: the .xml of Tools, Export").press("ArrowDown", "ArrowUp").to("The file")
    with page.expect_file_chooser() as chooser:
        keyboard.press("Enter")
    chooser.value.set_files(exports.ferry_house(tmp_path / "ferry.xml"))
    keyboard.to("Read the file").go()
    expect(page.locator("main")).to_contain_text("It waits for a worker.")


def test_an_operator_sends_a_mail_once_more(keyboard_of, world):
    mail = ledger.enqueue(
        kind=Kind.REMINDER,
        address="tomas@example.org",
        content=ledger.compose(subject="Water the fig", text="A word.\n", html="<p>A word.</p>"),
        dedupe_key="one",
        now=datetime.now(UTC),
        dispatch=False,
    )
    mail.state = State.FAILED
    keyboard = keyboard_of(world.olive)
    page = keyboard.open("/").page
    keyboard.to("Operate").go().to("Water the fig").go()
    keyboard.to(re.compile("Send it once more|It did not: send once more")).go()
    expect(page.get_by_role("status")).to_be_visible()
    states = {state for (state,) in db.session.query(Delivery.state)}
    assert State.FAILED not in states
    assert State.QUEUED in states


@pytest.mark.parametrize("path", ["/", "/archive", "/login", "/posts/first-frost"])
def test_the_first_step_skips_to_the_content(path, keyboard, world):
    factories.post(world.alice, "First frost", slug="first-frost", published_at=LONG_AGO)
    db.session.commit()
    keyboard.open(path)
    assert keyboard.tab()["name"] == "Skip to content"
    keyboard.go()
    assert keyboard.tab()["inMain"]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/", "/posts/first-frost", "/write", "/settings"])
def test_the_focus_goes_down_the_page_and_never_jumps_back_up(path, width, keyboard_of, world):
    post = factories.post(world.alice, "First frost", slug="first-frost", tags=("garden",), published_at=LONG_AGO)
    factories.post(world.alice, "Second frost", tags=("garden",), published_at=LONG_AGO + timedelta(days=1))
    factories.comment(post, world.bob)
    keyboard = keyboard_of(world.alice, viewport={"width": width, "height": 800})
    stops = keyboard.open(path).walk()
    assert len(stops) > 10
    jumps = [(one["name"], two["name"]) for one, two in pairwise(stops) if two["y"] < one["y"] - 30]
    assert jumps == []
