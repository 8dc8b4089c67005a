"""A forgotten password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.unit.accounts.conftest import PASSWORD
from tests.world import post_form, sign_in
from webapp.core import tokens
from webapp.extensions import bcrypt


@pytest.fixture
def ask(client, smtp, jobs):
    """Asks for a link; returns those that have come so far, as paths."""

    def ask_for(email="alice@example.org") -> list[str]:
        assert post_form(client, "/reset", email=email).status_code == 303
        jobs.run()
        return [mail.link().removeprefix("http://localhost") for mail in smtp.to(email, "reset")]

    return ask_for


def test_the_link_sets_a_new_password(client, world, ask, signed_in_as):
    [link] = ask()
    answer = post_form(client, link, password=PASSWORD)
    assert answer.location == "/login"
    assert post_form(client, "/login", email=world.alice.email, password=world.password).status_code == 422
    sign_in(client, world.alice, PASSWORD)
    assert signed_in_as(client) == "Alice"


def test_it_signs_out_everywhere(app, client, world, ask, signed_in_as):
    elsewhere = sign_in(app.test_client(), world.alice)
    here = sign_in(client, world.alice)
    [link] = ask()
    post_form(client, link, password=PASSWORD)
    assert signed_in_as(elsewhere) is None
    assert signed_in_as(here) is None


def test_other_people_stay_signed_in(app, client, world, ask, signed_in_as):
    bob = sign_in(app.test_client(), world.bob)
    post_form(client, ask()[0], password=PASSWORD)
    assert signed_in_as(bob) == "Bob"


def test_opening_the_link_changes_nothing(client, world, ask):
    [link] = ask()
    for _ in range(3):
        assert client.get(link).status_code == 200
    sign_in(client, world.alice)


def test_one_use_uses_up_every_link(client, world, ask):
    ask()
    first, second = ask()
    post_form(client, second, password=PASSWORD)
    for link in (first, second):
        answer = client.get(link)
        assert answer.status_code == 410
        assert 'href="/reset"' in answer.text


def test_it_ends_within_the_hour(client, world, ask):
    [link] = ask()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert client.get(link).status_code == 410


def test_a_short_password_keeps_the_link_alive(client, world, ask):
    [link] = ask()
    answer = post_form(client, link, password="seven77")
    assert answer.status_code == 422
    assert "password-error" in answer.text
    assert post_form(client, link, password=PASSWORD).status_code == 303


def test_a_link_is_for_one_person(client, world, ask):
    state = tokens.fingerprint(world.alice.password_hash)
    forged = tokens.sign("reset", [world.bob.id, state])
    world.bob.password_hash = "$2b$04$" + "a" * 53
    assert client.get(f"/reset/{forged}").status_code == 410


@pytest.mark.parametrize("payload", [None, 1, "1", [], [1], [1, 2], ["1", "x"], {"id": 1}, [1, "x", 3]])
def test_a_payload_of_another_shape_is_refused(client, world, payload):
    assert client.get(f"/reset/{tokens.sign('reset', payload)}").status_code == 410


def test_the_page_does_not_tell_a_known_address_from_an_unknown_one(client, world, reading, smtp, jobs):
    def seen(email):
        answer = post_form(client, "/reset", email=email)
        return answer.status_code, answer.location, reading(client.get(answer.location)).replace(email, "…")

    assert seen("alice@example.org") == seen("nobody@example.org")
    jobs.run()
    assert not smtp.to("nobody@example.org")


def test_each_answer_costs_one_hash(client, world, monkeypatch):
    checked = []
    monkeypatch.setattr(bcrypt, "check_password_hash", lambda *both: bool(checked.append(both)))
    for number, email in enumerate(["alice@example.org", "nobody@example.org"], start=1):
        post_form(client, "/reset", email=email)
        assert len(checked) == number


def test_nothing_is_sent_to_an_address_that_was_never_confirmed(client, db, ask):
    factories.person("Dora", confirmed=False)
    assert ask("dora@example.org") == []


def test_an_address_is_written_to_three_times_in_ten_minutes_at_most(world, ask):
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        for _ in range(5):
            links = ask()
        assert len(links) == 3
        clock.shift(timedelta(minutes=11))
        assert len(ask()) == 4


def test_the_mail_leads_with_its_link(world, ask, smtp):
    ask()
    [mail] = smtp.to("alice@example.org")
    assert "/reset/" in mail.link()
    assert mail.link() in mail.html
    assert "If that was not you" in mail.text
