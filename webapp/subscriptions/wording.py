"""What a reader gets, in words."""

from __future__ import annotations

from datetime import date, timedelta

from webapp.accounts import queries as people
from webapp.core import site, zones
from webapp.core.dates import written
from webapp.core.words import _
from webapp.posts import queries as posts
from webapp.subscriptions import schedules
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, Subscription

A_MONDAY = date(2024, 1, 1)


def what(following: Following) -> str:
    """``everything on this site``, or the names of authors and tags."""
    if following.site:
        return _("everything on this site")
    names = [person.name for person in people.by_ids(following.authors)]
    names += [_("“%(title)s”", title=tag.name) for tag in posts.tags_by_ids(following.tags)]
    return _(", ").join(names) or _("nothing that is still here")


def in_full(reader: Subscription) -> str:
    """What comes how often, each cadence with what is followed at it, the soonest first."""
    follows = Following.read(reader.follows)
    cadences = [each for each in Cadence if each in follows.cadences(reader.cadence)]
    if len(cadences) < 2:  # one says it all
        return _("%(what)s, %(how_often)s", what=what(follows), how_often=how_often(reader, *cadences))
    return _("; ").join(
        _("%(what)s, %(how_often)s", what=what(follows.at({each}, reader.cadence)), how_often=how_often(reader, each))
        for each in cadences
    )


def how_often(reader: Subscription, cadence: Cadence | None = None) -> str:
    """``every week on Saturday at 10:00, Shanghai``; of what has no cadence of its own, unless one is given."""
    cadence = cadence or reader.cadence
    if cadence is Cadence.POST:
        return _("each post when it appears")
    own = schedules.of(reader)
    schedule = (schedules.named(cadence.value) if own.cadence is Cadence.POST else own).at_cadence(cadence)
    at, city = f"{schedule.at:%H:%M}", zones.city(schedule.zone.key)
    if cadence is Cadence.DAILY:
        return _("every day at %(at)s, %(city)s", at=at, city=city)
    if cadence is Cadence.MONTHLY:
        name = day(schedule.weekday)
        return _("every month on the first %(day)s at %(at)s, %(city)s", day=name, at=at, city=city)
    return _("every week on %(day)s at %(at)s, %(city)s", day=day(schedule.weekday), at=at, city=city)


def day(weekday: int) -> str:
    """A day of the week by its name; Monday is 0."""
    return written(A_MONDAY + timedelta(days=weekday), "weekday")


def zone_of(reader: Subscription) -> str:
    """The zone in which a reader's letters have their hour."""
    return reader.zone or site.config().site_timezone


def city_of(reader: Subscription) -> str:
    """The city by which that zone is shown."""
    return zones.city(zone_of(reader))
