"""Posts as Markdown files with front matter, which every generator of static sites reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from sqlalchemy import Connection, select

from webapp.accounts.models import Person
from webapp.portability.models import OldAddress
from webapp.posts.models import Post, PostState, SlugRedirect, Tag, post_tags

PAGE = 200


@dataclass(frozen=True)
class MarkdownPost:
    """One file. Its name begins with the day, as Jekyll wants it, where there is one."""

    slug: str
    state: PostState
    published_at: datetime | None
    document: str

    @property
    def file_name(self) -> str:
        return f"{self.published_at:%Y-%m-%d}-{self.slug}.md" if self.published_at else f"{self.slug}.md"


def as_markdown(connection: Connection, *, author_id: int | None = None) -> Iterator[MarkdownPost]:
    """All posts in the order in which they were made, or those of one author."""
    query = (
        select(Post.__table__, Person.name.label("author"), Person.email.label("author_email"))
        .join(Person, Person.id == Post.author_id)
        .order_by(Post.id)
    )
    if author_id is not None:
        query = query.where(Post.author_id == author_id)
    after: int = 0
    while rows := connection.execute(query.where(Post.id > after).limit(PAGE)).all():
        ids = [row.id for row in rows]
        after = ids[-1]
        tags, aliases = _tags(connection, ids), _aliases(connection, ids)
        for row in rows:
            yield _file(row, tags.get(row.id, []), aliases.get(row.id, []), with_author=author_id is None)


def _file(row: Any, tags: list[str], aliases: list[str], *, with_author: bool) -> MarkdownPost:
    front: dict[str, Any] = {"title": row.title, "slug": row.slug}
    if row.published_at:
        front["date"] = row.published_at.isoformat()
    front["lastmod"] = row.updated_at.isoformat()
    if row.state is not PostState.PUBLISHED:
        front |= {"draft": True, "state": row.state.value}
    if row.publish_at:
        front["publish_at"] = row.publish_at.isoformat()
    if with_author:
        front |= {"author": row.author, "author_email": row.author_email}
    if tags:
        front["tags"] = tags
    if row.excerpt:
        front["excerpt"] = row.excerpt
    if aliases:
        front["aliases"] = aliases
    written = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=10_000)
    return MarkdownPost(row.slug, row.state, row.published_at, f"---\n{written}---\n\n{row.body.rstrip()}\n")


def _tags(connection: Connection, post_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = connection.execute(
        select(post_tags.c.post_id, Tag.name)
        .join(Tag, Tag.id == post_tags.c.tag_id)
        .where(post_tags.c.post_id.in_(post_ids))
        .order_by(Tag.name)
    )
    for post_id, name in rows:
        found.setdefault(post_id, []).append(name)
    return found


def _aliases(connection: Connection, post_ids: list[int]) -> dict[int, list[str]]:
    """Where else readers know it from: its former slugs here, and its addresses elsewhere."""
    found: dict[int, list[str]] = {}
    slugs = select(SlugRedirect.post_id, SlugRedirect.slug).where(SlugRedirect.post_id.in_(post_ids))
    for post_id, slug in connection.execute(slugs.order_by(SlugRedirect.id)):
        found.setdefault(post_id, []).append(f"/posts/{slug}")
    paths = select(OldAddress.post_id, OldAddress.path).where(OldAddress.post_id.in_(post_ids))
    for old in connection.execute(paths.order_by(OldAddress.id)):
        found.setdefault(old.post_id, []).append(old.path)
    return found
