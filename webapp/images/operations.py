"""What can be done with a picture. Whoever calls has loaded it through a query of what ``by`` owns, and commits."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from blinker import signal
from slugify import slugify
from sqlalchemy.exc import IntegrityError

from webapp import jobs
from webapp.accounts.models import Person
from webapp.core import site, text
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.images import pictures, queries, storage
from webapp.images.models import Image

LONGEST_ALT = 500
LONGEST_NAME = 40
KEY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
MEGABYTE = 1024 * 1024

uses_asked = signal("images.uses-asked")
"""Sent with ``image``, before it is deleted. Whoever shows it answers with a list of what they show it in."""


@dataclass(frozen=True)
class Received:
    """A picture whose file is kept and which has no row yet."""

    key: str
    name: str
    digest: str
    picture: pictures.Picture


def digest_of(raw: bytes) -> str:
    """By which the same file is known when it is sent again."""
    return hashlib.sha256(raw).hexdigest()


def receive(raw: bytes, filename: str) -> Received:
    """Reads what was sent, and keeps it under a key of its own. Takes seconds: hold no transaction meanwhile.

    Raises :class:`Refused` for ``file``, pictures.Busy, or storage.Unavailable. A file whose row never comes is found
    by :func:`webapp.images.rendering.tidy`.
    """
    picture = pictures.read(raw)
    key = "".join(secrets.choice(KEY_ALPHABET) for _ in range(16))
    received = Received(key, f"{_stem(filename)}.{picture.format.ending}", digest_of(raw), picture)
    storage.here().write(_file_of(received), picture.data)
    return received


def keep(received: Received, *, owner: Person, alt: str, now: datetime) -> Image:
    """The row of a received picture. Its copies are made after the commit. Raises :class:`Refused`.

    When the owner sent the same file a moment before, theirs is the picture.
    """
    alt = _alt(alt)
    picture = received.picture
    _require_room(owner, len(picture.data))
    image = Image(
        key=received.key,
        owner_id=owner.id,
        name=received.name,
        alt=alt,
        format=picture.format,
        original_format=picture.original,
        digest=received.digest,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.data),
        created_at=now,
        updated_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(image)
    except IntegrityError:
        first = queries.sent_before(owner, received.digest)
        if first is None:
            raise
        return take_again(first, alt=alt, now=now)
    jobs.after_commit(db.session(), "images.render", image.id)
    return image


def put_back(image: Image, data: bytes, *, is_dry_run: bool = False) -> None:
    """Keeps the file of a picture that another Almanac has written, under the key it had there.

    Raises :class:`Refused` when it is not what ``image`` says of it, or storage.Unavailable.
    """
    pictures.check(data, image.format, image.width, image.height)
    if not is_dry_run:
        storage.here().write(image.file, data)


def take_again(image: Image, *, alt: str, now: datetime) -> Image:
    """The same file came once more: a deleted picture is back, and one without words gets those that came with it."""
    alt = _alt(alt)
    restore(image, now=now)
    if alt and not image.alt:
        describe(image, alt=alt, now=now)
    return image


def describe(image: Image, *, alt: str, now: datetime) -> None:
    """Says what is to be seen. Texts that show the picture with words of their own keep them."""
    image.alt, image.updated_at = _alt(alt), now


def delete(image: Image, *, now: datetime) -> None:
    """Takes a picture away from everyone. Raises :class:`Refused` while something shows it."""
    uses = [use for _listener, found in uses_asked.send(image=image) for use in found]
    if uses:
        first, more = uses[0], len(uses) - 1
        if more:
            first = _("%(first)s and %(count)s more", first=first, count=more)
        raise Refused("", _("It is still shown in %(first)s. Take it out there first.", first=first))
    image.deleted_at = image.updated_at = now


def restore(image: Image, *, now: datetime) -> None:
    """Brings back what was deleted, if that is not too long ago: then its row is gone."""
    if image.deleted_at is None:
        return
    image.deleted_at, image.updated_at = None, now
    if image.rendered_at is None:
        jobs.after_commit(db.session(), "images.render", image.id)


def limit_in_bytes() -> int:
    return site.config().upload_limit_mb * MEGABYTE


def _require_room(owner: Person, size: int) -> None:
    quota = site.config().upload_quota_mb
    if quota and queries.bytes_of(owner) + size > quota * MEGABYTE:
        raise Refused(
            "file",
            _("Your pictures take all of the %(quota)s MB there is for them. Delete some first.", quota=f"{quota:,}"),
        )


def _alt(raw: str) -> str:
    return " ".join(text.many_lines(raw, field="alt", longest=LONGEST_ALT).split())


def _stem(filename: str) -> str:
    """The last part of the address: what the file was called, made harmless. A bare number means a copy's width."""
    stem = slugify(PurePath(filename.replace("\\", "/")).stem[:200], max_length=LONGEST_NAME, word_boundary=True)
    return f"picture-{stem}".rstrip("-") if not stem or stem.isdigit() else stem


def _file_of(received: Received) -> str:
    return f"{received.key}/picture.{received.picture.format.ending}"
