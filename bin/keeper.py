"""Keeps processes running: forks them, forks again what dies, and ends them all, warm first and then harder."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import make
import structlog
from setproctitle import setproctitle

log = structlog.get_logger()

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HARDER_AFTER, KILL_AFTER = 6.0, 8.0
"""Seconds after the first signal to a process."""
SAME_WISH = 1.0
"""Seconds in which several signals are one wish to stop: make and the terminal may both pass it on. A Ctrl-C after that
goes one step further at once."""
SHORTEST_LIFE, LONGEST_WAIT = 10.0, 10.0
"""What dies younger than this, in seconds, waits longer before each new start, up to the second figure."""


@dataclass
class Process:
    """One part of the house.

    ``title`` is what `ps` shows. ``leaves_last`` stays until the others have finished. ``listener`` is the socket it
    answers on, which the keeper holds open so that nobody is refused while the process is replaced.
    """

    name: str
    title: str
    run: Callable[[], None]
    harder: signal.Signals = signal.SIGKILL
    leaves_last: bool = False
    listener: socket.socket | None = None
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


class Keeper:
    """Keeps ``processes`` running until it is told to stop."""

    def __init__(self, processes: list[Process]) -> None:
        self.processes = processes
        self.asked_at: float | None = None
        self.hurries = 0
        self.lifeline = os.pipe()
        self.ear, self.mouth = socket.socketpair()

    def keep(self) -> int:
        """Returns the exit status once everything has ended."""
        self.mouth.setblocking(False)
        signal.set_wakeup_fd(self.mouth.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for each in STOPPING:
            signal.signal(each, self._ask)
        is_under_make = make.catches_interrupts()
        while self.asked_at is None:
            self._start_what_is_due()
            self._listen(min(self._seconds_to_next_start(), 0.5 if is_under_make else 3600))
            self._reap()
            if is_under_make and not make.catches_interrupts():
                self._ask()
        self._end([each for each in self.processes if not each.leaves_last])
        self._end(self.processes)
        log.info("house.stopped")
        return 0

    def _ask(self, signal_number: int = signal.SIGTERM, _frame: object = None) -> None:
        if self.asked_at is None:
            self.asked_at = time.monotonic()
        elif signal_number == signal.SIGINT and time.monotonic() - self.asked_at > SAME_WISH:
            self.hurries += 1

    def _start_what_is_due(self) -> None:
        for each in self.processes:
            if not each.pid and each.start_at <= time.monotonic():
                each.started_at = time.monotonic()
                each.pid = self._fork(each)

    def _seconds_to_next_start(self) -> float:
        waits = [each.start_at - time.monotonic() for each in self.processes if not each.pid]
        return max(0.0, min(waits, default=3600.0))

    def _listen(self, seconds: float) -> None:
        if select.select([self.ear], [], [], seconds)[0]:
            self.ear.recv(4096)

    def _reap(self) -> None:
        for pid, status in _ended():
            for each in self.processes:
                if each.pid == pid:
                    self._lost(each, os.waitstatus_to_exitcode(status))

    def _lost(self, process: Process, status: int) -> None:
        _signal_group(process.pid, signal.SIGKILL)  # what it left behind, such as the children of a killed worker
        process.pid = 0
        if self.asked_at is not None:
            return
        now = time.monotonic()
        process.failures = 0 if now - process.started_at > SHORTEST_LIFE else process.failures + 1
        wait = min(LONGEST_WAIT, 0.1 * 2**process.failures)
        process.start_at = now + wait
        log.warning("house.process_ended", process=process.name, status=status, again_in_seconds=wait)

    def _end(self, processes: list[Process]) -> None:
        """SIGTERM lets each finish what it has begun; who takes too long is pressed, then killed."""
        steps = [(0.0, _ask_to_leave), (HARDER_AFTER, _press), (KILL_AFTER, _kill)]
        if all(each.leaves_last for each in processes if each.pid):
            steps = [(0.0, _ask_to_leave), (1.0, _kill)]
        began, hurries = time.monotonic(), self.hurries
        while running := [each for each in processes if each.pid]:
            if steps and (time.monotonic() - began >= steps[0][0] or self.hurries > hurries):
                hurries = self.hurries
                _, step = steps.pop(0)
                for each in running:
                    step(each)
            self._listen(0.1)
            self._reap()

    def _fork(self, process: Process) -> int:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {*STOPPING, signal.SIGCHLD})
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become(process, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid

    def _become(self, process: Process, mask: set[signal.Signals]) -> NoReturn:
        """The child's life: in a session of its own, so that Ctrl-C reaches it through the keeper only."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in (*STOPPING, signal.SIGCHLD):
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.setsid()
            self._let_go_of_what_is_not_its_own(process)
            threading.Thread(target=_end_with_keeper, args=(self.lifeline[0],), daemon=True).start()
            setproctitle(process.title)
            process.run()
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        except BaseException:  # the child must not run on into the keeper's code
            log.exception("house.process_failed", process=process.name)
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _let_go_of_what_is_not_its_own(self, process: Process) -> None:
        os.close(self.lifeline[1])
        for each in (self.ear, self.mouth, *(other.listener for other in self.processes)):
            if each is not None and each is not process.listener:
                each.close()


def _end_with_keeper(lifeline: int) -> None:
    """Waits, in a thread, for the end of the keeper: even after its kill -9 nothing is left running."""
    os.read(lifeline, 1)  # nobody ever writes: this returns when the only writer is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(KILL_AFTER)
    os.killpg(0, signal.SIGKILL)


def _ask_to_leave(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)


def _press(process: Process) -> None:
    if process.harder is signal.SIGKILL:
        _kill(process)
    else:
        with suppress(ProcessLookupError):
            os.kill(process.pid, process.harder)


def _kill(process: Process) -> None:
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(pid: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, how)


def _ended() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, status
