"""What a process of a crew can be asked to do, besides :mod:`tests.faults.acts`, where there is a real broker."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import current_app

from tests import factories
from tests.faults.acts import BOB
from webapp import jobs
from webapp.accounts.models import Person, Scope
from webapp.core import clock
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail.models import Kind


def set_reminders(count: int, seconds: float, pause: float = 0) -> list[float]:
    """Bob sets them one after another, each due so many seconds later, as a program would. The seconds each took."""
    owner = db.session.query(Person).filter_by(email=BOB).one_or_none() or factories.person("Bob", password_hash="-")
    _token, secret = factories.api_token(owner, Scope.REMINDERS_WRITE)
    db.session.commit()
    client = current_app.test_client()
    took = []
    for number in range(count):
        due_at = clock.now() + timedelta(seconds=seconds)
        began = time.monotonic()
        answer = client.post(
            "/api/v1/reminders",
            json={"text": f"Number {number:03} of {count}", "due_at": due_at.isoformat()},
            headers={"Authorization": f"Bearer {secret}"},
            base_url=current_app.config["ALMANAC"].site_url,
        )
        took.append(time.monotonic() - began)
        assert answer.status_code == 201, answer.text
        time.sleep(pause)
    return took


def mails(count: int) -> list[bool]:
    """So many confirmations, each to an address of its own, and whether the broker took the message about it."""
    content = ledger.compose(subject="Is this you?", text="Say so.", html="<p>Say so.</p>")
    written = [
        ledger.enqueue(
            kind=Kind.CONFIRM,
            address=f"visitor-{number:03}@example.org",
            content=content,
            dedupe_key=f"confirm:faults:{number}",
            now=clock.now(),
            dispatch=False,
        )
        for number in range(count)
    ]
    db.session.commit()
    return [jobs.publish(jobs.Job("mail.deliver", (each.id,))) for each in written]


def declare() -> None:
    """As the lookout, the worker and beat do."""
    from webapp.ops import broker

    broker.declare_topology()
