"""The few kinds of value the API's objects are made of, each stricter than marshmallow's own."""

# ruff: noqa: ARG002  # marshmallow hands every field more than most need

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from webapp.core import urls

SMALL_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class Text(fields.String):
    """A string that can be stored and sent anywhere: no NUL, and no half of a surrogate pair."""

    default_error_messages = {  # noqa: RUF012  # as marshmallow has it
        "required": "This is needed.",
        "null": "It cannot be null.",
        "invalid": "It must be text.",
        "characters": "It holds a character that cannot be kept.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise self.make_error("characters")
        return value


class Whole(fields.Integer):
    """A whole number: in JSON a number, not a text or a boolean; in a query string plain digits."""

    default_error_messages = {"invalid": "It must be a whole number.", "null": "It cannot be null."}  # noqa: RUF012

    def __init__(self, *, is_in_query: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.is_in_query = is_in_query

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if self.is_in_query and isinstance(value, str) and SMALL_NUMBER.fullmatch(value):
            return int(value)
        if not self.is_in_query and isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.make_error("invalid")


class Instant(fields.DateTime):
    """An instant, shown as RFC 3339 in UTC: ``2026-11-28T02:00:00Z``. It is never read: rules read times."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dump_only=True, **kwargs)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else self.text(value)

    @staticmethod
    def text(value: datetime) -> str:
        """The instant as every answer writes it."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Address(fields.Url):
    """Where in the API the object is."""

    _CHECK_ATTRIBUTE = False

    def __init__(self, endpoint: str, argument: str) -> None:
        super().__init__(dump_only=True, metadata={"description": "Where this is in the API."})
        self.endpoint = endpoint
        self.argument = argument

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return urls.absolute(self.endpoint, **{self.argument: obj.id})


class YesNo(fields.Boolean):
    """true or false, and nothing that only looks like it."""

    default_error_messages = {"invalid": "It must be true or false."}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Choice(Text):
    """One of a few words."""

    default_error_messages = {"choice": "It must be one of: {choices}."}  # noqa: RUF012

    def __init__(self, *choices: str, message: str = "", **kwargs: Any) -> None:
        metadata = {"enum": list(choices), **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.choices = choices
        self.message = message

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        chosen = super()._deserialize(value, attr, data, **kwargs)
        if chosen not in self.choices:
            if self.message:
                raise ValidationError(self.message)
            raise self.make_error("choice", choices=", ".join(self.choices))
        return chosen
