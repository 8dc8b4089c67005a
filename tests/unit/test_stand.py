"""What the other tests rely on."""

from datetime import UTC, datetime, timedelta

from tests import factories
from webapp import jobs as outbox
from webapp.accounts.models import Person
from webapp.settings import queries


def test_every_test_begins_with_the_day_the_site_was_installed(db):
    assert queries.installed_at() == factories.INSTALLED_AT


def test_the_world_is_built_anew(world, session):
    assert session.query(Person).count() == 4
    assert world.bob.zone == "Asia/Shanghai"


def test_the_world_is_built_anew_a_second_time(world, session):
    assert session.query(Person).count() == 4


def test_a_job_waits_for_the_commit(session, jobs):
    outbox.after_commit(session, "celery.backend_cleanup")
    assert jobs.sent == []
    session.rollback()
    session.commit()
    assert jobs.sent == []


def test_every_factory_makes_a_row(world, session):
    factories.post(world.alice, tags=("travel",), published_at=datetime.now(UTC))
    factories.subscription()
    factories.reminder(world.bob, due_at=datetime.now(UTC) + timedelta(minutes=3))
    factories.api_token(world.alice)
    session.commit()
