"""The letter: its posts, rendered once for everyone who gets the same ones, and each reader's own values."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Self, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from webapp.core import language as languages_of
from webapp.core import languages, site
from webapp.core.dates import written
from webapp.core.rendering import when
from webapp.core.urls import absolute
from webapp.digests import links, news, owed, windows
from webapp.digests.models import DigestRun, Letter, LetterPost
from webapp.digests.news import Item
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.message import filled
from webapp.mail.models import MailContent
from webapp.mail.rendering import Rendered, new_marker, place, render
from webapp.posts import bylines
from webapp.posts import queries as posts
from webapp.posts.models import Post
from webapp.subscriptions import schedules
from webapp.subscriptions.links import leave_url, manage_url
from webapp.subscriptions.models import Cadence, Subscription

LONGER_THAN_A_WEEK = timedelta(days=7, hours=2)
"""A week in which the clocks change has an hour more; from then on a weekday alone would not say which day."""

MOST = 20
"""Posts in one mail; the newest. The others are counted and wait behind a link: some programs cut long mails."""


@dataclass(frozen=True)
class Entry:
    """One post as the letter shows it."""

    title: str
    url: str
    excerpt: str
    author: str
    minutes: int
    language: str


@dataclass(frozen=True)
class Day:
    """The posts that appeared on one day of the readers' calendar."""

    on: date
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Look:
    """What else a letter depends on but its posts. One that comes ``at_once`` is about what has just appeared."""

    schedule_key: str
    language: str
    at_once: bool = False

    @classmethod
    def of(cls, reader: Subscription, *, at_once: bool = False) -> Self:
        return cls(reader.schedule_key, languages.or_sites(reader.language), at_once)


@dataclass(frozen=True)
class Preview:
    """A letter as one reader would get it."""

    subject: str
    text: str
    html: str


@dataclass
class Letters:
    """The letters that end at one instant. One serves all to whom the same posts are new and who see it alike."""

    end: datetime
    find: windows.Find = news.between
    _found: dict[datetime, Sequence[Item]] = field(default_factory=dict)
    _offers: dict[windows.Terms, windows.Offer] = field(default_factory=dict)
    _settled: dict[str, datetime] = field(default_factory=dict)
    _contents: dict[tuple[tuple[int, ...], Look], MailContent | None] = field(default_factory=dict)

    def renew(self) -> None:
        """Forgets everything if one of the posts has been taken back meanwhile."""
        held = {each.post_id for found in self._found.values() for each in found}
        if held and not news.are_readable(held):
            for known in (self._found, self._offers, self._contents):
                known.clear()

    def offer_to(self, reader: windows.Stands, key: str | None) -> windows.Offer:
        """What is new to a reader in a run of this schedule. Readers on the same terms are asked about once."""
        terms = windows.terms(reader, key, self.end, self._settled_until)
        if terms not in self._offers:
            self._offers[terms] = windows.offer(terms, self.end, self._between)
        return self._offers[terms]

    def content(self, items: Sequence[Item], look: Look) -> MailContent | None:
        """The mail with these posts; None when there are none, or none that can be read any more."""
        if not items:
            return None
        key = tuple(each.post_id for each in items), look
        if key not in self._contents:
            self._contents[key] = _compose(items, look, self.end)
        return self._contents[key]

    def _settled_until(self, schedule_key: str) -> datetime:
        if schedule_key not in self._settled:
            self._settled[schedule_key] = owed.settled_until(schedule_key, self.end)
        return self._settled[schedule_key]

    def _between(self, start: datetime, end: datetime) -> Sequence[Item]:
        if start not in self._found:
            self._found[start] = self.find(start, end)
        return self._found[start]


def values(reader: Subscription, start: datetime) -> dict[str, str]:
    """What stands in the places that a letter leaves for its reader, for whom it begins at ``start``."""
    return {**_told(reader, start), "leave_url": leave_url(reader), "manage_url": manage_url(reader)}


def values_to_look_at(reader: Subscription, start: datetime) -> dict[str, str]:
    """The same for somebody else's eyes: the links change nothing for the reader."""
    nowhere = absolute("digests.links_of_a_preview")
    return {**_told(reader, start), "leave_url": nowhere, "manage_url": nowhere}


def content_to_look_at(items: Sequence[Item], look: Look, end: datetime) -> MailContent | None:
    """A letter to somebody else, whose mail program can leave nothing by it."""
    return _compose(items, look, end, is_readers=False)


def preview(reader: Subscription, start: datetime, end: datetime, items: Sequence[Item]) -> Preview | None:
    """A letter as this reader would get it; None when nothing is in it. It has no address in the browser yet."""
    found, marker = _found(items), new_marker()
    if not found:
        return None
    rendered = _render(
        found, Look.of(reader), end, _oldest(items, end), marker=marker, browser_url=absolute("posts.home")
    )
    own = values_to_look_at(reader, start)
    return Preview(
        rendered.subject,
        filled(rendered.text, marker=marker, values=own),
        filled(rendered.html, marker=marker, values=own, is_html=True),
    )


def announcement(run: DigestRun, readers: int, language: str | None) -> Rendered:
    """Tells an editor that a large letter waits, and how to stop it."""
    return render(
        "digests/mail/announced", language=language, run=run, readers=readers, stop_url=links.stop_url(run.id)
    )


def _told(reader: Subscription, start: datetime) -> dict[str, str]:
    with languages.speaking(reader.language):
        asked_on = written(reader.asked_at.astimezone(site.config().zone), "day with year")
        starts_at = when(start, schedules.of(reader).zone.key)
    return {"asked_on": asked_on, "starts_at": starts_at}


def _compose(items: Sequence[Item], look: Look, end: datetime, *, is_readers: bool = True) -> MailContent | None:
    found = _found(items)
    if not found:
        return None
    marker, token, starts_at = new_marker(), secrets.token_urlsafe(24), _oldest(items, end)
    rendered = _render(found, look, end, starts_at, marker=marker, browser_url=links.browser_url(token))
    headers = {"List-Id": f"<letter.{urlsplit(site.config().site_url).hostname}>"}
    if is_readers:
        headers["List-Unsubscribe"] = f"<{place(marker, 'leave_url')}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    content = mail.compose(
        subject=rendered.subject, text=rendered.text, html=rendered.html, marker=marker, headers=headers
    )
    db.session.flush()
    db.session.add(Letter(content_id=content.id, token=token, starts_at=starts_at, ends_at=end))
    db.session.flush()
    db.session.add_all(LetterPost(content_id=content.id, post_id=post.id) for post in found)
    return content


def _found(items: Sequence[Item]) -> Sequence[Post]:
    """The posts, as far as they can be read at this moment."""
    return posts.published_among([each.post_id for each in items])


def _render(
    found: Sequence[Post], look: Look, end: datetime, starts_at: datetime, *, marker: str, browser_url: str
) -> Rendered:
    schedule = schedules.named(look.schedule_key)
    shown = found[-MOST:]
    is_one_week = end - starts_at < LONGER_THAN_A_WEEK
    with languages.speaking(look.language):
        days = _days(shown, schedule.zone)
    return render(
        "digests/mail/letter",
        language=look.language,
        marker=marker,
        days=days,
        shown=shown,
        count=len(found),
        left_out=len(found) - len(shown),
        minutes=sum(post.minutes for post in found),
        is_one_week=is_one_week,
        end=end,
        zone=schedule.zone.key,
        week=end.astimezone(schedule.zone).isocalendar().week if is_one_week else None,
        at_once=look.at_once,
        next_at=None if schedule.cadence is Cadence.POST else schedule.after(end),
        browser_url=browser_url,
    )


def _oldest(items: Sequence[Item], end: datetime) -> datetime:
    """When the first of what a letter brings appeared."""
    return min((each.appeared_at for each in items), default=end)


def _days(shown: Sequence[Post], zone: ZoneInfo) -> list[Day]:
    """The posts by the day they appeared on, on the readers' calendar."""
    by_day = groupby(shown, key=lambda post: cast(datetime, post.published_at).astimezone(zone).date())
    return [Day(on, [_entry(post) for post in group]) for on, group in by_day]


def _entry(post: Post) -> Entry:
    return Entry(
        title=post.title,
        url=absolute("posts.show", slug=post.slug),
        excerpt=post.excerpt,
        author=bylines.names(post),
        minutes=post.minutes,
        language=languages_of.of(f"{post.title} {post.excerpt}"),
    )
