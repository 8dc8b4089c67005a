"""What the house consists of: how it is loaded and set up once, and what each of its processes does."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import warnings
from importlib import import_module
from pathlib import Path

import structlog
from celery import signals
from celery.exceptions import SecurityWarning
from flask import Flask
from gunicorn.app.base import Application
from keeper import Process
from setproctitle import setproctitle
from sqlalchemy.exc import DBAPIError

from config import Config, DevConfig
from webapp import create_app
from webapp.accounts import setup
from webapp.extensions import celery, db
from webapp.mail import inbox, rendering
from webapp.ops import broker, dispatcher, migrations, stopping

HERE = Path(__file__).resolve().parent.parent
WORKER_TITLE = "celery -A celery_runner worker"
BEAT_TITLE = "celery -A celery_runner beat"
WORKER_CHILDREN = 2
SHARED = (
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.app.trace",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.backends.database.session",
    "celery.concurrency.prefork",
    "celery.events.dispatcher",
    "celery.events.receiver",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.pidbox",
    "gunicorn.http.wsgi",
    "gunicorn.http2.negotiation",
    "webapp.core.server",
)

log = structlog.get_logger()


class NotReady(Exception):
    """The house cannot be opened. The message is one line."""


def load(config: Config) -> Flask:
    """The application, with all that its processes would load one by one, so that they share it."""
    app = create_app(config)
    celery.finalize()
    for module in SHARED:
        import_module(module)
    rendering.compile_templates(app)
    return app


def set_up(app: Flask) -> str | None:
    """Brings the database and the broker to where this version needs them.

    Returns the address at which the first administrator is made, as long as there is none.
    """
    with app.app_context():
        try:
            migrations.upgrade()
            link = setup.link()
            warm_up(app)
        except DBAPIError as error:
            raise NotReady(f"the database cannot be used: {' '.join(str(error.orig).split())}") from None
        finally:
            db.session.remove()
            db.engine.dispose()  # no connection may be shared by two processes
        try:
            broker.declare_topology()
        except broker.Unreachable as error:
            log.warning("broker.unreachable", error=str(error))  # pages work without it, and mail goes out later
    return link


def warm_up(app: Flask) -> None:
    """Answers a page once, to nobody: what that loads and compiles, every process then shares."""
    logging.disable()
    try:
        app.test_client().get("/", base_url=app.config["ALMANAC"].site_url)
    finally:
        logging.disable(logging.NOTSET)


def processes(app: Flask, config: Config, web: socket.socket, mail: socket.socket | None) -> list[Process]:
    """Every process, in the order in which they start."""
    found = [
        Process("web", "gunicorn webapp:create_app()", lambda: serve(app, web), listener=web),
        Process("worker", WORKER_TITLE, lambda: work(config), harder=signal.SIGQUIT),
        Process("beat", BEAT_TITLE, lambda: beat(config)),
        Process("dispatcher", "manage.py sweep --forever", lambda: dispatch(app)),
    ]
    if mail and isinstance(config, DevConfig):
        keep_mail = Process(
            "inbox", "almanac inbox", lambda: inbox.serve(mail, config.inbox_dir), listener=mail, leaves_last=True
        )
        found.insert(0, keep_mail)
    return found


def serve(app: Flask, listener: socket.socket) -> None:
    """The pages and the API."""

    class Embedded(Application):
        def load_config(self) -> None:
            self.load_config_from_file(str(HERE / "gunicorn.conf.py"))
            self.cfg.set("bind", f"fd://{listener.fileno()}")
            self.cfg.set("workers", 1)

        def load(self) -> Flask:
            return app

    sys.argv = ["gunicorn", "webapp:create_app()"]
    Embedded().run()


def work(config: Config) -> None:
    """Runs tasks, in two children of its own."""
    sys.argv = WORKER_TITLE.split()
    warnings.simplefilter("ignore", SecurityWarning)  # about being root, which matters where pickles are accepted
    signals.worker_ready.connect(_name_worker, weak=False)
    signals.worker_process_init.connect(_name_worker, weak=False)
    worker = celery.Worker(
        pool="prefork",
        concurrency=WORKER_CHILDREN,
        loglevel=config.log_level.upper(),
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


def beat(config: Config) -> None:
    """Sends the periodic tasks at their time."""
    sys.argv = BEAT_TITLE.split()
    signals.beat_init.connect(lambda **_: setproctitle(BEAT_TITLE), weak=False)
    celery.Beat(loglevel=config.log_level.upper(), quiet=True).run()


def dispatch(app: Flask) -> None:
    """Sees to it that what is due happens."""
    with app.app_context():
        dispatcher.run(stopping.on_signals())


def _name_worker(sender: object = None, **_: object) -> None:
    setproctitle(WORKER_TITLE if sender is not None else f"{WORKER_TITLE} child {os.getpid()}")
