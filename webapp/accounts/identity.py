"""Who is here: Flask-Login reads the person from a cookie, Flask-Principal learns what they may do.

A cookie holds the secret of a :class:`~webapp.accounts.models.SignIn` and nothing else. Both libraries ask the database
on every request, so that signing out, a new password and a changed role work at once, wherever the cookie went.
"""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, redirect, request, session, url_for
from flask_login import current_user, login_user, logout_user
from flask_principal import AnonymousIdentity, Identity, RoleNeed, UserNeed, identity_changed
from werkzeug.wrappers import Response

from webapp.accounts import operations, queries
from webapp.accounts.models import IMPLIED, Person, SignIn
from webapp.core import clock
from webapp.extensions import login, principal


def init_app(_app: Flask) -> None:
    """Tells Flask-Login and Flask-Principal how to find out who is here."""
    login.session_protection = None  # the record in the database protects; a changed address means nothing
    login.user_loader(_person_by_cookie)
    login.unauthorized_handler(_ask_to_sign_in)
    principal.identity_loader(_identity_of_whoever_is_here)


def person_here() -> Person | None:
    """The signed-in person, or None."""
    return cast(Person, current_user._get_current_object()) if current_user.is_authenticated else None  # noqa: SLF001


def sign_in_here() -> SignIn | None:
    """The record of the sign-in that this request came with."""
    person = person_here()
    if person is None or person.sign_in_token is None:
        return None
    return queries.sign_in_by_token(person.sign_in_token, clock.now())


def begin(person: Person, *, remember: bool) -> None:
    """Signs someone in, in a new session: nothing that was in the old one, planted or not, goes on."""
    session.clear()
    person.sign_in_token = operations.sign_in(
        person,
        lasting=operations.REMEMBERED if remember else operations.EVERYDAY,
        address=request.remote_addr or "",
        browser=request.user_agent.string,
        now=clock.now(),
    )
    login_user(person, remember=remember)
    identity_changed.send(current_app._get_current_object(), identity=identity_of(person))  # type: ignore[attr-defined]  # noqa: SLF001


def end() -> None:
    """Signs out whoever is here."""
    person = person_here()
    if person is not None and person.sign_in_token is not None:
        operations.sign_out(person.sign_in_token)
    session.clear()
    logout_user()
    identity_changed.send(current_app._get_current_object(), identity=AnonymousIdentity())  # type: ignore[attr-defined]  # noqa: SLF001


def identity_of(person: Person) -> Identity:
    """What Flask-Principal should know about someone: who they are and every role that theirs implies."""
    identity = Identity(person.id)
    identity.provides.add(UserNeed(person.id))
    identity.provides.update(RoleNeed(role) for role in IMPLIED[person.role])
    return identity


def _person_by_cookie(secret: str) -> Person | None:
    found = queries.sign_in_by_token(secret, clock.now())
    if found is None:
        return None
    found.person.sign_in_token = secret
    return found.person


def _identity_of_whoever_is_here() -> Identity:
    person = person_here()
    return AnonymousIdentity() if person is None else identity_of(person)


def _ask_to_sign_in() -> Response:
    """Sends someone to the sign-in page, and from there back to where they wanted to go."""
    wanted = request.full_path.removesuffix("?") if request.method == "GET" else None
    return redirect(url_for("accounts.login", next=wanted), 303)
