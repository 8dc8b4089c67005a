"""Atom and RSS, read by feedparser from a file that is known to be whole XML."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser

from webapp.portability.converting import plain
from webapp.portability.items import Author, BadSource, Item, Other, Text
from webapp.portability.readers import xml
from webapp.portability.readers.wordpress import path_of
from webapp.posts.models import PostState

LARGEST = 100 * 1024 * 1024
"""Bytes. A feed is held in memory as a whole."""


class Feed:
    """One feed, as a file."""

    system = "feed"

    def __init__(self, path: Path) -> None:
        counted = xml.Counting()
        xml.read_once(path, counted)
        if counted.root.rpartition(":")[2] not in {"rss", "feed", "RDF"}:
            raise BadSource("This is neither an Atom feed nor RSS.")
        if path.stat().st_size > LARGEST:
            raise BadSource(f"The feed is larger than {LARGEST // 1024 // 1024} MB.")
        parsed = feedparser.parse(path.read_bytes(), sanitize_html=False)
        self.entries: list[Any] = parsed.entries
        self.total = len(self.entries)
        self.site = str(parsed.feed.get("id") or parsed.feed.get("link") or parsed.feed.get("title") or "")
        self.author = _author(parsed.feed)
        self.old_paths: dict[str, str] = {}

    def items(self) -> Iterator[Item]:
        for nth, entry in enumerate(self.entries):
            yield self._item(nth, entry)

    def picture(self, address: str) -> bytes | None:  # noqa: ARG002  # the feed names pictures and holds none
        return None

    def _item(self, nth: int, entry: Any) -> Item:
        title, link = plain(entry.get("title", "")), str(entry.get("link", ""))
        key = str(entry.get("id") or link or title)
        contents = entry.get("content") or []
        written = contents[0].value if contents else str(entry.get("summary", ""))
        is_html = not contents or contents[0].get("type") != "text/plain"
        if not key or not (written.strip() or title):
            return Other(nth, "post", title, "it is empty")
        at = _instant(entry.get("published_parsed")) or _instant(dict.get(entry, "updated_parsed"))
        path = path_of(link)
        return Text(
            nth=nth,
            key=key,
            title=title,
            html=written if is_html else None,
            markdown=None if is_html else written,
            slug=path.rstrip("/").rpartition("/")[2].rpartition(".")[0] or path.rpartition("/")[2]
            if "?" not in path
            else "",
            state=PostState.PUBLISHED,
            published_at=at,
            updated_at=_instant(dict.get(entry, "updated_parsed")),
            author=_author(entry) or self.author,
            tags=tuple(
                dict.fromkeys(plain(str(each.get("label") or each.get("term") or "")) for each in entry.get("tags", ()))
            ),
            excerpt=str(entry.get("summary", "")) if contents else "",
            old_paths=(path,) if path else (),
            notes=() if contents else ("the feed has only what is in its summary",),
        )


def open_source(path: Path) -> Feed:
    return Feed(path)


def _author(found: Any) -> Author | None:
    detail = found.get("author_detail") or {}
    name, email = str(detail.get("name") or found.get("author") or ""), str(detail.get("email") or "")
    return Author(plain(name) or email.partition("@")[0], email) if name or email else None


def _instant(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError):
        return None
