"""A mailbox that can keep a sender waiting in a phase of SMTP, for as long as a test likes."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller

from tests.mailbox import Mailbox, free_port

PHASES = ("EHLO", "MAIL", "RCPT", "DOT")


@dataclass
class Hold:
    """The next sender that comes to ``phase`` waits there. At ``DOT`` its mail has been accepted, but not answered."""

    phase: str
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = 20) -> None:
        assert self.reached.wait(seconds), f"nobody came to {self.phase} within {seconds} s"

    def release(self) -> None:
        self.let_go.set()


@dataclass
class PatientMailbox(Mailbox):
    """As any mailbox, until :meth:`hold` is called."""

    holds: list[Hold] = field(default_factory=list)

    def hold(self, phase: str) -> Hold:
        assert phase in PHASES
        made = Hold(phase)
        self.holds.append(made)
        return made

    def clear(self) -> None:
        super().clear()
        for each in self.holds:
            each.release()
        self.holds.clear()

    async def handle_EHLO(self, server, session, envelope, hostname, responses) -> list[str]:  # noqa: N802
        session.host_name = hostname
        await self._keep_waiting("EHLO")
        return responses

    async def handle_MAIL(self, *args) -> str:  # noqa: N802
        await self._keep_waiting("MAIL")
        return await super().handle_MAIL(*args)

    async def handle_RCPT(self, *args) -> str:  # noqa: N802
        await self._keep_waiting("RCPT")
        return await super().handle_RCPT(*args)

    async def handle_DATA(self, *args) -> str:  # noqa: N802
        reply = await super().handle_DATA(*args)
        await self._keep_waiting("DOT")
        return reply

    async def _keep_waiting(self, phase: str) -> None:
        hold = next((each for each in self.holds if each.phase == phase and not each.reached.is_set()), None)
        if hold is not None:
            hold.reached.set()
            while not hold.let_go.is_set():  # noqa: ASYNC110  # it is let go from another thread
                await asyncio.sleep(0.01)


def open_patient_mailbox() -> tuple[PatientMailbox, Controller]:
    """As :func:`tests.mailbox.open_mailbox`."""
    mailbox = PatientMailbox(port=free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    return mailbox, controller
