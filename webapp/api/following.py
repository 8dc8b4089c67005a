"""What is followed and on which day, as programs write it."""

# ruff: noqa: ARG002  # marshmallow hands every field more than most need

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from config import WEEKDAYS
from webapp.core.errors import Refused
from webapp.subscriptions.following import MOST
from webapp.subscriptions.naming import HOW, wanted

LAST_WEEKDAY = 6


class Follow(fields.Field[Any]):
    """``"site"``, one name, or a list of them."""

    default_error_messages = {"null": HOW, "invalid": HOW}  # noqa: RUF012  # as marshmallow has it

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"description": f"What to follow. {HOW}"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(name, str) for name in names):
            raise self.make_error("invalid")
        if len(names) > MOST:
            raise ValidationError(f"Follow at most {MOST} authors and tags, or the whole site.")
        try:
            wanted(value)
        except Refused as refused:
            raise ValidationError(refused.message) from None
        return value


class Weekday(fields.Field[Any]):
    """``"sat"``, or a number from Monday, 0."""

    default_error_messages = {  # noqa: RUF012
        "null": "It cannot be null.",
        "invalid": f"It must be one of {', '.join(WEEKDAYS)}, or a number from 0 to 6.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LAST_WEEKDAY
        if not is_number and value not in WEEKDAYS:
            raise self.make_error("invalid")
        return value


def weekday_of(value: int | str | None) -> int | None:
    """The number of a day that :class:`Weekday` let in."""
    return WEEKDAYS.index(value) if isinstance(value, str) else value
