"""Reminders by a program: read, set, moved and cancelled, and every time that cannot be is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.factories import INSTALLED_AT
from webapp.core import clock
from webapp.extensions import db
from webapp.reminders.models import Reminder, ReminderState

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_reminder_for_an_instant_shows_the_clock_on_ones_own_wall(world, program):
    answer = program(world.bob)("POST", "/reminders", {"text": "Pay the hosting", "due_at": "2030-03-14T02:30:00Z"})
    assert answer.status_code == 201
    reminder = answer.get_json()
    assert answer.headers["Location"] == reminder["url"] == f"http://localhost/api/v1/reminders/{reminder['id']}"
    assert reminder["text"] == "Pay the hosting"
    assert reminder["due_at"] == "2030-03-14T02:30:00Z"
    assert reminder["zone"] == "Asia/Shanghai"
    assert reminder["wall_time"] == "2030-03-14T10:30:00"
    assert reminder["upcoming"] == ["2030-03-14T02:30:00Z"]
    assert (reminder["recurrence"], reminder["post_id"]) == (None, None)
    assert (reminder["state"], reminder["version"]) == ("pending", 1)
    assert program(world.bob)("GET", f"/reminders/{reminder['id']}").get_json() == reminder


def test_the_zone_can_be_named_and_the_instant_stays(world, program):
    body = {"text": "Call", "due_at": "2030-07-01T09:00:00+02:00", "zone": "America/New_York"}
    reminder = program(world.bob)("POST", "/reminders", body).get_json()
    assert reminder["due_at"] == "2030-07-01T07:00:00Z"
    assert reminder["wall_time"] == "2030-07-01T03:00:00"


def test_the_second_one_o_clock_of_an_autumn_night_is_kept(world, program):
    body = {"text": "Late", "due_at": "2030-11-03T01:30:00-05:00", "zone": "America/New_York"}
    assert program(world.bob)("POST", "/reminders", body).get_json()["due_at"] == "2030-11-03T06:30:00Z"


def test_when_is_read_on_the_clock_of_its_zone(world, program):
    body = {"text": "Spring", "when": "2030-03-10 02:30", "zone": "America/New_York"}
    reminder = program(world.bob)("POST", "/reminders", body).get_json()
    assert reminder["due_at"] == "2030-03-10T07:30:00Z"  # 02:30 does not exist that day


@time_machine.travel(NOON, tick=False)
def test_when_may_be_words(world, program):
    body = {"text": "Tea", "when": "tomorrow 9am", "zone": "Asia/Shanghai"}
    reminder = program(world.alice)("POST", "/reminders", body).get_json()
    assert reminder["due_at"] == "2026-11-26T01:00:00Z"


@time_machine.travel(NOON, tick=False)
def test_when_without_a_zone_is_on_ones_own_clock(world, program):
    reminder = program(world.bob)("POST", "/reminders", {"text": "Tea", "when": "tomorrow 9am"}).get_json()
    assert (reminder["zone"], reminder["due_at"]) == ("Asia/Shanghai", "2026-11-26T01:00:00Z")


def test_upcoming_begins_with_the_due_time_and_keeps_the_wall_time(world, program):
    body = {"text": "Weekly", "when": "2030-03-03 09:00", "zone": "America/New_York", "recurrence": "FREQ=WEEKLY"}
    reminder = program(world.bob)("POST", "/reminders", body).get_json()
    assert reminder["upcoming"] == [
        "2030-03-03T14:00:00Z",
        "2030-03-10T13:00:00Z",
        "2030-03-17T13:00:00Z",
        "2030-03-24T13:00:00Z",
        "2030-03-31T13:00:00Z",
    ]
    assert reminder["recurrence"] == "FREQ=WEEKLY"


def test_a_reminder_may_be_about_a_post_one_may_read(world, program):
    shown, draft = factories.post(world.alice, published_at=INSTALLED_AT), factories.post(world.alice)
    call = program(world.bob)
    body = {"text": "Read it", "due_at": "2030-01-01T00:00:00Z"}
    assert call("POST", "/reminders", body | {"post_id": shown.id}).get_json()["post_id"] == shown.id
    call.refused(call("POST", "/reminders", body | {"post_id": draft.id}), 422, "post_id")
    assert program(world.alice)("POST", "/reminders", body | {"post_id": draft.id}).status_code == 201


@pytest.mark.parametrize("post_id", [0, -1, 2**63 - 1, 1.5, "1", True, [1], {}])
def test_a_post_that_cannot_be_is_refused(world, program, post_id):
    call = program(world.bob)
    body = {"text": "Read it", "due_at": "2030-01-01T00:00:00Z", "post_id": post_id}
    call.refused(call("POST", "/reminders", body), 422, "post_id")


@pytest.mark.parametrize(
    "due_at",
    [
        "2030-01-01T10:00:00",
        "2030-01-01 10:00",
        "2030-01-01",
        "2030-W01-1",
        "10:00",
        "tomorrow",
        "NaN",
        "Infinity",
        "now",
        "",
        " ",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-14:00",
        "10000-01-01T00:00:00Z",
        "-2030-01-01T00:00:00Z",
        "2030-02-30T10:00:00Z",
        "2030-12-31T23:59:60Z",
        "2030-12-31T24:00:00Z",
        "2030-01-01T10:00:00+99:99",
        "2030-01-01T10:00:00 Europe/Berlin",
        "2030-01-01T10:00:00Z" + " " * 100_000,
        "2" * 100_000,
        "\N{FULLWIDTH DIGIT TWO}030-01-01T10:00:00Z",
        1893492000,
        1893492000.5,
        None,
        True,
        ["2030-01-01T10:00:00Z"],
        {"at": "2030-01-01T10:00:00Z"},
    ],
)
def test_a_due_time_that_cannot_be_is_refused(world, program, due_at):
    call = program(world.bob)
    call.refused(call("POST", "/reminders", {"text": "T", "due_at": due_at}), 422, "due_at")
    assert db.session.query(Reminder).count() == 0


@pytest.mark.parametrize(
    ("ahead", "status"),
    [
        (timedelta(minutes=-2), 422),
        (timedelta(seconds=-30), 201),
        (timedelta(seconds=0.5), 201),
        (timedelta(days=9 * 365), 201),
        (timedelta(days=3660), 422),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_a_due_time_lies_between_a_minute_ago_and_ten_years_ahead(world, program, ahead, status):
    due_at = (clock.now() + ahead).isoformat()
    answer = program(world.bob)("POST", "/reminders", {"text": "T", "due_at": due_at})
    assert answer.status_code == status
    if status == 422:
        assert list(answer.get_json()["errors"]) == ["due_at"]


@pytest.mark.parametrize(
    "when",
    ["", "NaN", "soon-ish maybe", "2030-02-30 10:00", "9999-12-31 23:59", "0001-01-01 00:00", "2020-01-01 10:00", 5],
)
def test_words_that_are_no_time_are_refused(world, program, when):
    call = program(world.bob)
    call.refused(call("POST", "/reminders", {"text": "T", "when": when, "zone": "Asia/Shanghai"}), 422, "when")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "+08:00", "../../etc/passwd", "Asia/Shanghai\0", "x" * 10_000, 8])
def test_a_zone_that_is_none_is_refused(world, program, zone):
    call = program(world.bob)
    body = {"text": "T", "due_at": "2030-01-01T10:00:00Z", "zone": zone}
    call.refused(call("POST", "/reminders", body), 422, "zone")
    call.refused(call("POST", "/reminders", {"text": "T", "when": "2030-01-01 10:00", "zone": zone}), 422, "zone")


@pytest.mark.parametrize(
    "recurrence",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=60",
        "FREQ=WEEKLY;FREQ=SECONDLY",
        "FREQ=DAILY;BYMINUTE=1,2,3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;UNTIL=99999999",
        "FREQ=FORTNIGHTLY",
        "every monday",
        "FREQ=DAILY\nRRULE:FREQ=SECONDLY",
        "FREQ=DAILY;" * 1000,
        7,
    ],
)
def test_a_rule_that_cannot_be_or_is_too_frequent_is_refused(world, program, recurrence):
    call = program(world.bob)
    body = {"text": "T", "due_at": "2030-01-01T10:00:00Z", "recurrence": recurrence}
    call.refused(call("POST", "/reminders", body), 422, "recurrence")


@pytest.mark.parametrize("text", ["", "   ", "x" * 501, "a\0b", None, 5])
def test_a_text_that_does_not_fit_is_refused(world, program, text):
    call = program(world.bob)
    call.refused(call("POST", "/reminders", {"text": text, "due_at": "2030-01-01T10:00:00Z"}), 422, "text")


def test_a_reminder_has_one_time(world, program):
    call = program(world.bob)
    both = {"text": "T", "due_at": "2030-01-01T10:00:00Z", "when": "2030-01-01 10:00", "zone": "UTC"}
    call.refused(call("POST", "/reminders", both), 422, "due_at")
    call.refused(call("POST", "/reminders", {"text": "T"}), 422, "due_at")
    call.refused(call("POST", "/reminders", {"text": "T", "zone": "UTC"}), 422, "due_at")


@pytest.mark.parametrize("name", ["person_id", "email", "state", "version", "kind", "id", "wall_time", "role"])
def test_a_reminder_takes_no_field_of_its_own_making(world, program, name):
    call = program(world.bob)
    due = "2030-01-01T10:00:00Z"
    call.refused(call("POST", "/reminders", {"text": "T", "due_at": due, name: world.alice.id}), 422, name)
    made = call("POST", "/reminders", {"text": "T", "due_at": due}).get_json()
    call.refused(call("PATCH", f"/reminders/{made['id']}", {name: 1}), 422, name)


def test_someone_whose_address_is_not_confirmed_sets_none(program, db):
    call = program(factories.person("Eve", confirmed=False))
    call.refused(call("POST", "/reminders", {"text": "T", "due_at": "2030-01-01T10:00:00Z"}), 403)


def test_someone_whose_address_is_not_confirmed_asks_nobody(program, db):
    call = program(factories.person("Eve", confirmed=False))
    call.refused(call("POST", "/reminders/recipients", {"address": "friend@example.net"}), 403)


def test_another_persons_reminder_does_not_exist(world, program):
    reminder = factories.reminder(world.bob)
    for person in (world.carol, world.olive):
        call = program(person)
        assert call("GET", "/reminders").get_json() == {"items": [], "total": 0}
        call.refused(call("GET", f"/reminders/{reminder.id}"), 404)
        call.refused(call("PATCH", f"/reminders/{reminder.id}", {"text": "Mine"}), 404)
        call.refused(call("DELETE", f"/reminders/{reminder.id}"), 404)


def test_a_list_is_in_the_order_of_time_and_can_be_of_one_state(world, program):
    later = factories.reminder(world.bob, "Later", due_at=clock.now() + timedelta(days=2))
    sooner = factories.reminder(world.bob, "Sooner", due_at=clock.now() + timedelta(days=1))
    over = factories.reminder(world.bob, "Over", due_at=INSTALLED_AT, state=ReminderState.FIRED)
    call = program(world.bob)
    assert [each["id"] for each in call("GET", "/reminders").get_json()["items"]] == [over.id, sooner.id, later.id]
    pending = call("GET", "/reminders?state=pending").get_json()
    assert ([each["id"] for each in pending["items"]], pending["total"]) == ([sooner.id, later.id], 2)


def test_an_edit_raises_the_version_and_keeps_the_rest(world, program):
    reminder = factories.reminder(world.bob, "Old words")
    call = program(world.bob)
    before = call("GET", f"/reminders/{reminder.id}").get_json()
    after = call("PATCH", f"/reminders/{reminder.id}", {"text": "New words"}).get_json()
    assert (after["text"], after["due_at"], after["zone"]) == ("New words", before["due_at"], before["zone"])
    assert after["version"] == before["version"] + 1


def test_a_reminder_can_be_moved_by_instant_by_words_and_by_zone(world, program):
    reminder = factories.reminder(world.bob)
    call, path = program(world.bob), f"/reminders/{reminder.id}"
    moved = call("PATCH", path, {"due_at": "2030-01-01T10:00:00Z"}).get_json()
    assert (moved["due_at"], moved["wall_time"]) == ("2030-01-01T10:00:00Z", "2030-01-01T18:00:00")
    moved = call("PATCH", path, {"when": "2030-01-02 08:00"}).get_json()
    assert moved["due_at"] == "2030-01-02T00:00:00Z"
    moved = call("PATCH", path, {"zone": "UTC"}).get_json()
    assert (moved["due_at"], moved["wall_time"]) == ("2030-01-02T08:00:00Z", "2030-01-02T08:00:00")


def test_a_recurrence_is_taken_away_with_null(world, program):
    call = program(world.bob)
    body = {"text": "T", "due_at": "2030-01-01T10:00:00Z", "recurrence": "FREQ=DAILY"}
    made = call("POST", "/reminders", body).get_json()
    assert len(made["upcoming"]) == 5
    changed = call("PATCH", f"/reminders/{made['id']}", {"recurrence": None}).get_json()
    assert (changed["recurrence"], changed["upcoming"]) == (None, ["2030-01-01T10:00:00Z"])


def test_the_post_can_be_changed_and_taken_away(world, program):
    post = factories.post(world.alice, published_at=INSTALLED_AT)
    reminder = factories.reminder(world.bob)
    call, path = program(world.bob), f"/reminders/{reminder.id}"
    assert call("PATCH", path, {"post_id": post.id}).get_json()["post_id"] == post.id
    assert call("PATCH", path, {"post_id": None}).get_json()["post_id"] is None


def test_cancelling_leaves_it_in_the_list_as_cancelled(world, program):
    reminder = factories.reminder(world.bob)
    call, path = program(world.bob), f"/reminders/{reminder.id}"
    answer = call("DELETE", path)
    assert (answer.status_code, answer.data) == (204, b"")
    cancelled = call("GET", path).get_json()
    assert (cancelled["state"], cancelled["upcoming"]) == ("cancelled", [])
    assert call("DELETE", path).status_code == 204


def test_one_that_is_over_needs_a_new_time_to_come_back(world, program):
    reminder = factories.reminder(world.bob, state=ReminderState.FIRED)
    call, path = program(world.bob), f"/reminders/{reminder.id}"
    call.refused(call("PATCH", path, {"text": "Again"}), 422, "when")
    assert call("PATCH", path, {"due_at": "2030-01-01T10:00:00Z"}).get_json()["state"] == "pending"


def test_a_change_after_somebody_elses_is_refused(world, program):
    call = program(world.bob)
    made = call("POST", "/reminders", {"text": "T", "due_at": "2030-01-01T10:00:00Z"})
    path, seen = f"/reminders/{made.get_json()['id']}", made.headers["ETag"]
    assert call("GET", path).headers["ETag"] == seen
    assert call("GET", path, if_none_match=seen).status_code == 304
    changed = call("PATCH", path, {"text": "U"}, if_match=seen)
    assert changed.status_code == 200
    call.refused(call("PATCH", path, {"text": "V"}, if_match=seen), 412)
    call.refused(call("DELETE", path, if_match=seen), 412)
    assert call("DELETE", path, if_match=changed.headers["ETag"]).status_code == 204


def test_a_near_reminder_is_handed_over_once_it_is_committed(world, program, jobs):
    due_at = (clock.now() + timedelta(seconds=10)).isoformat()
    made = program(world.bob)("POST", "/reminders", {"text": "Soon", "due_at": due_at}).get_json()
    assert [job.args for job in jobs.named("reminders.remind")] == [(made["id"], 1)]


def test_a_refused_reminder_is_not_handed_over(world, program, jobs):
    due_at = (clock.now() + timedelta(seconds=10)).isoformat()
    call = program(world.bob)
    call.refused(call("POST", "/reminders", {"text": "Soon", "due_at": due_at, "recurrence": "no"}), 422, "recurrence")
    assert jobs.sent == []
