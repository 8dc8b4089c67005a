"""Pictures, and the smaller copies that are made of them."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import SHOWN, Model, Timestamps, only_where, states

WIDTHS = (480, 960, 1440)
"""Pixels. The column of text is 624 wide; a phone asks for 480, a sharp screen for 960 or 1440."""
WORTH_IT = 0.9
"""A copy that is hardly narrower than the widest one saves nothing."""


class Format(enum.StrEnum):
    """What a file of ours is written as."""

    JPEG = "jpeg"
    PNG = "png"
    AVIF = "avif"
    WEBP = "webp"

    @property
    def mimetype(self) -> str:
        return f"image/{self.value}"

    @property
    def ending(self) -> str:
        return "jpg" if self is Format.JPEG else self.value


COPIES = (Format.AVIF, Format.WEBP)
"""What each width is written as. A program that knows neither gets the picture itself, a JPEG or PNG."""


class Image(Timestamps, Model):
    """A picture of someone's, as it was written anew: upright, in sRGB, without anything a camera wrote beside it.

    ``key`` is 80 random bits and stands in the address: whoever knows the address may see the picture. ``name`` is the
    last part of the address, with its ending. ``digest`` is the SHA-256 of what was sent: sending it twice gives one
    picture. ``bytes`` counts all files. ``rendered_at`` is when the last copy was made, ``lease_until`` until when
    somebody is at it. What was deleted is shown to nobody, and purged a month later.
    """

    __tablename__ = "images"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(20), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(60))
    alt: Mapped[str] = mapped_column(String(500), default="")
    format: Mapped[Format] = mapped_column(states(Format))
    original_format: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    rendered_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    copies: Mapped[list[Rendition]] = relationship(lazy="raise", cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (
        UniqueConstraint("owner_id", "digest"),
        Index("ix_images_owner", "owner_id", "id", **only_where("deleted_at IS NULL")),
        Index("ix_images_unfinished", "created_at", **only_where("rendered_at IS NULL AND deleted_at IS NULL")),
        Index("ix_images_deleted", "deleted_at", **only_where("deleted_at IS NOT NULL")),
        {"info": SHOWN},
    )

    @property
    def widths(self) -> tuple[int, ...]:
        """How wide its copies are: none is wider than the picture."""
        widest = min(self.width, WIDTHS[-1])
        return (*(width for width in WIDTHS if width < widest * WORTH_IT), widest)

    @property
    def file(self) -> str:
        """Where the storage has the picture itself."""
        return f"{self.key}/picture.{self.format.ending}"


class Rendition(Model):
    """A copy of a picture in one width and one format."""

    __tablename__ = "image_renditions"
    __table_args__ = {"info": SHOWN}  # noqa: RUF012

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    width: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    format: Mapped[Format] = mapped_column(states(Format), primary_key=True)
    bytes: Mapped[int]
