"""One's own settings."""

from __future__ import annotations

import pytest

from tests.unit.accounts.conftest import PASSWORD
from tests.world import post_form, sign_in
from webapp.accounts.models import Role, SignIn


@pytest.fixture
def bob(client, world):
    """Bob, who has taken to writing: only an author has a page, and so a handle and a few words to change."""
    world.bob.role = Role.AUTHOR
    sign_in(client, world.bob)
    return world.bob


def save(client, **changes):
    fields = {"name": "Bob", "handle": "bob", "bio": "", "zone": "Shanghai"}
    return post_form(client, "/settings", **fields | changes)


def test_a_profile_is_saved(client, bob, session):
    answer = save(client, name="Bob B.", handle="@Bob-B", bio="I read.\r\nSlowly.", zone="new york")
    assert answer.status_code == 303
    session.refresh(bob)
    assert (bob.name, bob.handle, bob.bio, bob.zone) == ("Bob B.", "bob-b", "I read.\nSlowly.", "America/New_York")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "shanghai", "America/Argentina/Buenos_Aires", "UTC", "Kathmandu"])
def test_a_place_is_understood_by_city_or_zone(client, bob, zone):
    assert save(client, zone=zone).status_code == 303
    assert save(client, zone=zone).status_code == 303


def test_what_the_form_shows_can_be_sent_back_unchanged(client, world, session):
    sign_in(client, world.bob)
    page = client.get("/settings").text
    assert 'value="Shanghai"' in page
    assert save(client).status_code == 303
    session.refresh(world.bob)
    assert world.bob.zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 81),
        ("name", "Bob\r\nBcc: all@example.org"),
        ("handle", ""),
        ("handle", "a b"),
        ("handle", "-bob"),
        ("handle", "../x"),
        ("handle", "b" * 41),
        ("handle", "bób"),
        ("handle", "alice"),
        ("bio", "b" * 501),
        ("bio", "\0"),
        ("zone", "Moon/Tycho"),
        ("zone", "../../etc/passwd"),
        ("zone", "\0"),
        ("zone", "z" * 10_000),
        ("zone", "localtime"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_field_and_changes_nothing(client, bob, session, field, value):
    answer = save(client, **{"name": "Robert", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    session.refresh(bob)
    assert (bob.name, bob.handle, bob.zone) == ("Bob", "bob", "Asia/Shanghai")


def test_fields_that_were_not_asked_for_are_ignored(client, bob, session):
    save(client, role="admin", email="eve@example.org", password_hash="x", id="1")
    session.refresh(bob)
    assert (bob.role, bob.email) == (Role.AUTHOR, "bob@example.org")


def test_a_reader_is_asked_for_no_page_that_does_not_exist(client, world, session):
    sign_in(client, world.carol)
    page = client.get("/settings").text
    assert 'name="name"' in page
    assert 'name="handle"' not in page
    assert save(client, name="Carol C.", handle="someone", zone="Oslo").status_code == 303
    session.refresh(world.carol)
    assert (world.carol.name, world.carol.handle, world.carol.zone) == ("Carol C.", "carol", "Europe/Oslo")


class TestPassword:
    def change(self, client, current, new=PASSWORD):
        return post_form(client, "/settings/password", page="/settings", current=current, password=new)

    def test_changing_it_ends_every_other_sign_in(self, app, client, world, bob, signed_in_as):
        elsewhere = sign_in(app.test_client(), world.bob)
        assert self.change(client, world.password).status_code == 303
        assert signed_in_as(client) == "Bob"
        assert signed_in_as(elsewhere) is None
        sign_in(app.test_client(), world.bob, PASSWORD)

    def test_the_present_one_is_asked_for(self, client, world, bob, session):
        kept = bob.password_hash
        answer = self.change(client, "wrong, all of it")
        assert answer.status_code == 422
        assert "current-error" in answer.text
        session.refresh(bob)
        assert bob.password_hash == kept

    @pytest.mark.parametrize("new", ["", "seven77", "x" * 501])
    def test_a_new_one_that_does_not_fit_is_refused(self, client, world, bob, new):
        answer = self.change(client, world.password, new)
        assert answer.status_code == 422
        assert 'id="password-error"' in answer.text

    def test_guessing_it_is_throttled(self, client, world, bob):
        assert [self.change(client, "wrong, all of it").status_code for _ in range(6)] == [422] * 5 + [429]


class TestSignIns:
    def test_they_are_listed_by_browser(self, app, client, world):
        phone = app.test_client()
        phone.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
        sign_in(phone, world.bob)
        client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
        sign_in(client, world.bob)
        page = client.get("/settings").text
        assert "Safari on iPhone" in page
        assert "Firefox on Linux" in page

    def test_one_can_be_ended(self, app, client, world, bob, session, signed_in_as):
        elsewhere, third = sign_in(app.test_client(), bob), sign_in(app.test_client(), bob)
        lost = session.query(SignIn).order_by(SignIn.id).all()[1]
        assert post_form(client, f"/settings/sign-ins/{lost.id}/end", page="/settings").status_code == 303
        assert [signed_in_as(each) for each in (client, elsewhere, third)] == ["Bob", None, "Bob"]

    def test_all_others_can_be_ended(self, app, client, world, bob, signed_in_as):
        alice, elsewhere = sign_in(app.test_client(), world.alice), sign_in(app.test_client(), bob)
        post_form(client, "/settings/sign-ins/end-others", page="/settings")
        assert [signed_in_as(each) for each in (client, elsewhere, alice)] == ["Bob", None, "Alice"]

    def test_another_persons_does_not_exist(self, app, client, world, bob, session, signed_in_as):
        alice = sign_in(app.test_client(), world.alice)
        hers = session.query(SignIn).filter_by(person_id=world.alice.id).one()
        for number in (hers.id, 0, 2**63, 10**30):
            assert post_form(client, f"/settings/sign-ins/{number}/end", page="/settings").status_code == 404
        assert signed_in_as(alice) == "Alice"


@pytest.mark.parametrize(
    "path", ["/settings", "/settings/password", "/settings/sign-ins/1/end", "/settings/sign-ins/end-others"]
)
def test_nobody_is_asked_to_sign_in_first(client, path):
    answer = post_form(client, path, page="/login")
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
