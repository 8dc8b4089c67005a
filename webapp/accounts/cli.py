"""People and tokens from the command line: ``manage.py user …``, ``manage.py token …``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import AppGroup

from webapp.accounts import links, operations, queries
from webapp.accounts.models import Person, Role, Scope
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.site import config
from webapp.extensions import db

ROLES = click.Choice([role.value for role in Role])
SCOPES = click.Choice([scope.value for scope in Scope])

user = AppGroup("user", help="People and their roles.")
token = AppGroup("token", help="Tokens for programs.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(user)
    app.cli.add_command(token)


@user.command("create")
@click.argument("email")
@click.option("--name", help="What they are called; from the address when left out.")
@click.option("--role", type=ROLES, default=Role.READER.value, show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--confirmed", is_flag=True, help="The address is known to be theirs: send no mail.")
def create(email: str, name: str | None, role: str, password_stdin: bool, confirmed: bool) -> None:  # noqa: FBT001
    """Make an account for EMAIL.

    Without --confirmed a link to confirm the address is mailed. Without --password-stdin they choose the password:
    after confirming, or with the link that is printed.
    """
    password = _first_line() if password_stdin else None
    with _one_line_of_error():
        person = operations.create_person(
            email=email,
            name=email.partition("@")[0] if name is None else name,
            password=password,
            role=Role(role),
            confirmed=confirmed,
            zone=config().site_timezone,
            now=clock.now(),
        )
        if not confirmed:
            operations.invite(person, now=clock.now())
    db.session.commit()
    click.echo(f"Made {person.email}, {person.role}, @{person.handle}.{_what_is_next(person, password)}")


@user.command("invite")
@click.argument("email")
def invite(email: str) -> None:
    """Mail EMAIL, who was imported or made here, a link to confirm the address and choose a password."""
    person = _person(email)
    if person.is_confirmed:
        raise click.ClickException(f"{person.email} is confirmed already: they can ask for a new password themselves.")
    operations.invite(person, now=clock.now())
    db.session.commit()
    click.echo(f"A link to confirm the address is on its way to {person.email}.")


@user.command("list")
def list_() -> None:
    """Show everyone: address, role, handle, name, and whether the address is confirmed."""
    for person in queries.everyone():
        note = "" if person.is_confirmed else "\tnot confirmed"
        click.echo(f"{person.email}\t{person.role}\t@{person.handle}\t{person.name}{note}")


@user.command("role")
@click.argument("email")
@click.argument("role", type=ROLES)
def change_role(email: str, role: str) -> None:
    """Give the person with the address EMAIL another role. It works at once, also where they are signed in."""
    person = _person(email)
    operations.set_role(person, Role(role))
    db.session.commit()
    click.echo(f"{person.email} is now {person.role}.")


@token.command("create")
@click.argument("email")
@click.option("--scope", "scopes", type=SCOPES, multiple=True, required=True, help="May be given several times.")
def create_token(email: str, scopes: tuple[str, ...]) -> None:
    """Print a new token for EMAIL's programs. It is shown this once."""
    with _one_line_of_error():
        secret = operations.create_token(_person(email), map(Scope, scopes), now=clock.now())
    db.session.commit()
    click.echo(secret)


def _first_line() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.ClickException("The password on standard input is not UTF-8.") from None


def _what_is_next(person: Person, password: str | None) -> str:
    if not person.is_confirmed:
        return " A link to confirm the address is on its way."
    if password is None:
        return f" A password can be chosen within the hour: {links.to_choose_password(person)}"
    return ""


def _person(email: str) -> Person:
    person = queries.by_email(email)
    if person is None:
        raise click.ClickException(f"Nobody has the address {email!r}.")
    return person


@contextmanager
def _one_line_of_error() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise click.ClickException(refused.message) from None
