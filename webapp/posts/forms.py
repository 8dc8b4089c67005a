"""What the editor asks for. Whether it fits is for the operations to say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Self
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.widgets import DateTimeLocalInput

from webapp.core.errors import Refused
from webapp.core.words import _
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
            version=str(post.version),
        )

    @property
    def tag_names(self) -> list[str] | None:
        return None if self.tags.data is None else BETWEEN_TAGS.split(self.tags.data)

    @property
    def seen_version(self) -> int | None:
        """The version that the page was made from. What is no version at all can only be an old one."""
        raw = self.version.data
        if not raw:
            return None
        return int(raw) if raw.isascii() and raw.isdigit() and int(raw[:12]) < LARGEST_VERSION else 0

    def instant(self, zone: ZoneInfo) -> datetime:
        """When to publish, in UTC. A time that the clocks skip there is taken after the gap.

        Raises :class:`Refused` for ``publish_at``.
        """
        raw = (self.publish_at.data or "").strip()
        if not raw:
            raise Refused("publish_at", _("Say when it should appear."))
        try:
            wall = datetime.fromisoformat(raw)
            return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Refused("publish_at", _("Write it as a day and a time, such as 2027-03-14 08:00.")) from None
