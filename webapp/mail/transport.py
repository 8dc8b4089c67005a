"""SMTP, one phase at a time, so that a broken connection says in which phase it broke.

`smtplib.sendmail` raises the same error for a cut in mid-body, after the final dot, and at QUIT; only the first may be
tried again and only the last means nothing. RFC 5321 4.5.3.2 gives the timeouts.
"""

from __future__ import annotations

import enum
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from config import Config

CONNECT_SECONDS = 30
COMMAND_SECONDS = 300
DOT_SECONDS = 600
MAILS_A_CONNECTION = 100


class Phase(enum.StrEnum):
    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


class Verdict(enum.StrEnum):
    """What an answer, or its absence, means for the mail."""

    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no such address"
    UNREACHABLE = "unreachable"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Outcome:
    """How far a mail came, and the server's last words: an SMTP code (None when it said nothing) and its text."""

    verdict: Verdict
    phase: Phase
    code: int | None = None
    reply: str = ""


class Connection:
    """A connection to the server that takes our mail, kept open between mails.

    A mail is handed over in two calls: :meth:`offer` (MAIL, RCPT, DATA), then, once the ledger knows, :meth:`deliver`.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._server: smtplib.SMTP | None = None
        self._handed_over = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def offer(self, sender: str, recipient: str) -> Outcome | None:
        """Names sender and recipient. None: the server wants the message; else how it ended before there was one."""
        if self._handed_over >= MAILS_A_CONNECTION:
            self.close()
        is_fresh = self._server is None
        outcome = self._connect() or self._envelope(sender, recipient)
        if outcome and outcome.verdict is Verdict.UNREACHABLE and not is_fresh:
            self.close()  # a kept connection that the server has since closed says nothing about the server
            outcome = self._connect() or self._envelope(sender, recipient)
        return outcome

    def deliver(self, message: bytes) -> Outcome:
        """Sends DATA, the message and the final dot. ``message`` has CRLF line ends; leading dots are doubled here."""
        server = self._open()
        phase = Phase.DATA
        try:
            code, reply = server.docmd("DATA")
            if code != 354:  # RFC 5321 3.3: the only answer that asks for the message
                return self._judged(phase, code, reply)
            phase = Phase.BODY
            server.send(_stuffed(message))
            phase = Phase.DOT
            self._wait(DOT_SECONDS)
            server.send(b".\r\n")
            code, reply = server.getreply()
            self._wait(COMMAND_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            verdict = Verdict.UNCERTAIN if phase is Phase.DOT else Verdict.UNREACHABLE
            return Outcome(verdict, phase, None, str(error))
        self._handed_over += 1
        return self._judged(phase, code, reply)

    def reset(self) -> None:
        """Takes back what :meth:`offer` began."""
        if self._server is not None:
            try:
                self._server.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def close(self) -> None:
        """Says goodbye. A failing QUIT means nothing: what was accepted stays accepted."""
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
        self._drop()

    def _connect(self) -> Outcome | None:
        if self._server is not None:
            return None
        config = self._config
        context = ssl.create_default_context()
        try:
            if config.smtp_security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    config.smtp_host, config.smtp_port, timeout=CONNECT_SECONDS, context=context
                )
            else:
                server = smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=CONNECT_SECONDS)
            self._server = server
            server.ehlo_or_helo_if_needed()
            if config.smtp_security == "starttls":
                server.starttls(context=context)
                server.ehlo()
            if config.smtp_user:
                server.login(config.smtp_user, config.smtp_password)
        except smtplib.SMTPResponseException as error:
            self._drop()
            return Outcome(Verdict.UNREACHABLE, Phase.CONNECT, error.smtp_code, _readable(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(Verdict.UNREACHABLE, Phase.CONNECT, None, str(error))
        self._handed_over = 0
        self._wait(COMMAND_SECONDS)
        return None

    def _envelope(self, sender: str, recipient: str) -> Outcome | None:
        server = self._open()
        phase = Phase.MAIL
        try:
            code, reply = server.mail(sender)
            if code // 100 == 2:  # RFC 5321 4.2.1: the first digit is the verdict
                phase = Phase.RCPT
                code, reply = server.rcpt(recipient)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(Verdict.UNREACHABLE, phase, None, str(error))
        if code // 100 == 2:
            return None
        outcome = self._judged(phase, code, reply)
        self.reset()
        return outcome

    def _judged(self, phase: Phase, code: int, reply: bytes) -> Outcome:
        words = _readable(reply)
        if code // 100 == 2:
            return Outcome(Verdict.ACCEPTED, phase, code, words)
        if code == 421 or code < 0:  # RFC 5321 4.2.2: the server is closing the channel
            self._drop()
            return Outcome(Verdict.UNREACHABLE, phase, code, words)
        if code // 100 == 4:
            return Outcome(Verdict.LATER, phase, code, words)
        if phase is Phase.RCPT and "5.1.1" in words:  # RFC 3463 3.2: bad destination mailbox address
            return Outcome(Verdict.NO_SUCH_ADDRESS, phase, code, words)
        return Outcome(Verdict.REFUSED, phase, code, words)

    def _open(self) -> smtplib.SMTP:
        if self._server is None:
            raise RuntimeError("offer() comes before deliver()")
        return self._server

    def _wait(self, seconds: float) -> None:
        if self._server is not None and self._server.sock is not None:
            self._server.sock.settimeout(seconds)

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


def _stuffed(message: bytes) -> bytes:
    """RFC 5321 4.5.2: a leading dot is doubled. The text ends with a line end, so that the final dot stands alone."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _readable(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
