"""Messages that are no use, on RabbitMQ: the queue moves, nothing is lost, and an operator has the last word."""

import json
import re
import time
import uuid
from contextlib import contextmanager

import pika
import pytest

from tests import house as houses
from tests import main_job as do
from tests.faults.acts import BOB
from tests.faults.conftest import a_crew
from tests.faults.poison import RUNS
from tests.faults.watching import wait_until
from tests.house import House
from webapp.core.messages import ATTEMPTS

QUEUES = ("almanac.mail", "almanac.default", "almanac.reminders", "almanac.digests", "almanac.dead")
AUDITED = "SELECT action, actor, subject FROM audit_entries WHERE action LIKE 'dead.%' ORDER BY id"


class HouseWithPoison(House):
    """Its workers know tasks that do harm."""

    def command(self, part):
        return [*super().command(part), *(["--include=tests.faults.poison"] if part.startswith("worker") else [])]


@pytest.fixture(scope="module")
def _crew(tmp_path_factory):
    url, vhost = houses.own_vhost()
    try:
        with a_crew(tmp_path_factory.mktemp("dead"), "sqlite", CELERY_BROKER_URL=url) as made:
            made.house.__class__ = HouseWithPoison
            made.run("tests.faults.broker_acts:declare")
            made.url = url
            yield made
    finally:
        houses.drop_vhost(vhost)


@pytest.fixture
def crew(_crew):
    """A house with empty queues and nobody who listens."""
    for part in list(_crew.house.processes):
        _crew.house.kill(part)
    (_crew.house.folder / "worker.log").unlink(missing_ok=True)
    return emptied(_crew)


@pytest.fixture(scope="module")
def _staffed(_crew):
    _crew.house.start("worker")
    return _crew


@pytest.fixture
def staffed(_staffed):
    """The same, and a worker, which has met all that the tests before this one had for it."""
    return emptied(_staffed)


def emptied(crew):
    crew.act("empty")
    crew.mailbox.clear()
    with line(crew) as channel:
        for queue in QUEUES:
            channel.queue_purge(queue)
    (crew.house.folder / RUNS).unlink(missing_ok=True)
    return crew


@contextmanager
def line(crew):
    with pika.BlockingConnection(pika.URLParameters(crew.url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel


def send(crew, body, headers, key="almanac.mail", **properties):
    """Puts a message into a queue, whatever it says."""
    written = {"content_type": "application/json", "content_encoding": "utf-8", "delivery_mode": 2, **properties}
    with line(crew) as channel:
        channel.basic_publish("almanac", key, body, pika.BasicProperties(headers=headers, **written), mandatory=True)


def send_task(crew, task, *args, key="almanac.mail", **headers):
    number = str(uuid.uuid4())
    send(crew, json.dumps([args, {}, {}]).encode(), {"task": task, "id": number, "lang": "py", **headers}, key)
    return number


def dead(crew):
    return crew.run("tests.faults.dead_acts:letters")


def one_dead(crew, seconds=20):
    """Waits for one, and that the queue has moved on: a letter behind it was sent by the same worker."""
    wait_until(lambda: waiting(crew, "almanac.dead") == 1, seconds)
    send_task(crew, "mail.deliver", crew.act("letter_to_bob"))
    crew.mailbox.wait_for(BOB)
    assert crew.house.processes["worker"].poll() is None
    (found,) = dead(crew)
    return found


def waiting(crew, queue):
    with line(crew) as channel:
        return channel.queue_declare(queue, passive=True).method.message_count


def a_dead_letter(crew, task="mail.deliver", *args):
    """One that a worker of another version refused. Its id."""
    before = {each["id"] for each in dead(crew)}
    send_task(crew, task, *args)
    with line(crew) as channel:
        while not (method := channel.basic_get("almanac.mail")[0]):
            time.sleep(0.05)
        channel.basic_reject(method.delivery_tag, requeue=False)
    wait_until(lambda: waiting(crew, "almanac.dead") == len(before) + 1, seconds=10)
    (new,) = {each["id"] for each in dead(crew)} - before
    return new


NAMED = {"task": "mail.deliver", "id": "1f3e"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b'[[1], {}, {"half', NAMED, id="bad JSON"),
        pytest.param(b'{"half', {}, id="bad JSON without headers"),
        pytest.param(b"null", NAMED, id="nothing"),
        pytest.param(b"5", NAMED, id="a number"),
        pytest.param(b"[]", NAMED, id="an empty list"),
        pytest.param(b'"args"', NAMED, id="a word"),
        pytest.param(b"\x80\x04", NAMED, id="not text"),
        pytest.param(b"[[1], {}, {}]", {"task": "mail.deliver"}, id="no id"),
        pytest.param(b"[[1], {}, {}]", {"task": {"not": "a name"}, "id": "1f3e"}, id="no name"),
        pytest.param(b"[[1], {}, {}]", None, id="no headers"),
    ],
)
def test_what_nobody_can_read_is_a_dead_letter_and_the_worker_goes_on(staffed, body, headers):
    send(staffed, body, headers)
    found = one_dead(staffed)
    assert (found["queue"], found["reason"], found["why"]) == ("almanac.mail", "rejected", "it cannot be read")
    assert re.search(r"message\.(unreadable|malformed)|Received and deleted unknown", staffed.house.log("worker"))


def test_wrong_arguments_are_an_error_in_the_log_and_a_dead_letter(staffed):
    send_task(staffed, "mail.deliver")
    found = one_dead(staffed)
    assert (found["task"], found["why"]) == ("mail.deliver", "its arguments do not fit the task")
    assert re.search(r"missing a required argument.*message\.wrong_arguments", staffed.house.log("worker"))


def test_an_unknown_task_is_a_dead_letter(staffed):
    send_task(staffed, "mail.no_such_task", 7)
    found = one_dead(staffed)
    assert (found["task"], found["args"], found["why"]) == ("mail.no_such_task", "7", "there is no such task here")


@pytest.mark.parametrize("name", ["always_raises", "kills_its_child"])
def test_a_task_that_fails_each_time_is_a_dead_letter_after_five(staffed, name):
    send_task(staffed, f"mail.{name}", 7)
    found = one_dead(staffed, seconds=60)
    assert (found["task"], found["args"]) == (f"mail.{name}", "7")
    assert (staffed.house.folder / RUNS).read_text().split() == [name] * ATTEMPTS
    assert "message.given_up" in staffed.house.log("worker")


def test_a_message_as_the_first_release_wrote_it_is_read(staffed):
    """Old messages, new code: what Almanac 0.1.0 sent, byte for byte. These forms must be read for ever."""
    staffed.act("readers", 1)
    reminder, version = staffed.act("reminder", 0)
    letter = staffed.act("letter_to_bob")
    for task, args, key in (
        ("reminders.remind", [reminder, version], "almanac.reminders"),
        ("mail.deliver", [letter], "almanac.mail"),
        ("digests.digest", [], "almanac.digests"),
        ("mail.drain", [], "almanac.mail"),
        ("ops.sweep", [], "almanac.default"),
        ("ops.heartbeat", [], "almanac.default"),
    ):
        embed = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}'
        number = str(uuid.uuid4())
        headers = {
            "lang": "py",
            "task": task,
            "id": number,
            "shadow": None,
            "eta": None,
            "expires": None,
            "group": None,
            "group_index": None,
            "retries": 0,
            "timelimit": [None, None],
            "root_id": number,
            "parent_id": None,
            "argsrepr": repr(tuple(args)),
            "kwargsrepr": "{}",
            "origin": "gen4711@old",
            "ignore_result": True,
            "replaced_task_nesting": 0,
            "stamped_headers": None,
            "stamps": {},
        }
        send(staffed, f"[{json.dumps(args)}, {{}}, {embed}]".encode(), headers, key, correlation_id=number)
    staffed.mailbox.wait_for(BOB, count=2)
    staffed.mailbox.wait_for("reader-00000@example.org", "digest")
    wait_until(lambda: do.scalar(staffed.house, "SELECT count(*) FROM heartbeats WHERE name = 'worker'") == 1, 10)
    time.sleep(0.5)
    assert waiting(staffed, "almanac.dead") == 0


def test_there_is_nothing_that_rabbitmq_4_would_refuse(staffed):
    """No transient queue that is not exclusive, no prefetch for a whole channel, no classic queue that is mirrored."""
    vhost = staffed.url.rpartition("/")[2]
    kinds = [
        row.split("\t")
        for row in houses.rabbitmqctl(
            "list_queues", "-p", vhost, "--no-table-headers", "name", "type", "durable", "exclusive"
        ).splitlines()
    ]
    assert {"quorum", "classic"} == {kind for _, kind, _, _ in kinds}
    for name, kind, durable, exclusive in kinds:
        expected = ("classic", "false") if exclusive == "true" else ("quorum", "true")
        assert (kind, durable) == expected, f"{name} is shared" if exclusive != "true" else name
        assert exclusive == "true" or name.startswith(("almanac.", "celery_delayed_")), f"{name} is shared"
    if houses.rabbitmqctl("version").startswith("3."):  # later ones have no such column: they refuse it
        channels = houses.rabbitmqctl(
            "list_channels", "-p", vhost, "--no-table-headers", "global_prefetch_count", "vhost"
        ).splitlines()
        assert {row.split("\t")[0] for row in channels} == {"0"}


def test_a_failure_with_the_database_wears_no_message_out(crew):
    """The dispatcher has the work when it is back: there would be a dead letter for every round of beat."""
    with crew.house.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO elsewhere")
    try:
        crew.house.start("worker")
        send_task(crew, "mail.deliver", 1)
        crew.house.wait_for_line("worker", r"OperationalError")
        time.sleep(0.5)
        assert "message.failed" not in crew.house.log("worker"), "it was given back to be tried again"
        assert waiting(crew, "almanac.mail") == waiting(crew, "almanac.dead") == 0
    finally:
        with crew.house.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO deliveries")


def test_the_doctor_counts_dead_letters(crew):
    a_dead_letter(crew, "mail.no_such_task")
    checks = json.loads(crew.house.manage("doctor", "--json", status=1))["checks"]
    (queues,) = [each for each in checks if each["name"] == "queues"]
    assert "1 dead, see ./manage.py dead list" in queues["detail"]


def test_a_dead_letter_sent_back_is_done_and_audited(crew):
    letter = a_dead_letter(crew, "mail.deliver", crew.act("letter_to_bob"))
    crew.run("tests.faults.dead_acts:replay", letter)
    assert dead(crew) == []
    with line(crew) as channel:
        _, properties, _ = channel.basic_get("almanac.mail")
        assert {name for name in properties.headers if "death" in name} == set()
        assert properties.delivery_mode == 2
    assert audited(crew) == [("dead.replayed", "shell", f"dead letter {letter}")]


def test_a_dead_letter_replayed_twice_is_mailed_once(crew):
    """Whoever replays dies when the broker has confirmed and before the letter is gone; then somebody does it again."""
    letter = a_dead_letter(crew, "mail.deliver", crew.act("letter_to_bob"))
    hand = crew.start("tests.faults.dead_acts:replay_and_die_before_it_is_removed", letter)
    assert hand.wait() < 0
    wait_until(lambda: [each["id"] for each in dead(crew)] == [letter], seconds=10)
    assert waiting(crew, "almanac.mail") == 1
    crew.run("tests.faults.dead_acts:replay", letter)
    assert waiting(crew, "almanac.mail") == 2
    assert dead(crew) == []
    crew.house.start("worker")
    crew.mailbox.wait_for(BOB)
    wait_until(lambda: waiting(crew, "almanac.mail") == 0, seconds=10)
    time.sleep(1)
    assert len(crew.mailbox.to(BOB)) == 1
    assert do.scalar(crew.house, "SELECT state FROM deliveries") == "sent"


def test_a_delayed_message_that_died_goes_back_to_its_own_queue(crew):
    """It died in `almanac.mail` and came there through the exchange of the delays."""
    number = crew.act("letter_to_bob")
    with line(crew) as channel:
        key = ".".join(["0"] * 27 + ["1", "almanac.mail"])
        headers = {"task": "mail.deliver", "id": "2b", "lang": "py"}
        properties = pika.BasicProperties(content_type="application/json", content_encoding="utf-8", headers=headers)
        channel.basic_publish("celery_delayed_27", key, json.dumps([[number], {}, {}]), properties, mandatory=True)
        while not (method := channel.basic_get("almanac.mail")[0]):
            time.sleep(0.1)
        channel.basic_reject(method.delivery_tag, requeue=False)
    wait_until(lambda: waiting(crew, "almanac.dead") == 1, seconds=10)
    (found,) = dead(crew)
    assert (found["queue"], found["reason"]) == ("almanac.mail", "rejected")
    crew.run("tests.faults.dead_acts:replay", found["id"])
    wait_until(lambda: waiting(crew, "almanac.mail") == 1, seconds=10)


def test_a_dropped_dead_letter_is_gone_and_audited(crew):
    letters = [a_dead_letter(crew, "mail.no_such_task", number) for number in range(3)]
    crew.run("tests.faults.dead_acts:drop", letters[1])
    assert {each["id"] for each in dead(crew)} == {letters[0], letters[2]}
    assert audited(crew) == [("dead.dropped", "shell", f"dead letter {letters[1]}")]
    assert waiting(crew, "almanac.mail") == 0


def test_looking_loses_nothing_even_when_it_is_killed_and_a_second_operator_waits(crew):
    for number in range(40):  # RabbitMQ 3.10 gives more than 32 back in any order
        send_task(crew, "mail.no_such_task", number)
    with line(crew) as channel:
        for _ in range(40):
            while not (method := channel.basic_get("almanac.mail")[0]):
                time.sleep(0.05)
            channel.basic_reject(method.delivery_tag, requeue=False)
    wait_until(lambda: waiting(crew, "almanac.dead") == 40, seconds=10)
    before = dead(crew)
    assert sorted(int(each["args"]) for each in before) == list(range(40))
    slow = crew.start("tests.faults.dead_acts:look_for_long", 1.5)
    wait_until(lambda: waiting(crew, "almanac.dead") == 0, seconds=10)
    assert dead(crew) == before, "the second did not wait for the first"
    assert slow.wait() == 0
    killed = crew.start("tests.faults.dead_acts:look_for_long", 60)
    wait_until(lambda: waiting(crew, "almanac.dead") == 0, seconds=10)
    assert killed.kill()
    assert dead(crew) == before


def test_a_task_that_only_a_newer_version_knows_waits_for_it(crew):
    """New messages, old code: it knows no `mail.always_raises` without the test's own tasks, and does with them."""
    old = House.command(crew.house, "worker")
    crew.house.command = lambda _part: old
    try:
        crew.house.start("worker")
        send_task(crew, "mail.always_raises", 7, "what a newer version adds")
        wait_until(lambda: waiting(crew, "almanac.dead") == 1, seconds=20)
        crew.house.kill("worker")
    finally:
        del crew.house.command
    crew.house.start("worker")
    crew.run("tests.faults.dead_acts:replay", dead(crew)[0]["id"])
    wait_until(lambda: waiting(crew, "almanac.dead") == 1, seconds=20)
    assert (crew.house.folder / RUNS).read_text().split() == ["always_raises"] * ATTEMPTS


def audited(crew):
    with crew.house.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(AUDITED)]
