"""Runs that are killed, meet each other, or lose their worker: the same as one run that nothing happened to."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.unit.portability import exports
from webapp.core import clock
from webapp.portability import importing, operations, running, tasks
from webapp.portability.importing import Import
from webapp.portability.models import Direction, Transfer, TransferEntry, TransferState
from webapp.portability.placing import Placing
from webapp.portability.readers import System
from webapp.portability.records import Kept, Lost, Remembered
from webapp.portability.running import Wish
from webapp.posts.models import Post

ITEMS = 30


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(importing, "BATCH", 4)
    items = (exports.item(n, name=f"twin-{n % 5}") for n in range(1, ITEMS + 1))
    return exports.wordpress(tmp_path / "a.xml", *items)


def asked(db, file: Path, **options) -> int:
    transfer = operations.ask(
        Direction.IMPORT, system="wordpress", file=str(file), name="a.xml", by=None, options=options, now=clock.now()
    )
    db.session.commit()
    return transfer.id


def killed_after(monkeypatch, steps: int) -> None:
    """The next import dies with whatever its transaction holds."""
    carried_on = Import.steps

    def stop(self, start):
        yield from itertools.islice(carried_on(self, start), steps)
        self.placing.place([])
        raise SystemExit("kill -9")

    monkeypatch.setattr(Import, "steps", stop)


def slugs(db) -> list[str]:
    return sorted(db.session.scalars(select(Post.slug)))


def test_a_run_that_is_killed_goes_on_where_it_stopped(db, file, monkeypatch, jobs):
    transfer_id = asked(db, file)
    with monkeypatch.context() as killing:
        killed_after(killing, 3)
        with pytest.raises(SystemExit):
            running.run(transfer_id)
    db.session.rollback()
    assert 0 < db.session.scalar(select(func.count(Post.id))) < ITEMS
    assert not running.run(transfer_id)  # its lease is not over
    db.session.get(Transfer, transfer_id).lease_until = clock.now() - timedelta(seconds=1)
    db.session.commit()
    assert running.run(transfer_id)
    transfer = db.session.get(Transfer, transfer_id)
    assert (transfer.state, transfer.done, transfer.total) == (TransferState.DONE, ITEMS, ITEMS)
    assert transfer.counts["post"] == {"imported": ITEMS}
    lines = select(func.count(TransferEntry.id)).where(TransferEntry.transfer_id == transfer_id)
    assert db.session.scalar(lines.where(TransferEntry.nth >= 0)) == ITEMS
    assert db.session.scalar(select(func.count(Post.id))) == ITEMS
    assert slugs(db) == sorted(
        f"twin-{n}" if not number else f"twin-{n}-{number + 1}" for n in range(5) for number in range(6)
    )


def test_a_worker_takes_up_what_another_left_lying(db, file, jobs):
    transfer_id = asked(db, file)
    jobs.sent.clear()  # the broker forgot
    operations.claim(transfer_id, now=clock.now() - timedelta(hours=1))
    db.session.commit()
    tasks.take_up()
    assert jobs.named("portability.run")
    jobs.run()
    assert db.session.get(Transfer, transfer_id).state is TransferState.DONE


def test_a_worker_that_lost_its_run_keeps_nothing_of_it(db, file):
    transfer_id = asked(db, file)
    operations.claim(transfer_id, now=clock.now())
    db.session.commit()
    record = Kept(db.session.get(Transfer, transfer_id))
    operations.claim(transfer_id, now=clock.now() + timedelta(hours=1))
    db.session.commit()
    with pytest.raises(Lost):
        running.carry_out(System.WORDPRESS, file, Wish(), record=record, now=clock.now())
    db.session.rollback()
    assert db.session.scalar(select(func.count(Post.id))) == 0


def test_an_import_that_another_overtook_finds_everything_there(db, file, monkeypatch):
    """It has looked before the other wrote: only the unique key can tell it, item by item."""
    running.carry_out(System.WORDPRESS, file, Wish(), record=Remembered(), now=clock.now())
    looked = Placing.known
    monkeypatch.setattr(Placing, "known", lambda self, texts: looked(self, texts) if len(texts) == 1 else {})
    late = Remembered()
    running.carry_out(System.WORDPRESS, file, Wish(), record=late, now=clock.now())
    assert db.session.scalar(select(func.count(Post.id))) == ITEMS
    assert [str(each.outcome) for each in late.entries] == ["unchanged"] * ITEMS


def test_a_run_on_the_command_line_that_was_killed_is_closed_by_the_next(db, file, runner):
    transfer = operations.ask(
        Direction.IMPORT,
        system="wordpress",
        file=str(file),
        name="a",
        by=None,
        options={},
        now=clock.now(),
        is_by_shell=True,
    )
    operations.claim(transfer.id, now=datetime.now(UTC) - timedelta(hours=1))
    db.session.commit()
    runner("import", "wordpress", str(file))
    db.session.expire_all()
    assert db.session.get(Transfer, transfer.id).state is TransferState.FAILED
    assert db.session.scalars(select(Transfer).order_by(Transfer.id.desc())).first().state is TransferState.DONE


def test_one_import_at_a_time_leaves_workers_for_the_mail(db, file, jobs):
    busy = asked(db, file)
    operations.claim(busy, now=clock.now())
    db.session.commit()
    waiting = asked(db, file)
    jobs.sent = [job for job in jobs.sent if job.args == (waiting,)]
    jobs.run()
    assert db.session.get(Transfer, waiting).state is TransferState.WAITING
