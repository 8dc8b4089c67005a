"""The letter: its posts, rendered once for everyone who gets the same ones, and each reader's own values."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from webapp.core import language as languages_of
from webapp.core import languages, site
from webapp.core.dates import written
from webapp.core.rendering import when
from webapp.core.urls import absolute
from webapp.digests import links, news, windows
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
class Preview:
    """A letter as one reader would get it."""

    subject: str
    text: str
    html: str


@dataclass
class Letters:
    """The letters that end at one instant. One serves all readers to whom the same posts are new in one language."""

    end: datetime
    find: windows.Find = news.between
    _found: dict[datetime, Sequence[Item]] = field(default_factory=dict)
    _offers: dict[tuple[object, ...], windows.Offer] = field(default_factory=dict)
    _contents: dict[tuple[tuple[int, ...], str, str], MailContent] = field(default_factory=dict)

    def offer_to(self, reader: windows.Stands, key: str | None) -> windows.Offer:
        """What is new to a reader in a run of this schedule. Readers who stand alike are asked about once."""
        alike = (
            *(reader.covered_until, reader.starts_afresh, reader.follows, reader.cadence, reader.schedule_key),
            *(reader.each_post_from, reader.had_since, key),
        )
        if alike not in self._offers:
            cadences = windows.due(reader, key, self.end)
            self._offers[alike] = windows.offer(reader, self.end, cadences, self._between)
        return self._offers[alike]

    def content(self, items: Sequence[Item], schedule_key: str, language: str | None = None) -> MailContent | None:
        """The mail with these posts; None when there are none."""
        if not items:
            return None
        key = tuple(each.post_id for each in items), schedule_key, languages.or_sites(language)
        if key not in self._contents:
            self._contents[key] = _compose(items, *key[1:], self.end)
        return self._contents[key]

    def _between(self, start: datetime, end: datetime) -> Sequence[Item]:
        if start not in self._found:
            self._found[start] = self.find(start, end)
        return self._found[start]


def values(reader: Subscription, start: datetime) -> dict[str, str]:
    """What stands in the places that a letter leaves for its reader, for whom it begins at ``start``."""
    with languages.speaking(reader.language):
        asked_on = written(reader.asked_at.astimezone(site.config().zone), "day with year")
        starts_at = when(start, schedules.of(reader).zone.key)
    return {
        "leave_url": leave_url(reader),
        "manage_url": manage_url(reader),
        "asked_on": asked_on,
        "starts_at": starts_at,
    }


def preview(reader: Subscription, start: datetime, end: datetime, items: Sequence[Item]) -> Preview:
    """A letter as this reader would get it. Its address in the browser is none yet."""
    marker = new_marker()
    rendered = _render(
        items,
        end,
        reader.schedule_key,
        recipients_language=reader.language,
        marker=marker,
        browser_url=absolute("posts.home"),
    )
    own = values(reader, start)
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


def _compose(items: Sequence[Item], schedule_key: str, language: str, end: datetime) -> MailContent:
    marker, token = new_marker(), secrets.token_urlsafe(24)
    rendered = _render(
        items,
        end,
        schedule_key,
        recipients_language=language,
        marker=marker,
        browser_url=links.browser_url(token),
    )
    content = mail.compose(
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        marker=marker,
        headers={
            "List-Id": f"<letter.{urlsplit(site.config().site_url).hostname}>",
            "List-Unsubscribe": f"<{place(marker, 'leave_url')}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    db.session.flush()
    db.session.add(Letter(content_id=content.id, token=token, starts_at=_oldest(items, end), ends_at=end))
    db.session.flush()
    db.session.add_all(LetterPost(content_id=content.id, post_id=each.post_id) for each in items)
    return content


def _render(  # what a letter depends on
    items: Sequence[Item],
    end: datetime,
    schedule_key: str,
    *,
    recipients_language: str | None,
    marker: str,
    browser_url: str,
) -> Rendered:
    schedule = schedules.named(schedule_key)
    found = posts.published_among([each.post_id for each in items])
    shown = found[-MOST:]
    is_one_week = end - _oldest(items, end) < LONGER_THAN_A_WEEK
    with languages.speaking(recipients_language):
        days = _days(shown, schedule.zone)
    return render(
        "digests/mail/letter",
        language=recipients_language,
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
