"""The site's rules for comments: one row of its settings, which the administrator changes on a page."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self

from webapp.accounts.models import Person
from webapp.audit import operations as audit
from webapp.caching import operations as caching
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.posts.models import Post
from webapp.settings.models import SiteSetting

NAME = "comments"
MOST_DAYS = 3650


class Welcome(enum.StrEnum):
    """How the words of a kind of people are taken in."""

    NO = "no"
    READ_FIRST = "read-first"
    AT_ONCE = "at-once"


@dataclass(frozen=True)
class Policy:
    """Members are published at once and visitors read first, until an administrator says otherwise.

    A visitor always confirms their address first. ``close_after_days`` counts from the day a post appeared; 0 keeps
    comments open for ever. ``most_links`` is how many links a comment may hold before somebody reads it first.
    """

    members: Welcome = Welcome.AT_ONCE
    visitors: Welcome = Welcome.READ_FIRST
    close_after_days: int = 0
    most_links: int = 2

    @classmethod
    def of(cls, value: dict[str, Any]) -> Self:
        """From what is kept; what this version does not know is left out."""
        known = {each.name: value[each.name] for each in fields(cls) if each.name in value}
        for name in ("members", "visitors"):
            if name in known:
                known[name] = Welcome(known[name])
        return cls(**known)

    def closes_at(self, post: Post) -> datetime | None:
        """When the comments of a post close by themselves, if they ever do."""
        if not self.close_after_days or post.published_at is None:
            return None
        return post.published_at + timedelta(days=self.close_after_days)


def current() -> Policy:
    """The rules as they are now."""
    row = db.session.get(SiteSetting, NAME)
    return Policy.of(row.value) if row else Policy()


def change(policy: Policy, *, by: Person, now: datetime) -> None:
    """Sets the rules. Raises :class:`Refused` for what makes no sense."""
    if policy.members is Welcome.NO:
        raise Refused("members", _("Members can always be read first."))
    if not 0 <= policy.close_after_days <= MOST_DAYS:
        raise Refused("close_after_days", _("Choose a number of days from 0 to %(most)s.", most=MOST_DAYS))
    if not 0 <= policy.most_links <= 100:
        raise Refused("most_links", _("Choose a number from 0 to 100."))
    db.session.merge(SiteSetting(name=NAME, value=asdict(policy), updated_at=now))
    caching.renew_pages()
    audit.record("comments.policy", "site", now=now, actor=by.email, person_id=by.id, **asdict(policy))
