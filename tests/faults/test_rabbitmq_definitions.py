"""The image of Dockerfile.rabbitmq: what it declares is what Almanac declares, and its user is nobody's default."""

import json
import os
import subprocess
from pathlib import Path

import pika
import pytest
from pika.exceptions import ProbableAuthenticationError

from tests.faults.conftest import a_crew
from tests.faults.rabbitmq_node import own_node
from tests.house import ROOT
from webapp.core import broker

FOLDER = ROOT / "deploy/rabbitmq"
AWKWARD = 'it\'s "a" \\ b|c & @VHOST@'


def written(tmp_path, **environ) -> subprocess.CompletedProcess:
    """Runs the image's first program with something that ends at once in place of RabbitMQ."""
    return subprocess.run(
        [FOLDER / "start.sh", "-c", "env"],
        env={
            "PATH": os.environ["PATH"],
            "ALMANAC_DEFINITIONS": str(FOLDER / "definitions.json"),
            "ALMANAC_DEFINITIONS_FOR": str(tmp_path / "definitions.json"),
            "ALMANAC_RABBITMQ": "/bin/sh",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )


def definitions(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "definitions.json").read_text())


def test_it_declares_what_almanac_declares(app):
    found = json.loads((FOLDER / "definitions.json").read_text())
    wanted = broker.settings("amqp://", "sqlite://", Path("/"), "UTC")["task_queues"]
    declared = {queue["name"]: queue["arguments"] for queue in found["queues"]}
    assert declared == {queue.name: queue.queue_arguments for queue in wanted} | {
        broker.DEAD_QUEUE: broker.DEAD_ARGUMENTS
    }
    assert {(each["source"], each["destination"], each["routing_key"]) for each in found["bindings"]} == {
        (queue.exchange.name, queue.name, queue.routing_key) for queue in wanted
    } | {(broker.DEAD_EXCHANGE, broker.DEAD_QUEUE, "#")}
    assert {exchange["name"] for exchange in found["exchanges"]} == {"almanac", broker.DEAD_EXCHANGE}


def test_the_user_comes_from_the_environment_and_stays_out_of_it(tmp_path):
    done = written(tmp_path, RABBITMQ_DEFAULT_USER="almanac", RABBITMQ_DEFAULT_PASS=AWKWARD)
    assert done.returncode == 0, done.stderr
    (user,) = definitions(tmp_path)["users"]
    assert (user["name"], user["password"]) == ("almanac", AWKWARD)
    assert "RABBITMQ_DEFAULT" not in done.stdout
    assert (tmp_path / "definitions.json").stat().st_mode & 0o077 == 0


def test_the_password_may_lie_in_a_file(tmp_path):
    (tmp_path / "password").write_text("walnut\n")
    done = written(tmp_path, RABBITMQ_DEFAULT_USER="almanac", RABBITMQ_DEFAULT_PASS_FILE=str(tmp_path / "password"))
    assert done.returncode == 0, done.stderr
    assert definitions(tmp_path)["users"][0]["password"] == "walnut"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"RABBITMQ_DEFAULT_USER": "almanac"},
        {"RABBITMQ_DEFAULT_PASS": "walnut"},
        {"RABBITMQ_DEFAULT_USER": "guest", "RABBITMQ_DEFAULT_PASS": "guest"},
    ],
)
def test_without_a_user_of_its_own_it_does_not_start(tmp_path, environ):
    done = written(tmp_path, **environ)
    assert done.returncode == 1
    assert "RABBITMQ_DEFAULT_" in done.stderr
    assert not (tmp_path / "definitions.json").exists()


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_a_node_with_these_definitions_lets_almanac_in_and_guest_not(tmp_path):
    assert written(tmp_path, RABBITMQ_DEFAULT_USER="almanac", RABBITMQ_DEFAULT_PASS="walnut").returncode == 0
    with own_node(load_definitions=str(tmp_path / "definitions.json")) as node:
        url = f"amqp://almanac:walnut@127.0.0.1:{node.port}/almanac"
        with a_crew(tmp_path, "sqlite", CELERY_BROKER_URL=url) as crew:
            crew.run("tests.faults.broker_acts:declare")  # it finds everything as it wants it
            assert all(crew.run("tests.faults.broker_acts:mails", 3))
        with pytest.raises(ProbableAuthenticationError):
            pika.BlockingConnection(pika.URLParameters(f"amqp://guest:guest@127.0.0.1:{node.port}/almanac"))
        lines = node.ctl("list_queues", "-p", "almanac", "--no-table-headers", "name", "policy").splitlines()
        policies = dict(line.split("\t") for line in lines)
        assert policies["almanac.dead"] == "the dead do not fill the disk"
        assert policies["almanac.mail"] == policies["celery_delayed_5"] == "leaders spread over the nodes"
