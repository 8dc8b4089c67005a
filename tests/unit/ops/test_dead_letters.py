"""Dead letters where there can be none, and what a message says about itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pika
import pytest

from tests.world import csrf, sign_in
from webapp.ops.dead_letters import DeadLetter, Why

AT = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


def dead(body=b"[[7], {}, {}]", task="mail.deliver", reason="rejected", exchange="almanac", **headers):
    death = {"count": 1, "reason": reason, "queue": "almanac.mail", "time": AT, "exchange": exchange}
    written = {"task": task, "id": "4d", "x-death": [death | {"routing-keys": ["0.1.almanac.mail"]}], **headers}
    return DeadLetter(body, pika.BasicProperties(headers=written, correlation_id="4d"), "almanac.mail")


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        (dead(b'{"half'), Why.UNREADABLE),
        (dead(b"[[7], null, {}]"), Why.UNREADABLE),
        (dead(task={"a": 1}), Why.UNREADABLE),
        (dead(task="mail.no_such_task"), Why.UNKNOWN),
        (dead(b"[[], {}, {}]"), Why.MISFIT),
        (dead(), Why.REFUSED),
        (dead(reason="delivery_limit"), Why.WORN_OUT),
        (dead(reason="maxlen"), Why.OTHER),
    ],
)
def test_it_says_what_is_wrong_with_it(app, letter, why):
    assert letter.why == why


def test_its_id_stays_however_often_somebody_looks_and_another_death_has_another():
    assert dead(**{"x-delivery-count": 1}).id == dead(**{"x-delivery-count": 2, "x-acquired-count": 9}).id == dead().id
    assert len({dead().id, dead(b"[[8], {}, {}]").id, dead(reason="maxlen").id, dead(id="4e").id}) == 4


def test_what_goes_back_has_no_trace_of_a_death_and_lies_on_disk():
    letter = dead(
        **{"x-first-death-queue": "q", "x-last-death-reason": "r", "x-delivery-count": 3, "x-acquired-count": 4}
    )
    reborn = letter.reborn()
    assert reborn.headers == {"task": "mail.deliver", "id": "4d"}
    assert (reborn.correlation_id, reborn.delivery_mode) == ("4d", 2)
    assert "x-death" in letter.headers, "the letter itself is as it was"


def test_it_goes_back_the_way_it_came_but_past_the_delays(app):
    assert dead().address == ("almanac", "0.1.almanac.mail")
    assert dead(exchange="celery_delayed_delivery").address[1] == "almanac.mail"
    assert DeadLetter(b"", pika.BasicProperties(), "by.hand").address is None


def test_nothing_in_it_commands_a_terminal_or_fills_the_page():
    letter = dead(json.dumps([["\x1b[31m\u202e" * 50], {}, {}]).encode(), task="\x1b]0;x\x07" * 50)
    for said in (letter.said, letter.task_said, letter.text):
        assert said.isprintable()
    assert len(letter.said) == len(letter.task_said) == 60


def test_the_embedded_broker_and_redis_have_none_and_say_so(runner, app, monkeypatch):
    for url in (app.config["ALMANAC"].celery_broker_url, "redis://127.0.0.1:1/0"):
        monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], celery_broker_url=url))
        said = runner("dead", "list")
        assert (said.exit_code, said.stdout.count("\n")) == (0, 1)
        assert "There are no dead letters here" in said.stdout
        assert json.loads(runner("dead", "list", "--json").stdout) == []
        for word in ("show", "replay", "drop"):
            said = runner("dead", word, "4d")
            assert (said.exit_code, said.stderr.count("\n")) == (1, 1)
            assert "There are no dead letters here" in said.stderr


def test_the_page_says_so_too(client, world):
    operator = sign_in(client, world.olive)
    page = operator.get("/ops/dead")
    assert page.status_code == 200
    assert "keeps no dead letters" in page.text
    answer = operator.post("/ops/dead/4d/drop", data={"csrf_token": csrf(operator, "/reminders")})
    assert "keeps no dead letters" in answer.text
    assert "dead letter" not in operator.get("/ops").text


def test_nobody_else_is_let_in(client, world):
    assert client.get("/ops/dead").status_code in {302, 303}
    assert sign_in(client, world.alice).get("/ops/dead").status_code == 403
