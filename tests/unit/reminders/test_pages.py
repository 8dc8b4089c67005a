"""The list of reminders, setting one and changing one, through the door."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, select

from tests import factories
from tests.world import post_form, sign_in
from webapp.extensions import db as database
from webapp.posts.models import PostState
from webapp.reminders.models import Reminder, ReminderKind, ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


def ask(client, **fields):
    fields = {"text": "Call the printer", "when": "2026-11-25 16:30", "zone": "Shanghai", "repeat": "never"} | fields
    return post_form(client, "/reminders", **fields)


def every_reminder():
    database.session.expire_all()
    return database.session.scalars(select(Reminder).order_by(Reminder.id)).all()


def the_reminder():
    (reminder,) = every_reminder()
    return reminder


def words(answer):
    return " ".join(BeautifulSoup(answer.data, "html.parser").get_text(" ").split())


def error_of(answer, field):
    return BeautifulSoup(answer.data, "html.parser").select_one(f"#{field}-error").get_text()


def shown(client, address="/reminders"):
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer)


# Setting one


def test_a_reminder_is_set_for_the_time_on_the_clock_of_its_zone(browser):
    answer = ask(browser)
    assert (answer.status_code, answer.location) == (303, "/reminders")
    reminder = the_reminder()
    assert reminder.due_at == datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
    assert (reminder.zone, reminder.text) == ("Asia/Shanghai", "Call the printer")
    assert "We will remind you on Wed 25 Nov, 16:30 · Shanghai · in 7 hours." in shown(browser)


def test_the_list_shows_day_text_full_time_repetition_and_post(browser, world, db):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    ask(browser, text="Water the fig", when="2026-12-01 08:00", repeat="weekly", post_id=str(post.id))
    page = shown(browser)
    assert "1 December Water the fig" in page
    assert "Tue 1 Dec, 08:00 · Shanghai · in 6 days Then every Tuesday Open the post" in page
    assert f'href="/posts/{post.slug}"' in browser.get("/reminders").text


def test_words_are_read_in_the_chosen_city(browser):
    ask(browser, when="tomorrow 9am", zone="new york")
    reminder = the_reminder()
    assert reminder.zone == "America/New_York"
    assert reminder.due_at == datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # it is still Tuesday evening there
    assert "Wed 25 Nov, 09:00 · New York · in 12 hours Wed 25 Nov, 22:00 in Shanghai" in shown(browser)


def test_a_picked_time_counts_before_the_words(browser):
    ask(browser, when="tomorrow", picked="2026-11-28T20:00")
    assert the_reminder().wall_time == "2026-11-28T20:00:00"


def test_an_empty_zone_is_refused_beside_its_field(browser):
    answer = ask(browser, zone="Atlantis")
    assert answer.status_code == 422
    assert "do not know that city" in error_of(answer, "zone")
    assert every_reminder() == []


def test_every_fault_is_named_at_once_and_what_was_typed_is_kept(browser):
    answer = ask(browser, text="", when="when pigs fly <b>", zone="Nowhere", repeat="sometimes")
    assert answer.status_code == 422
    assert "Say what" in error_of(answer, "text")
    assert error_of(answer, "zone")
    assert "Choose one" in error_of(answer, "repeat")
    assert 'value="when pigs fly &lt;b&gt;"' in answer.text
    assert 'value="Nowhere"' in answer.text


@pytest.mark.parametrize(
    "when",
    [
        "",
        "yesterday",
        "2026-11-25 09:30",
        "0001-01-01 00:00",
        "9999-12-31 23:59",
        "2036-11-26 10:00",
        "2026-12-31 23:59:60",
        "2026-02-30 10:00",
        "NaN",
        "inf",
        "\0",
        "9" * 5000,
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_field(browser, when):
    answer = ask(browser, when=when)
    assert answer.status_code == 422
    assert error_of(answer, "when")
    assert every_reminder() == []


@pytest.mark.parametrize("when", ["2035-11-25 10:00", "in 9 years", "in 1 second", "2026-11-25 09:40"])
def test_a_time_at_the_edge_is_taken(browser, when):
    assert ask(browser, when=when).status_code == 303


@pytest.mark.parametrize("picked", ["2026-11-25", "garbage", "2026-13-01T10:00", "2026-11-25T09:00Z"])
def test_a_picked_time_that_cannot_be_is_refused_beside_its_own_field(browser, picked):
    answer = ask(browser, picked=picked)
    assert answer.status_code == 422
    assert error_of(answer, "picked")


@pytest.mark.parametrize(
    "when", ["-1", "١٢", "0", "Z", "24:00", "tomorrow" * 12, "in 99999999 years", "🕐", "UTC", "%s"]
)
def test_strange_words_are_read_or_refused_but_break_nothing(browser, when):
    assert ask(browser, when=when).status_code in {303, 422}


@pytest.mark.parametrize(("text", "says"), [("x" * 501, "500"), ("a\0b", "cannot be shown"), (" \n ", "Say what")])
def test_a_text_that_does_not_fit_is_refused(browser, text, says):
    answer = ask(browser, text=text)
    assert answer.status_code == 422
    assert says in error_of(answer, "text")


def test_a_skipped_hour_is_said_after_saving_and_on_the_row(browser):
    ask(browser, when="2027-03-14 02:30", zone="New York")
    sentence = "02:30 does not exist on Sun 14 Mar in New York. That day we remind you at 03:30."
    page = shown(browser)
    assert page.count(sentence) == 2
    assert "Sun 14 Mar 2027, 03:30 · New York" in page
    assert shown(browser).count(sentence) == 1


def test_an_hour_that_comes_twice_is_said(browser):
    ask(browser, when="2027-11-07 01:30", zone="New York")
    assert "01:30 comes twice on Sun 7 Nov in New York. We remind you the first time." in shown(browser)
    assert the_reminder().due_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_a_repeating_one_tells_of_a_skipped_hour_before_it_comes(browser):
    ask(browser, when="2027-02-28 02:30", zone="New York", repeat="weekly")
    assert "02:30 does not exist on Sun 14 Mar in New York." in shown(browser)


@pytest.mark.parametrize(
    ("repeat", "when", "says"),
    [
        ("daily", "2026-11-28 10:00", "Then every day"),
        ("weekly", "2026-11-28 10:00", "Then every Saturday"),
        ("monthly", "2026-11-28 10:00", "Then every month on day 28"),
        ("monthly", "2027-01-31 10:00", "Then every month that has a day 31"),
        ("yearly", "2027-05-24 10:00", "Then every year on 24 May"),
        ("yearly", "2028-02-29 10:00", "Then every leap year on 29 February"),
    ],
)
def test_a_repetition_is_said_in_words(browser, repeat, when, says):
    ask(browser, when=when, repeat=repeat)
    assert says in shown(browser)


def test_the_same_form_sent_twice_sets_one_reminder(browser):
    assert ask(browser).status_code == 303
    assert ask(browser).status_code == 303
    assert len(every_reminder()) == 1


def test_the_same_thing_again_later_is_a_second_reminder(browser, frozen):
    ask(browser)
    frozen.move_to(NOW + timedelta(minutes=5), tick=False)
    ask(browser)
    assert len(every_reminder()) == 2


def test_fields_that_are_not_asked_for_are_ignored(browser, world):
    answer = ask(browser, person_id=str(world.alice.id), state="fired", kind="welcome", version="9", due_at="x")
    assert answer.status_code == 303
    reminder = the_reminder()
    assert reminder.person_id == world.bob.id
    assert (reminder.state, reminder.kind, reminder.version) == (ReminderState.PENDING, ReminderKind.REMINDER, 1)


def test_a_near_reminder_is_handed_to_the_broker_after_the_commit(browser, jobs):
    ask(browser, when="in 20 seconds")
    assert [job.args for job in jobs.named("reminders.remind")] == [(the_reminder().id, 1)]


def test_without_a_confirmed_address_nothing_can_be_set(client, db, frozen):
    newcomer = factories.person("Nora", confirmed=False)
    sign_in_anyway(client, newcomer)
    page = client.get("/reminders")
    if page.status_code == 200:
        assert "Confirm your mail address first." in words(page)
        assert "Remind me" not in page.text
    answer = post_form(client, "/reminders", page="/settings", text="x", when="tomorrow", zone="UTC", repeat="never")
    assert answer.status_code == 422
    assert "Confirm your mail address first." in words(answer)
    assert every_reminder() == []


def sign_in_anyway(client, person):
    """Signs someone in whose address was confirmed at the time."""
    person.email_confirmed_at = NOW
    sign_in(client, person)
    person.email_confirmed_at = None
    database.session.commit()


# The list


def test_the_list_is_empty_at_first_and_says_how_to_begin(browser):
    assert "No reminders yet. Say what and when." in shown(browser)


def test_what_people_type_is_only_ever_text(browser):
    ask(browser, text="<script>alert(1)</script>")
    page = browser.get("/reminders").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_list_costs_the_same_reads_however_long_it_is(browser, bob, world, db):
    post = factories.post(world.alice, published_at=NOW)

    def cost():
        count = []
        listener = lambda *_: count.append(1)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        try:
            assert browser.get("/reminders").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        return len(count)

    factories.reminder(bob, post_id=post.id)
    few = cost()
    for _ in range(20):
        factories.reminder(bob, post_id=post.id)
    assert cost() == few


def test_a_long_list_comes_in_pages_that_leave_nothing_out(browser, bob):
    for number in range(60):
        factories.reminder(bob, f"Thing {number:02}", due_at=NOW + timedelta(days=number // 3 + 1))
    seen, address = [], "/reminders"
    while address:
        page = BeautifulSoup(browser.get(address).data, "html.parser")
        seen += [title.get_text() for title in page.select("li.row [id^=reminder-]")]
        later = page.select_one("a[rel=next]")
        address = later and later["href"]
    assert seen == [f"Thing {number:02}" for number in range(60)]


@pytest.mark.parametrize("address", ["/reminders?after=x", "/reminders/history?before=-1", "/reminders?post=x"])
def test_a_place_that_was_never_ours_is_not_found(browser, address):
    assert browser.get(address).status_code == 404


def test_what_came_lately_can_still_be_put_off(browser, bob):
    reminder = factories.reminder(
        bob, due_at=NOW - timedelta(hours=1), state=ReminderState.FIRED, fired_at=NOW - timedelta(hours=1)
    )
    assert "Came in the last two days" in shown(browser)
    answer = post_form(browser, f"/reminders/{reminder.id}/snooze", page="/reminders", by="10m")
    assert answer.status_code == 303
    assert the_reminder().due_at == NOW + timedelta(minutes=10)
    assert the_reminder().state is ReminderState.PENDING


# Editing


def edit(client, reminder, **fields):
    address = f"/reminders/{reminder.id}/edit"
    page = BeautifulSoup(client.get(address).data, "html.parser")
    kept = {each["name"]: each.get("value", "") for each in page.select("main form input[name]")}
    return client.post(address, data={**kept, "repeat": "never", **fields})


def test_an_edit_moves_the_reminder_and_raises_its_version(browser, bob):
    reminder = factories.reminder(bob)
    answer = edit(browser, reminder, when="2026-11-28 20:00", text="Read it again")
    assert answer.status_code == 303
    reminder = the_reminder()
    assert (reminder.text, reminder.version) == ("Read it again", 2)
    assert reminder.due_at == datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_new_words_alone_leave_the_time_as_it_was(browser, bob):
    due_at = NOW + timedelta(minutes=3, seconds=7, microseconds=12)
    reminder = factories.reminder(bob, due_at=due_at)
    assert edit(browser, reminder, text="Other words").status_code == 303
    assert the_reminder().due_at == due_at


def test_a_new_city_alone_keeps_the_time_on_the_clock(browser, bob):
    reminder = factories.reminder(bob, due_at=datetime(2026, 11, 28, 2, 0, tzinfo=UTC))
    edit(browser, reminder, zone="Berlin")
    assert the_reminder().wall_time == "2026-11-28T10:00:00"
    assert the_reminder().due_at == datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def test_a_stale_edit_is_a_conflict_that_keeps_what_was_typed(browser, bob):
    reminder = factories.reminder(bob)
    answer = edit(browser, reminder, version="7", text="Mine", when="2026-11-30 10:00")
    assert answer.status_code == 409
    assert "This reminder has changed since you opened it." in words(answer)
    assert 'value="Mine"' in answer.text
    assert 'name="version" type="hidden" value="1"' in answer.text
    assert the_reminder().text == "Water the plants"


@pytest.mark.parametrize("version", ["", "x", "-1", "²", "9" * 400, None])
def test_a_version_that_is_no_number_is_a_conflict_too(browser, bob, version):
    reminder = factories.reminder(bob)
    assert edit(browser, reminder, version=version).status_code == 409


def test_an_edit_that_does_not_fit_changes_nothing(browser, bob):
    reminder = factories.reminder(bob)
    answer = edit(browser, reminder, text="Other", when="last year")
    assert answer.status_code == 422
    assert error_of(answer, "when")
    assert 'value="Other"' in answer.text
    assert (the_reminder().text, the_reminder().version) == ("Water the plants", 1)


def test_a_richer_rule_from_a_program_survives_an_edit(browser, bob):
    rule = "FREQ=WEEKLY;BYDAY=MO,FR"
    reminder = factories.reminder(bob, recurrence=rule, series_start="2026-11-25T10:40:00")
    assert "Then every Monday and Friday" in shown(browser, f"/reminders/{reminder.id}/edit")
    edit(browser, reminder, text="Other words", repeat="as-is")
    assert (the_reminder().recurrence, the_reminder().text) == (rule, "Other words")


def test_the_edit_page_shows_the_next_five_and_which_one_moves(browser):
    ask(browser, when="2027-02-28 02:30", zone="New York", repeat="weekly")
    page = BeautifulSoup(browser.get(f"/reminders/{the_reminder().id}/edit").data, "html.parser")
    rows = [" ".join(row.get_text(" ").split()) for row in page.select("tbody tr")]
    assert len(rows) == 5
    assert rows[2] == "Sun 14 Mar 2027, 03:30 15:30 moved"
    assert [row.get("class") for row in page.select("tbody tr")] == [None, None, ["now"], None, None]


def test_what_is_over_needs_a_new_time(browser, bob):
    reminder = factories.reminder(bob, due_at=NOW - timedelta(days=3), state=ReminderState.FIRED)
    answer = edit(browser, reminder, text="Other")
    assert answer.status_code == 422
    assert "Give it a new time" in error_of(answer, "when")
    assert edit(browser, reminder, when="tomorrow 9am").status_code == 303
    assert the_reminder().state is ReminderState.PENDING


# What becomes of one


def press(client, reminder, what, page="/reminders", **fields):
    return post_form(client, f"/reminders/{reminder.id}/{what}", page=page, **fields)


def test_a_cancelled_reminder_can_be_brought_back_by_undo(browser, bob):
    reminder = factories.reminder(bob, "Pay the hosting")
    assert press(browser, reminder, "cancellation").status_code == 303
    page = browser.get("/reminders")
    assert "Cancelled “Pay the hosting”. Nothing will be sent." in words(page)
    assert the_reminder().state is ReminderState.CANCELLED
    undo = BeautifulSoup(page.data, "html.parser").select_one(".note form")
    assert undo["action"] == f"/reminders/{reminder.id}/restoration"
    press(browser, reminder, "restoration")
    assert the_reminder().state is ReminderState.PENDING
    assert "“Pay the hosting” is back." in shown(browser)


def test_too_late_to_undo_asks_for_a_new_time(browser, bob, frozen):
    reminder = factories.reminder(bob, due_at=NOW + timedelta(minutes=1), state=ReminderState.CANCELLED)
    frozen.move_to(NOW + timedelta(minutes=9), tick=False)
    answer = press(browser, reminder, "restoration")
    assert answer.status_code == 422
    assert "already past" in error_of(answer, "when")
    assert the_reminder().state is ReminderState.CANCELLED


def test_done_is_done_and_a_repeating_one_moves_on(browser, bob):
    once = factories.reminder(bob, "Once")
    press(browser, once, "completion")
    assert the_reminder().state is ReminderState.DONE
    daily = factories.reminder(bob, "Daily", recurrence="FREQ=DAILY", series_start="2026-11-25T10:40:00")
    due_at = daily.due_at
    press(browser, daily, "completion")
    assert every_reminder()[1].due_at == due_at + timedelta(days=1)
    assert "Done for this time. “Daily” comes again Thu 26 Nov, 10:40" in shown(browser)


@pytest.mark.parametrize(("by", "later"), [("10m", 10), ("1h", 60), ("1d", 24 * 60)])
def test_what_is_still_to_come_is_put_off_from_its_own_time(browser, bob, by, later):
    reminder = factories.reminder(bob, due_at=NOW + timedelta(hours=1))
    press(browser, reminder, "snooze", by=by)
    assert the_reminder().due_at == NOW + timedelta(hours=1, minutes=later)


def test_a_day_later_is_the_same_time_on_the_clock_across_a_change(browser, bob):
    due_at = datetime(2027, 3, 13, 15, 0, tzinfo=UTC)  # 10:00 in New York, the day before summer time
    reminder = factories.reminder(bob, due_at=due_at, zone="America/New_York")
    press(browser, reminder, "snooze", by="1d")
    assert the_reminder().due_at == datetime(2027, 3, 14, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("by", ["", "5y", None])
def test_a_length_we_do_not_offer_is_refused(browser, bob, by):
    reminder = factories.reminder(bob)
    assert press(browser, reminder, "snooze", by=by).status_code == 400
    assert the_reminder().version == 1


def test_what_is_cancelled_cannot_be_put_off(browser, bob):
    reminder = factories.reminder(bob, state=ReminderState.CANCELLED)
    assert press(browser, reminder, "snooze", by="1h").status_code == 422
    assert the_reminder().state is ReminderState.CANCELLED


def test_the_past_is_kept_in_pages(browser, bob):
    for number in range(55):
        state = [ReminderState.FIRED, ReminderState.DONE, ReminderState.CANCELLED][number % 3]
        factories.reminder(bob, f"Thing {number:02}", due_at=NOW - timedelta(days=number), state=state)
    first = BeautifulSoup(browser.get("/reminders/history").data, "html.parser")
    second = BeautifulSoup(browser.get(first.select_one("a[rel=next]")["href"]).data, "html.parser")
    titles = [each.get_text() for page in (first, second) for each in page.select("li.row [id^=reminder-]")]
    assert titles == [f"Thing {number:02}" for number in range(55)]


# Whose


CHANGES = ("cancellation", "completion", "restoration", "snooze")


@pytest.mark.parametrize("what", [*CHANGES, "edit"])
def test_what_is_someone_elses_does_not_exist(browser, world, what):
    theirs = factories.reminder(world.alice, "Private")
    assert press(browser, theirs, what, by="1h", text="x").status_code == 404
    assert browser.get(f"/reminders/{theirs.id}/edit").status_code == 404
    assert (the_reminder().state, the_reminder().version) == (ReminderState.PENDING, 1)
    assert "Private" not in shown(browser) + shown(browser, "/reminders/history")


def test_the_welcome_is_not_a_reminder_one_can_touch(browser, bob):
    welcome = factories.reminder(bob, "Welcome", kind=ReminderKind.WELCOME)
    assert "Welcome" not in shown(browser)
    assert press(browser, welcome, "cancellation").status_code == 404


@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, 10**40])
def test_a_number_nobody_has_is_not_found(browser, number):
    assert browser.get(f"/reminders/{number}/edit").status_code == 404


@pytest.mark.parametrize("what", CHANGES)
def test_a_visit_changes_nothing(browser, bob, what):
    reminder = factories.reminder(bob)
    assert browser.get(f"/reminders/{reminder.id}/{what}").status_code == 405
    assert the_reminder().version == 1


def test_without_its_token_a_form_does_nothing(browser, bob):
    reminder = factories.reminder(bob)
    assert browser.post(f"/reminders/{reminder.id}/cancellation").status_code == 400
    assert the_reminder().state is ReminderState.PENDING


@pytest.mark.parametrize("address", ["/reminders", "/reminders/history", "/reminders/1/edit"])
def test_a_stranger_is_asked_to_sign_in(client, world, address):
    answer = client.get(address)
    assert answer.status_code == 303
    assert answer.location.startswith("/login")


# Of a post


def test_a_post_offers_two_times_and_comes_back_to_itself(browser, world, app):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    answer = ask(browser, text="Read “Salt”", when="2026-11-25 20:00", post_id=str(post.id), next=f"/posts/{post.slug}")
    assert answer.location == f"/posts/{post.slug}"
    assert the_reminder().post_id == post.id


def test_another_time_begins_with_the_post_filled_in(browser, world):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    page = browser.get(f"/reminders?post={post.id}").text
    assert 'value="Read “Salt”"' in page
    assert f'name="post_id" type="hidden" value="{post.id}"' in page


@pytest.mark.parametrize("state", [PostState.DRAFT, PostState.TRASHED])
def test_a_post_one_may_not_read_does_not_exist(browser, world, state):
    post = factories.post(world.alice, "Secret", state=state)
    assert ask(browser, post_id=str(post.id)).status_code == 404
    assert browser.get(f"/reminders?post={post.id}").status_code == 404
    assert every_reminder() == []


def test_a_post_that_was_hidden_since_is_not_shown(browser, bob, world):
    post = factories.post(world.alice, "Secret", state=PostState.DRAFT)
    factories.reminder(bob, post_id=post.id)
    assert "Open the post" not in shown(browser)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_reminder_never_leads_off_the_site(browser, target):
    assert ask(browser, next=target).location == "/reminders"
