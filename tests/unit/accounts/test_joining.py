"""Getting an account, and all the ways in which somebody might get someone else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine

from tests.unit.accounts.conftest import PASSWORD
from tests.world import csrf, post_form, sign_in
from webapp.accounts import queries, setup
from webapp.accounts.models import Person, Registration, Role
from webapp.accounts.signals import person_confirmed
from webapp.core import tokens


def test_registering_confirming_and_signing_in_makes_a_member(joining, signed_in_as):
    answer = joining.register()
    assert answer.status_code == 303
    assert "mira@example.org" in joining.client.get(answer.location).text

    [link] = joining.links()
    assert "Mira" in joining.client.get(link).text
    assert joining.follow(link).location == "/login"
    assert joining.sign_in().status_code == 303
    assert signed_in_as(joining.client) == "Mira"


def test_nobody_exists_before_the_address_is_confirmed(joining, session):
    joining.register()
    assert session.query(Person).count() == 0


def test_the_mail_leads_with_its_link_and_says_it_was_asked_for(joining, smtp):
    joining.register(name="Mira <b>")
    [mail] = smtp.to("mira@example.org")
    assert mail.kind == "confirm"
    assert "/confirm/" in mail.link()
    assert mail.link() in mail.html
    assert "Mira <b>" in mail.text
    assert "Mira &lt;b&gt;" in mail.html
    assert "If that was not you" in mail.text
    assert "If that was not you" in mail.html


def test_opening_the_link_changes_nothing(joining, session):
    joining.register()
    for _ in range(3):
        assert joining.client.get(joining.links()[0]).status_code == 200
    assert session.query(Person).count() == 0


def test_confirming_tells_the_features_above(joining):
    heard = []
    with person_confirmed.connected_to(lambda person, now: heard.append((person.email, now))):
        joining.register()
        joining.follow(joining.links()[0])
    [(email, now)] = heard
    assert email == "mira@example.org"
    assert now.tzinfo is not None


def test_a_link_works_once(joining):
    joining.register()
    [link] = joining.links()
    joining.follow(link)
    for again in (joining.client.get(link), joining.client.post(link)):
        assert again.status_code in {400, 410}
    assert joining.client.get(link).status_code == 410
    assert 'href="/register"' in joining.client.get(link).text


def test_two_presses_of_the_button_make_one_person(joining, session, app):
    joining.register()
    [link] = joining.links()
    token = csrf(joining.client, link)
    first = joining.client.post(link, data={"csrf_token": token})
    second = joining.client.post(link, data={"csrf_token": token})
    assert (first.status_code, second.status_code) == (303, 410)
    assert session.query(Person).count() == 1


def test_an_expired_link_offers_a_new_one(joining):
    joining.register()
    [link] = joining.links()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3, minutes=1)):
        answer = joining.client.get(link)
    assert answer.status_code == 410
    assert 'href="/register"' in answer.text


@pytest.mark.parametrize(
    "forged",
    ["x", "WzEsMl0.aaaa.bbbb", "a" * 5000, "%00", "%ff%fe", "letter", "é"],
)
def test_a_forged_link_is_refused(client, forged):
    assert client.get(f"/confirm/{forged}").status_code in {404, 410}
    assert client.get(f"/reset/{forged}").status_code in {404, 410}
    assert client.get(f"/setup/{forged}").status_code == 404


def test_a_link_serves_its_own_purpose_only(joining, app, session):
    joining.register()
    registration = session.query(Registration).one()
    for purpose in ("reset", "setup"):
        assert joining.client.get(f"/confirm/{tokens.sign(purpose, registration.id)}").status_code == 410
    assert joining.client.get(joining.links()[0].replace("confirm", "reset")).status_code == 410


def test_a_changed_letter_breaks_a_link(joining):
    joining.register()
    [link] = joining.links()
    path, _, signature = link.rpartition(".")
    swapped = "A" if signature[0] != "A" else "B"
    assert joining.client.get(f"{path}.{swapped}{signature[1:]}").status_code == 410


def test_a_stranger_who_registers_my_address_first_gains_nothing(joining):
    joining.register(name="Stranger", password="the stranger's own secret")
    joining.register(name="Mira")
    joining.follow(joining.links()[1])
    assert queries.by_email("mira@example.org").name == "Mira"
    assert joining.sign_in(password="the stranger's own secret").status_code == 422
    assert joining.sign_in().status_code == 303


def test_a_stranger_who_registers_my_address_after_me_gains_nothing(joining):
    joining.register(name="Mira")
    joining.register(name="Stranger", password="the stranger's own secret")
    joining.follow(joining.links()[0])
    assert joining.sign_in(password="the stranger's own secret").status_code == 422
    assert joining.sign_in().status_code == 303


def test_confirming_one_link_uses_up_every_other_to_that_address(joining):
    joining.register()
    joining.register(name="Stranger", password="the stranger's own secret")
    mine, strangers = joining.links()
    joining.follow(mine)
    assert joining.client.get(strangers).status_code == 410


def test_registering_a_confirmed_address_changes_nothing_and_tells_only_its_owner(joining, world, smtp, session):
    kept = world.alice.password_hash
    answer = joining.register(email="alice@example.org", name="Stranger", password="the stranger's own secret")
    assert answer.status_code == 303
    [mail] = smtp.to("alice@example.org")
    assert "already have an account" in mail.subject
    assert mail.link().endswith("/login")
    session.refresh(world.alice)
    assert (world.alice.name, world.alice.password_hash) == ("Alice", kept)


def test_the_page_does_not_tell_a_known_address_from_an_unknown_one(joining, world, reading):
    def seen(email):
        answer = joining.register(email=email)
        page = joining.client.get(answer.location)
        return answer.status_code, answer.location, reading(page).replace(email, "…")

    assert seen("alice@example.org") == seen("nobody@example.org")


def test_an_address_is_written_to_three_times_in_ten_minutes_at_most(joining, smtp):
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        answers = {joining.register().status_code for _ in range(5)}
        assert answers == {303}
        assert len(smtp.to("mira@example.org")) == 3
        clock.shift(timedelta(minutes=11))
        joining.register()
    assert len(smtp.to("mira@example.org")) == 4


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("MIRA@Example.ORG", "mira@example.org"),
        ("  mira@example.org  ", "mira@example.org"),
        ("mira@bücher.example", "mira@xn--bcher-kva.example"),
        ("mira@xn--bcher-kva.example", "mira@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_in_one_spelling(joining, session, typed, kept):
    assert joining.register(email=typed).status_code == 303
    assert session.query(Registration).one().email == kept


@pytest.mark.parametrize(
    "typed",
    [
        "mira",
        "mira@",
        "mira@example.org, bo@example.org",
        "mira@example.org\r\nBcc: bo@example.org",
        "mira\0@example.org",
        '"mira"@example.org',
        "Mira <mira@example.org>",
        "mira@[127.0.0.1]",
        "m" * 65 + "@example.org",
        "mira\uff20example.org",
        "mira@example.org@example.com",
        "míra@example.org",
    ],
)
def test_what_is_no_address_is_refused_beside_the_field(joining, smtp, typed):
    for path in ("/register", "/reset"):
        answer = post_form(joining.client, path, email=typed, name="Mira", password=PASSWORD)
        joining.jobs.run()
        assert answer.status_code == 422
        assert "email-error" in answer.text
    assert not smtp.received


@pytest.mark.parametrize("field", ["email", "name", "password"])
def test_half_a_character_is_no_server_error(client, field):
    typed = {"email": "mira@example.org", "name": "Mira", "password": PASSWORD, "csrf_token": csrf(client, "/register")}
    body = "&".join(f"{each}={quote(value)}" for each, value in typed.items() if each != field)
    answer = client.post(
        "/register", data=f"{body}&{field}=%ED%A0%80%FF12345678", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in {303, 422}


@pytest.mark.parametrize(
    "name",
    ["", "  ", "Mi\nra", "Mi\rra", "Mi\x0bra", "Mi\x85ra", "Mi\u2028ra", "Mi\0ra", "m" * 81, "m" * 10_000],
)
def test_a_name_that_could_break_a_header_or_a_page_is_refused(joining, smtp, name):
    answer = joining.register(name=name)
    assert answer.status_code == 422
    assert "name-error" in answer.text
    assert not smtp.received


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("王小明", "王小明"),
        ("\u202eMira", "Mira"),
        ("=?utf-8?q?Mira?=", "=?utf-8?q?Mira?="),
        ("Zoe\u0308", "Zoë"),
        ("m" * 80, "m" * 80),
    ],
)
def test_a_name_in_any_script_reaches_the_mail_as_one_header_less(joining, smtp, session, name, kept):
    joining.register(email="plain@example.org", name="Plain")
    joining.register(name=name)
    assert session.query(Registration).filter_by(email="mira@example.org").one().name == kept
    [plain], [mail] = smtp.to("plain@example.org"), smtp.to("mira@example.org")
    assert mail.message.keys() == plain.message.keys()
    joining.follow(joining.links()[0])
    assert queries.by_email("mira@example.org").handle


def test_what_was_typed_stays_in_the_form_but_for_the_password(joining):
    answer = joining.register(email="no address", name="Mira of the Marsh", password="secret stays unseen")
    assert "Mira of the Marsh" in answer.text
    assert "no address" in answer.text
    assert "secret stays unseen" not in answer.text


def test_fields_that_were_not_asked_for_are_ignored(joining):
    joining.register(role="admin", email_confirmed_at="2026-01-01", id="1")
    joining.follow(joining.links()[0])
    person = queries.by_email("mira@example.org")
    assert person.role is Role.READER


def test_the_browsers_zone_is_kept_and_a_strange_one_becomes_the_sites(joining, session):
    joining.register(email="a@example.org", zone="Asia/Shanghai")
    joining.register(email="b@example.org", zone="Moon/Tycho")
    zones = {each.email: each.zone for each in session.query(Registration)}
    assert zones == {"a@example.org": "Asia/Shanghai", "b@example.org": "UTC"}


def test_people_of_one_name_get_handles_of_their_own(joining):
    for email in ("a@example.org", "b@example.org", "c@example.org"):
        joining.register(email=email, name="王小明")
        joining.follow(joining.links(email)[0])
    handles = [person.handle for person in queries.everyone()]
    assert handles == ["wang-xiao-ming", "wang-xiao-ming-2", "wang-xiao-ming-3"]


def test_a_name_without_letters_still_gives_a_handle(joining):
    joining.register(name="🌿")
    joining.follow(joining.links()[0])
    assert queries.by_email("mira@example.org").handle == "person"


def test_registering_is_throttled_per_place(client):
    token = csrf(client, "/register")
    for _ in range(20):
        assert client.post("/register", data={"csrf_token": token}).status_code == 422
    refused = client.post("/register", data={"csrf_token": token})
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers


class TestSetUp:
    """The one-time link for the first administrator."""

    @pytest.fixture
    def link(self, db, app):
        return setup.link().removeprefix("http://localhost")

    def test_whoever_has_the_link_becomes_the_administrator_once(self, client, link, signed_in_as, app):
        answer = post_form(client, link, email="ada@example.org", name="Ada", password=PASSWORD)
        assert answer.status_code == 303
        assert signed_in_as(client) == "Ada"
        assert queries.by_email("ada@example.org").role is Role.ADMIN
        assert setup.link() is None
        assert client.get(link).status_code == 404
        assert app.test_client().get(link).status_code == 404

    def test_the_second_of_two_who_had_the_form_open_is_refused(self, client, link, app):
        late = app.test_client()
        token = csrf(late, link)
        post_form(client, link, email="ada@example.org", name="Ada", password=PASSWORD)
        answer = late.post(
            link, data={"csrf_token": token, "email": "eve@example.org", "name": "Eve", "password": PASSWORD}
        )
        assert answer.status_code == 404
        assert queries.by_email("eve@example.org") is None

    def test_the_link_ends_after_a_week(self, client, link):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=7, minutes=1)):
            assert client.get(link).status_code == 404

    def test_bad_input_keeps_the_link_alive(self, client, link):
        assert post_form(client, link, email="ada@example.org", name="Ada", password="short").status_code == 422
        assert client.get(link).status_code == 200

    def test_an_address_with_an_account_is_refused_with_a_reason(self, client, link, world):
        answer = post_form(client, link, email="alice@example.org", name="Ada", password=PASSWORD)
        assert answer.status_code == 422
        assert "already has an account" in answer.text

    def test_it_is_a_post_by_nobody_signed_in(self, client, link, world):
        sign_in(client, world.bob)
        post_form(client, link, email="ada@example.org", name="Ada", password=PASSWORD)
        assert queries.by_email("bob@example.org").role is Role.READER
