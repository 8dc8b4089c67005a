"""Tasks that no worker can do anything with. A test's worker takes them in with ``--include``."""

from __future__ import annotations

import os
import signal

from webapp.extensions import celery


@celery.task(name="mail.always_raises")
def always_raises(*_: object) -> None:
    raise ZeroDivisionError("it never works")


@celery.task(name="mail.kills_its_child")
def kills_its_child(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
