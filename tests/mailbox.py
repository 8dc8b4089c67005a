"""A real SMTP server in a thread, and what it was given."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller


@dataclass(frozen=True)
class Received:
    """One accepted message with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    at: float = field(default_factory=time.time)

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    @property
    def kind(self) -> str:
        return self.message["X-Almanac-Kind"]

    @property
    def subject(self) -> str:
        return self.message["Subject"]

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content()

    def links(self, containing: str = "") -> list[str]:
        """The addresses in the text part, in order, that contain something."""
        return [link for link in re.findall(r"https?://[^\s<>]+", self.text) if containing in link]

    def link(self, containing: str = "") -> str:
        """The first such address: in a mail the link that matters comes first."""
        found = self.links(containing)
        assert found, f"no link with {containing!r} in:\n{self.text}"
        return found[0]


@dataclass
class Mailbox:
    """Everything received since the test began.

    ``replies`` makes the server refuse: a verb (``MAIL``, ``RCPT``, ``DATA``) or an address mapped to a full SMTP
    reply such as ``"450 4.2.1 try later"``. The DATA reply comes after the final dot.
    """

    received: list[Received] = field(default_factory=list, repr=False)
    replies: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def clear(self) -> None:
        self.received.clear()
        self.replies.clear()

    def to(self, address: str, kind: str = "") -> list[Received]:
        """What was sent to one address, oldest first."""
        return [each for each in self.received if address in each.recipients and kind in {"", each.kind}]

    def only(self, address: str, kind: str = "") -> Received:
        """The one message to an address; fails when there is none or more than one."""
        found = self.to(address, kind)
        assert len(found) == 1, f"{len(found)} mails to {address}, not one: {[each.subject for each in found]}"
        return found[0]

    def wait_for(self, address: str, kind: str = "", *, count: int = 1, seconds: float = 20) -> list[Received]:
        """Waits until ``count`` mails to an address have come; fails when they do not."""
        deadline = time.monotonic() + seconds
        while len(found := self.to(address, kind)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} mails to {address} after {seconds} s"
            time.sleep(0.02)
        return found

    # What aiosmtpd calls.

    async def handle_MAIL(self, server, session, envelope, address, options) -> str:  # noqa: N802
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        reply = self.replies.get(address) or self.replies.get("RCPT", "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        reply = self.replies.get("DATA", "250 OK")
        if reply.startswith("2"):
            self.received.append(Received(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return reply


def open_mailbox() -> tuple[Mailbox, Controller]:
    """A mailbox that listens on a free port of 127.0.0.1. Whoever opens it calls ``controller.stop()``."""
    mailbox = Mailbox(port=free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    return mailbox, controller


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
