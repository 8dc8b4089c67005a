"""What comes back about one object, with its ETag (RFC 9110).

Tags are strong and made from what is shown, so that a change to any part of it is a change of the tag.
"""

from __future__ import annotations

from typing import Any

from flask import Response, json, jsonify, request
from marshmallow import Schema
from werkzeug.exceptions import PreconditionFailed

from webapp.core import tokens


def shown(schema: Schema, row: Any, status: int = 200) -> Response:
    """``row`` as a response with its ETag."""
    body = schema.dump(row)
    response = jsonify(body)
    response.status_code = status
    response.set_etag(_tag(body))
    return response


def made(schema: Schema, row: Any) -> Response:
    """``row``, which is new, as a response that says where it is from now on."""
    response = shown(schema, row, 201)
    response.headers["Location"] = response.get_json()["url"]
    return response


def nothing() -> Response:
    """A response without content: done, and there is no more to say."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def must_match(schema: Schema, row: Any) -> None:
    """Stops a change to something that is not what the caller has read. If-Match is a choice: without it, go on."""
    if "If-Match" in request.headers and not request.if_match.contains(_tag(schema.dump(row))):
        raise PreconditionFailed


def unchanged(response: Response) -> Response:
    """Answers 304 when If-None-Match names what would be sent."""
    if request.method in {"GET", "HEAD"} and response.status_code == 200 and response.get_etag()[0]:
        response.make_conditional(request)
    return response


def _tag(body: Any) -> str:
    return tokens.fingerprint(json.dumps(body, sort_keys=True))
