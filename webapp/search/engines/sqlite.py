"""FTS5. See https://www.sqlite.org/fts5.html."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webapp.search.engines.tables import Tables
from webapp.search.words import Term


class SQLite(Tables):
    name = "SQLite FTS5"

    SEARCH = """
        SELECT posts.id, count(*) OVER () AS total
        FROM (
          SELECT rowid AS id, -bm25(search_index, 10.0, 1.0, 4.0, 4.0) AS relevance
          FROM search_index WHERE search_index MATCH :asked ORDER BY rowid DESC LIMIT :ranked
        ) AS found JOIN posts ON posts.id = found.id
        WHERE posts.state = 'published'
        ORDER BY found.relevance * (
            1 + :freshness / (1 + max(0, julianday(:now) - julianday(posts.published_at)) / :year)
          ) DESC, posts.published_at DESC, posts.id DESC
        LIMIT :limit OFFSET :skip
    """
    COUNT = """
        SELECT
          (SELECT count(*) FROM search_index_docsize),
          (SELECT count(*) FROM posts WHERE state = 'published' AND id NOT IN (SELECT id FROM search_index_docsize)),
          (SELECT count(*) FROM search_index_docsize
           WHERE id NOT IN (SELECT id FROM posts WHERE state = 'published'))
    """
    PRUNE = """
        DELETE FROM search_index
        WHERE rowid IN (
          SELECT id FROM search_index_docsize WHERE id NOT IN (SELECT id FROM posts WHERE state = 'published')
        )
    """

    @staticmethod
    def asked(terms: Sequence[Term]) -> str:
        return " AND ".join(f'"{" ".join(term.tokens)}"{" *" if term.is_beginning else ""}' for term in terms)

    @staticmethod
    def statements(ids: Sequence[int]) -> list[tuple[str, list[dict[str, Any]]]]:
        rows = [{"id": each} for each in ids]
        return [
            ("DELETE FROM search_index WHERE rowid = :id", rows),
            (
                """
                INSERT INTO search_index (rowid, title, body, tags, author)
                SELECT * FROM search_texts WHERE post_id = :id
                """,
                rows,
            ),
        ]
