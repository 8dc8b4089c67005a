"""What a process of a crew can be asked to do besides the tasks. Each runs in a transaction of its own."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import insert, select

from tests import factories
from webapp import jobs
from webapp.accounts.models import Person, Role, Scope
from webapp.core import clock, weekly
from webapp.extensions import celery, db
from webapp.mail import operations as ledger
from webapp.mail.models import Kind
from webapp.reminders import operations as reminders
from webapp.reminders import queries as found
from webapp.reminders.models import Reminder, ReminderState
from webapp.settings.models import SiteSetting
from webapp.subscriptions import operations as subscriptions
from webapp.subscriptions import queries as readers_of
from webapp.subscriptions.models import Subscription, SubscriptionState

BOB = "bob@example.org"


def build() -> None:
    db.create_all()
    empty()


def empty() -> None:
    """As on the day the site was installed."""
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.add(SiteSetting(name="installed_at", value={"at": factories.INSTALLED_AT.isoformat()}))


def reminder(seconds: float, recurrence: str | None = None) -> tuple[int, int]:
    """Bob's, due so many seconds from now. Its id and version."""
    owner = db.session.query(Person).filter_by(email=BOB).one_or_none() or factories.person("Bob", password_hash="-")
    due_at = clock.now() + timedelta(seconds=seconds)
    rule = {"recurrence": recurrence, "series_start": due_at.replace(tzinfo=None).isoformat()} if recurrence else {}
    made = factories.reminder(owner, due_at=due_at, **rule)
    return made.id, made.version


def letter_to_bob() -> int:
    """A mail of the kind that is never repeated, queued and due. Its id."""
    content = ledger.compose(subject="A letter", text="To you.", html="<p>To you.</p>")
    reader = factories.subscription(BOB)
    made = ledger.enqueue(
        kind=Kind.DIGEST,
        address=BOB,
        content=content,
        dedupe_key="digest:0:0",
        reader_id=reader.id,
        now=clock.now(),
        dispatch=False,
    )
    return made.id


def readers(count: int) -> None:
    """A post of the day before the last slot, and so many readers."""
    author = factories.person("Ines", role=Role.AUTHOR, password_hash="-")
    factories.post(author, "The first frost", published_at=weekly.letter().latest(clock.now()) - timedelta(days=1))
    row = {
        "state": SubscriptionState.ACTIVE,
        "consent": "Send me the letter.",
        "asked_at": factories.INSTALLED_AT,
        "confirmed_at": factories.INSTALLED_AT,
    }
    db.session.execute(
        insert(Subscription), [row | {"address": f"reader-{number:05}@example.org"} for number in range(count)]
    )


def many_reminders(count: int, seconds: float) -> None:
    """Of as many people, all due in the same second."""
    hour = timedelta(hours=1)
    due_at = clock.now() + timedelta(seconds=seconds)
    people = [
        {
            "email": f"person-{number:05}@example.org",
            "email_confirmed_at": factories.INSTALLED_AT,
            "name": f"Person {number}",
            "handle": f"person-{number}",
            "zone": "UTC",
            "role": Role.READER,
            "password_hash": "-",
        }
        for number in range(count)
    ]
    db.session.execute(insert(Person), people)
    db.session.execute(
        insert(Reminder),
        [
            {
                "person_id": person_id,
                "text": "Water the plants",
                "due_at": due_at,
                "zone": "UTC",
                "wall_time": due_at.replace(tzinfo=None).isoformat(),
                "state": ReminderState.PENDING,
                "created_at": clock.now() - hour,
            }
            for person_id in db.session.scalars(select(Person.id))
        ],
    )


def send_the_letter() -> None:
    """What a worker does for it: takes back what the dead held, writes down who gets it, sends."""
    ledger.recover_leases(now=clock.now())
    db.session.commit()
    for task in ("digests.digest", "mail.drain", "digests.digest"):
        celery.tasks[task]()


def set_a_reminder_and_be_killed_before_publishing() -> None:
    """The web process, between its commit and its message to the broker."""
    owner = factories.person("Bob", password_hash="-")
    _token, secret = factories.api_token(owner, Scope.REMINDERS_WRITE)
    db.session.commit()
    jobs.publish = lambda _job: os.kill(os.getpid(), signal.SIGKILL)
    due_at = datetime.now(UTC) + timedelta(seconds=1)
    current_app.test_client().post(
        "/api/v1/reminders",
        json={"text": "Water the plants", "due_at": due_at.isoformat()},
        headers={"Authorization": f"Bearer {secret}"},
        base_url=current_app.config["ALMANAC"].site_url,
    )


# What people do meanwhile.


def edit(reminder_id: int) -> None:
    now = clock.now()
    reminders.edit(found.get_mailed(reminder_id, to_change=True), now=now, due_at=now + timedelta(days=1))


def cancel(reminder_id: int) -> None:
    reminders.cancel(found.get_mailed(reminder_id, to_change=True), now=clock.now())


def unsubscribe() -> None:
    subscriptions.leave(readers_of.by_address(BOB), now=clock.now())


def delete_person() -> None:
    """There is no button for it: an operator takes the row away."""
    db.session.execute(Person.__table__.delete().where(Person.email == BOB))


# What happens to the house.


def take_the_broker_away() -> None:
    """Its folder is a file now, so that nobody can make it again."""
    folder = _broker()
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.touch()


def bring_the_broker_back() -> None:
    _broker().unlink()


def _broker() -> Path:
    return current_app.config["ALMANAC"].data_dir / "broker"
