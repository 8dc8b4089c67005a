"""What the other tests rely on."""

from datetime import UTC, datetime, timedelta

import pytest
from celery.exceptions import NotRegistered

from tests import factories
from webapp import jobs as outbox
from webapp.accounts.models import Person
from webapp.settings import queries

TASK = "mail.deliver"  # any task of one argument


def test_every_test_begins_with_the_day_the_site_was_installed(db):
    assert queries.installed_at() == factories.INSTALLED_AT


@pytest.mark.parametrize("time", ["first", "second"])
def test_the_world_is_built_anew(time, world, session):
    assert session.query(Person).count() == 4
    assert world.bob.zone == "Asia/Shanghai"


def test_a_job_waits_for_the_commit(world, session, jobs):
    session.execute(Person.__table__.select())
    outbox.after_commit(session, TASK, 7)
    assert jobs.sent == []
    session.commit()
    assert jobs.sent == [outbox.Job(TASK, (7,))]


def test_a_job_is_forgotten_when_its_transaction_rolls_back(world, session, jobs):
    session.execute(Person.__table__.select())
    outbox.after_commit(session, TASK, 1)
    session.rollback()
    factories.person()
    session.commit()
    assert jobs.sent == []


def test_a_job_of_a_savepoint_waits_for_the_outermost_commit_and_is_forgotten_with_it(session, jobs):
    with session.begin_nested():
        factories.person()
        outbox.after_commit(session, TASK, 1)
    savepoint = session.begin_nested()
    factories.person()
    outbox.after_commit(session, TASK, 2)
    savepoint.rollback()
    assert jobs.sent == []
    session.commit()
    assert jobs.sent == [outbox.Job(TASK, (1,))]


def test_a_refused_job_fails_no_commit_and_the_next_one_does_not_try(session, jobs):
    jobs.refusing = True
    factories.person()
    outbox.after_commit(session, TASK, 1)
    session.commit()
    jobs.refusing = False
    assert outbox.publish(outbox.Job(TASK, (1,))) is False
    assert session.query(Person).count() == 1


def test_a_task_that_is_not_there_or_called_wrongly_is_noticed(session, jobs):
    factories.person()
    outbox.after_commit(session, "mail.devilry", 1)
    session.commit()
    outbox.Broker.answered()
    factories.person()
    outbox.after_commit(session, TASK)
    session.commit()
    assert [type(fault) for fault in jobs.faults] == [NotRegistered, TypeError]
    jobs.faults.clear()


def test_every_factory_makes_a_row(world, session):
    factories.post(world.alice, tags=("travel",), published_at=datetime.now(UTC))
    factories.subscription()
    factories.reminder(world.bob, due_at=datetime.now(UTC) + timedelta(minutes=3))
    factories.api_token(world.alice)
    session.commit()
