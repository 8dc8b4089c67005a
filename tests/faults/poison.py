"""Tasks that no worker can do anything with. A test's worker takes them in with ``--include``; each run is counted."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from webapp.extensions import celery

RUNS = "poison"
"""A file of DATA_DIR with a line for each run."""


@celery.task(name="mail.always_raises")
def always_raises(*_: object) -> None:
    count("always_raises")
    raise ZeroDivisionError("it never works")


@celery.task(name="mail.kills_its_child")
def kills_its_child(*_: object) -> None:
    count("kills_its_child")
    os.kill(os.getpid(), signal.SIGKILL)


def count(name: str) -> None:
    with (Path(os.environ["DATA_DIR"]) / RUNS).open("a") as file:
        file.write(f"{name}\n")
