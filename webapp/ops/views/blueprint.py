"""The blueprint that all pages of the house stand on, and who may see those that are for operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.accounts import permissions

blueprint = Blueprint("ops", "webapp.ops", template_folder="templates")

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def for_operators(view: View) -> View:
    """Nobody is sent to sign in; somebody who is neither operator nor administrator gets a 403."""
    guarded: View = login_required(permissions.operator.require(403)(view))
    return guarded
