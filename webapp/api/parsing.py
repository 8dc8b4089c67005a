"""How a request's JSON and query string are read, so that nothing odd gets further.

RFC 8259 to the letter, and I-JSON (RFC 7493) where that leaves a choice: no duplicate names, no NaN, no number that
a database cannot hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from webapp.api.problems import WHOLE_BODY, Invalid

LARGEST_NUMBER = 2**63 - 1


class Unreadable(ValueError):
    """What is not JSON as we take it. The message is one sentence for the sender."""


def loads(raw: bytes) -> Any:
    """The value of a JSON text. Raises :class:`Unreadable`."""
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except Unreadable:
        raise
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    except ValueError:
        raise Unreadable("The body is not JSON.") from None


class Parser(FlaskParser):
    """webargs with the reading above, and with a refusal of query parameters that do not exist."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}  # noqa: RUF012  # as webargs has it

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ARG002  # webargs' signature
        body = req.get_data(cache=True)
        if not body:
            return missing
        if req.mimetype != "application/json":
            raise UnsupportedMediaType
        try:
            return loads(body)
        except Unreadable as error:
            raise BadRequest(str(error)) from None

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        errors: dict[str, list[str]] = {}
        for messages in error.messages_dict.values():  # by location: json or query
            _flatten(messages, "", errors)
        raise Invalid(errors) from None


def _flatten(messages: Any, path: str, into: dict[str, list[str]]) -> None:
    """Turns marshmallow's nested messages into ``{"tags.0": [...]}``."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name == "_schema" else str(name)
            _flatten(inner, ".".join(filter(None, (path, step))), into)
    else:
        into.setdefault(path or WHOLE_BODY, []).extend(messages)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("The body names a member twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -LARGEST_NUMBER <= (number := int(digits)) <= LARGEST_NUMBER:
        raise Unreadable("The body holds a number that is too large.")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Unreadable("The body holds a number that is too large.")
    return number


def _constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON.")
