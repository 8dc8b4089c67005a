"""From a stranger to a member, and back in after forgetting."""

import pytest

from tests import factories
from tests.world import csrf, sign_in
from webapp.accounts import links
from webapp.accounts.models import Person, Role

ADDRESS, PASSWORD = "dora@example.org", "seven quiet otters"


def register(visitor, **fields):
    visitor.visit("/register")
    return visitor.fill(**{"name": "Dora", "email": ADDRESS, "password": PASSWORD} | fields)


def confirm(visitor, mail):
    visitor.visit(mail.link("/confirm/"))
    return visitor.press("Confirm my address")


def enter(visitor, address=ADDRESS, password=PASSWORD):
    visitor.visit("/login")
    return visitor.fill(email=address, password=password)


def test_registering_confirming_and_signing_in(visitor, smtp, jobs, session):
    page = register(visitor)
    assert page.status == 200
    assert ADDRESS in page.text
    assert session.query(Person).count() == 0, "nothing exists before the address is confirmed"

    jobs.run()
    mail = smtp.only(ADDRESS, "confirm")
    assert mail.link("/confirm/") in mail.html
    confirm(visitor, mail)
    assert enter(visitor).status == 200
    assert "Dora" in visitor.visit("/").text
    assert session.query(Person).one().role is Role.READER


def test_a_new_member_is_welcomed_once(visitor, smtp, jobs):
    register(visitor)
    jobs.run()
    confirm(visitor, smtp.only(ADDRESS, "confirm"))
    jobs.run()
    welcome = smtp.only(ADDRESS, "welcome")
    assert "Dora" in welcome.text
    assert "Dora" in welcome.html


def test_looking_at_a_confirmation_confirms_nothing(visitor, smtp, jobs, session):
    register(visitor)
    jobs.run()
    for _ in range(3):
        assert visitor.visit(smtp.only(ADDRESS, "confirm").link("/confirm/")).status == 200
    assert session.query(Person).count() == 0


def test_a_confirmation_works_once(visitor, another, smtp, jobs):
    register(visitor)
    jobs.run()
    mail = smtp.only(ADDRESS, "confirm")
    confirm(visitor, mail)
    assert another().visit(mail.link("/confirm/")).status == 410


@pytest.mark.parametrize("known", [True, False], ids=["a member's address", "a new address"])
def test_registration_looks_the_same_for_every_address(known, visitor, smtp, jobs):
    if known:
        factories.person("Dora", email=ADDRESS)
    page = register(visitor)
    assert (page.status, page.path) == (200, "/register/sent")
    jobs.run()
    assert len(smtp.to(ADDRESS)) == 1
    assert bool(smtp.to(ADDRESS)[0].links("/confirm/")) is not known


def test_before_confirming_nobody_gets_in(visitor, smtp, jobs):
    register(visitor)
    enter(visitor)
    assert visitor.visit("/reminders").path.startswith("/login")


def test_a_wrong_password_and_an_unknown_address_look_alike(visitor, another, world):
    known = enter(visitor, world.bob.email, "not the password")
    unknown = enter(another(), "nobody@example.org", "not the password")
    assert (known.status, unknown.status) == (422, 422)
    assert known.text.replace(world.bob.email, "") == unknown.text.replace("nobody@example.org", "")


def test_signing_out_ends_the_session_wherever_its_cookie_went(visitor, another, world):
    enter(visitor, world.bob.email, factories.PASSWORD)
    stolen = another()
    stolen.client._cookies.update(visitor.client._cookies)
    assert stolen.visit("/reminders").path == "/reminders"
    visitor.visit("/settings")
    visitor.press("Sign out")
    assert visitor.visit("/reminders").path.startswith("/login")
    assert stolen.visit("/reminders").path.startswith("/login")


def test_signing_out_takes_a_post(visitor, world):
    enter(visitor, world.bob.email, factories.PASSWORD)
    assert visitor.client.get("/logout").status_code == 405
    assert visitor.visit("/reminders").path == "/reminders"


def test_a_forgotten_password_is_replaced_and_every_browser_signed_out(visitor, another, world, smtp, jobs):
    elsewhere = another()
    enter(elsewhere, world.bob.email, factories.PASSWORD)

    visitor.visit("/reset")
    visitor.fill(email=world.bob.email)
    jobs.run()
    link = smtp.only(world.bob.email, "reset").link("/reset/")
    visitor.visit(link)
    visitor.fill(password="a new and better one")

    assert elsewhere.visit("/reminders").path.startswith("/login")
    assert enter(visitor, world.bob.email, factories.PASSWORD).status == 422
    assert enter(visitor, world.bob.email, "a new and better one").status == 200
    assert another().visit(link).status == 410, "the link is used up"


@pytest.mark.parametrize("address", ["nobody@example.org", "unconfirmed@example.org"])
def test_a_reset_for_someone_we_do_not_know_looks_the_same_and_sends_nothing(address, visitor, world, smtp, jobs):
    factories.person("Unconfirmed", confirmed=False)
    visitor.visit("/reset")
    page = visitor.fill(email=address)
    jobs.run()
    assert (page.status, page.path) == (200, "/reset/sent")
    assert smtp.received == []


def test_five_wrong_passwords_make_the_sixth_try_wait(visitor, world):
    for _ in range(5):
        assert enter(visitor, world.bob.email, "not the password").status == 422
    assert enter(visitor, world.bob.email, factories.PASSWORD).status == 429


def test_the_first_administrator_comes_from_a_link_that_works_once(app, db, visitor, another, runner):
    link = links.to_set_up()
    visitor.visit(link)
    page = visitor.fill(name="Olga", email="olga@example.org", password=PASSWORD)
    assert page.status == 200
    assert db.session.query(Person).one().role is Role.ADMIN
    assert another().visit(link).status == 404


@pytest.mark.parametrize(
    ("name", "address", "status"),
    [
        ("bob", "/write", 403),
        ("alice", "/write", 200),
        ("bob", "/reminders", 200),
        ("alice", "/reminders", 200),
    ],
)
def test_each_role_reaches_what_is_its_own(name, address, status, client, world):
    sign_in(client, getattr(world, name))
    assert client.get(address).status_code == status


@pytest.mark.parametrize("address", ["/write", "/reminders", "/settings"])
def test_a_stranger_is_sent_to_sign_in_and_comes_back(address, visitor, world):
    assert visitor.visit(address).path.startswith("/login")
    visitor.fill(email=world.alice.email, password=factories.PASSWORD)
    assert visitor.page.path == address


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/"])
def test_after_signing_in_nobody_is_sent_elsewhere(target, client, world):
    answer = client.post(
        "/login",
        data={
            "csrf_token": csrf(client, "/login"),
            "email": world.bob.email,
            "password": factories.PASSWORD,
            "next": target,
        },
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] in {"/", "http://localhost/"}
