"""The lateness alarm: once an incident, once when it is over, and by nobody's help but the dispatcher's."""

from datetime import timedelta

import pytest

from tests import factories
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, HoldKind, Kind, MailHold, State
from webapp.ops import migrations, operations
from webapp.ops.dispatcher import Dispatcher
from webapp.reminders.models import ReminderState


@pytest.fixture
def well(db, smtp, monkeypatch):
    monkeypatch.setattr(migrations, "present", migrations.wanted)
    for name in ("worker", "beat", "dispatcher"):
        operations.beat(name, now=clock.now())
    db.session.commit()


@pytest.fixture
def watch(db, well):
    """The dispatcher's alarm, at this instant or later."""

    def look(later=timedelta(0)):
        db.session.commit()
        Dispatcher()._alarm(clock.now() + later)

    return look


def late_reminder(person, minutes):
    return factories.reminder(person, due_at=clock.now() - timedelta(minutes=minutes))


def late_mail(minutes, **values):
    made = ledger.enqueue(
        kind=Kind.TEST,
        address="a@example.org",
        content=ledger.compose(subject="Hello", text="A word.\n", html="<p>A word.</p>"),
        dedupe_key="test:1",
        now=clock.now() - timedelta(minutes=minutes),
    )
    made.created_at = clock.now() - timedelta(minutes=minutes)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_it_rings_once_for_everyone_who_runs_the_house(watch, db, world, jobs, smtp):
    world.carol.role = Role.ADMIN
    late_reminder(world.bob, 6)
    watch()
    watch()
    watch(timedelta(minutes=1))
    assert [each.kind for each in smtp.received] == ["alarm", "alarm"]
    mail = smtp.only(world.olive.email)
    assert mail.subject == "Mail is 6 minutes late"
    assert "/ops" in mail.text
    assert "Reminders: the oldest is 6 minutes late" in mail.text
    assert "Reminders" in mail.html
    assert smtp.to(world.carol.email)
    assert not smtp.to(world.alice.email)


def test_less_than_five_minutes_is_no_alarm(watch, world, jobs, smtp):
    late_reminder(world.bob, 4)
    watch()
    assert smtp.received == []


def test_it_needs_neither_a_broker_nor_a_worker_and_does_not_stand_in_the_queue(watch, db, world, jobs, smtp):
    jobs.refusing = True
    late_mail(30)
    watch()
    assert [each.kind for each in smtp.received] == ["alarm"]


def test_it_says_when_it_is_over_and_rings_again_for_the_next(watch, db, world, jobs, smtp):
    reminder = late_reminder(world.bob, 6)
    watch()
    reminder.due_at = clock.now() - timedelta(minutes=2)
    watch()
    assert len(smtp.received) == 1, "what is still two minutes late is not over"
    reminder.state = ReminderState.FIRED
    watch()
    watch()
    assert [each.subject for each in smtp.to(world.olive.email)] == ["Mail is 6 minutes late", "Mail is on time again"]
    late_reminder(world.bob, 7)
    watch()
    assert len(smtp.to(world.olive.email)) == 3


def test_two_dispatchers_ring_once(watch, db, world, jobs, smtp):
    late_reminder(world.bob, 6)
    watch()
    db.session.query(Delivery).filter_by(kind=Kind.ALARM).one()
    watch()
    assert len(smtp.received) == 1


@pytest.mark.parametrize("kind", [HoldKind.COPY, HoldKind.OPERATOR])
def test_mail_that_is_held_on_purpose_is_not_late(watch, db, client, world, jobs, smtp, kind):
    late_mail(30)
    hold = MailHold(kind=kind, reason="A copy.", placed_at=clock.now() - timedelta(hours=1))
    db.session.add(hold)
    watch()
    assert db.session.query(Delivery).filter_by(kind=Kind.ALARM).count() == 0
    assert client.get("/readyz").status_code == 200
    hold.released_at = clock.now()
    watch()
    assert smtp.received == [], "after its release it has five minutes"


def test_when_mail_itself_is_what_is_broken_readyz_still_says_it(watch, db, client, world, jobs, smtp):
    late_mail(30)
    db.session.add(MailHold(kind=HoldKind.SIGN_IN, reason="535 no", placed_at=clock.now() - timedelta(hours=1)))
    watch()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert [each["name"] for each in answer.json["checks"] if not each["ok"]] == ["mail"]


def test_a_mail_that_its_own_server_put_off_is_not_the_houses_lateness(watch, db, client, jobs, smtp, world):
    mail = late_mail(30, smtp_code=450)
    watch()
    assert smtp.received == []
    assert client.get("/readyz").status_code == 200
    mail.smtp_code = None  # nobody answered at all
    watch()
    assert len(smtp.received) == 1
    assert client.get("/readyz").status_code == 503


def test_a_mail_that_is_queued_once_more_counts_from_then(watch, db, jobs, smtp, world):
    late_mail(600, repeated_at=clock.now() - timedelta(minutes=1), state=State.QUEUED)
    watch()
    assert smtp.received == []
