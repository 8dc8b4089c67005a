"""Every error under /api/ is a problem document (RFC 9457).

``type`` leads to the explanation on the reference page, ``detail`` is one sentence for whoever reads the log, and
``errors`` names the fields that did not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, json, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException, PreconditionFailed, Unauthorized, UnprocessableEntity

from webapp.core import urls
from webapp.core.errors import Conflict, Refused

MEDIA_TYPE = "application/problem+json"
WHOLE_BODY = "body"
"""The name in ``errors`` of what is wrong with the body as a whole."""


@dataclass(frozen=True)
class Kind:
    """A sort of problem: its title, and what it means and what to do about it."""

    title: str
    meaning: str


KINDS = {
    400: Kind("Unreadable request", "The request cannot be read: the body is not JSON, or a header makes no sense."),
    401: Kind("No valid token", "Send a token that has not been revoked as Authorization: Bearer TOKEN."),
    403: Kind("Not allowed", "The token lacks the scope, or its person may not do this."),
    404: Kind("Not found", "Nothing is here, or nothing that you may see."),
    405: Kind("Method not allowed", "This address does not take that method; the Allow header lists those it takes."),
    412: Kind("Lost update", "It has changed since you read it. Read it again, then send If-Match with its new ETag."),
    413: Kind("Too large", "The body is larger than the API takes."),
    415: Kind("Not JSON", "Send the body as application/json."),
    422: Kind("Does not fit", "The request was read, but something in it does not fit; errors names the fields."),
    429: Kind("Too many requests", "Wait as long as the Retry-After header says, then go on."),
    500: Kind("Something broke here", "The fault is ours and has been logged. Nothing was changed."),
    503: Kind("Busy", "The database did not answer in time. Nothing was changed; send it again after Retry-After."),
}


class Invalid(UnprocessableEntity):
    """Input that does not fit. ``errors`` maps the name of a field to what is wrong with it."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.errors = {name: list(messages) for name, messages in errors.items()}


class Challenge(Unauthorized):
    """No token, or none that is good. ``error`` is RFC 6750's word for it, empty when nothing was sent."""

    def __init__(self, detail: str, error: str = "") -> None:
        super().__init__(detail)
        self.challenge = 'Bearer realm="Almanac"' + (f', error="{error}"' if error else "")

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("WWW-Authenticate", self.challenge)]


def from_http(error: HTTPException) -> Response:
    """The problem for an error that Flask, an extension or a view has raised."""
    status = error.code or 500
    if isinstance(error, Invalid):
        return answer(status, _sentence(error.errors), errors=error.errors)
    response = answer(status, _detail(error))
    for name, value in error.get_headers(request.environ):  # Allow, Retry-After, WWW-Authenticate
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def from_refused(error: Refused) -> Response:
    """The problem for input that a rule does not accept."""
    return from_http(Invalid({error.field or WHOLE_BODY: [error.message]}))


def from_conflict(error: Conflict | Exception) -> Response:
    """The problem for something that has changed meanwhile."""
    return answer(PreconditionFailed.code, error.message if isinstance(error, Conflict) else KINDS[412].meaning)


def answer(status: int, detail: str, *, errors: Mapping[str, Sequence[str]] | None = None) -> Response:
    """A problem document as a response."""
    document: dict[str, Any] = {
        "type": type_of(status),
        "title": KINDS[status].title if status in KINDS else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    if errors:
        document["errors"] = errors
    return Response(json.dumps(document), status, mimetype=MEDIA_TYPE)


def type_of(status: int) -> str:
    """The address that explains this status: on the reference page if it is ours, else RFC 9457's ``about:blank``."""
    return f"{urls.absolute('api_reference.page')}#problem-{status}" if status in KINDS else "about:blank"


def _detail(error: HTTPException) -> str:
    """What the raiser said, if it said something of its own; else what the status means here."""
    status = error.code or 500
    is_own = error.description is not None and error.description != type(error).description
    if status in KINDS and (not is_own or status == HTTPStatus.INTERNAL_SERVER_ERROR):
        return KINDS[status].meaning
    if isinstance(error, RateLimitExceeded):
        return f"More than {error.description} requests. {KINDS[429].meaning}"
    return error.description or HTTPStatus(status).phrase


def _sentence(errors: Mapping[str, Sequence[str]]) -> str:
    """All that is wrong, in one line: ``title: Write something here. tags: …``."""
    return " ".join(f"{name}: {message}" for name, messages in errors.items() for message in messages)
