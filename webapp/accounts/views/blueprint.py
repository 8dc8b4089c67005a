"""The blueprint that the pages of an account stand on, and what they have in common."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from webapp.core import zones
from webapp.core.site import config
from webapp.extensions import limiter

blueprint = Blueprint("accounts", "webapp.accounts", template_folder="templates")

not_too_often = limiter.limit("20/minute", methods=["POST"])
"""For a form that makes work and is sent a few times at most: registration, reset, set-up."""


def has_failed(response: Response) -> bool:
    """Whether a throttle counts this answer: only tries that did not work."""
    return response.status_code == 422


def status() -> int:
    """The status of a page with a form: 422 when the form was sent and did not go through."""
    return 422 if request.method == "POST" else 200


def link_is_over(**way_on: str) -> ResponseReturnValue:
    """The page for a link that is forged, too old or used (it never says which), with a way to a new one."""
    return render_template("accounts/link_is_over.html", **way_on), 410


def zone_or_sites(guess: str | None) -> str:
    """The zone that the browser guessed, if we know it, else the site's."""
    return zones.named(guess or "") or config().site_timezone
