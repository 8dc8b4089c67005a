"""A database that was copied, moved or restored mails nobody until an operator says that it is the real one."""

import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests import factories
from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.mail import guard, holds, sending
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, HoldKind, Kind, MailHold, State
from webapp.ops import checks, dispatcher, migrations
from webapp.reminders import firing
from webapp.reminders.models import Reminder, ReminderState
from webapp.settings import instance
from webapp.settings.models import SiteSetting


@pytest.fixture
def set_to(app, monkeypatch):
    """Gives the application other settings for the rest of the test."""

    def change(**values):
        monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], **values))

    return change


@pytest.fixture
def house(db, smtp):
    """A house that has sent one mail, and counted since."""
    send(db, "the first")
    for _ in range(3):
        count(db)
    assert len(smtp.received) == 1
    smtp.clear()
    return db


def send(db, key):
    """Queues a mail and tries at once to send it; returns its state afterwards."""
    content = ledger.compose(subject="s", text="t\n", html="<p>t</p>")
    delivery = ledger.enqueue(
        kind=Kind.TEST, address="r@example.org", content=content, dedupe_key=key, now=clock.now(), dispatch=False
    )
    db.session.commit()
    sending.drain()
    sending.deliver(delivery.id)
    db.session.expire_all()
    return delivery.state


def count(db):
    number = guard.count(now=clock.now())
    db.session.commit()
    if number is not None:
        instance.remember(number)


def twin_says(db, **values):
    """Changes the twin behind the house's back, as an older database would have it."""
    db.session.execute(
        update(SiteSetting).where(SiteSetting.name == instance.NAME).values(value={**asdict(instance.twin()), **values})
    )
    db.session.commit()


def the_hold(db):
    return db.session.scalars(select(MailHold).where(MailHold.released_at.is_(None))).one()


@contextmanager
def nothing_may_leave(db, smtp):
    yield
    assert send(db, "while held") is State.QUEUED
    assert smtp.received == []
    assert the_hold(db).kind is HoldKind.COPY


def test_a_new_site_takes_its_database_for_its_own_without_a_word(db, smtp, data_dir):
    assert send(db, "the first") is State.SENT
    assert db.session.scalars(select(MailHold)).all() == []
    assert json.loads((data_dir / instance.FILE).read_text())["id"] == instance.twin().id


def test_a_process_that_begins_between_the_file_and_the_twin_takes_the_same_name(db, smtp, data_dir):
    (data_dir / instance.FILE).write_text('{"id": "of the first process", "counter": 0}')
    assert send(db, "the first") is State.SENT
    assert instance.twin().id == "of the first process"


def test_starting_again_and_again_holds_nothing(house, smtp):
    for number in range(3):
        dispatcher.sweep_once(clock.now())
        assert send(house, f"start {number}") is State.SENT


def test_a_database_copied_to_a_place_that_knows_no_house_is_held(house, smtp, data_dir):
    with nothing_may_leave(house, smtp):
        (data_dir / instance.FILE).unlink()


def test_a_database_copied_to_another_house_is_held(house, smtp, data_dir):
    with nothing_may_leave(house, smtp):
        (data_dir / instance.FILE).write_text('{"id": "staging", "counter": 3}')


def test_a_file_that_cannot_be_read_is_no_proof(house, smtp, data_dir):
    with nothing_may_leave(house, smtp):
        (data_dir / instance.FILE).write_text('{"id": ')


@pytest.mark.parametrize("url", ["https://staging.example.org", "http://localhost.example.org", "http://10.0.0.7"])
def test_a_database_that_serves_another_address_is_held(house, smtp, set_to, url):
    with nothing_may_leave(house, smtp):
        set_to(site_url=url)
    assert "SITE_URL" in the_hold(house).reason


@pytest.mark.parametrize("url", ["http://127.0.0.1:5001", "http://localhost:8080", "http://[::1]:5000"])
def test_another_port_on_this_machine_is_the_same_site(house, smtp, set_to, url):
    set_to(site_url=url)
    assert send(house, "another port") is State.SENT


def test_a_site_that_turns_to_https_is_the_same_site(house, smtp, set_to):
    set_to(site_url="http://blog.example.org")
    holds.release(by="olive", now=clock.now())
    assert send(house, "plain") is State.SENT
    set_to(site_url="https://blog.example.org/")
    assert send(house, "secure") is State.SENT
    with nothing_may_leave(house, smtp):
        smtp.clear()
        set_to(site_url="https://blog.example.org:8443")


def test_a_folder_that_was_copied_is_held(house, smtp, set_to, tmp_path):
    with nothing_may_leave(house, smtp):
        set_to(database_url=f"sqlite:///{tmp_path / 'almanac.db'}")


def test_a_whole_folder_that_was_put_back_in_its_place_is_held(house, smtp, data_dir):
    """Its counters agree, its path is the same, and on most file systems it even gets the same numbers."""
    house.session.remove()
    house.engine.dispose()
    kept = data_dir.with_name("kept")
    shutil.copytree(data_dir, kept)
    shutil.rmtree(data_dir)
    shutil.copytree(kept, data_dir)
    shutil.rmtree(kept)
    with nothing_may_leave(house, smtp):
        pass
    assert "put in its place" in the_hold(house).reason


def test_a_change_of_owner_is_no_copy(house, smtp, data_dir):
    for file in data_dir.iterdir():
        shutil.chown(file, file.stat().st_uid, file.stat().st_gid)
    assert send(house, "chowned") is State.SENT


def test_a_database_restored_from_an_older_backup_is_held(house, smtp):
    older = instance.twin().counter
    count(house)
    with nothing_may_leave(house, smtp):
        twin_says(house, counter=older)
    assert "backup" in the_hold(house).reason


def test_a_backup_from_before_the_house_had_a_name_is_held(house, smtp):
    with nothing_may_leave(house, smtp):
        house.session.execute(SiteSetting.__table__.delete().where(SiteSetting.name == instance.NAME))


def test_a_crash_between_the_two_counters_is_no_copy(house, smtp):
    guard.count(now=clock.now())
    house.session.commit()
    assert instance.outside().counter < instance.twin().counter
    assert send(house, "after the crash") is State.SENT
    assert instance.outside().counter == instance.twin().counter


def test_the_counter_grows_while_the_dispatcher_runs_and_when_it_leaves(house, data_dir):
    before = instance.outside().counter
    running = dispatcher.Dispatcher()
    running.round(clock.now())
    running.round(clock.now() + timedelta(seconds=11))
    running.leave(clock.now() + timedelta(seconds=12))
    assert instance.outside().counter == instance.twin().counter == before + 3


def test_the_database_is_compared_in_the_claim_itself(house, smtp):
    """Not only at the start: a database that is put in place under a running house sends nothing either."""
    older = instance.twin().counter
    assert send(house, "before") is State.SENT
    smtp.clear()
    count(house)
    twin_says(house, counter=older)
    now = clock.now()
    content = ledger.compose(subject="s", text="t\n", html="<p>t</p>")
    made = ledger.enqueue(kind=Kind.TEST, address="r@example.org", content=content, dedupe_key="k", now=now)
    assert ledger.claim(made.id, now=now) is None
    assert ledger.claim_batch(limit=10, now=now) == []


def test_a_mail_that_was_claimed_before_the_hold_does_not_reach_data(house, smtp):
    now = clock.now()
    content = ledger.compose(subject="s", text="t\n", html="<p>t</p>")
    made = ledger.enqueue(kind=Kind.TEST, address="r@example.org", content=content, dedupe_key="k", now=now)
    claim = ledger.claim(made.id, now=now)
    holds.place(HoldKind.OPERATOR, "wait", now=now)
    assert ledger.start_sending(claim, now=now) is False


def test_a_due_reminder_stays_pending_while_mail_is_held_and_goes_out_afterwards(house, smtp, world):
    now = clock.now()
    reminder = factories.reminder(world.bob, due_at=now - timedelta(seconds=1))
    holds.place(HoldKind.OPERATOR, "wait", now=now)
    house.session.commit()
    assert firing.fire(reminder.id, reminder.version) is False
    assert house.session.scalars(select(Reminder.state)).one() is ReminderState.PENDING
    holds.release(by="olive", now=now)
    house.session.commit()
    assert firing.fire(reminder.id, reminder.version) is True
    smtp.only(world.bob.email, "reminder")


def test_the_dispatcher_offers_nothing_while_mail_is_held_and_does_not_hurry(house, jobs, smtp, world):
    now = clock.now()
    factories.reminder(world.bob, due_at=now - timedelta(minutes=2))
    assert send(house, "one") is State.SENT
    smtp.clear()
    holds.place(HoldKind.OPERATOR, "wait", now=now)
    send(house, "two")
    jobs.sent.clear()
    running = dispatcher.Dispatcher()
    for seconds in range(0, 60, 5):
        running.round(now + timedelta(seconds=seconds))
    assert jobs.sent == []
    assert smtp.received == []
    assert running.seconds_to_sleep(now + timedelta(minutes=1)) == dispatcher.LONGEST_SLEEP


# Several machines.


def test_a_further_machine_of_the_house_joins_by_its_name(house, smtp, set_to, tmp_path):
    set_to(site_instance="the house")
    holds.release(by="olive", now=clock.now())
    assert send(house, "here") is State.SENT
    set_to(data_dir=tmp_path)
    assert send(house, "there") is State.SENT
    assert json.loads((tmp_path / instance.FILE).read_text()) == {"id": "the house", "counter": instance.twin().counter}


def test_a_further_machine_without_the_name_is_taken_for_a_copy(house, smtp, set_to, tmp_path):
    with nothing_may_leave(house, smtp):
        set_to(data_dir=tmp_path)
    assert "SITE_INSTANCE" in the_hold(house).reason


def test_a_release_on_one_machine_is_understood_on_the_others(house, smtp, set_to, tmp_path, data_dir):
    set_to(site_instance="the house")
    holds.release(by="olive", now=clock.now())
    for _ in range(5):
        count(house)
    set_to(data_dir=tmp_path)  # a machine that has never counted
    twin_says(house, counter=0)
    assert send(house, "restored") is State.SENT, "a new machine cannot know better"
    set_to(data_dir=data_dir)
    assert send(house, "held") is State.QUEUED
    set_to(data_dir=tmp_path)
    holds.release(by="olive", now=clock.now())
    house.session.commit()
    set_to(data_dir=data_dir)
    assert send(house, "released") is State.SENT


def test_a_machine_that_cannot_write_goes_by_its_name_alone(house, smtp, set_to, tmp_path):
    set_to(site_instance="the house")
    holds.release(by="olive", now=clock.now())
    (tmp_path / "a file").touch()
    set_to(data_dir=tmp_path / "a file")
    count(house)
    assert send(house, "from there") is State.SENT


# What the operator sees and says.


def test_the_doctor_says_why_mail_is_held_and_what_to_do(house, set_to, monkeypatch):
    monkeypatch.setattr(migrations, "present", migrations.wanted)
    assert next(each for each in checks.all_checks() if each.name == "holds").ok
    set_to(site_url="https://staging.example.org")
    (check,) = [each for each in checks.all_checks() if each.name == "holds"]
    assert not check.ok
    assert "no mail goes out" in check.detail
    assert "staging.example.org" in check.fix
    assert "./manage.py mail release" in check.fix


def test_release_says_what_was_held_and_what_waits_and_lets_it_go(house, runner, smtp, set_to, world):
    set_to(site_url="https://staging.example.org")
    before = instance.twin()
    factories.reminder(world.bob, due_at=clock.now() - timedelta(seconds=1))
    assert send(house, "one") is State.QUEUED
    done = runner("mail", "release")
    assert done.exit_code == 0
    assert "SITE_URL is staging.example.org now" in done.stdout
    assert "1 mails and 1 reminders were waiting" in done.stdout
    after = instance.twin()
    assert after.id != before.id
    assert after.counter > before.counter
    sending.drain()
    smtp.only("r@example.org")
    entries = house.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert entries == ["mail.held", "mail.released"]


def test_release_finds_a_copy_that_nobody_has_looked_at_yet(house, runner, smtp, set_to):
    set_to(site_url="https://staging.example.org")
    assert "SITE_URL" in runner("mail", "release").stdout
    assert send(house, "after") is State.SENT


def test_release_says_when_nothing_is_held(house, runner):
    done = runner("mail", "release")
    assert (done.exit_code, done.stdout) == (0, "Nothing is held.\n")


def test_a_copy_that_was_released_does_not_make_the_original_doubt(house, smtp, set_to, data_dir):
    """Releasing a copy gives the copy a new name; the original has its own file and its own database."""
    name = instance.twin().id
    set_to(site_url="https://staging.example.org")
    holds.release(by="olive", now=clock.now())
    house.session.rollback()
    assert instance.twin().id == name


def test_a_second_hold_of_the_same_kind_is_not_written(house):
    now = clock.now()
    assert holds.place(HoldKind.OPERATOR, "first", now=now) is True
    assert holds.place(HoldKind.OPERATOR, "second", now=now) is False
    assert [each.reason for each in holds.active()] == ["first"]
    assert house.session.scalars(select(Delivery.state)).all() == [State.SENT]
