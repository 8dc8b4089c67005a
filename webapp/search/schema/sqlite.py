"""On SQLite: a table of FTS5, a view of what it should hold, and the triggers that keep the two alike.

SQLite's own words suffice, so that a statement typed into its shell keeps the index as well. It cannot part a text
into characters quickly: the view does so by blocks, or the longest text would take minutes.
"""

from __future__ import annotations

from webapp.search.words import INLINE, UNSPACED

BLOCK = 64


def _spaced(text: str, *, probe: str) -> str:
    """Pairs of characters where there are no spaces. ``probe`` has such characters whenever ``text`` has."""
    return f"""
        CASE WHEN {probe} GLOB '*[{UNSPACED}]*' THEN (
          WITH RECURSIVE
            block(number, said, rest) AS (
              SELECT 0, '', {text}
              UNION ALL
              SELECT number + 1, substr(rest, 1, {BLOCK + 1}), substr(rest, {BLOCK + 1}) FROM block WHERE rest <> ''
            ),
            place(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM place WHERE at < {BLOCK})
          SELECT group_concat(
            CASE
              WHEN two GLOB '[{UNSPACED}][{UNSPACED}]' THEN ' ' || two || ' '
              WHEN two GLOB '[{UNSPACED}]*' THEN ' ' || substr(two, 1, 1) || ' '
              ELSE substr(two, 1, 1)
            END, '')
          FROM (
            SELECT substr(said, at, 2) AS two FROM block CROSS JOIN place
            WHERE number > 0 AND at <= length(said) ORDER BY number, at
          )
        ) ELSE {text} END"""


def _plain(html: str) -> str:
    """Sanitised HTML without its tags: parted at each one by way of a JSON array, which is quick."""
    tag = "ltrim(substr(value, 1, min(instr(value || ' ', ' '), instr(value || '>', '>')) - 1), '/')"
    after = "substr(value, instr(value, '>') + 1)"
    inline = ", ".join(f"'{name}'" for name in INLINE)
    said = f"""(
        SELECT group_concat(said, '') FROM (
          SELECT CASE WHEN key = 0 THEN value WHEN {tag} IN ({inline}) THEN {after} ELSE ' ' || {after} END AS said
          FROM json_each('[' || replace(json_quote({html}), '<', '","') || ']') ORDER BY key
        ))"""
    for entity, character in (("nbsp", " "), ("lt", "<"), ("gt", ">"), ("quot", '"'), ("amp", "&")):
        said = f"replace({said}, '&{entity};', '{character}')"
    return said


_TAGS = """(SELECT group_concat(name, ', ') FROM (
          SELECT tags.name FROM post_tags JOIN tags ON tags.id = post_tags.tag_id
          WHERE post_tags.post_id = posts.id ORDER BY tags.name))"""

_BYLINE = """(SELECT group_concat(name, ', ') FROM (
          SELECT people.name FROM people WHERE people.id = posts.author_id
          UNION ALL
          SELECT people.name FROM co_authors JOIN people ON people.id = co_authors.person_id
          WHERE co_authors.post_id = posts.id))"""

TABLES = (
    """
    CREATE VIRTUAL TABLE search_index
    USING fts5 (title, body, tags, author, tokenize = 'unicode61 remove_diacritics 2', prefix = '3')
    """,
    f"""
    CREATE VIEW search_texts AS SELECT
      posts.id AS post_id,
      {_spaced("posts.title", probe="posts.title")} AS title,
      {_spaced(_plain("posts.html"), probe="posts.html")} AS body,
      {_spaced(_TAGS, probe=_TAGS)} AS tags,
      {_spaced(_BYLINE, probe=_BYLINE)} AS author
    FROM posts
    WHERE posts.state = 'published'
    """,
)

_TAKE_IN = "INSERT INTO search_index (rowid, title, body, tags, author) SELECT * FROM search_texts"
_COMPARED = ("id", "title", "html", "state", "author_id", "published_at")
_IS_CHANGED = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COMPARED)


def _trigger(name: str, when: str, *does: str) -> str:
    return f"CREATE TRIGGER IF NOT EXISTS {name} {when} BEGIN {'; '.join(does)}; END"


def _report(posts: str) -> str:
    """Tells an engine elsewhere of posts, if there is one. ``posts`` selects their ids."""
    return (
        f"INSERT INTO search_changes (post_id) {posts}"
        " AND EXISTS (SELECT 1 FROM site_settings WHERE name = 'search_elsewhere')"
    )


def _anew(column: str, posts: str) -> str:
    """Works out one column again for some posts, and leaves the text alone."""
    return f"""
        UPDATE search_index
        SET {column} = (SELECT search_texts.{column} FROM search_texts WHERE post_id = search_index.rowid)
        WHERE rowid IN ({posts})"""


def _beside(table: str, name: str, column: str) -> tuple[str, ...]:
    """The triggers of a table whose rows name a post's tags or its co-authors."""

    def anew(post: str) -> tuple[str, str]:
        return _anew(column, post), _report(f"SELECT id FROM posts WHERE id = {post} AND state = 'published'")

    return (
        _trigger(f"search_{name}_given", f"AFTER INSERT ON {table}", *anew("NEW.post_id")),
        _trigger(f"search_{name}_taken", f"AFTER DELETE ON {table}", *anew("OLD.post_id")),
        _trigger(f"search_{name}_moved", f"AFTER UPDATE ON {table}", *anew("OLD.post_id"), *anew("NEW.post_id")),
    )


_TAGGED = "SELECT post_id FROM post_tags JOIN posts ON posts.id = post_id WHERE tag_id = NEW.id AND state = 'published'"
_WRITTEN = """
    SELECT id FROM posts WHERE state = 'published'
    AND (author_id = NEW.id OR id IN (SELECT post_id FROM co_authors WHERE person_id = NEW.id))"""

TRIGGERS = (
    _trigger(
        "search_post_written",
        "AFTER INSERT ON posts WHEN NEW.state = 'published'",
        "DELETE FROM search_index WHERE rowid = NEW.id",
        f"{_TAKE_IN} WHERE post_id = NEW.id",
        _report("SELECT NEW.id WHERE true"),
    ),
    _trigger(
        "search_post_changed",
        f"AFTER UPDATE OF {', '.join(_COMPARED)} ON posts"
        f" WHEN (OLD.state = 'published' OR NEW.state = 'published') AND ({_IS_CHANGED})",
        "DELETE FROM search_index WHERE rowid IN (OLD.id, NEW.id)",
        f"{_TAKE_IN} WHERE post_id = NEW.id",
        _report("SELECT NEW.id WHERE true"),
        _report("SELECT OLD.id WHERE OLD.id <> NEW.id"),
    ),
    _trigger(
        "search_post_deleted",
        "AFTER DELETE ON posts WHEN OLD.state = 'published'",
        "DELETE FROM search_index WHERE rowid = OLD.id",
        _report("SELECT OLD.id WHERE true"),
    ),
    *_beside("post_tags", "tag", "tags"),
    *_beside("co_authors", "co_author", "author"),
    _trigger(
        "search_tag_renamed",
        "AFTER UPDATE OF name ON tags WHEN OLD.name IS NOT NEW.name",
        _anew("tags", _TAGGED),
        _report(_TAGGED),
    ),
    _trigger(
        "search_author_renamed",
        "AFTER UPDATE OF name ON people WHEN OLD.name IS NOT NEW.name",
        _anew("author", _WRITTEN),
        _report(_WRITTEN),
    ),
)
NAMES = tuple(statement.split()[5] for statement in TRIGGERS)

FILL = _TAKE_IN
REMOVE = (
    *(f"DROP TRIGGER IF EXISTS {name}" for name in NAMES),
    "DROP VIEW IF EXISTS search_texts",
    "DROP TABLE IF EXISTS search_index",
)
IS_INSTALLED = "SELECT count(*) FROM sqlite_master WHERE name = 'search_index'"
PRESENT = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
