"""What the editor asks for. Whether it fits is for the operations to say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Self
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateTimeLocalInput

from webapp.core.errors import Refused
from webapp.posts.models import Post

BETWEEN_TAGS = re.compile("[,，、;；]")  # noqa: RUF001  # as commas are on a Chinese keyboard
LARGEST_VERSION = 2**31


class PostForm(FlaskForm):
    """The editor. A field that was not sent is None: it leaves the post as it is."""

    title = StringField(lazy_gettext("Title"))
    body = TextAreaField(lazy_gettext("Text"))
    tags = StringField(lazy_gettext("Tags"))
    slug = StringField(lazy_gettext("Address"))
    publish_at = StringField(lazy_gettext("Publish on"), widget=DateTimeLocalInput())
    excerpt = TextAreaField(lazy_gettext("Excerpt"))
    canonical_url = StringField(lazy_gettext("First published at"))
    version = HiddenField()

    @classmethod
    def of(cls, post: Post, zone: ZoneInfo) -> Self:
        """The form as it stands before anything was typed."""
        return cls(
            formdata=None,
            title=post.title,
            body=post.body,
            tags=", ".join(tag.name for tag in post.tags),
            slug=post.slug,
            publish_at=post.publish_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if post.publish_at else "",
            excerpt=post.own_excerpt,
            canonical_url=post.canonical_url,
            version=str(post.version),
        )

    @property
    def tag_names(self) -> list[str] | None:
        return None if self.tags.data is None else BETWEEN_TAGS.split(self.tags.data)

    @property
    def seen_version(self) -> int | None:
        """The version that the page was made from."""
        return _version(self.version.data)

    def instant(self, zone: ZoneInfo) -> datetime:
        """When to publish, in UTC. Raises :class:`Refused` for ``publish_at``."""
        return _instant(self.publish_at.data, zone)


class ShareForm(FlaskForm):
    """For how long a preview link works."""

    days = SelectField(
        lazy_gettext("It works for"),
        choices=[
            SelectChoice(1, lazy_gettext("1 day")),
            SelectChoice(7, lazy_gettext("7 days")),
            SelectChoice(30, lazy_gettext("30 days")),
        ],
        default=7,
        coerce=int,
    )


class CoAuthorForm(FlaskForm):
    """Who is asked to write along."""

    who = StringField(lazy_gettext("Handle or mail address"))


class ReviewForm(FlaskForm):
    """What an author tells the editors, or an editor the author."""

    note = TextAreaField(lazy_gettext("Note"))
    publish_at = StringField(lazy_gettext("Publish on"), widget=DateTimeLocalInput())
    version = HiddenField()

    @classmethod
    def of(cls, post: Post) -> Self:
        """The form as it stands before anything was typed."""
        return cls(formdata=None, version=str(post.version))

    @property
    def seen_version(self) -> int | None:
        """The version that the page was made from."""
        return _version(self.version.data)

    def instant(self, zone: ZoneInfo) -> datetime:
        """When to publish, in UTC. Raises :class:`Refused` for ``publish_at``."""
        return _instant(self.publish_at.data, zone)


def wall_time(raw: str | None) -> datetime | None:
    """The time on the wall that was typed, without a zone; None where an offset came with it, or it is no time."""
    try:
        found = datetime.fromisoformat((raw or "").strip())
    except ValueError:
        return None
    return None if found.tzinfo else found


def _version(raw: str | None) -> int | None:
    """What is no version at all can only be an old one."""
    if not raw:
        return None
    return int(raw) if raw.isascii() and raw.isdigit() and int(raw[:12]) < LARGEST_VERSION else 0


def _instant(raw: str | None, zone: ZoneInfo) -> datetime:
    """A wall time in a zone, as an instant. One that the clocks skip there is taken after the gap."""
    raw = (raw or "").strip()
    if not raw:
        raise Refused("publish_at", "Say when it should appear.")
    try:
        wall = datetime.fromisoformat(raw)
        return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("publish_at", "Write it as a day and a time, such as 2027-03-14 08:00.") from None
