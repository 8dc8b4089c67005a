"""The main job on PostgreSQL and RabbitMQ, with everything as a process of its own, two beats among them."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from kombu import Queue

from tests import house as houses
from tests import main_job as do
from tests.mailbox import open_mailbox

READER, LEAVER = "reader@example.org", "leaver@example.org"
AUTHOR = "ada@example.org"
SLOT = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    mailbox, controller = open_mailbox()
    vhost_url, vhost = houses.own_vhost()
    database_url, database = houses.own_postgres()
    made = houses.House(
        folder=tmp_path_factory.mktemp("rabbitmq"),
        database_url=database_url,
        broker_url=vhost_url,
        mailbox=mailbox,
        settings={"DIGEST_WEEKDAY": f"{SLOT:%a}", "DIGEST_TIME": f"{SLOT:%H:%M}"},
    )
    made.vhost = vhost
    try:
        made.manage("db", "upgrade")
        long_ago = {"at": (SLOT - timedelta(days=30)).isoformat()}
        do.change(
            made,
            "UPDATE site_settings SET value = jsonb_build_object('at', CAST(:at AS text)) WHERE name = 'installed_at'",
            **long_ago,
        )
        made.person(AUTHOR, "author")
        made.start("web", "worker")
        yield made
    finally:
        made.stop()
        houses.drop_vhost(vhost)
        houses.drop_postgres(database)
        controller.stop()


@pytest.fixture(scope="module")
def author(house):
    return house.token(AUTHOR, "reminders:write", "posts:write", "posts:read")


@pytest.fixture(scope="module")
def awake(house, author):
    """The house with its clocks running: a missed slot an hour ago, a post from the day before, and one reader."""
    do.publish(house, author, "The first frost")
    do.change(house, "UPDATE posts SET published_at = :at", at=SLOT - timedelta(days=1))
    do.subscribe(house, READER)
    house.start("dispatcher", "beat", "beat-2")
    return house


def test_a_reminder_arrives_once_and_on_time(awake, author, record_property):
    due_at = do.set_reminder(awake, author, "Water the plants", seconds=4)
    mail = do.wait_for_reminder(awake, AUTHOR, "Water the plants")
    late = do.report(record_property, "a reminder on RabbitMQ", mail, due_at)
    assert 0 <= late < do.LATEST


def test_a_missed_digest_goes_out_once_whoever_asks_for_it(awake):
    for _ in range(5):
        call(awake, "digests.digest")
    (letter,) = awake.mailbox.wait_for(READER, "digest", seconds=40)
    assert "The first frost" in letter.text
    assert "The first frost" in letter.html
    time.sleep(3)
    assert len(awake.mailbox.to(READER, "digest")) == 1
    assert do.scalar(awake, "SELECT count(*) FROM digest_runs WHERE state != 'skipped'") == 1


def test_a_task_that_is_delivered_again_sends_nothing_again(awake, author):
    do.set_reminder(awake, author, "Close the windows", seconds=1)
    do.wait_for_reminder(awake, AUTHOR, "Close the windows")
    reminder = do.scalar(awake, "SELECT id FROM reminders WHERE text = 'Close the windows'")
    for _ in range(3):
        call(awake, "reminders.remind", reminder, 1)
    time.sleep(2)
    assert len(do.reminders_about(awake, AUTHOR, "Close the windows")) == 1


def test_the_workers_answer_through_group_chain_and_chord(awake):
    assert awake.manage("celery", "selftest")


def test_the_doctor_finds_nothing_wrong(awake):
    awake.manage("doctor")


def test_a_reminder_survives_the_death_of_every_worker(awake, author):
    do.set_reminder(awake, author, "Feed the cat", seconds=3)
    awake.kill("worker", "dispatcher")
    time.sleep(3.2)
    assert do.reminders_about(awake, AUTHOR, "Feed the cat") == []
    awake.start("worker", "dispatcher")
    do.wait_for_reminder(awake, AUTHOR, "Feed the cat", seconds=40)


def test_a_reminder_survives_the_loss_of_every_queue(awake, author):
    do.set_reminder(awake, author, "Bring in the wood", seconds=5)
    houses.drop_vhost(awake.vhost)
    houses.make_vhost(awake.vhost)
    do.wait_for_reminder(awake, AUTHOR, "Bring in the wood", seconds=50)


def test_every_mail_that_arrived_is_in_the_ledger_and_no_other(awake):
    assert do.scalar(awake, "SELECT count(*) FROM deliveries WHERE state = 'sent'") == len(awake.mailbox.received)
    assert do.scalar(awake, "SELECT count(*) FROM deliveries WHERE state != 'sent'") == 0


def call(house, task, *arguments):
    """Sends a task by hand, past everything that the house does before it sends one."""
    queue = Queue(f"almanac.{task.partition('.')[0]}", no_declare=True)
    with Celery(broker=house.broker_url, set_as_current=False) as outsider:
        outsider.send_task(task, arguments, queue=queue, ignore_result=True)
