"""Finding pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from webapp.accounts.models import Person
from webapp.core.pagination import LARGEST_ID
from webapp.extensions import db
from webapp.images.models import Format, Image, Rendition

LONGEST_KEY = 20
MOST_ATTEMPTS = 5
IS_THERE = Image.deleted_at.is_(None)


def owned_by(person: Person) -> Select[Image]:
    """Someone's pictures, the newest first."""
    return select(Image).where(Image.owner_id == person.id, IS_THERE).order_by(Image.id.desc())


def page(person: Person, before: int | None, size: int) -> Sequence[Image]:
    """So many of someone's pictures, those that come after the one numbered ``before``."""
    pictures = owned_by(person)
    if before is not None:
        pictures = pictures.where(Image.id < min(before, LARGEST_ID))
    return db.session.scalars(pictures.limit(size)).all()


def get_owned(person: Person, key: str) -> Image | None:
    return db.session.scalar(owned_by(person).where(Image.key == key)) if _can_be_key(key) else None


def get_owned_by_id(person: Person, image_id: int) -> Image | None:
    if not 0 < image_id <= LARGEST_ID:
        return None
    return db.session.scalar(owned_by(person).where(Image.id == image_id))


def by_id(image_id: int | None) -> Image | None:
    """A picture that something already shows."""
    return None if image_id is None else db.session.scalar(select(Image).where(Image.id == image_id, IS_THERE))


def get_deleted(person: Person, key: str) -> Image | None:
    """A picture that its owner has deleted and may still have back."""
    if not _can_be_key(key):
        return None
    return db.session.scalar(
        select(Image).where(Image.owner_id == person.id, Image.key == key, Image.deleted_at.is_not(None))
    )


def sent_before(owner: Person, digest: str) -> Image | None:
    """The picture that someone has already made of the same file, deleted or not."""
    return db.session.scalar(select(Image).where(Image.owner_id == owner.id, Image.digest == digest))


def bytes_of(owner: Person) -> int:
    """How much room someone's pictures take. What was deleted still takes it until it is purged."""
    return db.session.scalar(select(func.coalesce(func.sum(Image.bytes), 0)).where(Image.owner_id == owner.id)) or 0


def by_key(key: str) -> Image | None:
    """A picture, for whoever knows its key."""
    return db.session.scalar(select(Image).where(Image.key == key, IS_THERE)) if _can_be_key(key) else None


def by_keys(keys: Collection[str]) -> dict[str, Image]:
    wanted = [key for key in keys if _can_be_key(key)]
    if not wanted:
        return {}
    return {found.key: found for found in db.session.scalars(select(Image).where(Image.key.in_(wanted), IS_THERE))}


def has_copy(image: Image, width: int, kind: Format) -> bool:
    return db.session.get(Rendition, (image.id, width, kind)) is not None


def copies_of(image_id: int) -> set[tuple[int, Format]]:
    rows = db.session.execute(select(Rendition.width, Rendition.format).where(Rendition.image_id == image_id))
    return {(width, kind) for width, kind in rows}


def unfinished(now: datetime, limit: int) -> Sequence[int]:
    """Pictures whose copies nobody is making, the longest waiting first."""
    return db.session.scalars(select(Image.id).where(is_unfinished(now)).order_by(Image.created_at).limit(limit)).all()


def is_unfinished(now: datetime) -> ColumnElement[bool]:
    """What a claim asks: copies are missing, nobody is at it, and it has not failed too often."""
    is_free = or_(Image.lease_until.is_(None), Image.lease_until < now)
    return Image.rendered_at.is_(None) & IS_THERE & is_free & (Image.attempts < MOST_ATTEMPTS)


def deleted_before(instant: datetime, limit: int) -> Sequence[Image]:
    return db.session.scalars(
        select(Image).where(Image.deleted_at < instant).order_by(Image.deleted_at).limit(limit)
    ).all()


def known_keys(keys: Collection[str]) -> set[str]:
    """Those of ``keys`` that a picture has, deleted or not."""
    return set(db.session.scalars(select(Image.key).where(Image.key.in_(keys))))


def _can_be_key(raw: str) -> bool:
    """Whether it is worth asking: PostgreSQL takes no text with a NUL in it."""
    return raw.isascii() and raw.isalnum() and len(raw) <= LONGEST_KEY
