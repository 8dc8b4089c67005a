"""Structured logs: one line a fact, with the request or the task it belongs to and who asked, and without secrets.

Everything goes through the standard library's root logger, Flask's, Celery's and gunicorn's lines included. On a
terminal the lines are for reading, elsewhere they are JSON.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import sys
import time
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

import structlog
from celery import signals
from flask import Flask, Response, g, request

from config import Config

ROTATES_AT = 10 * 1024 * 1024
KEPT_FILES = 5
HIDDEN = "…"
SECRET_PATHS = re.compile(r"(/(?:confirm|reset|unsubscribe|setup|digests|preview|reminders/act)/)[^\s/?#\"'<>]+")
SECRET_QUERIES = re.compile(r"([?&](?:token|key|code|secret|password)=)[^\s&\"'<>]+", re.IGNORECASE)
URL_PASSWORDS = re.compile(r"(\w://[^\s/:@]*:)[^\s@/]+@")
BEARERS = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
SECRET_NAMES = frozenset({"authorization", "cookie", "password", "secret", "secret_key", "token", "csrf_token"})
A_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
ASKED_BY = "almanac_request"
"""The header of a message that carries the number of the request it came out of."""

QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
NOISY_LOGGERS = {
    "alembic": logging.WARNING,
    "aiosmtpd": logging.WARNING,
    "flufl.bounce": logging.WARNING,
    "mail.log": logging.WARNING,  # aiosmtpd's name for it
    "celery.app.trace": logging.WARNING,
    "celery.worker.strategy": logging.WARNING,
    "celery.beat": logging.WARNING,  # it says each time that it sends, which the task itself shows
    "kombu.connection": logging.ERROR,
    "pika": logging.CRITICAL,  # seven lines for one refused connection, which whoever asked reports in one
}
"""What each says below this is of no use to whoever runs the house."""

log = structlog.get_logger()


def init_app(app: Flask, stream: TextIO | None = None) -> None:
    """Sets logging up for this process and logs each request once, when it has been answered."""
    configure(app.config["ALMANAC"], stream)

    @app.before_request
    def begin() -> None:
        g.request_began = time.perf_counter()
        g.request_id = _given_request_id(app) or uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id, caller=request.remote_addr)

    @app.after_request
    def end(response: Response) -> Response:
        began = g.get("request_began")
        if began is None:  # refused before it reached us, for its host perhaps
            return response
        response.headers["X-Request-ID"] = g.request_id
        level = logging.DEBUG if request.path in QUIET_PATHS and response.status_code < 400 else logging.INFO
        log.log(
            level,
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def request_id() -> str | None:
    """The number of the present request, which stands in its log lines and may be shown to whoever made it."""
    return cast(str | None, g.get("request_id"))


def asked_by() -> str | None:
    """The number of the request that this is done for, in a request or in a task that came out of one."""
    return cast(str | None, structlog.contextvars.get_contextvars().get("request_id"))


def configure(config: Config, stream: TextIO | None = None) -> None:
    """Points all logging of this process at a stream, and at LOG_FILE when there is one.

    Standard output unless another is named: a command that prints its answer there writes its log elsewhere.
    """
    stream = stream or sys.stdout
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    as_json = [structlog.processors.format_exc_info, without_secrets, structlog.processors.JSONRenderer(default=str)]
    as_text = [structlog.processors.format_exc_info, without_secrets, structlog.dev.ConsoleRenderer(pad_event_to=24)]

    screen: logging.Handler = logging.StreamHandler(stream)
    screen.setFormatter(_formatter(shared, as_text if stream.isatty() else as_json))
    handlers = [screen]
    if config.log_file:
        file = SharedRotatingFile(config.log_file)
        file.setFormatter(_formatter(shared, as_json))
        handlers.append(file)

    root = logging.getLogger()
    for old in [each for each in root.handlers if getattr(each, "is_almanac", False)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.is_almanac = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(config.log_level.upper())
    for name, level in NOISY_LOGGERS.items():
        logging.getLogger(name).setLevel(level if root.level > logging.DEBUG else logging.NOTSET)


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hides what opens a door: tokens in links, passwords in addresses, credentials by name."""
    for name, value in event.items():
        if name.lower() in SECRET_NAMES:
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = redacted(value)
    return event


def redacted(words: str) -> str:
    """A text without the secrets that its addresses carry."""
    words = SECRET_PATHS.sub(rf"\1{HIDDEN}", words)
    words = SECRET_QUERIES.sub(rf"\1{HIDDEN}", words)
    words = URL_PASSWORDS.sub(rf"\1{HIDDEN}@", words)
    return BEARERS.sub(rf"\1 {HIDDEN}", words)


class SharedRotatingFile(logging.handlers.RotatingFileHandler):
    """A rotating file that several processes write to: only one of them turns it over, the others follow."""

    def __init__(self, file: str) -> None:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(file, maxBytes=ROTATES_AT, backupCount=KEPT_FILES, encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            with self._alone():
                if self.stream and self._was_turned_over(self.stream.fileno()):
                    self.stream.close()
                    self.stream = None
                super().emit(record)
        except OSError:  # it cannot be locked: there is no room for a file more, or it is not ours
            self.handleError(record)

    def _was_turned_over(self, ours: int) -> bool:
        try:
            return not os.path.samestat(Path(self.baseFilename).stat(), os.fstat(ours))
        except OSError:
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        import fcntl

        with Path(f"{self.baseFilename}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _formatter(shared: list[Any], last: list[Any]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )


def _given_request_id(app: Flask) -> str | None:
    """The number that the proxy in front of us gave this request, when there is one to trust."""
    given = request.headers.get("X-Request-ID", "") if app.config["ALMANAC"].proxy_count else ""
    return given if A_REQUEST_ID.fullmatch(given) else None


def _leave_logging_to_us(**_: Any) -> None:
    """Celery sets up no logging of its own while somebody listens to this signal."""


def _begin_task(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(task_id=task_id, task=task.name)
    headers = task.request.headers or {}
    if isinstance(number := headers.get(ASKED_BY), str) and A_REQUEST_ID.fullmatch(number):
        structlog.contextvars.bind_contextvars(request_id=number)


def _end_task(**_: Any) -> None:
    structlog.contextvars.unbind_contextvars("task_id", "task", "request_id")


signals.setup_logging.connect(_leave_logging_to_us, dispatch_uid="almanac.logs")
signals.task_prerun.connect(_begin_task, dispatch_uid="almanac.logs.begin")
signals.task_postrun.connect(_end_task, dispatch_uid="almanac.logs.end")
