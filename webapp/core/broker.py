"""Celery's settings for each kind of broker. New lower-case names only; Flask-Celery-Helper must see none of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kombu.entity import Exchange, Queue
from sqlalchemy.engine import make_url

from webapp.core import folder_broker

QUEUES = ("almanac.default", "almanac.reminders", "almanac.digests", "almanac.mail")
DEAD_QUEUE = "almanac.dead"
DEAD_EXCHANGE = "almanac.dead"
DEAD_ARGUMENTS = {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1}
"""Whoever looks at the dead letters gives them back, and from 4.0 on RabbitMQ lets a message go after the 20th time."""

ROUTES = {
    "reminders.*": {"queue": "almanac.reminders"},
    "digests.*": {"queue": "almanac.digests"},
    "mail.*": {"queue": "almanac.mail"},
}
ANSWER_SECONDS = 0.8
"""How long a publisher waits for a broker that does not answer; with what else a request does, less than a second."""


def settings(broker_url: str, database_url: str, data_dir: Path, zone: str) -> dict[str, Any]:
    """Celery's configuration. ``zone`` is the one crontabs are read in."""
    common: dict[str, Any] = {
        "task_default_queue": "almanac.default",
        "task_routes": ROUTES,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_serializer": "json",
        "result_backend": _result_backend(database_url, data_dir),
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_consumer": "webapp.core.receiving:Consumer",
        "worker_send_task_events": True,
        "broker_connection_timeout": ANSWER_SECONDS,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
        "timezone": zone,
        "enable_utc": True,
        "beat_schedule_filename": str(data_dir / "beat-schedule"),
        "beat_max_loop_interval": 5,
    }
    kind = urlsplit(broker_url).scheme
    return common | {"amqp": _rabbitmq, "amqps": _rabbitmq, "filesystem": _embedded}.get(kind, _plain)(broker_url)


def _rabbitmq(broker_url: str) -> dict[str, Any]:
    """Quorum queues behind a topic exchange, as native delayed delivery needs them; what fails for good is kept.

    ``broker_url`` may name the nodes of a cluster, separated by semicolons: each is tried once, without a pause, where
    kombu would sleep for two seconds even after a refusal. A worker's own connection is tried for ever all the same.
    """
    exchange = Exchange("almanac", type="topic", durable=True)
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    return {
        "task_default_exchange": "almanac",
        "task_default_exchange_type": "topic",
        "task_default_routing_key": "almanac.default",
        "task_queues": [Queue(name, exchange, routing_key=name, queue_arguments=dict(arguments)) for name in QUEUES],
        "broker_transport_options": {
            "confirm_publish": True,
            "max_retries": broker_url.count(";"),
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
    }


def _plain(_broker_url: str) -> dict[str, Any]:
    return {
        "task_queues": [Queue(name) for name in QUEUES],
        "broker_transport_options": {"socket_connect_timeout": ANSWER_SECONDS, "visibility_timeout": 3600},
    }


def _embedded(broker_url: str) -> dict[str, Any]:
    """Kombu's filesystem transport. It forgets a message once read, which the dispatcher makes good."""
    folder = Path(urlsplit(broker_url).path)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
    make_folders(options)
    return {
        "task_queues": [Queue(name) for name in QUEUES],
        "broker_url": f"{folder_broker.SCHEME}://",
        "broker_transport_options": options,
    }


def make_folders(options: dict[str, Any]) -> None:
    """Makes what the filesystem transport needs, also when somebody has deleted it."""
    for part in ("data_folder_in", "processed_folder", "control_folder"):
        Path(options[part]).mkdir(parents=True, exist_ok=True)


def _result_backend(database_url: str, data_dir: Path) -> str:
    """Results are wanted by `celery selftest` only: beside the database, in tables of Celery's own."""
    if make_url(database_url).drivername == "sqlite":
        return f"db+sqlite:///{data_dir / 'results.db'}"
    return f"db+{database_url}"
