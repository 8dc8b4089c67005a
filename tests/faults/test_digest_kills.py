"""The letter is being sent, and whoever sends it is killed: nobody is left out, nobody gets it twice."""

import random
import time

import pytest

from tests import main_job as do
from tests.faults import oracle
from tests.faults.crew import SENDING_IS_OVER

SENDER = "tests.faults.acts:send_the_letter"


def left(crew):
    waiting = "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'claimed', 'sending')"
    is_planned = do.scalar(crew.house, "SELECT count(*) FROM digest_runs WHERE state = 'frozen'")
    return do.scalar(crew.house, waiting) if is_planned else None


def kill_after(crew, hands, mails):
    """Kills each when so many more mails have come, give or take a few milliseconds. Returns how many that ended."""
    wanted = len(crew.mailbox.received) + mails
    while len(crew.mailbox.received) < wanted and not all(hand.ended.is_set() for hand in hands):
        time.sleep(0.001)
    killed = 0
    for hand in hands:
        time.sleep(random.uniform(0, 0.015))
        killed += hand.kill()
    return killed


def finish(crew, ahead):
    """The last one works undisturbed, as long as it takes."""
    for seconds in (ahead, ahead + SENDING_IS_OVER):
        assert crew.start(SENDER, ahead=seconds).wait(300) == 0, crew.log()[-3000:]


def check(crew, readers, uncertain_at_most):
    uncertain = oracle.agrees(crew)
    assert len(uncertain) <= uncertain_at_most
    assert len(oracle.addresses(crew, "sent") | uncertain) == readers
    assert do.scalar(crew.house, "SELECT count(*) FROM deliveries") == readers
    assert do.scalar(crew.house, "SELECT expected FROM digest_runs WHERE state = 'done'") == readers


def test_a_letter_stopped_five_times_on_the_way_reaches_every_reader_once(crew):
    readers, ahead = 60, 0.0
    crew.act("readers", readers)
    for number in range(5):
        if number == 2:  # at the worst moment, for certain: the server has the mail and has not said so
            hold = crew.mailbox.hold("DOT")
            hand = crew.start(SENDER, ahead=ahead)
            hold.wait()
            assert hand.kill()
        else:
            assert kill_after(crew, [crew.start(SENDER, ahead=ahead)], random.randint(1, 10)) == 1
        ahead += SENDING_IS_OVER
    assert left(crew) > 0, "nothing was left to stop"
    finish(crew, ahead)
    check(crew, readers, uncertain_at_most=5)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_two_hundred_kills_in_one_letter_to_two_thousand_readers(crew, record_property):
    readers, ahead, kills = 2000, 0.0, 0
    crew.act("readers", readers)
    while kills < 200:
        assert left(crew) != 0, f"the letter was out after {kills} kills"
        hands = [crew.start(SENDER, ahead=ahead) for _ in range(2)]
        now_killed = kill_after(crew, hands, random.randint(0, 14))
        in_flight = do.scalar(crew.house, "SELECT count(*) FROM deliveries WHERE state = 'sending'")
        assert in_flight <= now_killed, "a process has one connection, and one mail on it"
        kills += now_killed
        ahead += SENDING_IS_OVER
    record_property("left after 200 kills", left(crew))
    finish(crew, ahead)
    check(crew, readers, uncertain_at_most=200)
    record_property("uncertain", len(oracle.addresses(crew, "uncertain")))


@pytest.mark.parametrize("readers", [100, pytest.param(1000, marks=pytest.mark.faults)])
def test_one_bad_address_keeps_the_letter_from_nobody_else(embedded_crew, readers):
    crew, bad = embedded_crew, "reader-00042@example.org"
    crew.mailbox.replies[bad] = "550 5.1.1 no such user"
    crew.act("readers", readers)
    finish(crew, 0)
    assert oracle.agrees(crew) == set()
    assert len(oracle.addresses(crew, "sent")) == readers - 1 == len(crew.mailbox.received)
    assert do.scalar(crew.house, "SELECT state FROM deliveries WHERE address = :bad", bad=bad) == "failed"
    assert do.scalar(crew.house, "SELECT address FROM suppressions") == bad
    assert do.scalar(crew.house, "SELECT expected FROM digest_runs WHERE state = 'done'") == readers
