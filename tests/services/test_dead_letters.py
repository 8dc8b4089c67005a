"""`manage.py dead` and `/ops/dead` on a real RabbitMQ, within this process."""

import json
import time
from dataclasses import replace

import pika
import pytest
from sqlalchemy import select

from tests import house as houses
from tests.world import csrf, sign_in
from webapp.audit.models import AuditEntry
from webapp.core.broker import DEAD_ARGUMENTS
from webapp.extensions import celery
from webapp.ops.dead_letters import COUNTS

BODY = b'[[7, "[red]<b>\\u001b[31m"], {}, {}]'
HEADERS = {"task": "mail.deliver", "id": "4d", "lang": "py"}


@pytest.fixture(scope="module")
def vhost():
    url, name = houses.own_vhost()
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.exchange_declare("almanac", "topic", durable=True)
        channel.exchange_declare("almanac.dead", "topic", durable=True)
        channel.queue_declare("almanac.dead", durable=True, arguments=DEAD_ARGUMENTS)
        channel.queue_bind("almanac.dead", "almanac.dead", "#")
        channel.queue_declare(
            "almanac.mail",
            durable=True,
            arguments={"x-queue-type": "quorum", "x-dead-letter-exchange": "almanac.dead"},
        )
        channel.queue_bind("almanac.mail", "almanac", "almanac.mail")
    yield url
    houses.drop_vhost(name)


@pytest.fixture
def channel(vhost, app, monkeypatch):
    """A line to empty queues, which are the application's too."""
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], celery_broker_url=vhost))
    monkeypatch.setitem(celery.conf, "broker_url", vhost)
    with pika.BlockingConnection(pika.URLParameters(vhost)) as connection:
        opened = connection.channel()
        for queue in ("almanac.dead", "almanac.mail"):
            opened.queue_purge(queue)
        yield opened


@pytest.fixture
def letter(channel, runner):
    """A dead letter's id."""
    channel.confirm_delivery()
    channel.basic_publish(
        "almanac", "almanac.mail", BODY, pika.BasicProperties(headers=HEADERS, correlation_id="4d"), mandatory=True
    )
    channel.basic_reject(wait_for(channel, "almanac.mail").delivery_tag, requeue=False)
    deadline = time.monotonic() + 10
    while not (found := json.loads(runner("dead", "list", "--json").stdout)):
        assert time.monotonic() < deadline
    return found[0]["id"]


def wait_for(channel, queue):
    while not (method := channel.basic_get(queue)[0]):
        time.sleep(0.02)
    return method


def count(channel, queue):
    return channel.queue_declare(queue, passive=True).method.message_count


@pytest.fixture
def operator(client, world):
    return sign_in(client, world.olive)


def audited():
    return [(each.action, each.actor, each.subject) for each in _entries()]


def _entries():
    from webapp.extensions import db

    return db.session.scalars(select(AuditEntry).where(AuditEntry.action.like("dead.%")).order_by(AuditEntry.id))


def test_list_says_what_it_is_where_it_died_and_why_the_same_each_time(runner, letter):
    said = [runner("dead", "list") for _ in range(25)]
    assert {each.exit_code for each in said} == {0}
    assert len({each.stdout for each in said}) == 1
    for word in (letter, "mail.deliver", "almanac.mail", "rejected", '7, "[red]<b>\\u001b[31m"'):
        assert word in said[0].stdout, word
    assert "\x1b" not in said[0].stdout, "a message commands the terminal"


def test_show_says_everything(runner, letter):
    said = runner("dead", "show", letter).stdout
    size = f"body, {len(BODY)} bytes"
    for word in ("x-first-death-queue", "correlation_id", "routing key: almanac.mail", size, "[[7, "):
        assert word in said, said
    full = json.loads(runner("dead", "show", letter, "--json").stdout)
    assert full["body"].encode() == BODY
    assert full["properties"]["headers"]["id"] == "4d"


def test_replay_and_drop_do_so_once_and_are_audited(runner, letter, channel):
    assert runner("dead", "replay", letter).stdout == f"Dead letter {letter} is back in almanac.mail.\n"
    again = runner("dead", "replay", letter)
    assert (again.exit_code, again.stderr) == (1, f"Error: There is no dead letter {letter}.\n")
    _, properties, body = channel.basic_get("almanac.mail", auto_ack=True)
    headers = {name: value for name, value in properties.headers.items() if name not in COUNTS}  # the queue's own
    assert (body, headers, properties.correlation_id) == (BODY, HEADERS, "4d")
    assert {properties.headers.get(name, 0) for name in COUNTS} <= {0, 1}, "it is counted from the beginning again"
    assert runner("dead", "list").stdout == "There are no dead letters.\n"
    assert audited() == [("dead.replayed", "shell", f"dead letter {letter}")]


def test_one_that_leads_nowhere_any_more_stays(runner, letter, channel):
    channel.queue_unbind("almanac.mail", "almanac", "almanac.mail")
    try:
        said = runner("dead", "replay", letter)
    finally:
        channel.queue_bind("almanac.mail", "almanac", "almanac.mail")
    assert said.exit_code == 1
    assert "stays where it is" in said.stderr
    assert [each["id"] for each in json.loads(runner("dead", "list", "--json").stdout)] == [letter]
    assert audited() == []


def test_one_that_never_died_cannot_go_back_and_can_be_dropped(runner, channel):
    channel.confirm_delivery()
    channel.basic_publish("almanac.dead", "by.hand", b"\xff\x00", pika.BasicProperties(), mandatory=True)
    (found,) = json.loads(runner("dead", "list", "--json").stdout)
    assert (found["task"], found["args"], found["why"], found["at"]) == ("", "\\xff\\x00", "it cannot be read", None)
    assert "Nobody knows where" in runner("dead", "replay", found["id"]).stderr
    assert runner("dead", "drop", found["id"]).stdout == f"Dead letter {found['id']} is gone.\n"
    assert count(channel, "almanac.dead") == 0


def test_whoever_comes_second_waits_and_is_told(runner, letter, channel, monkeypatch):
    from webapp.ops import dead_queue

    monkeypatch.setattr(dead_queue, "LOCK_SECONDS", 0.3)
    channel.queue_declare(dead_queue.LOCK, exclusive=True)
    said = runner("dead", "drop", letter)
    channel.queue_delete(dead_queue.LOCK)
    assert said.exit_code == 1
    assert "Somebody else is looking" in said.stderr
    assert runner("dead", "drop", letter).exit_code == 0


def test_a_broker_that_is_away_is_one_line_and_status_1(runner, channel, app, monkeypatch):
    gone = replace(app.config["ALMANAC"], celery_broker_url="amqp://guest:secret@127.0.0.1:1/")
    monkeypatch.setitem(app.config, "ALMANAC", gone)
    for words in (["list"], ["show", "x"], ["replay", "x"], ["drop", "x"]):
        said = runner("dead", *words)
        assert (said.exit_code, said.stdout, said.stderr.count("\n")) == (1, "", 1)
        assert "does not answer" in said.stderr
        assert "secret" not in said.stderr


def test_metrics_count_them(client, letter):
    assert "almanac_dead_letters 1.0" in client.get("/metrics").text


def test_the_first_page_says_how_many_and_leads_to_them(operator, letter):
    page = operator.get("/ops").text
    assert "1 message is a dead letter." in page
    assert 'href="/ops/dead"' in page


def test_a_page_lists_shows_sends_back_and_drops_them(operator, letter, channel, world):
    page = operator.get("/ops/dead")
    assert page.status_code == 200
    assert letter in page.text
    assert "&lt;b&gt;" in page.text
    assert "x-first-death-queue" in operator.get(f"/ops/dead/{letter}").text
    token = csrf(operator, "/ops/dead")
    assert operator.post(f"/ops/dead/{letter}/replay").status_code == 400, "without its token"
    assert operator.get(f"/ops/dead/{letter}/replay").status_code == 405
    answer = operator.post(f"/ops/dead/{letter}/replay", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/ops/dead")
    assert count(channel, "almanac.dead") == 0
    gone = operator.post(f"/ops/dead/{letter}/drop", data={"csrf_token": token}, follow_redirects=True)
    assert "not there any more" in gone.text
    channel.basic_reject(wait_for(channel, "almanac.mail").delivery_tag, requeue=False)
    while count(channel, "almanac.dead") == 0:
        time.sleep(0.02)
    page = operator.get("/ops/dead").text
    new = page.split('href="/ops/dead/')[1].split('"')[0]
    assert (
        "It is gone." in operator.post(f"/ops/dead/{new}/drop", data={"csrf_token": token}, follow_redirects=True).text
    )
    assert "There are none." in operator.get("/ops/dead").text
    assert audited() == [
        ("dead.replayed", world.olive.email, f"dead letter {letter}"),
        ("dead.dropped", world.olive.email, f"dead letter {new}"),
    ]


def test_whoever_does_not_operate_can_do_nothing_about_them(client, letter, world, channel):
    reader = sign_in(client, world.bob)
    token = csrf(reader, "/reminders")
    assert reader.get("/ops/dead").status_code == 403
    assert reader.get(f"/ops/dead/{letter}").status_code == 403
    for act in ("replay", "drop"):
        assert reader.post(f"/ops/dead/{letter}/{act}", data={"csrf_token": token}).status_code == 403
    assert count(channel, "almanac.dead") == 1


def test_a_page_without_a_broker_says_so(operator, channel, app, monkeypatch):
    gone = replace(app.config["ALMANAC"], celery_broker_url="amqp://guest:secret@127.0.0.1:1/")
    monkeypatch.setitem(app.config, "ALMANAC", gone)
    page = operator.get("/ops/dead")
    assert page.status_code == 503
    assert "The broker does not answer" in page.text
    assert operator.get("/ops").status_code == 200
