"""On PostgreSQL: a table of text vectors with a GIN index, and the functions and triggers that keep it.

No extension is needed. The dictionary is ``simple``, for a site may be in any language; accents go by taking letters
apart. Everything that is no word is a space before PostgreSQL's parser sees it, or it would make out addresses and
file names where other engines see words.

However often a transaction touches a post, its words are worked out once, when it commits: what was touched is a row of
`search_index_stale`, which never outlives its transaction, and whose key lets only one transaction at a time do it.
"""

from __future__ import annotations

from webapp.search.words import INLINE, UNSPACED

LONG = "__long__"
"""Stands in the vector of a text whose later words have no place of their own: 16,383 is the highest PostgreSQL has.
No word of a text can be it. A phrase is found in such a text when all of its words are in there."""
MOST_PLACES = 16_000
CERTAIN = 60_000
"""Characters of a text that fit into a vector whatever they are: it holds a megabyte."""

_NO_WORDS = (
    r"\u0001-\u001f\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u20a0-\u20cf\u2100-\u214f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u30a0\u30fb"
    r"\ufe10-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
"""What parts words, but for the space itself, which needs no replacing."""

_FUNCTIONS = (
    rf"""
    CREATE OR REPLACE FUNCTION search_plain(html text) RETURNS text LANGUAGE sql IMMUTABLE AS $body$
      SELECT replace(replace(replace(replace(replace(
        regexp_replace(regexp_replace(html, '</?({"|".join(INLINE)})( [^>]*)?>', '', 'g'), '<[^>]*>', ' ', 'g'),
        '&nbsp;', ' '), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&')
    $body$
    """,
    rf"""
    CREATE OR REPLACE FUNCTION search_spaced(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $body$
      SELECT CASE WHEN said ~ '[{UNSPACED}]' THEN (
        SELECT string_agg(
          CASE WHEN one !~ '[{UNSPACED}]' THEN one
               WHEN next ~ '[{UNSPACED}]' THEN ' ' || one || next || ' '
               ELSE ' ' || one || ' ' END, '' ORDER BY place)
        FROM (
          SELECT one, place, lead(one) OVER (ORDER BY place) AS next
          FROM unnest(string_to_array(said, NULL)) WITH ORDINALITY AS each(one, place)
        ) AS pairs
      ) ELSE said END
    $body$
    """,
    rf"""
    CREATE OR REPLACE FUNCTION search_folded(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $body$
      SELECT CASE WHEN octet_length(said) = length(said)
        THEN regexp_replace(lower(said), '[{_NO_WORDS}]+', ' ', 'g')
        ELSE regexp_replace(lower(normalize(
          regexp_replace(normalize(said, NFD), '([A-Za-z])[\u0300-\u036f]+', '\1', 'g'), NFC)),
          '[{_NO_WORDS}]+', ' ', 'g')
      END
    $body$
    """,
    f"""
    CREATE OR REPLACE FUNCTION search_vector(title text, body text, tags text, author text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE AS $body$
    DECLARE
      longest text := search_spaced(search_folded(body));
      heading tsvector :=
        setweight(to_tsvector('simple', search_spaced(search_folded(title))), 'A')
        || setweight(to_tsvector('simple', coalesce(search_spaced(search_folded(tags)), '')), 'B')
        || setweight(to_tsvector('simple', search_spaced(search_folded(author))), 'C');
    BEGIN
      IF length(longest) - length(replace(longest, ' ', '')) > {MOST_PLACES} THEN
        heading := heading || array_to_tsvector(ARRAY['{LONG}']);
      END IF;
      RETURN heading || to_tsvector('simple', longest);
    EXCEPTION WHEN program_limit_exceeded THEN
      RETURN heading || to_tsvector('simple', left(longest, {CERTAIN}));
    END $body$
    """,
    """
    CREATE OR REPLACE FUNCTION search_text(wanted integer) RETURNS tsvector LANGUAGE sql STABLE AS $body$
      SELECT search_vector(posts.title, search_plain(posts.html), (
        SELECT string_agg(tags.name, ', ' ORDER BY tags.name)
        FROM post_tags JOIN tags ON tags.id = post_tags.tag_id WHERE post_tags.post_id = posts.id
      ), people.name || coalesce((
        SELECT ', ' || string_agg(others.name, ', ' ORDER BY others.id)
        FROM co_authors JOIN people AS others ON others.id = co_authors.person_id WHERE co_authors.post_id = posts.id
      ), ''))
      FROM posts JOIN people ON people.id = posts.author_id
      WHERE posts.id = wanted AND posts.state = 'published'
    $body$
    """,
    """
    CREATE OR REPLACE FUNCTION search_settle() RETURNS trigger LANGUAGE plpgsql AS $body$
    DECLARE found_words tsvector := search_text(NEW.post_id);
    BEGIN
      IF found_words IS NULL THEN
        DELETE FROM search_index WHERE post_id = NEW.post_id;
      ELSE
        INSERT INTO search_index (post_id, words) VALUES (NEW.post_id, found_words)
        ON CONFLICT (post_id) DO UPDATE SET words = EXCLUDED.words;
      END IF;
      IF NEW.is_news AND EXISTS (SELECT 1 FROM site_settings WHERE name = 'search_elsewhere') THEN
        INSERT INTO search_changes (post_id) VALUES (NEW.post_id);
      END IF;
      DELETE FROM search_index_stale WHERE post_id = NEW.post_id;
      RETURN NULL;
    END $body$
    """,
)

TOUCH = "INSERT INTO search_index_stale (post_id, is_news) {posts} ON CONFLICT DO NOTHING"


def _listener(name: str, body: str) -> str:
    return f"""
    CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN {body} RETURN NULL; END $body$
    """


def _trigger(name: str, event: str, listener: str, *, when: str = "true") -> str:
    return f"CREATE OR REPLACE TRIGGER {name} AFTER {event} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {listener}()"


def _public(which: str) -> str:
    """Published posts, by their numbers, so that two who touch the same ones do so in the same order."""
    return f"SELECT id, true FROM posts WHERE state = 'published' AND {which} ORDER BY id"


_COMPARED = ("id", "title", "html", "state", "author_id", "published_at")
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _COMPARED) for row in ("OLD", "NEW"))
_IS_RENAMED = "OLD.name IS DISTINCT FROM NEW.name"

TRIGGERS = (
    *_FUNCTIONS,
    _listener("search_on_post_written", f"{TOUCH.format(posts='VALUES (NEW.id, true)')};"),
    _listener("search_on_post_changed", f"{TOUCH.format(posts='VALUES (OLD.id, true), (NEW.id, true)')};"),
    _listener("search_on_post_deleted", f"{TOUCH.format(posts='VALUES (OLD.id, true)')};"),
    _listener(
        "search_on_beside",
        f"""
        IF TG_OP <> 'INSERT' THEN {TOUCH.format(posts=_public("id = OLD.post_id"))}; END IF;
        IF TG_OP <> 'DELETE' THEN {TOUCH.format(posts=_public("id = NEW.post_id"))}; END IF;
        """,
    ),
    _listener(
        "search_on_tag",
        f"{TOUCH.format(posts=_public('id IN (SELECT post_id FROM post_tags WHERE tag_id = NEW.id)'))};",
    ),
    _listener(
        "search_on_person",
        TOUCH.format(
            posts=_public("(author_id = NEW.id OR id IN (SELECT post_id FROM co_authors WHERE person_id = NEW.id))")
        )
        + ";",
    ),
    "DROP TRIGGER IF EXISTS search_settle ON search_index_stale",
    """
    CREATE CONSTRAINT TRIGGER search_settle AFTER INSERT ON search_index_stale
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION search_settle()
    """,
    _trigger("search_post_written", "INSERT ON posts", "search_on_post_written", when="NEW.state = 'published'"),
    _trigger(
        "search_post_changed",
        f"UPDATE OF {', '.join(_COMPARED)} ON posts",
        "search_on_post_changed",
        when=f"(OLD.state = 'published' OR NEW.state = 'published') AND ({_OLD}) IS DISTINCT FROM ({_NEW})",
    ),
    _trigger("search_post_deleted", "DELETE ON posts", "search_on_post_deleted", when="OLD.state = 'published'"),
    _trigger("search_post_tagged", "INSERT OR UPDATE OR DELETE ON post_tags", "search_on_beside"),
    _trigger("search_post_shared", "INSERT OR UPDATE OR DELETE ON co_authors", "search_on_beside"),
    _trigger("search_tag_renamed", "UPDATE OF name ON tags", "search_on_tag", when=_IS_RENAMED),
    _trigger("search_author_renamed", "UPDATE OF name ON people", "search_on_person", when=_IS_RENAMED),
)

TABLES = (
    """
    CREATE TABLE search_index (
      post_id integer PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
      words tsvector NOT NULL
    )
    """,
    # in the rows themselves: else PostgreSQL reckons with small rows, and reads the whole table for a rare word
    "ALTER TABLE search_index ALTER COLUMN words SET STORAGE MAIN",
    "CREATE INDEX ix_search_index_words ON search_index USING gin (words) WITH (gin_pending_list_limit = 256)",
    """
    CREATE UNLOGGED TABLE search_index_stale (
      post_id integer PRIMARY KEY,
      is_news boolean NOT NULL
    )
    """,
)
FILL = TOUCH.format(posts=_public("true"))

_ON_TABLES = {
    "search_post_written": "posts",
    "search_post_changed": "posts",
    "search_post_deleted": "posts",
    "search_post_tagged": "post_tags",
    "search_post_shared": "co_authors",
    "search_tag_renamed": "tags",
    "search_author_renamed": "people",
    "search_settle": "search_index_stale",
}
NAMES = tuple(_ON_TABLES)
REMOVE = (
    *(f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in _ON_TABLES.items() if name != "search_settle"),
    "DROP TABLE IF EXISTS search_index_stale",
    *(
        f"DROP FUNCTION IF EXISTS search_{name}"
        for name in (
            *("on_post_written", "on_post_changed", "on_post_deleted", "on_beside", "on_tag", "on_person"),
            *("settle", "text", "vector", "folded", "spaced", "plain"),
        )
    ),
    "DROP TABLE IF EXISTS search_index",
)
IS_INSTALLED = "SELECT to_regclass('search_index') IS NOT NULL"
PRESENT = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
