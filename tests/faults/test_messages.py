"""A real worker on the embedded broker: messages that are no use, a child that is killed, an order to stop."""

import os
import re
import signal
import time
import uuid
from pathlib import Path

import pytest
from celery import Celery

from tests import main_job as do
from tests.faults.acts import BOB
from tests.faults.crew import CLAIM_IS_OVER, SENDING_IS_OVER
from webapp.core import broker

SOON = 30
"""Seconds, on a busy machine. `tests/functional/test_make_run.py` holds the house to ten."""


@pytest.fixture
def crew(embedded_crew):
    """A crew, and a worker with one child."""
    folder = embedded_crew.house.folder / "broker" / "messages"
    for left_over in folder.glob("*.msg") if folder.exists() else ():
        left_over.unlink()
    (embedded_crew.house.folder / "worker.log").unlink(missing_ok=True)
    embedded_crew.house.start("worker")
    return embedded_crew


def send(crew, task, *arguments):
    """Puts a message into the queue, past everything that the house does before it sends one."""
    with Celery(set_as_current=False) as outsider:
        outsider.conf.update(broker.settings(crew.house.broker_url, "sqlite://", crew.house.folder, "UTC"))
        outsider.send_task(task, arguments, ignore_result=True)


def state(crew):
    return do.scalar(crew.house, "SELECT state FROM deliveries")


def child_of(worker):
    (pid,) = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    return int(pid)


def test_bad_messages_are_logged_and_the_queue_moves(crew):
    folder = crew.house.folder / "broker" / "messages"
    (folder / f"{time.time_ns():020d}_{uuid.uuid4()}.almanac.mail.msg").write_text('{"body": "half a mess')
    send(crew, "mail.no_such_task", 1)
    send(crew, "mail.deliver")
    send(crew, "mail.deliver", "seven")
    send(crew, "mail.deliver", crew.act("letter_to_bob"))
    crew.mailbox.wait_for(BOB)
    for said in (
        "broker.unreadable_message",
        r"unregistered task of type 'mail.no_such_task'",
        "TypeError",
        "mail.deliver.*raised unexpected",
    ):
        assert re.search(said, crew.house.log("worker")), said
    assert crew.house.processes["worker"].poll() is None
    assert not list(folder.glob("*.msg"))


def test_a_message_of_a_newer_version_with_one_more_argument_is_read(crew):
    reminder, version = crew.act("reminder", 0)
    send(crew, "reminders.remind", reminder, version, "what a later version may add")
    send(crew, "mail.deliver", crew.act("letter_to_bob"), {"later": True})
    crew.mailbox.wait_for(BOB, count=2)


def test_a_killed_child_is_replaced_and_its_mail_goes_once_after_the_lease(crew):
    hold = crew.mailbox.hold("RCPT")
    send(crew, "mail.deliver", crew.act("letter_to_bob"))
    hold.wait()
    worker = crew.house.processes["worker"]
    os.kill(child_of(worker), signal.SIGKILL)
    reminder = crew.act("reminder", 0)
    send(crew, "reminders.remind", *reminder)
    crew.mailbox.wait_for(BOB, "reminder")
    assert worker.poll() is None
    assert do.scalar(crew.house, "SELECT state FROM deliveries WHERE kind = 'digest'") == "claimed"
    crew.go_on(ahead=CLAIM_IS_OVER)
    assert len(crew.mailbox.wait_for(BOB, "digest")) == 1
    assert do.scalar(crew.house, "SELECT state FROM deliveries WHERE kind = 'digest'") == "sent"


@pytest.mark.parametrize("phase", ["RCPT", "DOT"])
def test_a_worker_that_is_told_to_stop_finishes_the_mail_in_its_hands(crew, phase):
    hold = crew.mailbox.hold(phase)
    send(crew, "mail.deliver", crew.act("letter_to_bob"))
    hold.wait()
    worker = crew.house.processes["worker"]
    worker.terminate()
    time.sleep(0.5)
    hold.release()
    worker.wait(SOON)
    assert (len(crew.mailbox.to(BOB)), state(crew)) == (1, "sent")


@pytest.mark.parametrize(("phase", "expected"), [("RCPT", "queued"), ("DOT", "uncertain")])
def test_a_worker_that_may_not_wait_any_longer_says_how_the_mail_stands(crew, phase, expected):
    """Beside the server that does not answer, the keeper's second signal ends the worker in time."""
    hold = crew.mailbox.hold(phase)
    send(crew, "mail.deliver", crew.act("letter_to_bob"))
    hold.wait()
    worker = crew.house.processes["worker"]
    worker.terminate()
    time.sleep(0.5)
    worker.send_signal(signal.SIGQUIT)
    worker.wait(SOON)
    assert state(crew) == expected
    crew.go_on(ahead=SENDING_IS_OVER)
    assert len(crew.mailbox.to(BOB)) == 1
    assert state(crew) == ("sent" if phase == "RCPT" else "uncertain")
