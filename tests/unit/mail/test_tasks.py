"""The tasks that send: none keeps its message for longer than a broker waits."""

import pytest

from webapp.core import clock
from webapp.mail import operations, sending, tasks
from webapp.mail.models import Kind


@pytest.fixture
def forty_five(db, jobs, smtp):
    content = operations.compose(subject="A letter", text="To you.", html="<p>To you.</p>")
    for number in range(45):
        operations.enqueue(
            kind=Kind.TEST,
            address=f"reader-{number}@example.org",
            content=content,
            dedupe_key=f"test:{number}",
            now=clock.now(),
            dispatch=False,
        )
    db.session.commit()


def test_what_is_left_after_a_while_is_sent_by_a_further_message(forty_five, jobs, smtp, monkeypatch):
    monkeypatch.setattr(tasks, "LONGEST_SECONDS", 0)
    tasks.drain.apply(throw=True)
    assert len(smtp.received) == sending.BATCH
    assert [job.name for job in jobs.sent] == ["mail.drain"]
    monkeypatch.setattr(tasks, "LONGEST_SECONDS", 120)
    tasks.drain.apply(throw=True)
    assert len(smtp.received) == 45


def test_whoever_has_sent_everything_asks_for_no_further_message(forty_five, jobs, smtp):
    tasks.drain.apply(throw=True)
    assert len(smtp.received) == 45
    assert jobs.sent == []
