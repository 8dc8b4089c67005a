"""What people do, in a real browser."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.door import local
from webapp.accounts.models import Role
from webapp.settings.models import SiteSetting


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def scripted(request):
    return request.param


def enter(page: Page, person) -> None:
    page.goto("/login")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name=person.name)).to_be_visible()


def test_an_author_signs_in_writes_previews_and_publishes(scripted, browser, world):
    page = browser.window(java_script_enabled=scripted)
    enter(page, world.alice)
    page.get_by_role("link", name="Write").click()
    page.goto("/write/new")
    page.get_by_label("Title", exact=True).fill("The first frost")
    page.get_by_label("Text", exact=True).fill("The dahlias are *in the cellar*.")
    if not scripted:
        page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview em")).to_have_text("in the cellar")
    page.get_by_label("Tags").fill("garden")
    page.get_by_role("button", name="Publish now").click()
    expect(page).to_have_url(re.compile("/posts/the-first-frost"))
    expect(page.get_by_role("heading", name="The first frost")).to_be_visible()

    reader = browser.window()
    reader.goto("/")
    reader.get_by_role("link", name="The first frost").first.click()
    expect(reader.locator("main em")).to_have_text("in the cellar")


def test_a_draft_is_shared_read_first_and_brought_back_to_what_it_said(scripted, browser, world):
    edith = factories.person("Edith", role=Role.EDITOR)
    factories.db.session.add(SiteSetting(name="review", value={"required": True}))
    factories.db.session.commit()
    page = browser.window(java_script_enabled=scripted)
    enter(page, world.alice)
    page.goto("/write/new")
    page.get_by_label("Title", exact=True).fill("The first frost")
    page.get_by_label("Text", exact=True).fill("The dahlias are in the cellar.")
    page.get_by_role("button", name="Send for review").click()
    expect(page.locator("main")).to_contain_text("It waits for an editor.")

    page.get_by_role("link", name="Preview links").click()
    page.get_by_label("It works for").select_option("30 days")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("Your link. We show it only now.").input_value()
    friend = browser.window()
    friend.goto(local(address))
    expect(friend.locator("main")).to_contain_text("The dahlias are in the cellar.")

    editor = browser.window(java_script_enabled=scripted)
    enter(editor, edith)
    editor.goto("/write")
    editor.get_by_role("link", name="1 post waits for review").click()
    editor.get_by_role("link", name="The first frost").click()
    editor.get_by_role("button", name="Approve and publish now").click()
    expect(editor).to_have_url(re.compile("/posts/the-first-frost"))
    friend.goto(local(address))
    expect(friend).to_have_url(re.compile("/posts/the-first-frost"))

    editor.get_by_role("link", name="Edit", exact=True).click()
    editor.get_by_label("Text", exact=True).fill("The dahlias are in the attic.")
    editor.get_by_role("button", name="Save changes").click()
    editor.get_by_role("link", name="Revisions").click()
    editor.get_by_role("link", name="Revision 3").click()
    expect(editor.locator("del")).to_have_text("cellar")
    expect(editor.locator("ins")).to_have_text("attic")
    editor.get_by_role("link", name="Older: revision 2").click()
    editor.get_by_role("button", name="Go back to revision 2").click()
    expect(editor.get_by_label("Text", exact=True)).to_have_value("The dahlias are in the cellar.")


def test_a_reader_asks_for_the_letter_and_confirms(scripted, browser, smtp, jobs):
    page = browser.window(java_script_enabled=scripted)
    page.goto("/subscribe")
    page.locator("main").get_by_role("textbox").first.fill("reader@example.org")
    page.locator("main form").first.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("reader@example.org")
    jobs.run()
    page.goto(local(smtp.only("reader@example.org", "confirm").link("/confirm/letter-")))
    page.locator("main form").get_by_role("button").first.click()
    expect(page.locator("main")).to_contain_text("Saturday")


def test_a_reminder_is_set_changed_and_cancelled(scripted, browser, world):
    page = browser.window(java_script_enabled=scripted)
    enter(page, world.bob)
    page.get_by_role("link", name="Reminders").click()
    page.get_by_label("What").fill("Ring the boat club")
    page.get_by_label("When").fill("tomorrow 9am")
    page.get_by_role("button", name="Remind me").click()
    row = page.locator("main li", has_text="Ring the boat club")
    expect(row).to_contain_text("09:00")
    row.get_by_role("link", name="Edit").click()
    page.get_by_label("What").fill("Ring the sailing club")
    page.get_by_role("button", name="Save").click()
    row = page.locator("main li", has_text="Ring the sailing club")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)


def test_a_mistake_is_said_beside_the_field_and_the_summary_leads_there(browser, window, world, client):
    browser.expected = ("422",)  # Chromium says so on the console
    page = window(world.bob, client)
    page.goto("/reminders")
    page.get_by_label("What").fill("Ring the boat club")
    page.get_by_label("When").fill("the day before yesterday")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name="Remind me").click()
    assert answer.value.status == 422
    field = page.locator("[name=when]")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(r"\w"))
    expect(page.get_by_label("What")).to_have_value("Ring the boat club")
    page.locator("main a[href='#when']").first.click()
    expect(field).to_be_focused()


def test_the_chosen_light_stays(window, world):
    factories.post(world.alice, "The first frost", published_at=datetime.now(UTC) - timedelta(days=1))
    factories.db.session.commit()
    page = window(color_scheme="light")
    page.goto("/")
    day = background(page)
    page.get_by_role("button", name="Night").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")  # a click does not wait for the new page
    night = background(page)
    assert night != day
    page.goto("/archive")
    assert background(page) == night
    page.get_by_role("button", name="Day").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert background(page) == day


def test_a_person_registers_confirms_and_is_welcomed_into_their_own_zone(browser, smtp, jobs, world):
    page = browser.window(timezone_id="Asia/Tokyo")
    page.goto("/register")
    page.get_by_label("Name").fill("Dora")
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_label("Password").fill("seven quiet otters")
    page.locator("main form").get_by_role("button").first.click()
    expect(page.locator("main")).to_contain_text("dora@example.org")
    jobs.run()
    page.goto(local(smtp.only("dora@example.org", "confirm").link("/confirm/")))
    page.get_by_role("button", name="Confirm my address").click()
    page.get_by_label("Password").fill("seven quiet otters")
    page.get_by_role("button", name="Sign in").click()
    page.goto("/settings")
    expect(page.get_by_label("Where you are", exact=True)).to_have_value("Tokyo")


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor") + page.evaluate(
        "getComputedStyle(document.body).backgroundColor"
    )
