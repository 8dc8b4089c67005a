"""The one small interface that every engine has, and which engine answers here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from webapp.search.words import Term

RANKED = 1000
"""Of words that are in more posts than this, the newest so many are put in order: a question costs only so much."""
COUNTED = 200
"""So many hits can be turned through; beyond it an answer says "more than"."""
A_YEAR = 365.25
FRESHNESS = 0.25
"""A post of today counts for this much more than one that is very old; half of it is gone after a year."""


@dataclass(frozen=True)
class Hits:
    """Ids of posts, the best first, and how many there are in all, at most :data:`COUNTED` and one."""

    ids: Sequence[int]
    total: int


@dataclass(frozen=True)
class Count:
    """How far an engine agrees with the posts: published ones it lacks, and entries of what is not published."""

    entries: int
    missing: int
    left_over: int


class Unreachable(Exception):
    """An engine outside of the database does not answer, or says no. The message is one line."""


class Engine(Protocol):
    """Finds posts by words. What it knows may be older than the database: whoever asks it looks there again."""

    @property
    def name(self) -> str: ...

    def search(self, terms: Sequence[Term], *, now: datetime, limit: int, skip: int) -> Hits:
        """Posts in which all of the terms are found. Raises :class:`Unreachable`."""

    def prepare(self) -> None:
        """Makes what it keeps its index in, where that is missing."""

    def refresh(self, changes: Mapping[int, int]) -> None:
        """Brings these posts up to date: the published are indexed, all others removed.

        For each it is told a number that rises with every report about that post; an older report changes nothing.
        """

    def prune(self, since: int) -> int:
        """Removes entries that no post stands behind, and says how many. ``since``: the first number of this round."""

    def count(self) -> Count:
        """Compares itself with the posts, cheaply."""


class Elsewhere(Engine, Protocol):
    """An engine outside of the database, which has to be told. ``place`` is its address, without a password."""

    place: str
