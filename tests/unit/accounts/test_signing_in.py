"""Signing in and out: who gets in, how long, and what a stolen or planted cookie is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.unit.accounts.conftest import PASSWORD
from tests.world import csrf, post_form, sign_in
from webapp.accounts import permissions
from webapp.accounts.models import Role, SignIn
from webapp.core import tokens
from webapp.extensions import bcrypt

SESSION, REMEMBER = "almanac", "remember_token"


def attempt(client, email="alice@example.org", password="wrong, all of it", token=None, **options):
    """Sends the sign-in form as it is, without loading it again."""
    data = {"csrf_token": token or csrf(client, "/login"), "email": email, "password": password}
    return client.post("/login", data=data, **options)


def cookie(client, name):
    found = client.get_cookie(name)
    return found.value if found else None


def carry(client, **cookies):
    """A fresh browser's cookies, replaced by copied ones."""
    for name, value in cookies.items():
        client.set_cookie(name, value)
    return client


def test_the_right_password_signs_in(client, world, signed_in_as):
    sign_in(client, world.alice)
    assert signed_in_as(client) == "Alice"


@pytest.mark.parametrize("email", ["ALICE@Example.org", " alice@example.org "])
def test_an_address_may_be_written_in_any_case(client, world, email):
    assert attempt(client, email, world.password).status_code == 303


def test_a_wrong_password_and_an_unknown_address_look_the_same(client, world, reading, monkeypatch):
    checked = []
    check = bcrypt.check_password_hash
    monkeypatch.setattr(bcrypt, "check_password_hash", lambda *both: checked.append(both) or check(*both))

    known, unknown = attempt(client), attempt(client, "nobody@example.org")
    assert known.status_code == unknown.status_code == 422
    assert reading(known) == reading(unknown)
    assert known.text.replace("alice@", "nobody@").replace(csrf_of(known), csrf_of(unknown)) == unknown.text
    # each cost one comparison, with a hash of the same rounds
    assert [kept[:7] for kept, _ in checked] == ["$2b$04$"] * 2


def csrf_of(answer):
    return answer.text.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_an_address_that_is_none_costs_a_comparison_too(client, world, monkeypatch):
    checked = []
    monkeypatch.setattr(bcrypt, "check_password_hash", lambda *both: bool(checked.append(both)))
    attempt(client, "not an address")
    assert len(checked) == 1


def test_what_is_left_out_is_asked_for(client, world):
    answer = attempt(client, "", "")
    assert answer.status_code == 422
    assert "email-error" in answer.text
    assert "password-error" in answer.text


@pytest.mark.parametrize("field", ["email", "password"])
@pytest.mark.parametrize(
    "value", ["\0", "x" * 100_000, "\ud83c\udf3f".encode("utf-16", "surrogatepass").decode("utf-16")]
)
def test_nothing_typed_breaks_the_page(client, world, field, value):
    answer = attempt(client, **{field: value})
    assert answer.status_code == 422


def test_a_form_without_its_token_is_refused(client, world):
    answer = client.post("/login", data={"email": "alice@example.org", "password": world.password})
    assert answer.status_code == 400


class TestNext:
    @pytest.mark.parametrize("target", ["/reminders", "/posts/one?x=1&y=2", "/@alice"])
    def test_a_local_path_is_followed(self, client, world, target):
        answer = post_form(client, "/login", next=target, email=world.bob.email, password=world.password)
        assert answer.location == target

    @pytest.mark.parametrize(
        "target",
        [
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https://evil.example",
            "/%0d%0aLocation:%20https://evil.example".replace("%0d%0a", "\r\n"),
            "/\t/evil.example",
            "javascript:alert(1)",
            "@evil.example",
            "evil.example",
            "",
        ],
    )
    def test_anything_else_leads_home(self, client, world, target):
        answer = post_form(client, "/login", next=target, email=world.bob.email, password=world.password)
        assert answer.location == "/"

    def test_a_protected_page_is_reached_after_signing_in(self, client, world):
        asked = client.get("/settings?from=here")
        assert asked.status_code == 303
        assert asked.location.startswith("/login?next=/settings")
        answer = post_form(
            client,
            "/login",
            page=asked.location,
            next="/settings?from=here",
            email=world.bob.email,
            password=world.password,
        )
        assert answer.location == "/settings?from=here"

    def test_the_form_carries_where_one_wanted_to_go(self, client):
        assert 'value="/settings?from=here"' in client.get("/login?next=/settings?from=here").text

    def test_someone_signed_in_goes_straight_on(self, client, world):
        sign_in(client, world.bob)
        assert client.get("/login?next=/settings").location == "/settings"
        assert client.get("/login?next=//evil.example").location == "/"


class TestThrottle:
    def test_after_five_failures_even_the_right_password_waits_a_minute(self, client, world):
        with time_machine.travel(datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC), tick=False) as clock:
            token = csrf(client, "/login")
            assert [attempt(client, token=token).status_code for _ in range(5)] == [422] * 5
            refused = attempt(client, password=world.password, token=token)
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) <= 61
            clock.shift(timedelta(minutes=1, seconds=1))
            assert attempt(client, password=world.password, token=token).status_code == 303

    def test_successes_are_not_counted(self, app, world):
        for _ in range(8):
            sign_in(app.test_client(), world.alice)

    def test_another_address_is_not_slowed(self, client, world):
        token = csrf(client, "/login")
        for _ in range(5):
            attempt(client, token=token)
        assert attempt(client, "bob@example.org", world.password, token).status_code == 303

    def test_spelling_the_address_otherwise_does_not_help(self, client, world):
        token = csrf(client, "/login")
        for email in (
            "alice@example.org",
            "ALICE@example.org",
            " alice@example.org",
            "Alice@Example.org",
            "alicE@example.org",
        ):
            attempt(client, email, token=token)
        assert attempt(client, token=token).status_code == 429

    def test_a_forged_forwarded_address_does_not_help(self, client, world):
        token = csrf(client, "/login")
        for number in range(5):
            attempt(client, token=token, headers={"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": "for=10.9.9.9"})
        assert attempt(client, token=token, headers={"X-Forwarded-For": "10.1.1.1"}).status_code == 429

    def test_one_place_that_tries_many_addresses_is_stopped(self, client, world):
        token = csrf(client, "/login")
        answers = [attempt(client, f"person-{number}@example.org", token=token).status_code for number in range(31)]
        assert answers == [422] * 30 + [429]


class TestCookies:
    def test_a_cookie_copied_before_signing_out_opens_nothing(self, app, client, world, signed_in_as):
        sign_in(client, world.alice)
        copied = cookie(client, SESSION)
        assert signed_in_as(carry(app.test_client(), **{SESSION: copied})) == "Alice"
        post_form(client, "/logout", page="/settings")
        assert signed_in_as(client) is None
        assert signed_in_as(carry(app.test_client(), **{SESSION: copied})) is None

    def test_so_does_a_remembered_one(self, app, client, world, signed_in_as):
        post_form(client, "/login", email=world.alice.email, password=world.password, remember="y")
        copied = cookie(client, REMEMBER)
        assert signed_in_as(carry(app.test_client(), **{REMEMBER: copied})) == "Alice"
        post_form(client, "/logout", page="/settings")
        assert cookie(client, REMEMBER) in {None, ""}
        assert signed_in_as(carry(app.test_client(), **{REMEMBER: copied})) is None

    def test_a_planted_session_is_left_behind_at_sign_in(self, app, client, world, signed_in_as):
        csrf(client, "/login")
        planted = cookie(client, SESSION)
        victim = carry(app.test_client(), **{SESSION: planted})
        sign_in(victim, world.alice)
        assert cookie(victim, SESSION) != planted
        assert signed_in_as(carry(app.test_client(), **{SESSION: planted})) is None
        with victim.session_transaction() as after, client.session_transaction() as before:
            assert after.get("csrf_token") != before["csrf_token"]

    def test_the_database_holds_no_secret_that_opens_anything(self, client, world, session):
        sign_in(client, world.alice)
        with client.session_transaction() as cookie_session:
            secret = cookie_session["_user_id"]
        assert session.query(SignIn).one().token_hash == tokens.digest(secret)
        assert str(world.alice.id) != secret

    def test_everyday_sign_ins_end_after_a_day_and_remembered_ones_after_thirty(self, app, world, signed_in_as):
        start = datetime(2026, 5, 1, 12, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as clock:
            everyday, remembered = app.test_client(), app.test_client()
            sign_in(everyday, world.alice)
            post_form(remembered, "/login", email=world.alice.email, password=world.password, remember="y")
            clock.move_to(start + timedelta(hours=23))
            assert (signed_in_as(everyday), signed_in_as(remembered)) == ("Alice", "Alice")
            clock.move_to(start + timedelta(hours=25))
            assert (signed_in_as(everyday), signed_in_as(remembered)) == (None, "Alice")
            clock.move_to(start + timedelta(days=29, hours=23))
            assert signed_in_as(remembered) == "Alice"
            clock.move_to(start + timedelta(days=30, hours=1))
            assert signed_in_as(remembered) is None

    def test_only_those_who_ask_are_remembered(self, client, world):
        sign_in(client, world.alice)
        assert cookie(client, REMEMBER) is None

    def test_cookies_are_kept_from_scripts_and_other_sites(self, client, world):
        answer = post_form(client, "/login", email=world.alice.email, password=world.password, remember="y")
        sent = answer.headers.getlist("Set-Cookie")
        assert len(sent) == 2
        for each in sent:
            assert "HttpOnly" in each
            assert "SameSite=Lax" in each

    def test_a_tampered_cookie_is_nobodys(self, app, client, world, signed_in_as):
        post_form(client, "/login", email=world.alice.email, password=world.password, remember="y")
        with client.session_transaction() as cookie_session:
            secret = cookie_session["_user_id"]
        forged = {SESSION: "x" + cookie(client, SESSION)[1:], REMEMBER: f"{secret}|{'0' * 128}"}
        assert signed_in_as(carry(app.test_client(), **forged)) is None


class TestSigningOut:
    def test_it_is_never_a_get(self, client, world, signed_in_as):
        sign_in(client, world.alice)
        assert client.get("/logout").status_code == 405
        assert signed_in_as(client) == "Alice"

    def test_it_ends_this_browser_only(self, app, client, world, signed_in_as):
        other = app.test_client()
        sign_in(client, world.alice)
        sign_in(other, world.alice)
        post_form(client, "/logout", page="/settings")
        assert signed_in_as(client) is None
        assert signed_in_as(other) == "Alice"

    def test_nobody_may_sign_out_too(self, client):
        assert post_form(client, "/logout", page="/login").status_code == 303


class TestRoles:
    """Roles come from the database on every request."""

    @pytest.fixture(autouse=True)
    def _page_for_authors(self, app, monkeypatch):
        page = app.view_functions["accounts.registered"]
        monkeypatch.setitem(app.view_functions, "accounts.registered", permissions.author.require(403)(page))

    @pytest.mark.parametrize(
        ("role", "status"),
        [(Role.READER, 403), (Role.AUTHOR, 200), (Role.EDITOR, 200), (Role.OPERATOR, 403), (Role.ADMIN, 200)],
    )
    def test_a_role_brings_those_it_implies(self, client, world, role, status):
        world.bob.role = role
        sign_in(client, world.bob)
        assert client.get("/register/sent").status_code == status

    def test_a_changed_role_works_at_once(self, client, world, runner):
        sign_in(client, world.bob)
        assert client.get("/register/sent").status_code == 403
        runner("user", "role", "bob@example.org", "author")
        assert client.get("/register/sent").status_code == 200
        runner("user", "role", "bob@example.org", "reader")
        assert client.get("/register/sent").status_code == 403

    def test_it_is_gone_with_the_sign_in(self, client, world):
        sign_in(client, world.alice)
        post_form(client, "/logout", page="/settings")
        assert client.get("/register/sent").status_code == 403


class TestUnconfirmed:
    def test_the_right_password_sends_the_link_again(self, joining, reading):
        joining.register()
        answer = joining.sign_in()
        joining.jobs.run()
        assert answer.status_code == 403
        assert "not confirmed yet" in reading(answer)
        joining.follow(joining.links()[1])
        assert joining.sign_in().status_code == 303

    def test_the_wrong_password_says_nothing_of_it(self, joining, reading):
        joining.register()
        answer = joining.sign_in(password="wrong, all of it")
        joining.jobs.run()
        assert answer.status_code == 422
        assert "confirmed" not in reading(answer)
        assert len(joining.links()) == 1

    def test_the_link_is_not_sent_without_end(self, joining):
        joining.register()
        for _ in range(6):
            assert joining.sign_in().status_code == 403
        joining.jobs.run()
        assert len(joining.links()) == 3

    def test_a_person_who_was_never_invited_is_now(self, joining, db):
        factories.person("Dora", confirmed=False)
        assert joining.sign_in("dora@example.org", factories.PASSWORD).status_code == 403
        joining.jobs.run()
        joining.follow(joining.links("dora@example.org")[0])
        assert joining.sign_in("dora@example.org", factories.PASSWORD).status_code == 303


def test_no_password_signs_in_someone_who_has_chosen_none(client, runner, db):
    runner("user", "create", "ed@example.org", "--confirmed", "--name", "Ed")
    for password in ("!", PASSWORD, " "):
        assert attempt(client, "ed@example.org", password).status_code == 422
