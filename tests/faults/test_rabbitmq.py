"""What the house survives on RabbitMQ: deaths at every moment, a full disk, a broker that has forgotten everything."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests import main_job as do
from tests.faults.conftest import a_crew
from tests.faults.rabbitmq_node import own_node
from tests.faults.watching import arrived, check, note, rows, show, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

REQUEST = 1.0
"""What a broker that hangs may cost one request, in seconds."""

LATEST = 5.0
"""Seconds. How late a mail may be on a busy test machine where nothing has to be noticed first."""

CONSUMER_TIMEOUT = 5
"""Seconds, in place of thirty minutes, after which the broker takes the channel from a worker that holds a message."""

IMPATIENCE = {"consumer_timeout": CONSUMER_TIMEOUT * 1000, "channel_tick_interval": 1000}

PENDING = 500
READERS = 15
AWAKE = "SELECT count(*) FROM heartbeats WHERE name = 'worker'"
HANDED_OVER = "SELECT count(*) FROM reminders WHERE handed_over_at IS NOT NULL"


@pytest.fixture(scope="module")
def node():
    with own_node() as made:
        yield made


@pytest.fixture
def impatient(node):
    """The node, while it waits for no worker that connects now any longer than five seconds."""
    before = {name: node.ctl("eval", f"application:get_env(rabbit, {name}).") for name in IMPATIENCE}
    for name, milliseconds in IMPATIENCE.items():
        node.ctl("eval", f"application:set_env(rabbit, {name}, {milliseconds}).")
    yield node
    for name, found in before.items():
        value = found.strip().removeprefix("{ok,").removesuffix("}")
        node.ctl("eval", f"application:set_env(rabbit, {name}, {value}).")


@pytest.fixture(scope="module")
def _crew(node, tmp_path_factory):
    with a_crew(
        tmp_path_factory.mktemp("rabbitmq"), "postgresql", CELERY_BROKER_URL=node.url, LOG_LEVEL="info"
    ) as made:
        yield made


@pytest.fixture
def crew(_crew, node):
    """A house without processes, in front of a broker that is up."""
    _crew.act("empty")
    _crew.mailbox.clear()
    yield _crew
    house = _crew.house
    house.kill(*list(house.processes))
    _crew.mailbox.clear()
    if not node.answers():
        node.kill()
        node.start()


@pytest.fixture
def staffed(crew):
    crew.house.start("worker", "dispatcher")
    return crew


def test_messages_sent_before_any_worker_was_there_arrive_when_one_comes(crew, node, record_property):
    node.kill()
    node.wipe()
    node.start()
    act(crew, "set_reminders", 4, 30, 6)  # the first finds nothing there; whoever set it makes what is missing
    waiting = sum(counts(node, "messages").values())
    assert waiting > 0
    crew.house.start("worker")  # and no dispatcher, who would make good what was lost
    arrived(crew, waiting, seconds=60)
    show(record_property, "before any worker", crew)
    crew.house.start("dispatcher")
    arrived(crew, 4, seconds=60)
    check(crew, 4)


def test_an_eta_message_comes_in_time_and_no_worker_holds_it_meanwhile(crew, impatient, record_property):
    crew.house.start("worker")
    act(crew, "set_reminders", 8, 25, 0.7)
    until, looks = time.monotonic() + 3 * CONSUMER_TIMEOUT, 0
    while time.monotonic() < until:
        looks += 1
        held = counts(impatient, "messages_unacknowledged")
        assert {name: count for name, count in held.items() if name.startswith("almanac.") and count} == {}
    assert looks > 1
    assert crew.mailbox.received == [], "it was not a test of waiting"
    arrived(crew, 8)
    assert "PRECONDITION_FAILED" not in crew.house.log("worker"), "the broker took the channel away"
    late = show(record_property, "by its ETA message alone", crew)
    assert min(late) >= 0
    assert max(late) < LATEST
    check(crew, 8)


def test_a_broker_that_dies_while_messages_come_and_while_they_wait_loses_none(staffed, node, record_property):
    hand = staffed.start("tests.faults.broker_acts:set_reminders", 40, 35, 0.2)
    time.sleep(3)
    node.kill()
    node.start()
    assert hand.wait() == 0, staffed.log()[-3000:]
    assert max(hand.result) < REQUEST + 1, "a busy machine may add a second"
    node.kill()  # they wait
    node.start()
    arrived(staffed, 40, seconds=90)
    show(record_property, "with two deaths of the broker on the way", staffed)
    check(staffed, 40)


@pytest.mark.parametrize("is_back", [True, False], ids=["the task", "its acknowledgement"])
def test_a_broker_that_dies_during(is_back, staffed, node):
    hold = staffed.mailbox.hold("DOT")
    act(staffed, "set_reminders", 1, 3)
    hold.wait(60)
    node.kill()
    if is_back:
        node.start()
    hold.release()
    time.sleep(2)
    if not is_back:
        node.start()
    act(staffed, "set_reminders", 1, 3)  # when this one has come, the worker is back and has seen the old message
    arrived(staffed, 2, seconds=60)
    check(staffed, 2)


def test_the_letter_comes_within_five_minutes_of_the_return_of_a_broker_that_was_down_at_its_slot(
    crew, node, record_property, monkeypatch
):
    """With no dispatcher, who would have sent it by himself: beat's own message for the slot was lost."""
    crew.act("readers", READERS)
    slot = (datetime.now(UTC) + timedelta(seconds=95)).replace(second=0, microsecond=0)
    monkeypatch.setitem(crew.house.environ, "DIGEST_WEEKDAY", f"{slot:%a}")
    monkeypatch.setitem(crew.house.environ, "DIGEST_TIME", f"{slot:%H:%M}")
    crew.house.start("worker", "beat")
    wait_until(lambda: do.scalar(crew.house, AWAKE), seconds=30)
    assert datetime.now(UTC) < slot - timedelta(seconds=2), "too slow a machine: the slot came before all were awake"
    node.kill()
    time.sleep((slot - datetime.now(UTC)).total_seconds() + 10)
    assert crew.mailbox.received == []
    node.start()
    back = time.monotonic()
    arrived(crew, READERS, seconds=300)
    note(record_property, "down at the slot", f"the letter came {time.monotonic() - back:.0f} s after its return")
    check(crew, READERS)
    assert do.scalar(crew.house, "SELECT slot_at FROM digest_runs WHERE state != 'skipped'") == slot


def test_a_letter_whose_worker_is_killed_on_the_way_reaches_every_reader_once(crew):
    crew.act("readers", 20 * READERS)
    crew.house.start("worker", "beat")
    wait_until(lambda: len(crew.mailbox.received) > READERS, seconds=60)
    crew.house.kill("worker")
    on_the_way = len(crew.mailbox.received)
    assert on_the_way < 20 * READERS, "it was not a test of dying on the way"
    crew.house.start("worker-2")
    wait_until(lambda: not rows(crew, "SELECT 1 FROM deliveries WHERE state IN ('queued', 'claimed')"), seconds=120)
    do.change(crew.house, "UPDATE deliveries SET lease_until = now() WHERE state = 'sending'")  # eleven minutes later
    wait_until(lambda: do.scalar(crew.house, "SELECT count(*) FROM digest_runs WHERE state = 'done'") == 1, seconds=60)
    check(crew, 20 * READERS, uncertain_at_most=1)


def test_a_broker_that_has_forgotten_everything_costs_no_mail(staffed, node, record_property):
    due_in = 60
    staffed.house.start("worker-2")
    began = time.monotonic()
    staffed.act("many_reminders", PENDING, due_in)
    wait_until(lambda: do.scalar(staffed.house, HANDED_OVER) == PENDING, seconds=due_in)
    node.kill()
    node.wipe()
    node.start()
    back = time.monotonic()
    assert back - began < due_in, "too slow a machine: they were due before it was back"
    arrived(staffed, PENDING, seconds=due_in + 120)
    took = time.monotonic() - max(back, began + due_in)
    note(record_property, "wiped", f"{PENDING} mails, the last {took:.1f} s after its return and the due time")
    assert took < 60
    check(staffed, PENDING)


def test_a_broker_whose_disk_is_full_holds_up_no_request_and_no_mail(staffed, node, record_property):
    act(staffed, "set_reminders", 1, 3)
    arrived(staffed, 1)
    node.ctl("set_disk_free_limit", "1000000GB")
    try:
        took = act(staffed, "set_reminders", 4, 10, 2.5)  # between two of them the lookout has looked
        note(record_property, "a full disk", ", ".join(f"{each * 1000:.0f} ms" for each in took))
        assert max(took) < REQUEST + 1, "a busy machine may add a second"
        assert max(took[2:]) < REQUEST / 2, "it was tried again and again"
        arrived(staffed, 5, seconds=60)
    finally:
        node.ctl("set_disk_free_limit", "1MB")
    check(staffed, 5)


def test_a_message_that_the_broker_turns_away_is_known_to_be_turned_away(crew, node):
    act(crew, "declare")
    node.ctl("set_policy", "full", "^almanac\\.mail$", '{"max-length": 2}', "--apply-to", "queues")
    try:
        assert not all(act(crew, "mails", 30))
    finally:
        node.ctl("clear_policy", "full")
    crew.house.start("worker", "dispatcher")
    arrived(crew, 30, seconds=60)
    check(crew, 30)


def act(crew, name, *args):
    return crew.run(f"tests.faults.broker_acts:{name}", *args)


def counts(node, column):
    return {name: int(count) for name, (count,) in node.queues(column).items()}
