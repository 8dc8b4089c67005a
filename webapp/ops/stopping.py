"""How a loop without a framework learns that it should stop."""

from __future__ import annotations

import signal
import threading

PATIENCE = 3
"""Seconds that the main thread has to finish what it has begun. Then whatever it waits for is interrupted by
:class:`SystemExit`, so that it can still write down how things stand."""

LONGEST_GOODBYE = 8
"""Seconds after which the kernel ends a process that was asked to stop and is stuck."""

ASKING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def on_signals() -> threading.Event:
    """An event that is set by SIGTERM, SIGINT or SIGHUP.

    A thread waits for them: a handler would run in the middle of whatever the main thread does, and setting an event
    whose lock is just being held by that thread would hang for ever.
    """
    stop = threading.Event()
    signal.signal(signal.SIGALRM, _interrupt)
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)

    def listen() -> None:
        signal.sigwait(ASKING)
        signal.alarm(PATIENCE)
        stop.set()

    threading.Thread(target=listen, name="stop", daemon=True).start()
    return stop


def _interrupt(_signal_number: int, _frame: object) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LONGEST_GOODBYE - PATIENCE)
    raise SystemExit(0)
