"""Subscriptions by a program: asked for, listed by whoever may, left, and no telling who reads the letter."""

from __future__ import annotations

import pytest
import time_machine

from tests import factories
from webapp.accounts.models import Role
from webapp.api import subscriptions
from webapp.extensions import db
from webapp.mail.models import Delivery, Kind
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState


def test_asking_mails_a_question_and_nothing_else(world, program):
    answer = program(world.bob)("POST", "/subscriptions", {"email": "Dora@Example.org"})
    assert answer.status_code == 202
    assert answer.get_json() == {"email": "dora@example.org", "follow": "site", "cadence": "weekly"}
    assert [(mail.kind, mail.address) for mail in db.session.query(Delivery)] == [(Kind.CONFIRM, "dora@example.org")]
    asked = db.session.query(Subscription).one()
    assert asked.state is SubscriptionState.PENDING
    assert "@bob" in asked.consent


@pytest.mark.parametrize("state", list(SubscriptionState))
def test_the_answer_does_not_tell_whether_an_address_was_known(world, program, state):
    factories.subscription("dora@example.org", state=state)
    call = program(world.bob)
    known = call("POST", "/subscriptions", {"email": "dora@example.org"})
    new = call("POST", "/subscriptions", {"email": "emil@example.org"})
    assert known.status_code == new.status_code == 202
    assert known.get_json() == new.get_json() | {"email": "dora@example.org"}
    told = {"Content-Type", "Content-Length", "Location", "ETag", "Link"}
    assert {k: v for k, v in known.headers.items() if k in told} == {k: v for k, v in new.headers.items() if k in told}


@pytest.mark.parametrize("wrong", [{"zone": "Atlantis"}, {"zone": ""}, {"email": "dora", "zone": "UTC"}])
@pytest.mark.parametrize("state", list(SubscriptionState))
def test_what_is_refused_does_not_tell_whether_an_address_was_known(world, program, state, wrong):
    factories.subscription("dora@example.org", state=state)
    call = program(world.bob)
    known = call("POST", "/subscriptions", {"email": "dora@example.org", **wrong})
    new = call("POST", "/subscriptions", {"email": "emil@example.org", **wrong})
    assert known.status_code == new.status_code == 422
    assert known.get_json() == new.get_json()


def test_a_token_does_not_confirm_even_its_own_address(world, program):
    program(world.bob)("POST", "/subscriptions", {"email": world.bob.email})
    assert db.session.query(Subscription).one().state is SubscriptionState.PENDING


@pytest.mark.parametrize(
    "email",
    [
        "",
        "dora",
        "dora@",
        "@example.org",
        "a@example.org,b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\0",
        "Dora <dora@example.org>",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        f"{'x' * 65}@example.org",
        "x" * 100_000 + "@example.org",
        None,
        5,
        ["a@example.org"],
    ],
)
def test_what_is_no_address_is_refused(world, program, email):
    call = program(world.bob)
    call.refused(call("POST", "/subscriptions", {"email": email}), 422, "email")
    assert db.session.query(Delivery).count() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("follow", "author:nobody"),
        ("follow", "tag:nothing"),
        ("follow", "everything"),
        ("follow", []),
        ("follow", ["author:alice"] * 200),
        ("follow", [7]),
        ("follow", None),
        ("cadence", "hourly"),
        ("cadence", 7),
        ("weekday", "day"),
        ("weekday", 7),
        ("hour", 24),
        ("hour", "7"),
        ("zone", "Atlantis"),
        ("state", "active"),
        ("person_id", 1),
    ],
)
def test_what_is_not_offered_is_refused_and_says_so(world, program, name, value):
    call = program(world.bob)
    document = call.refused(call("POST", "/subscriptions", {"email": "dora@example.org", name: value}), 422, name)
    assert document["errors"][name][0]
    assert db.session.query(Subscription).count() == 0


def test_a_wish_is_kept_with_the_question_and_read_back(world, program):
    factories.post(world.alice, tags=("garden",), published_at=factories.INSTALLED_AT)
    wish = {"follow": ["author:alice", "tag:garden"], "cadence": "monthly", "weekday": "mon", "hour": 7}
    answer = program(world.olive)("POST", "/subscriptions", {"email": "dora@example.org", **wish, "zone": "Shanghai"})

    assert answer.status_code == 202, answer.text
    (read,) = program(world.olive)("GET", "/subscriptions").get_json()["items"]
    assert {name: read[name] for name in wish} == wish | {"weekday": 0}
    assert read["zone"] == "Asia/Shanghai"


def test_a_wish_does_not_change_what_a_reader_has_chosen(world, program):
    reader = factories.subscription("dora@example.org", cadence=Cadence.DAILY, schedule_key="daily")
    program(world.bob)("POST", "/subscriptions", {"email": "dora@example.org", "cadence": "post"})
    assert reader.cadence is Cadence.DAILY


def test_operators_see_all_and_others_their_own(world, program):
    factories.subscription("dora@example.org")
    own = factories.subscription(world.bob.email)
    assert program(world.olive)("GET", "/subscriptions").get_json()["total"] == 2
    listed = program(world.bob)("GET", "/subscriptions").get_json()
    assert [each["email"] for each in listed["items"]] == [world.bob.email]
    assert listed["items"][0]["id"] == own.id
    assert listed["items"][0]["state"] == "active"
    assert program(world.carol)("GET", "/subscriptions").get_json() == {"items": [], "total": 0}


def test_an_unconfirmed_address_is_not_ones_own(program, db):
    eve = factories.person("Eve", confirmed=False, email="dora@example.org")
    reader = factories.subscription("dora@example.org")
    call = program(eve)
    assert call("GET", "/subscriptions").get_json()["total"] == 0
    call.refused(call("GET", f"/subscriptions/{reader.id}"), 404)
    call.refused(call("DELETE", f"/subscriptions/{reader.id}"), 404)


def test_another_persons_subscription_does_not_exist(world, program):
    reader = factories.subscription("dora@example.org", person_id=world.bob.id)
    for person in (world.carol, world.alice, factories.person("Ed", role=Role.EDITOR)):
        call = program(person)
        call.refused(call("GET", f"/subscriptions/{reader.id}"), 404)
        call.refused(call("DELETE", f"/subscriptions/{reader.id}"), 404)
    assert db.session.get(Subscription, reader.id).state is SubscriptionState.ACTIVE


def test_one_leaves_and_stays_in_the_list_as_left(world, program):
    reader = factories.subscription(world.bob.email)
    call, path = program(world.bob), f"/subscriptions/{reader.id}"
    seen = call("GET", path)
    assert seen.get_json()["url"] == f"http://localhost/api/v1{path}"
    assert call("DELETE", path, if_match=seen.headers["ETag"]).status_code == 204
    left = call("GET", path).get_json()
    assert left["state"] == "left"
    assert left["left_at"] is not None
    assert call("DELETE", path).status_code == 204
    call.refused(call("DELETE", path, if_match=seen.headers["ETag"]), 412)


def test_an_operator_takes_a_reader_off_the_list(world, program):
    reader = factories.subscription("dora@example.org")
    assert program(world.olive)("DELETE", f"/subscriptions/{reader.id}").status_code == 204
    assert db.session.get(Subscription, reader.id).state is SubscriptionState.LEFT


@time_machine.travel("2026-11-25T12:00:00Z", tick=False)
def test_asking_for_many_addresses_is_slowed_down_but_not_for_operators(world, program, monkeypatch):
    monkeypatch.setattr(subscriptions, "ASKING_PACE", "2 per hour")
    bob, olive = program(world.bob), program(world.olive)
    asked = [{"email": f"reader-{number}@example.org"} for number in range(3)]
    assert [bob("POST", "/subscriptions", each).status_code for each in asked] == [202, 202, 429]
    assert [olive("POST", "/subscriptions", each).status_code for each in asked] == [202, 202, 202]
    assert bob("GET", "/subscriptions").status_code == 200


def test_one_author_may_have_a_cadence_of_its_own(world, program):
    call = program(world.olive)
    follow = ["site", f"author:{world.alice.handle}=post"]
    assert call("POST", "/subscriptions", {"email": "dora@example.org", "follow": follow}).status_code == 202

    made = db.session.query(Subscription).one()
    assert made.follows == f"site @{world.alice.id}=post"
    assert call("GET", f"/subscriptions/{made.id}").get_json()["follow"] == follow


@pytest.mark.parametrize("name", ["site=hourly", "site=daily=weekly", "author:nobody=daily", "=daily"])
def test_a_cadence_that_is_none_is_refused_by_name(world, program, name):
    answer = program(world.bob)("POST", "/subscriptions", {"email": "dora@example.org", "follow": name})
    assert answer.status_code == 422
    assert "follow" in str(answer.get_json())
