"""The letter: its posts, rendered once for everyone who has the same window, and each reader's own values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from webapp.core import language, languages, site, weekly
from webapp.core.dates import written
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
    """One post as the letter shows it. ``day`` is the site's day on which it appeared."""

    title: str
    url: str
    excerpt: str
    author: str
    minutes: int
    day: date
    language: str


@dataclass
class Letters:
    """The letters that end at one instant, by start and by language. One serves all readers who share both."""

    end: datetime
    _made: dict[tuple[datetime, str], MailContent | None] = field(default_factory=dict)

    def since(self, start: datetime, language: str | None = None) -> MailContent | None:
        """The content for readers who have everything up to ``start``; None when nothing is new to them."""
        which = start, languages.or_sites(language)
        if which not in self._made:
            self._made[which] = _compose(start, self.end, which[1])
        return self._made[which]


def values(reader: Subscription) -> dict[str, str]:
    """What stands in the places that a letter leaves for its reader."""
    with languages.speaking(reader.language):
        asked_on = written(reader.asked_at.astimezone(site.config().zone), "day with year")
    return {"leave_url": leave_url(reader), "asked_on": asked_on}


def preview(reader: Subscription, start: datetime, end: datetime) -> tuple[str, str] | None:
    """Subject and text as this reader would get them; None when there is nothing new."""
    marker = new_marker()
    rendered = _render(start, end, marker, reader.language)
    if rendered is None:
        return None
    return rendered.subject, filled(rendered.text, marker=marker, values=values(reader))


def _compose(start: datetime, end: datetime, language: str) -> MailContent | None:
    marker = new_marker()
    rendered = _render(start, end, marker, language)
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


def _render(start: datetime, end: datetime, marker: str, recipients_language: str | None) -> Rendered | None:
    new = posts.published_between(start, end) if start < end else []
    if not new:
        return None
    is_one_week = end - start < LONGER_THAN_A_WEEK
    with languages.speaking(recipients_language):
        items = [_item(post) for post in new]
    return render(
        "digests/mail/letter",
        language=recipients_language,
        marker=marker,
        items=items,
        is_one_week=is_one_week,
        start=start,
        end=end,
        week=end.astimezone(site.config().zone).isocalendar().week if is_one_week else None,
        next_at=weekly.letter().after(end),
        browser_url=links.browser_url(start, end),
    )


def _item(post: Post) -> Item:
    return Item(
        title=post.title,
        url=absolute("posts.show", slug=post.slug),
        excerpt=post.excerpt,
        author=bylines.names(post),
        minutes=post.minutes,
        day=cast(datetime, post.published_at).astimezone(site.config().zone).date(),
        language=language.of(f"{post.title} {post.excerpt}"),
    )
