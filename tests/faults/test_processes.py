"""A process dies, or sleeps too long, at any point between the claim and the record."""

import signal
import time

import pytest

from tests import main_job as do
from tests.faults.acts import BOB
from tests.faults.crew import CLAIM_IS_OVER, REPEAT_IS_DUE, SENDING_IS_OVER


def state(crew):
    return do.scalar(crew.house, "SELECT state FROM deliveries")


def mails(crew):
    return len(crew.mailbox.to(BOB))


def a_sender_held_at(crew, phase, what, *args):
    hold = crew.mailbox.hold(phase)
    hand = crew.start(what, *args)
    hold.wait()
    return hand, hold


def test_a_request_killed_between_its_commit_and_its_message_is_done_by_the_next_sweep(crew):
    hand = crew.start("tests.faults.acts:set_a_reminder_and_be_killed_before_publishing")
    assert hand.wait() == -signal.SIGKILL
    assert do.scalar(crew.house, "SELECT count(*) FROM reminders") == 1
    crew.run("ops.sweep", ahead=60)
    crew.run("ops.sweep", ahead=61)
    assert mails(crew) == 1


def test_a_worker_killed_before_the_claim_costs_nothing(crew):
    hand = crew.start("reminders.remind", *crew.act("reminder", 0.9))
    time.sleep(0.2)
    assert hand.kill()
    assert do.scalar(crew.house, "SELECT state FROM reminders") == "pending"
    crew.go_on(ahead=60)
    crew.go_on(ahead=120)
    assert mails(crew) == 1


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
def test_a_worker_killed_before_data_leaves_a_mail_that_goes_once_after_the_lease(crew, phase):
    hand, _ = a_sender_held_at(crew, phase, "reminders.remind", *crew.act("reminder", 0))
    assert state(crew) == "claimed"
    assert hand.kill()
    crew.go_on(ahead=3)
    assert mails(crew) == 0, "its claim was still good"
    crew.go_on(ahead=CLAIM_IS_OVER)
    crew.go_on(ahead=REPEAT_IS_DUE)
    assert (mails(crew), state(crew)) == (1, "sent")


def test_a_letter_whose_worker_was_killed_between_data_and_the_record_waits_for_a_person(crew):
    hand, _ = a_sender_held_at(crew, "DOT", "mail.deliver", crew.act("letter_to_bob"))
    assert state(crew) == "sending"
    assert hand.kill()
    crew.go_on(ahead=CLAIM_IS_OVER)
    assert state(crew) == "sending", "the server has ten minutes for the dot"
    crew.go_on(ahead=SENDING_IS_OVER)
    crew.go_on(ahead=REPEAT_IS_DUE)
    assert (mails(crew), state(crew)) == (1, "uncertain")


def test_a_reminder_whose_worker_was_killed_there_goes_once_more_with_the_same_message_id(crew):
    hand, _ = a_sender_held_at(crew, "DOT", "reminders.remind", *crew.act("reminder", 0))
    assert hand.kill()
    crew.go_on(ahead=SENDING_IS_OVER)
    crew.go_on(ahead=REPEAT_IS_DUE)
    crew.go_on(ahead=2 * REPEAT_IS_DUE)
    first, second = crew.mailbox.to(BOB)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert state(crew) == "sent"
    assert do.scalar(crew.house, "SELECT repeated_at FROM deliveries") is not None


def test_a_worker_that_wakes_after_its_lease_may_not_begin_data(crew):
    sleeper, hold = a_sender_held_at(crew, "RCPT", "mail.deliver", crew.act("letter_to_bob"))
    sleeper.stop()
    crew.go_on(ahead=CLAIM_IS_OVER)
    assert (mails(crew), state(crew)) == (1, "sent")
    hold.release()
    sleeper.go_on()
    sleeper.wait()
    assert (mails(crew), state(crew)) == (1, "sent")


def test_a_worker_that_wakes_after_data_writes_nothing_over_what_was_decided(crew):
    sleeper, hold = a_sender_held_at(crew, "DOT", "mail.deliver", crew.act("letter_to_bob"))
    sleeper.stop()
    crew.go_on(ahead=SENDING_IS_OVER)
    assert state(crew) == "uncertain"
    hold.release()
    sleeper.go_on()
    sleeper.wait()
    crew.go_on(ahead=REPEAT_IS_DUE)
    assert (mails(crew), state(crew)) == (1, "uncertain")
    assert do.scalar(crew.house, "SELECT count(*) FROM delivery_attempts WHERE outcome = 'stale'") == 1


CHANGES = ["edit", "cancel", "delete_person"]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_before_the_claim_is_not_mailed(embedded_crew, change):
    reminder, version = embedded_crew.act("reminder", 0)
    embedded_crew.act(change, *([] if change == "delete_person" else [reminder]))
    embedded_crew.run("reminders.remind", reminder, version)
    embedded_crew.go_on(ahead=60)
    assert mails(embedded_crew) == 0


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_before_data_is_not_mailed_and_nothing_comes_later(embedded_crew, change):
    reminder, version = embedded_crew.act("reminder", 0)
    sender, hold = a_sender_held_at(embedded_crew, "RCPT", "reminders.remind", reminder, version)
    embedded_crew.act(change, *([] if change == "delete_person" else [reminder]))
    hold.release()
    assert sender.wait() == 0
    embedded_crew.go_on(ahead=60)
    assert mails(embedded_crew) == (
        1 if change == "delete_person" else 0
    )  # who is gone gets what was already on its way


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_after_data_is_mailed_this_once(embedded_crew, change):
    reminder, version = embedded_crew.act("reminder", 0)
    sender, hold = a_sender_held_at(embedded_crew, "DOT", "reminders.remind", reminder, version)
    embedded_crew.act(change, *([] if change == "delete_person" else [reminder]))
    hold.release()
    assert sender.wait() == 0
    embedded_crew.go_on(ahead=REPEAT_IS_DUE)
    assert (mails(embedded_crew), state(embedded_crew)) == (1, "sent")


@pytest.mark.parametrize(("phase", "expected"), [("RCPT", (0, "cancelled")), ("DOT", (1, "sent"))])
def test_who_leaves_while_a_letter_is_being_sent_gets_at_most_this_one(embedded_crew, phase, expected):
    sender, hold = a_sender_held_at(embedded_crew, phase, "mail.deliver", embedded_crew.act("letter_to_bob"))
    embedded_crew.act("unsubscribe")
    hold.release()
    assert sender.wait() == 0
    embedded_crew.go_on(ahead=REPEAT_IS_DUE)
    assert (mails(embedded_crew), state(embedded_crew)) == expected


def test_who_leaves_before_the_claim_gets_nothing(embedded_crew):
    letter = embedded_crew.act("letter_to_bob")
    embedded_crew.act("unsubscribe")
    embedded_crew.run("mail.deliver", letter)
    embedded_crew.go_on(ahead=60)
    assert (mails(embedded_crew), state(embedded_crew)) == (0, "cancelled")
