"""A program changes what its person gets and when: by the rules of the page, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from webapp.accounts.models import Scope
from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.subscriptions import dormancy
from webapp.subscriptions.models import Cadence, SubscriptionState

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def reader(world):
    made = factories.subscription(world.bob.email)
    db.session.commit()
    return made


@pytest.fixture
def path(reader):
    return f"/subscriptions/{reader.id}"


@pytest.fixture
def call(world, program):
    return program(world.bob)


def test_what_is_sent_is_changed_and_the_rest_stays(call, path, reader):
    first = call("PATCH", path, {"cadence": "monthly", "weekday": "mon", "hour": 7, "zone": "Shanghai"})
    assert first.status_code == 200, first.text
    assert (reader.schedule_key, reader.scheduled_from) == ("monthly mon 7 Asia/Shanghai", NOW)

    second = call("PATCH", path, {"cadence": "weekly"}).get_json()
    assert {name: second[name] for name in ("cadence", "weekday", "hour", "zone", "follow")} == {
        "cadence": "weekly",
        "weekday": 0,
        "hour": 7,
        "zone": "Asia/Shanghai",
        "follow": "site",
    }
    assert call("GET", path).get_json() == second


def test_null_goes_with_the_site(call, path, reader):
    call("PATCH", path, {"weekday": 0, "hour": 7, "zone": "Asia/Shanghai"})
    answer = call("PATCH", path, {"weekday": None, "hour": None, "zone": None})

    assert answer.status_code == 200, answer.text
    assert (reader.weekday, reader.hour, reader.zone, reader.schedule_key) == (None, None, None, "weekly")


def test_what_is_followed_is_written_and_read_by_name(call, path, reader, world):
    factories.post(world.alice, tags=("garden",), published_at=factories.INSTALLED_AT)
    follow = ["author:alice=post", "tag:garden"]

    assert call("PATCH", path, {"follow": follow}).get_json()["follow"] == follow
    assert (reader.cadence, reader.each_post_from) == (Cadence.WEEKLY, NOW)


def test_a_pause_begins_and_ends(call, path, reader):
    answer = call("PATCH", path, {"paused_until": "2026-12-24T00:00:00+08:00"})
    assert answer.get_json()["paused_until"] == "2026-12-23T16:00:00Z"

    assert call("PATCH", path, {"cadence": "daily"}).get_json()["paused_until"] == "2026-12-23T16:00:00Z"
    assert call("PATCH", path, {"paused_until": None}).get_json()["paused_until"] is None
    assert reader.paused_until is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("follow", []),
        ("follow", None),
        ("follow", "author:nobody"),
        ("follow", "site=hourly"),
        ("cadence", "hourly"),
        ("cadence", None),
        ("weekday", 7),
        ("weekday", "day"),
        ("hour", 24),
        ("hour", -1),
        ("hour", 2**62),
        ("hour", "7"),
        ("zone", "Atlantis"),
        ("zone", ""),
        ("paused_until", "2026-11-25T09:40:00Z"),
        ("paused_until", "2036-01-01T00:00:00Z"),
        ("paused_until", "9999-12-31T23:59:59-23:59"),
        ("paused_until", "2026-12-24T00:00:00"),
        ("paused_until", "someday"),
        ("paused_until", 5),
        ("email", "other@example.org"),
        ("state", "left"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(call, path, reader, name, value):
    before = call("GET", path).get_json()
    call.refused(call("PATCH", path, {"cadence": "daily"} | {name: value}), 422, name)

    assert call("GET", path).get_json() == before


def test_a_change_of_something_else_than_was_read_is_refused(call, path, reader):
    seen = call("GET", path).headers["ETag"]
    assert call("PATCH", path, {"hour": 7}, if_match=seen).status_code == 200
    call.refused(call("PATCH", path, {"hour": 8}, if_match=seen), 412)
    assert reader.hour == 7


def test_nobody_changes_what_another_gets(world, program, path, reader):
    call = program(world.carol)
    call.refused(call("PATCH", path, {"cadence": "daily"}), 404)
    olive = program(world.olive)  # who sees it and may take it off the list
    olive.refused(olive("PATCH", path, {"cadence": "daily"}), 403)
    assert reader.cadence is Cadence.WEEKLY


def test_an_address_that_is_not_confirmed_is_not_ones_own(world, call, path, reader):
    world.bob.email_confirmed_at = None
    call.refused(call("PATCH", path, {"cadence": "daily"}), 404)
    assert reader.cadence is Cadence.WEEKLY


def test_a_token_that_only_reads_changes_nothing(world, program, path):
    call = program(world.bob, Scope.SUBSCRIPTIONS_READ)
    call.refused(call("PATCH", path, {"cadence": "daily"}), 403)


@pytest.mark.parametrize("state", [SubscriptionState.PENDING, SubscriptionState.LEFT])
def test_only_who_gets_letters_changes_them(call, path, reader, state):
    reader.state = state
    call.refused(call("PATCH", path, {"cadence": "daily"}), 422, "state")
    assert (reader.state, reader.cadence) == (state, Cadence.WEEKLY)


def test_a_change_is_an_answer_of_who_was_paused_for_silence(call, path, reader):
    reader.asked_again_at, reader.paused_until = NOW - timedelta(days=31), dormancy.UNTIL_THEY_ANSWER

    assert call("PATCH", path, {}).get_json()["paused_until"] is not None
    assert call("PATCH", path, {"cadence": "daily"}).get_json()["paused_until"] is None
    assert (reader.last_sign_at, reader.asked_again_at, reader.starts_afresh) == (NOW, None, True)
    assert db.session.query(Delivery).count() == 0
