"""People and tokens from the command line."""

from __future__ import annotations

import pytest

from tests import factories
from tests.unit.accounts.conftest import PASSWORD
from tests.world import post_form
from webapp.accounts import queries
from webapp.accounts.models import Role
from webapp.accounts.signals import person_confirmed
from webapp.core import clock


def test_a_confirmed_person_can_sign_in_and_gets_no_mail(runner, client, smtp, jobs):
    heard = []
    with person_confirmed.connected_to(lambda person, now: heard.append(person)):
        result = runner(
            *(
                "user",
                "create",
                "Ines@Example.org",
                "--name",
                "Ines",
                "--role",
                "author",
                "--password-stdin",
                "--confirmed",
            ),
            input=f"{PASSWORD}\n",
        )
    assert result.exit_code == 0
    assert result.output.splitlines() == ["Made ines@example.org, author, @ines."]
    jobs.run()
    assert not smtp.received
    assert not heard
    assert post_form(client, "/login", email="ines@example.org", password=PASSWORD).status_code == 303


def test_an_unconfirmed_person_gets_the_link_and_keeps_the_role(runner, joining):
    result = runner("user", "create", "mira@example.org", "--role", "editor", "--password-stdin", input=f"{PASSWORD}\n")
    assert result.exit_code == 0
    joining.jobs.run()
    assert joining.sign_in().status_code == 403
    assert joining.follow(joining.links()[0]).location == "/login"
    assert joining.sign_in().status_code == 303
    assert queries.by_email("mira@example.org").role is Role.EDITOR


def test_without_a_password_it_is_chosen_after_confirming(runner, joining):
    runner("user", "create", "mira@example.org")
    joining.jobs.run()
    answer = joining.follow(joining.links()[0])
    assert answer.location.startswith("/reset/")
    post_form(joining.client, answer.location, password=PASSWORD)
    assert joining.sign_in().status_code == 303


def test_without_a_password_but_confirmed_the_link_is_printed(runner, joining):
    result = runner("user", "create", "mira@example.org", "--confirmed")
    [line] = result.output.splitlines()
    link = line.rpartition(" ")[2].removeprefix("http://localhost")
    post_form(joining.client, link, password=PASSWORD)
    assert joining.sign_in().status_code == 303


def test_a_password_may_hold_spaces_at_its_ends(runner, joining):
    runner(
        "user", "create", "mira@example.org", "--confirmed", "--password-stdin", input="  two each side  \nnot this\n"
    )
    assert joining.sign_in(password="  two each side  ").status_code == 303


@pytest.mark.parametrize(
    ("words", "given", "code"),
    [
        (["create", "alice@example.org"], "", 1),
        (["create", "ALICE@example.org"], "", 1),
        (["create", "a@example.org, b@example.org"], "", 1),
        (["create", "new@example.org", "--name", "two\nlines"], "", 1),
        (["create", "new@example.org", "--name", ""], "", 1),
        (["create", "new@example.org", "--password-stdin"], "", 1),
        (["create", "new@example.org", "--password-stdin"], "short\n", 1),
        (["create", "new@example.org", "--role", "king"], "", 2),
        (["create"], "", 2),
        (["role", "nobody@example.org", "author"], "", 1),
        (["role", "alice@example.org", "king"], "", 2),
    ],
)
def test_what_does_not_fit_is_an_error_and_makes_nobody(runner, world, words, given, code):
    result = runner("user", *words, input=given)
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert len(queries.everyone()) == 4


def test_everyone_is_listed(runner, world):
    lines = runner("user", "list").output.splitlines()
    assert len(lines) == 4
    assert lines[0].split("\t") == ["alice@example.org", "author", "@alice", "Alice"]


def test_a_token_is_printed_alone_and_kept_as_a_digest(runner, world):
    result = runner("token", "create", "alice@example.org", "--scope", "posts:read", "--scope", "posts:write")
    [secret] = result.output.splitlines()
    row = queries.by_token(secret)
    assert row.person.email == "alice@example.org"
    assert row.scopes == ["posts:read", "posts:write"]
    assert secret not in row.token_hash


def test_only_operators_get_the_operators_scope(runner, world):
    refused = runner("token", "create", "alice@example.org", "--scope", "operator")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert runner("token", "create", "olive@example.org", "--scope", "operator").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["alice@example.org"], 2),
        (["alice@example.org", "--scope", "everything"], 2),
        (["nobody@example.org", "--scope", "posts:read"], 1),
    ],
)
def test_a_token_for_nothing_or_nobody_is_an_error(runner, world, words, code):
    result = runner("token", "create", *words)
    assert (result.exit_code, result.stdout) == (code, "")


def test_a_revoked_token_is_nobodys(runner, world, session):
    secret = runner("token", "create", "alice@example.org", "--scope", "posts:read").output.strip()
    queries.by_token(secret).revoked_at = clock.now()
    session.commit()
    assert queries.by_token(secret) is None
    assert queries.by_token("x") is None


def test_somebody_who_was_imported_is_invited_to_confirm(runner, db, smtp, jobs):
    factories.person("Piet", confirmed=False)
    factories.person("Ines")
    assert "is on its way" in runner("user", "invite", "piet@example.org").output
    jobs.run()
    assert smtp.only("piet@example.org").link("/confirm/")
    assert "confirmed already" in runner("user", "invite", "ines@example.org").stderr
    assert "Nobody has the address" in runner("user", "invite", "x@example.org").stderr
