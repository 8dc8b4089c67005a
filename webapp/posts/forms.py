"""What the editor asks for. Whether it fits is for the operations to say."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateTimeLocalInput

from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.images.models import Image
from webapp.posts.models import Post, WorkingCopy

BETWEEN_TAGS = re.compile("[,，、;；]")  # noqa: RUF001  # as commas are on a Chinese keyboard
BREAKS = re.compile(r"[\r\n]+")
LARGEST_VERSION = 2**31
NO_PICTURE = -1
"""The number of a picture that cannot exist."""
NAME_OF_PAGE = re.compile(r"[\w-]{16,40}", re.ASCII)
NOT_TYPED = frozenset({"csrf_token", "version", "copy", "begun_as"})


def on_one_line(typed: str | None) -> str | None:
    """A title has room to wrap in the form, where Enter and pasted lines leave breaks without a script."""
    return " ".join(part.strip() for part in BREAKS.split(typed)) if typed is not None else None


class PostForm(FlaskForm):
    """The editor. A field that was not sent is None: it leaves the post as it is."""

    title = TextAreaField(lazy_gettext("Title"), filters=[on_one_line])
    body = TextAreaField(lazy_gettext("Text"))
    tags = StringField(lazy_gettext("Tags"))
    slug = StringField(lazy_gettext("Address"))
    publish_at = StringField(lazy_gettext("Publish on"), widget=DateTimeLocalInput())
    excerpt = TextAreaField(lazy_gettext("Excerpt"))
    canonical_url = StringField(lazy_gettext("First published at"))
    cover = RadioField(lazy_gettext("Picture at the head"), validate_choice=False)
    version = HiddenField()
    copy = HiddenField()
    begun_as = HiddenField()

    @classmethod
    def begun(cls) -> Self:
        """An empty form, with a name for the page it stands on."""
        return cls(formdata=None, begun_as=secrets.token_urlsafe(16))

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
            cover=str(post.cover_id or 0),
            version=str(post.version),
        )

    def show(self, copy: WorkingCopy) -> None:
        """Puts into the form what was typed and not saved, and the versions it goes with."""
        for name, value in copy.fields.items():
            if name in self:
                self[name].data = value
        self.version.data, self.copy.data = str(copy.post_version), str(copy.version)

    def offer(self, images: Sequence[Image]) -> None:
        """Lets the person choose among pictures."""
        self.cover.choices = [SelectChoice("0", lazy_gettext("None"))]
        self.cover.choices += [SelectChoice(str(image.id), image.alt or image.name) for image in images]
        self.cover.data = self.cover.data or "0"

    def words(self) -> dict[str, str]:
        """All that was sent and a person could have typed, by name."""
        return {each.name: each.data for each in self if each.name not in NOT_TYPED and isinstance(each.data, str)}

    @property
    def page(self) -> str | None:
        """The name of the page that a new post was begun on."""
        raw = self.begun_as.data or ""
        return raw if NAME_OF_PAGE.fullmatch(raw) else None

    @property
    def tag_names(self) -> list[str] | None:
        return None if self.tags.data is None else BETWEEN_TAGS.split(self.tags.data)

    @property
    def cover_id(self) -> int | None:
        """The number of a picture, 0 for none. What is no number is no picture of anybody's."""
        raw = self.cover.data
        return None if raw is None else int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else NO_PICTURE

    @property
    def seen_version(self) -> int | None:
        """The version that the page was made from. What is no version at all can only be an old one.

        A page that begins a post has seen nothing later than the first.
        """
        raw = self.version.data
        return _version(raw) if raw else 1 if self.page else None

    @property
    def seen_copy(self) -> int:
        """The version of the working copy that the page shows, 0 for none."""
        return _version(self.copy.data) or 0

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
        raise Refused("publish_at", _("Say when it should appear."))
    try:
        wall = datetime.fromisoformat(raw)
        return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("publish_at", _("Write it as a day and a time, such as 2027-03-14 08:00.")) from None
