"""PostgreSQL's text search. See https://www.postgresql.org/docs/current/textsearch.html."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webapp.search.engines.tables import Tables
from webapp.search.schema.postgresql import LONG, TOUCH
from webapp.search.words import Term


class PostgreSQL(Tables):
    name = "PostgreSQL"

    SEARCH = """
        WITH found AS MATERIALIZED (
          SELECT post_id, words FROM search_index WHERE words @@ CAST(:asked AS tsquery)
          ORDER BY post_id DESC LIMIT :ranked
        )
        SELECT posts.id, count(*) OVER () AS total
        FROM found JOIN posts ON posts.id = found.post_id
        WHERE posts.state = 'published'
        ORDER BY ts_rank('{0.1, 0.4, 0.4, 1.0}', found.words, CAST(:asked AS tsquery), 1) * (
            1 + CAST(:freshness AS float)
            / (1 + greatest(0, extract(epoch FROM :now - posts.published_at)) / 86400 / CAST(:year AS float))
          ) DESC, posts.published_at DESC, posts.id DESC
        LIMIT :limit OFFSET :skip
    """
    COUNT = """
        SELECT
          (SELECT count(*) FROM search_index),
          (SELECT count(*) FROM posts LEFT JOIN search_index ON post_id = id
           WHERE state = 'published' AND post_id IS NULL),
          (SELECT count(*) FROM search_index LEFT JOIN posts ON id = post_id AND state = 'published' WHERE id IS NULL)
    """
    PRUNE = """
        DELETE FROM search_index
        WHERE NOT EXISTS (SELECT 1 FROM posts WHERE id = post_id AND state = 'published')
    """

    @staticmethod
    def asked(terms: Sequence[Term]) -> str:
        return " & ".join(_phrase(term) for term in terms)

    @staticmethod
    def statements(ids: Sequence[int]) -> list[tuple[str, list[dict[str, Any]]]]:
        return [(TOUCH.format(posts="VALUES (:id, false)"), [{"id": each} for each in sorted(ids)])]


def _phrase(term: Term) -> str:
    """The words side by side; in a text that is too long for places, all of them."""
    lexemes = [f"'{token}'" for token in term.tokens]
    if term.is_beginning:
        lexemes[-1] += ":*"
    if len(lexemes) == 1:
        return lexemes[0]
    return f"({' <-> '.join(lexemes)} | {' & '.join(lexemes)} & '{LONG}')"
