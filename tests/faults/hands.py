"""The program behind :class:`tests.faults.crew.Crew`: loads the application once, then forks a process for each order.

An order is a line of JSON on standard input. What became of it is one on standard output.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy.orm import configure_mappers

from tests.faults import acts  # noqa: F401  # loaded once, as is what follows
from webapp import create_app
from webapp.extensions import celery, db
from webapp.mail import rendering

LAZY = ("celery.app.amqp", "celery.app.routes", "celery.backends.database.session", "celery.events.dispatcher")
"""What Celery loads at its first publish."""


def main() -> None:
    app = create_app(log_to=sys.stderr)
    celery.finalize()
    for module in LAZY:
        importlib.import_module(module)
    configure_mappers()
    rendering.compile_templates(app)
    gc.freeze()
    say(ready=True)
    children: dict[int, int] = {}
    heard = b""
    while True:
        if select.select([0], [], [], 0.005 if children else None)[0]:
            some = os.read(0, 65536)
            if not some:
                break
            *lines, heard = (heard + some).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    work(app, order)
                children[pid] = order["id"]
                say(id=order["id"], pid=pid)
        while children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            say(id=children.pop(pid), ended=os.waitstatus_to_exitcode(status))
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def work(app, order) -> None:
    status = 1
    try:
        if order["ahead"]:
            time_machine.travel(datetime.now(UTC) + timedelta(seconds=order["ahead"]), tick=True).start()
        say(id=order["id"], result=do(app, order["what"], order["args"]))
        status = 0
    except BaseException:  # noqa: BLE001  # the child must not run on into the parent's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def do(app, what: str, args: list) -> object:
    """A task by its name, or ``module:function`` in a transaction of its own."""
    if ":" not in what:
        return celery.tasks[what](*args)
    module, _, name = what.partition(":")
    with app.app_context():
        result = getattr(importlib.import_module(module), name)(*args)
        db.session.commit()
        return result


def say(**facts: object) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    main()
