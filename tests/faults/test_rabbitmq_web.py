"""What a broker that is away costs whoever uses the site: one request less than a second, and no mail."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests

from tests import house as houses
from tests import main_job as do
from tests.faults.tcp_proxy import Proxy
from tests.mailbox import open_mailbox

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

PERSON = "ada@example.org"
REFUSAL, HANGING, NOTHING = 0.2, 1.0, 0.2
"""Seconds more than a request takes otherwise."""

NEAR = 40
"""Seconds. So near that the broker gets a message for it, and not due in this test."""

LOOKOUT = 2.0


@pytest.fixture(scope="module")
def proxy():
    with Proxy(urlsplit(houses.RABBITMQ).port or 5672) as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory, proxy):
    mailbox, controller = open_mailbox()
    vhost_url, vhost = houses.own_vhost()
    folder = tmp_path_factory.mktemp("rabbitmq-away")
    made = houses.House(
        folder=folder,
        database_url=f"sqlite:///{folder / 'almanac.db'}",
        broker_url=through(vhost_url, proxy),
        mailbox=mailbox,
    )
    try:
        made.manage("db", "upgrade")
        made.person(PERSON)
        made.start("web", "dispatcher")
        yield made
    finally:
        made.stop()
        houses.drop_vhost(vhost)
        controller.stop()


@pytest.fixture(scope="module")
def person(house):
    """A program of a person's, with its connection to the site open."""
    session = requests.Session()
    session.headers.update(house.token(PERSON, "reminders:write"))
    return session


@pytest.fixture
def usual(house, person, proxy):
    """The seconds that setting a near reminder takes while the broker takes messages."""
    ask(house, person, "Soon", NEAR)  # the first one finds neither queues nor delays
    back_again(house)
    yield statistics.median(ask(house, person, "Soon", NEAR + each)[0] for each in range(5))
    proxy.restore()
    back_again(house)


def test_a_broker_that_refuses_costs_one_request_little_and_the_next_nothing(
    house, person, proxy, usual, record_property
):
    proxy.refuse()
    costs = [ask(house, person, "Refused", NEAR + each)[0] - usual for each in range(4)]
    note(record_property, "a broker that refuses", usual, costs)
    assert costs[0] <= REFUSAL
    assert max(costs[1:]) <= NOTHING


@pytest.mark.parametrize("is_open", [True, False], ids=["an open connection", "a new connection"])
def test_a_broker_that_hangs_costs_one_request_a_second_and_none_that_follows(
    house, person, proxy, usual, is_open, record_property
):
    proxy.hang()
    if not is_open:
        proxy.cut()
    costs = [ask(house, person, "Hung", NEAR + each)[0] - usual for each in range(4)]
    note(record_property, "a broker that hangs", usual, costs)
    assert HANGING / 2 < costs[0] <= HANGING, "it was not tried" if costs[0] < HANGING / 2 else "it was waited for"
    assert max(costs[1:]) <= NOTHING


def test_nobody_asks_again_before_it_is_back(house, person, proxy, usual):
    proxy.hang()
    ask(house, person, "Hung", NEAR)
    time.sleep(LOOKOUT * 1.5)  # the lookout has asked meanwhile, in vain
    assert ask(house, person, "Hung", NEAR)[0] - usual <= NOTHING


def test_a_reminder_set_while_it_was_away_is_mailed_in_time_and_once(house, person, proxy, usual, record_property):
    proxy.refuse()
    _, due_at = ask(house, person, "Water the plants", 3)
    mail = do.wait_for_reminder(house, PERSON, "Water the plants")
    late = do.report(record_property, "a reminder without a broker", mail, due_at)
    assert 0 <= late < do.LATEST
    proxy.restore()
    back_again(house)
    time.sleep(1)
    assert len(do.reminders_about(house, PERSON, "Water the plants")) == 1


def through(url, proxy):
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}").geturl()


def ask(house, person, words, seconds):
    """Sets a reminder. The seconds that took, and the due time."""
    due_at = datetime.now(UTC) + timedelta(seconds=seconds)
    began = time.monotonic()
    answer = person.post(f"{house.url}/api/v1/reminders", json={"text": words, "due_at": due_at.isoformat()}, timeout=9)
    assert answer.status_code == 201, answer.text
    return time.monotonic() - began, due_at


def back_again(house):
    """Waits until the web process has found the broker as often as it has missed it."""
    deadline = time.monotonic() + 20
    while house.log("web").count("broker.is_back") < house.log("web").count("broker.refused"):
        assert time.monotonic() < deadline, house.log("web")[-2000:]
        time.sleep(0.1)


def note(record, what, usual, costs):
    said = f"usually {usual * 1000:.0f} ms; then {', '.join(f'{cost * 1000:+.0f}' for cost in costs)} ms"
    print(f"{what}: {said}")  # noqa: T201
    record(what, said)
