"""The letter: its posts, rendered once for everyone who has the same window, and each reader's own values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from webapp.core import language, site, weekly, zones
from webapp.core.urls import absolute
from webapp.digests import links
from webapp.mail import operations as mail
from webapp.mail.message import filled
from webapp.mail.models import MailContent
from webapp.mail.rendering import Rendered, new_marker, place, render
from webapp.posts import bylines
from webapp.posts import queries as posts
from webapp.posts.models import Post
from webapp.subscriptions.links import leave_url
from webapp.subscriptions.models import Subscription

LONGER_THAN_A_WEEK = timedelta(days=7, hours=2)
"""A week in which the clocks change has an hour more; from then on a weekday alone would not say which day."""


@dataclass(frozen=True)
class Item:
    """One post as the letter shows it. ``numeral`` and ``word`` stand in the margin, ``day`` in the text part."""

    title: str
    url: str
    excerpt: str
    author: str
    minutes: int
    day: str
    numeral: str
    word: str
    language: str


@dataclass
class Letters:
    """The letters that end at one instant, by where their windows start. One serves all readers who share it."""

    end: datetime
    _by_start: dict[datetime, MailContent | None] = field(default_factory=dict)

    def since(self, start: datetime) -> MailContent | None:
        """The content for readers who have everything up to ``start``; None when nothing is new to them."""
        if start not in self._by_start:
            self._by_start[start] = _compose(start, self.end)
        return self._by_start[start]


def values(reader: Subscription) -> dict[str, str]:
    """What stands in the places that a letter leaves for its reader."""
    return {"leave_url": leave_url(reader), "asked_on": _date(reader.asked_at)}


def preview(reader: Subscription, start: datetime, end: datetime) -> tuple[str, str] | None:
    """Subject and text as this reader would get them; None when there is nothing new."""
    marker = new_marker()
    rendered = _render(start, end, marker)
    if rendered is None:
        return None
    return rendered.subject, filled(rendered.text, marker=marker, values=values(reader))


def _compose(start: datetime, end: datetime) -> MailContent | None:
    marker = new_marker()
    rendered = _render(start, end, marker)
    if rendered is None:
        return None
    return mail.compose(
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


def _render(start: datetime, end: datetime, marker: str) -> Rendered | None:
    new = posts.published_between(start, end) if start < end else []
    if not new:
        return None
    is_one_week = end - start < LONGER_THAN_A_WEEK
    return render(
        "digests/mail/letter",
        marker=marker,
        items=[_item(post, is_one_week=is_one_week) for post in new],
        start=start,
        end=end,
        city=zones.city(site.config().site_timezone),
        week=end.astimezone(site.config().zone).isocalendar().week if is_one_week else None,
        next_at=weekly.letter().after(end),
        browser_url=links.browser_url(start, end),
    )


def _item(post: Post, *, is_one_week: bool) -> Item:
    local = cast(datetime, post.published_at).astimezone(site.config().zone)
    return Item(
        title=post.title,
        url=absolute("posts.show", slug=post.slug),
        excerpt=post.excerpt,
        author=bylines.names(post),
        minutes=post.minutes,
        day=f"{local:%a} {local.day} {local:%b}",
        numeral=str(local.day),
        word=f"{local:%A}" if is_one_week else f"{local:%B}",
        language=language.of(f"{post.title} {post.excerpt}"),
    )


def _date(at: datetime) -> str:
    local = at.astimezone(site.config().zone)
    return f"{local.day} {local:%B %Y}"
