"""Tells whoever runs the house that something is late, once, and once more when that is over.

It needs neither the broker nor a worker: the dispatcher asks, and sends what is written here itself. An incident is one
row of the site's settings; the process that writes it, or takes it away, is the one that writes the mails.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from webapp.accounts.models import Person
from webapp.core import languages
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Delivery, Kind
from webapp.mail.rendering import render
from webapp.ops import checks, queries
from webapp.ops.lateness import ALARM_AFTER, is_held_on_purpose, lateness
from webapp.settings.models import SiteSetting

OVER_BELOW = timedelta(minutes=1)
"""It is over when nothing is later than this, so that what is just about late does not ring again and again."""

INCIDENT = "lateness_alarm"

log = structlog.get_logger()


def watch(now: datetime) -> list[Delivery]:
    """Looks once; returns the mails that are to be sent, after the caller has committed. Mostly there are none."""
    since = db.session.get(SiteSetting, INCIDENT, populate_existing=True)
    if is_held_on_purpose():
        return []
    oldest = lateness(now).since
    late = now - oldest if oldest else timedelta(0)
    if since is None and oldest and late > ALARM_AFTER:
        return _begin(oldest, now)
    if since is not None and late < OVER_BELOW:
        return _end(str(since.value["since"]), now)
    return []


def _begin(oldest: datetime, now: datetime) -> list[Delivery]:
    wrong = {name: _wrong(name, now) for name in {languages.or_sites(each.language) for each in queries.operators()}}
    insert = (postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite).insert
    began = db.session.scalar(
        insert(SiteSetting)
        .values(name=INCIDENT, value={"since": now.isoformat()})
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(SiteSetting.name)
    )
    if began is None:
        return []
    log.error("alarm.late", oldest=oldest.isoformat(), seconds=int((now - oldest).total_seconds()))
    minutes = int((now - oldest).total_seconds()) // 60
    return _tell("late", now.isoformat(), now, oldest=oldest, minutes=minutes, wrong=wrong)


def _wrong(language: str, now: datetime) -> list[checks.Check]:
    with languages.speaking(language):
        return [each for each in checks.all_checks(now) if not each.ok]


def _end(began: str, now: datetime) -> list[Delivery]:
    taken = db.session.scalar(delete(SiteSetting).where(SiteSetting.name == INCIDENT).returning(SiteSetting.name))
    if taken is None:
        return []
    log.warning("alarm.over", began=began)
    began_at = datetime.fromisoformat(began)
    return _tell("over", began, now, began_at=began_at, minutes=int((now - began_at).total_seconds()) // 60)


def _tell(what: str, incident: str, now: datetime, **facts: Any) -> list[Delivery]:
    written = [_write(person, what, incident, now, **facts) for person in queries.operators()]
    return [each for each in written if each is not None]


def _write(person: Person, what: str, incident: str, now: datetime, **facts: Any) -> Delivery | None:
    by_language = facts.pop("wrong", {})
    rendered = render(
        f"ops/mail/{what}",
        language=person.language,
        zone=person.zone,
        link=absolute("ops.home"),
        wrong=by_language.get(languages.or_sites(person.language), ()),
        **facts,
    )
    return mail.enqueue(
        kind=Kind.ALARM,
        address=person.email,
        content=mail.compose(subject=rendered.subject, text=rendered.text, html=rendered.html),
        dedupe_key=f"alarm:{incident}:{what}:{person.id}",
        person_id=person.id,
        now=now,
    )
