"""What a reader gets, in words."""

from __future__ import annotations

from datetime import date, timedelta

from babel.dates import format_date
from flask_babel import get_locale, gettext

from webapp.accounts import queries as people
from webapp.core import site, zones
from webapp.posts import queries as posts
from webapp.subscriptions import schedules
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, Subscription

A_MONDAY = date(2024, 1, 1)


def what(following: Following) -> str:
    """``everything on this site``, or the names of authors and tags."""
    if following.site:
        return str(gettext("everything on this site"))
    names = [person.name for person in people.by_ids(following.authors)]
    names += [f"“{tag.name}”" for tag in posts.tags_by_ids(following.tags)]
    return ", ".join(names) or str(gettext("nothing that is still here"))


def how_often(reader: Subscription) -> str:
    """``every week on Saturday at 10:00, Shanghai``."""
    if reader.cadence is Cadence.POST:
        return str(gettext("each post when it appears"))
    schedule = schedules.of(reader)
    at, city = f"{schedule.at:%H:%M}", zones.city(schedule.zone.key)
    if reader.cadence is Cadence.DAILY:
        return str(gettext("every day at %(at)s, %(city)s", at=at, city=city))
    if reader.cadence is Cadence.MONTHLY:
        name = day(schedule.weekday)
        return str(gettext("every month on the first %(day)s at %(at)s, %(city)s", day=name, at=at, city=city))
    return str(gettext("every week on %(day)s at %(at)s, %(city)s", day=day(schedule.weekday), at=at, city=city))


def day(weekday: int) -> str:
    """A day of the week by its name; Monday is 0."""
    return str(format_date(A_MONDAY + timedelta(days=weekday), "EEEE", locale=get_locale() or "en"))


def zone_of(reader: Subscription) -> str:
    """The zone in which a reader's letters have their hour."""
    return reader.zone or site.config().site_timezone


def city_of(reader: Subscription) -> str:
    """The city by which that zone is shown."""
    return zones.city(zone_of(reader))
