"""Posts as Markdown files with front matter, which every generator of static sites reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from sqlalchemy import Connection, or_, select

from webapp.accounts.models import Person
from webapp.images import addresses
from webapp.images.models import Image
from webapp.portability import converting
from webapp.portability.models import OldAddress
from webapp.posts.models import Post, PostState, SlugRedirect, Tag, co_authors, post_tags

PAGE = 200


@dataclass(frozen=True)
class MarkdownPost:
    """One file. Its name begins with the day, as Jekyll wants it, where there is one.

    ``pictures`` are what it shows; their files belong at :func:`place_of`, in a folder beside its own.
    """

    slug: str
    state: PostState
    published_at: datetime | None
    document: str
    pictures: tuple[Image, ...] = ()

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
        around = _Around(
            _tags(connection, ids),
            _aliases(connection, ids),
            _co_authors(connection, ids),
            _pictures(connection, rows),
        )
        for row in rows:
            yield _file(row, around, with_addresses=author_id is None)


def place_of(image: Image) -> str:
    """Where an export has the file of a picture."""
    return f"media/{image.key}/{image.name}"


@dataclass(frozen=True)
class _Around:
    """What belongs to some posts: by their ids, and pictures by their keys."""

    tags: dict[int, list[str]]
    aliases: dict[int, list[str]]
    co_authors: dict[int, list[tuple[str, str]]]
    pictures: dict[str, Image]

    def shown_in(self, row: Any) -> dict[str, Image]:
        """The pictures that a text shows or links to, by the addresses it has for them."""
        found = ((each, self.pictures.get(addresses.key_in(each))) for each in converting.targets(row.body))
        return {address: image for address, image in found if image is not None}

    def cover_of(self, row: Any) -> Image | None:
        return next((each for each in self.pictures.values() if each.id == row.cover_id), None)


def _file(row: Any, around: _Around, *, with_addresses: bool) -> MarkdownPost:
    shown, cover = around.shown_in(row), around.cover_of(row)
    front = _front(row, around, cover, with_addresses=with_addresses)
    written = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=10_000)
    body = converting.with_pictures(row.body, {each: f"../{place_of(image)}" for each, image in shown.items()})
    pictures = {image.id: image for image in (*shown.values(), *([cover] if cover else []))}
    return MarkdownPost(
        row.slug,
        row.state,
        row.published_at,
        f"---\n{written}---\n\n{body.rstrip()}\n",
        tuple(pictures.values()),
    )


def _front(row: Any, around: _Around, cover: Image | None, *, with_addresses: bool) -> dict[str, Any]:
    """What is known of a post beside its text; what there is nothing of is left out."""
    is_public = row.state is PostState.PUBLISHED
    others = around.co_authors.get(row.id, [])
    everyone = [(row.author, row.author_email), *others] if others else []
    known = {
        "title": row.title,
        "slug": row.slug,
        "date": row.published_at and row.published_at.isoformat(),
        "lastmod": row.updated_at.isoformat(),
        "draft": not is_public,
        "state": None if is_public else row.state.value,
        "publish_at": row.publish_at and row.publish_at.isoformat(),
        "author": with_addresses and row.author,
        "author_email": with_addresses and row.author_email,
        "authors": [{"name": name, "email": email} if with_addresses else name for name, email in everyone],
        "tags": around.tags.get(row.id),
        "excerpt": row.own_excerpt,
        "canonical_url": row.canonical_url,
        "cover": cover and f"../{place_of(cover)}",
        "cover_alt": cover and cover.alt,
        "aliases": around.aliases.get(row.id),
    }
    return {name: value for name, value in known.items() if value}


def _pictures(connection: Connection, rows: Sequence[Any]) -> dict[str, Image]:
    """Those that some posts show or have at their heads, by their keys."""
    keys = {key for row in rows for each in converting.targets(row.body) if (key := addresses.key_in(each))}
    covers = {row.cover_id for row in rows if row.cover_id}
    table = Image.__table__
    found = connection.execute(
        select(table.c.id, table.c.key, table.c.name, table.c.alt, table.c.format).where(
            or_(table.c.key.in_(keys), table.c.id.in_(covers)), table.c.deleted_at.is_(None)
        )
    )
    return {row.key: Image(**row._mapping) for row in found}  # noqa: SLF001  # SQLAlchemy's public name for it


def _co_authors(connection: Connection, post_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    rows = connection.execute(
        select(co_authors.c.post_id, Person.name, Person.email)
        .join(Person, Person.id == co_authors.c.person_id)
        .where(co_authors.c.post_id.in_(post_ids))
        .order_by(co_authors.c.added_at, co_authors.c.person_id)
    )
    for post_id, name, email in rows:
        found.setdefault(post_id, []).append((name, email))
    return found


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
