"""Processes that each do one piece of work, as a worker's child does, and can be killed, stopped and woken.

A whole house takes seconds to start; one of these takes milliseconds, so that hundreds of them can die in a test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from tests.house import PYTHON, ROOT, House
from webapp.mail.operations import CLAIM_LEASE, SENDING_LEASE

A_LITTLE = 2
CLAIM_IS_OVER = CLAIM_LEASE.total_seconds() + A_LITTLE
SENDING_IS_OVER = SENDING_LEASE.total_seconds() + A_LITTLE
REPEAT_IS_DUE = SENDING_IS_OVER + timedelta(minutes=2).total_seconds()


@dataclass
class Hand:
    """One process."""

    what: str
    pid: int = 0
    status: int | None = None
    result: object = None
    began: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def kill(self) -> bool:
        """As the power would. False when it had ended before."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.ended.wait(10)
        return self.status == -signal.SIGKILL

    def stop(self) -> None:
        """It sleeps, as on a machine that is suspended, until :meth:`go_on`."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, seconds: float = 60) -> int:
        assert self.ended.wait(seconds), f"{self.what} did not end within {seconds} s"
        return self.status


class Crew:
    """Works in a house, on its database, broker and mailbox. ``ahead`` moves a process's clock, in seconds."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mailbox = house.mailbox
        self._hands: list[Hand] = []
        self._log = (house.folder / "crew.log").open("ab")
        self._process = subprocess.Popen(
            [PYTHON, "-m", "tests.faults.hands"],
            cwd=ROOT,
            env=house.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        assert json.loads(self._process.stdout.readline() or "{}").get("ready"), self.log()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, what: str, *args: object, ahead: float = 0) -> Hand:
        """Begins a task, or a function of :mod:`tests.faults.acts`, in a process of its own."""
        hand = Hand(what)
        self._hands.append(hand)
        order = {"id": len(self._hands) - 1, "what": what, "args": args, "ahead": ahead}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        assert hand.began.wait(10), self.log()
        return hand

    def run(self, what: str, *args: object, ahead: float = 0) -> object:
        """The same, and waits for its end. Returns what it returned."""
        hand = self.start(what, *args, ahead=ahead)
        assert hand.wait() == 0, f"{what} failed:\n{self.log()[-3000:]}"
        return hand.result

    def act(self, name: str, *args: object, ahead: float = 0) -> object:
        return self.run(f"tests.faults.acts:{name}", *args, ahead=ahead)

    def go_on(self, ahead: float) -> None:
        """What the house does later on: a sweep that takes back what the dead held, then one round and a worker."""
        self.run("ops.sweep", ahead=ahead)
        self.run("ops.sweep", ahead=ahead + 1)
        self.run("mail.drain", ahead=ahead + 1)

    def log(self) -> str:
        return (self.house.folder / "crew.log").read_text(errors="replace")

    def end(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._listener.join()
        self._process.stdout.close()
        self._log.close()

    def _listen(self) -> None:
        for line in self._process.stdout:
            said = json.loads(line)
            hand = self._hands[said["id"]]
            if "pid" in said:
                hand.pid = said["pid"]
                hand.began.set()
            if "result" in said:
                hand.result = said["result"]
            if "ended" in said:
                hand.status = said["ended"]
                hand.ended.set()
