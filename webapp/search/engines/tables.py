"""What the two databases have in common: an index that triggers keep, and posts beside it that say what is public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import TextClause, bindparam, text

from webapp.core.db import UTCDateTime
from webapp.extensions import db
from webapp.search import schema
from webapp.search.engines import A_YEAR, COUNTED, FRESHNESS, RANKED, Count, Hits
from webapp.search.words import Term


class Tables:
    """An engine whose statements its heirs spell."""

    name: str
    SEARCH: ClassVar[str]
    """Finds ``id`` and ``total`` for :asked, :now, :limit and :skip."""
    COUNT: ClassVar[str]
    PRUNE: ClassVar[str]

    def search(self, terms: Sequence[Term], *, now: datetime, limit: int, skip: int) -> Hits:
        rows = (
            db.session.connection()
            .execute(
                _statement(self.SEARCH),
                {"asked": self.asked(terms), "now": now, "limit": limit, "skip": skip, **LIMITS},
            )
            .all()
        )
        return Hits([row.id for row in rows], min(rows[0].total, COUNTED + 1) if rows else 0)

    def prepare(self) -> None:
        connection = db.session.connection()
        if schema.is_installed(connection):
            schema.mend(connection)
        else:
            schema.install(connection)

    def refresh(self, changes: Mapping[int, int]) -> None:
        for statement, rows in self.statements(list(changes)):
            db.session.execute(text(statement), rows)

    def prune(self, since: int) -> int:  # noqa: ARG002  # entries are compared, not numbered
        left_over = self.count().left_over
        if left_over:
            db.session.execute(text(self.PRUNE))
        return left_over

    def count(self) -> Count:
        return Count(*db.session.execute(text(self.COUNT)).one())

    @staticmethod
    def asked(terms: Sequence[Term]) -> str:
        """The terms in the database's own language."""
        raise NotImplementedError

    @staticmethod
    def statements(ids: Sequence[int]) -> list[tuple[str, list[dict[str, Any]]]]:
        """What has to be said to bring posts up to date."""
        raise NotImplementedError


@cache
def _statement(said: str) -> TextClause:
    return text(said).bindparams(bindparam("now", type_=UTCDateTime()))


LIMITS = {"ranked": RANKED, "freshness": FRESHNESS, "year": A_YEAR}
