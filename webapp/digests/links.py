"""The address of a letter in the browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from webapp.core import tokens
from webapp.core.urls import absolute

PURPOSE = "digest"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def browser_url(start: datetime, end: datetime) -> str:
    """Nobody can make one for another time than we did."""
    window = [(start - EPOCH) // MICROSECOND, (end - EPOCH) // MICROSECOND]
    return absolute("digests.browser", token=tokens.sign(PURPOSE, window))


def window(token: str) -> tuple[datetime, datetime] | None:
    """The window of the letter an address is for; None when it is forged."""
    match tokens.read(PURPOSE, token, max_age=None):
        case [int(start), int(end)]:
            return EPOCH + start * MICROSECOND, EPOCH + end * MICROSECOND
    return None
