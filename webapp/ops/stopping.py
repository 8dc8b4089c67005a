"""How a loop without a framework learns that it should stop."""

from __future__ import annotations

import signal
import threading

LONGEST_GOODBYE = 8
"""Seconds after which the kernel ends a process that was asked to stop and is stuck."""

ASKING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def on_signals() -> threading.Event:
    """An event that is set by SIGTERM, SIGINT or SIGHUP.

    A thread waits for them: a handler would run in the middle of whatever the main thread does, and setting an event
    whose lock is just being held by that thread would hang for ever.
    """
    stop = threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)

    def listen() -> None:
        signal.sigwait(ASKING)
        signal.alarm(LONGEST_GOODBYE)
        stop.set()

    threading.Thread(target=listen, name="stop", daemon=True).start()
    return stop
