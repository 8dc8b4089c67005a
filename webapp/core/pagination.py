"""Paging by place instead of number: a page begins below a row, so it costs the same wherever it is and never skips.

A place is an instant and an id, the order every list of ours has. In an address it is one opaque word.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, bindparam, tuple_

from webapp.core.db import UTCDateTime
from webapp.core.errors import Refused
from webapp.core.words import _

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_ID = 2**63 - 1
LONGEST_CURSOR = 64


@dataclass(frozen=True)
class Place:
    """Where a row stands: by time, and among those of the same instant by id."""

    at: datetime
    id: int


def write(place: Place) -> str:
    """The word for an address."""
    text = f"{(place.at - EPOCH) // timedelta(microseconds=1)}.{place.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(raw: str, *, field: str = "before") -> Place:
    """The place that a word stands for. Raises :class:`Refused` for a word that :func:`write` never wrote."""
    try:
        word = raw[:LONGEST_CURSOR].encode("ascii")
        text = base64.urlsafe_b64decode(word + b"=" * (-len(word) % 4)).decode("ascii")
        microseconds, _dot, number = text.partition(".")
        place = Place(EPOCH + timedelta(microseconds=int(microseconds)), int(number))
    except (ValueError, OverflowError, binascii.Error):
        raise Refused(field, _("There is no such place in the list.")) from None
    if not 0 < place.id <= LARGEST_ID or write(place) != raw:
        raise Refused(field, _("There is no such place in the list."))
    return place


def below(at: ColumnElement[datetime], key: ColumnElement[int], place: Place) -> ColumnElement[bool]:
    """The condition for the rows that come after a place in a list that begins with the newest."""
    return tuple_(at, key) < _values(place)


def above(at: ColumnElement[datetime], key: ColumnElement[int], place: Place) -> ColumnElement[bool]:
    """The condition for the rows that come before it."""
    return tuple_(at, key) > _values(place)


def _values(place: Place) -> ColumnElement[tuple[datetime, int]]:
    return tuple_(bindparam(None, place.at, UTCDateTime()), bindparam(None, place.id, BigInteger()))
