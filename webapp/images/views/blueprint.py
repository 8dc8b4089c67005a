"""The blueprint that the pages of pictures stand on, and within it the one address that answers programs."""

from __future__ import annotations

from flask import Blueprint, Response, json, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp.accounts import identity
from webapp.extensions import limiter
from webapp.images import addresses
from webapp.images.receiving import TooLarge

blueprint = Blueprint("images", "webapp.images", template_folder="templates")
blueprint.add_app_template_filter(addresses.path, "picture_path")
blueprint.add_app_template_filter(addresses.full, "picture_url")
blueprint.add_app_template_filter(addresses.sources, "picture_sources")
blueprint.add_app_template_filter(addresses.as_markdown, "picture_markdown")

uploads = Blueprint("uploads", "webapp.images")


def _whoever() -> str:
    person = identity.person_here()
    return f"person {person.id}" if person else str(request.remote_addr)


not_too_often = limiter.limit("60/minute;600/hour", key_func=_whoever, methods=["POST"])
"""Reading a picture costs a second of one processor."""


@uploads.errorhandler(HTTPException)
def problem(error: HTTPException) -> ResponseReturnValue:
    """Every error as a problem document (RFC 9457): whoever asks is a script of the editor, or a program."""
    status = error.code or 500
    said = error.description or error.name
    if status == 413:
        said = str(TooLarge())
    elif status == 429:
        said = "Those were many pictures at once. Wait a minute, then go on."
    document = {"type": "about:blank", "title": error.name, "status": status, "detail": said}
    response = Response(json.dumps(document), status, mimetype="application/problem+json")
    for name, value in error.get_headers(request.environ):  # such as Retry-After
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response
