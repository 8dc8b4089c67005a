"""The blueprint that these pages stand on, and who may see which."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person

blueprint = Blueprint("portability", "webapp.portability", template_folder="templates")

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def for_administrators(view: View) -> View:
    """Nobody is sent to sign in; somebody who is no administrator gets a 403."""
    guarded: View = login_required(permissions.admin.require(403)(view))
    return guarded


def for_authors(view: View) -> View:
    guarded: View = login_required(permissions.author.require(403)(view))
    return guarded


def me() -> Person:
    """Whoever is signed in."""
    return identity.person_here() or abort(401)
