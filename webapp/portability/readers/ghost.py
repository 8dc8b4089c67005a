"""Ghost: the JSON file of "Export your content". See https://ghost.org/docs/migration/custom/ for its shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp.portability.converting import plain
from webapp.portability.items import Author, BadSource, Item, Other, Text
from webapp.portability.readers import ghost_cards
from webapp.portability.readers.wordpress import path_of
from webapp.posts.models import PostState

LARGEST = 300 * 1024 * 1024
"""Bytes: JSON cannot be read in pieces, and some ten times as much is needed to hold it."""
HERE = "__GHOST_URL__"
WHY_DRAFT = {
    "scheduled": "it was scheduled for {at}; set its time anew",
    "sent": "it was only sent by mail, and never on the site",
}
FOR_SOME = {"members": "members", "paid": "paying members", "tiers": "some paying members"}


class Ghost:
    """One export file."""

    system = "ghost"

    def __init__(self, path: Path) -> None:
        self.data = _data(path)
        self.posts: list[Mapping[str, Any]] = _rows(self.data, "posts")
        self.total = len(self.posts)
        self.settings = {str(each.get("key")): each.get("value") for each in _rows(self.data, "settings")}
        self.site = str(self.settings.get("db_hash") or self.settings.get("title") or "")
        self.old_paths = {"/rss": "/feed.atom"}
        self.tags = {each.get("id"): each for each in _rows(self.data, "tags")}
        self.users = {each.get("id"): each for each in _rows(self.data, "users")}
        self.tag_ids = _by_post(_rows(self.data, "posts_tags"), "tag_id")
        self.author_ids = _by_post(_rows(self.data, "posts_authors"), "author_id")
        self.metas = {each.get("post_id"): each for each in _rows(self.data, "posts_meta")}

    def items(self) -> Iterator[Item]:
        for nth, post in enumerate(self.posts):
            yield self._item(nth, post)

    def picture(self, address: str) -> bytes | None:  # noqa: ARG002  # the file names pictures and holds none
        return None

    def _item(self, nth: int, post: Mapping[str, Any]) -> Item:
        title = plain(_text(post, "title"))
        kind = "page" if post.get("type") == "page" or post.get("page") == 1 else "post"
        if not _text(post, "id") and not _text(post, "uuid"):
            return Other(nth, kind, title, "it has no id")
        notes = ["it was a page, and is a post here"] if kind == "page" else []
        html, source = _written(post, notes)
        at = _instant(post.get("published_at"))
        state, why = _state(post, at)
        slug = _text(post, "slug")
        authors = self._authors(post)
        return Text(
            nth=nth,
            key=_text(post, "id") or _text(post, "uuid"),
            kind=kind,
            title=title,
            html=None if html is None else html.replace(HERE, ""),
            markdown=None if source is None else source.replace(HERE, ""),
            slug=slug,
            state=state,
            draft_because=why,
            published_at=at or _instant(post.get("created_at")),
            updated_at=_instant(post.get("updated_at")),
            author=next(iter(authors), None),
            co_authors=authors[1:],
            cover=_text(post, "feature_image").replace(HERE, ""),
            cover_alt=plain(str(self.metas.get(post.get("id"), {}).get("feature_image_alt") or "")),
            canonical_url=_text(post, "canonical_url").replace(HERE, ""),
            tags=self._tags(post),
            excerpt=_text(post, "custom_excerpt"),
            old_paths=(path_of(f"/{slug}/"),) if slug else (),
            notes=notes,
        )

    def _authors(self, post: Mapping[str, Any]) -> tuple[Author, ...]:
        ids = self.author_ids.get(post.get("id")) or [post.get("primary_author_id") or post.get("author_id")]
        users = (self.users.get(each) for each in ids)
        return tuple(Author(plain(_text(user, "name")), _text(user, "email")) for user in users if user)

    def _tags(self, post: Mapping[str, Any]) -> tuple[str, ...]:
        """The tags that readers see: Ghost's internal ones begin with a #."""
        names = (plain(_text(self.tags.get(each) or {}, "name")) for each in self.tag_ids.get(post.get("id"), ()))
        return tuple(name for name in names if name and not name.startswith("#"))


def open_source(path: Path) -> Ghost:
    return Ghost(path)


def _data(path: Path) -> Mapping[str, Any]:
    not_one = "This is not a Ghost export: it has no posts. In Ghost: Settings, Export content."
    try:
        if path.stat().st_size > LARGEST:
            raise BadSource(f"The file is larger than {LARGEST // 1024 // 1024} MB. Export fewer posts at a time.")
        found = json.loads(path.read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        where = f", in line {line:,}" if line else ""
        raise BadSource(f"The file is not whole JSON{where}. Nothing was imported.") from None
    except RecursionError:
        raise BadSource("The file is nested too deeply to be a Ghost export.") from None
    except OSError as error:
        raise BadSource(f"The file cannot be read: {error.strerror}.") from None
    if isinstance(found, Mapping) and isinstance(found.get("db"), list) and found["db"]:
        found = found["db"][0]
    data = found.get("data") if isinstance(found, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(data.get("posts"), list):
        raise BadSource(not_one)
    return data


def _rows(data: Mapping[str, Any], table: str) -> list[Mapping[str, Any]]:
    rows = data.get(table)
    return [each for each in rows if isinstance(each, Mapping)] if isinstance(rows, list) else []


def _by_post(rows: Sequence[Mapping[str, Any]], name: str) -> dict[Any, list[Any]]:
    """What belongs to each post, in the order that was given to it."""
    found: dict[Any, list[Any]] = {}
    for each in sorted(rows, key=_place):
        found.setdefault(each.get("post_id"), []).append(each.get(name))
    return found


def _place(row: Mapping[str, Any]) -> int:
    place = row.get("sort_order")
    return place if isinstance(place, int) else 0


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _written(post: Mapping[str, Any], notes: list[str]) -> tuple[str | None, str | None]:
    """HTML, or else Markdown made of what Ghost's editors keep."""
    if _text(post, "html").strip():
        return _text(post, "html"), None
    for name, read in (("lexical", ghost_cards.of_lexical), ("mobiledoc", ghost_cards.of_mobiledoc)):
        if raw := _text(post, name):
            return None, read(raw, notes)
    return None, _text(post, "markdown")


def _state(post: Mapping[str, Any], at: datetime | None) -> tuple[PostState, str]:
    status = _text(post, "status")
    if status in WHY_DRAFT:
        return PostState.DRAFT, WHY_DRAFT[status].format(at=f"{at:%Y-%m-%d %H:%M} UTC" if at else "an unknown time")
    if (visible := FOR_SOME.get(_text(post, "visibility"))) and status == "published":
        return PostState.DRAFT, f"it was for {visible} only"
    return (PostState.PUBLISHED if status == "published" else PostState.DRAFT), ""


def _instant(raw: Any) -> datetime | None:
    """An ISO instant, or milliseconds since 1970, which is how old versions write it."""
    try:
        if isinstance(raw, int | float):
            return datetime.fromtimestamp(raw / 1000, UTC)
        found = datetime.fromisoformat(str(raw)) if raw else None
    except (ValueError, OverflowError, OSError):
        return None
    return found and (found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))
