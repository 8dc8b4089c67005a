"""The blueprint of what programs ask for, and how they are answered."""

from __future__ import annotations

from flask import Blueprint, Response, request

blueprint = Blueprint("feeds", "webapp.feeds", template_folder="templates")

FRESH_SECONDS = 300


def for_all(response: Response) -> Response:
    """The same answer for everyone, to be kept a few minutes, or 304 for a program that has it already."""
    response.add_etag()
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.make_conditional(request)
    return response
