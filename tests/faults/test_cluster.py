"""A cluster of three RabbitMQ nodes loses the one that leads its queues while the letter goes out."""

import json
import time

import pytest

from tests.faults.conftest import a_crew
from tests.faults.rabbitmq_node import own_nodes
from tests.faults.watching import arrived, check, note, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

READERS = 400


@pytest.fixture(scope="module")
def nodes():
    with own_nodes(3) as made:
        yield made


@pytest.fixture(scope="module")
def crew(nodes, tmp_path_factory):
    """A house that knows all three."""
    urls = ";".join(node.url for node in nodes)
    with a_crew(tmp_path_factory.mktemp("cluster"), "postgresql", CELERY_BROKER_URL=urls) as made:
        made.act("readers", READERS)  # first: a slot without readers is over at once
        made.house.start("worker", "worker-2", "beat")
        yield made


def test_the_three_are_one(nodes):
    status = json.loads(nodes[0].ctl("cluster_status", "--formatter", "json"))
    assert sorted(status["running_nodes"]) == sorted(node.name for node in nodes)


def test_the_letter_goes_on_without_the_leader_of_its_queues(crew, nodes, record_property):
    crew.house.start("dispatcher")
    wait_until(lambda: len(crew.mailbox.received) >= READERS // 8, seconds=120)
    leader = leader_of("almanac.mail", nodes)
    leader.kill()
    before, died = len(crew.mailbox.received), time.monotonic()
    assert before < READERS, "it was over before the leader died"
    arrived(crew, READERS, seconds=180)
    last = max(each.at for each in crew.mailbox.received) - (time.time() - (time.monotonic() - died))
    note(record_property, "the leader died", f"{before} of {READERS} mails before; the last {last:.1f} s after")
    check(crew, READERS)


def test_what_comes_next_finds_another_leader(crew, nodes, record_property):
    assert sum(node.answers() for node in nodes) == 2
    alive = next(node for node in nodes if node.answers())
    before = len(crew.mailbox.received)
    began = time.monotonic()
    assert any(crew.run("tests.faults.broker_acts:mails", 20))
    arrived(crew, before + 20, seconds=60)
    note(record_property, "twenty mails on two nodes", f"{time.monotonic() - began:.1f} s")
    wait_until(lambda: alive.queues("messages", "consumers")["almanac.mail"][1] == "2", 60)  # both workers are back
    check(crew, before + 20)


def leader_of(queue, nodes):
    asked = nodes[0]
    name = asked.queues("leader")[queue][0]
    return next(node for node in nodes if node.name == name)
