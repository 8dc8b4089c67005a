"""SMTP, one phase at a time, so that a broken connection says in which phase it broke.

`smtplib.sendmail` raises the same error for a cut in mid-body, after the final dot, and at QUIT; only the first may be
tried again and only the last means nothing. RFC 5321 4.5.3.2 gives the timeouts.
"""

from __future__ import annotations

import enum
import re
import select
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from config import Config
from webapp.mail import breaker

CONNECT_SECONDS = 30
BANNER_SECONDS = 300
COMMAND_SECONDS = 300
DATA_SECONDS = 120
BODY_SECONDS = 180
DOT_SECONDS = 600
QUIT_SECONDS = 5
"""Ours to choose: nothing depends on the answer."""

MAILS_A_CONNECTION = 100


class Phase(enum.StrEnum):
    CONNECT = "connect"
    SIGN_IN = "sign-in"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


class Verdict(enum.StrEnum):
    """What an answer, or its absence, means for the mail."""

    ACCEPTED = "accepted"
    LATER = "later"
    """The server put this mail off, or the connection broke before the dot."""
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no such address"
    UNREACHABLE = "unreachable"
    """Nothing to do with this mail: no connection, or 421."""
    SIGN_IN_REFUSED = "sign-in refused"
    WAITING = "waiting"
    """Not tried: the server is left alone for a while."""
    STOPPED = "stopped"
    """This process was told to end before the dot."""
    UNCERTAIN = "uncertain"


AGAINST_THE_SERVER = frozenset({Verdict.UNREACHABLE, Verdict.SIGN_IN_REFUSED})
"""What says nothing about the mail: it costs no place in the retry schedule."""


@dataclass(frozen=True)
class Outcome:
    """How far a mail came, and the server's last words: an SMTP code (None when it said nothing) and its text.

    ``wait_seconds`` says for how long the server, not only this mail, is left alone.
    """

    verdict: Verdict
    phase: Phase
    code: int | None = None
    reply: str = ""
    wait_seconds: float | None = None


class Connection:
    """A connection to the server that takes our mail, kept open between mails.

    A mail is handed over in two calls: :meth:`offer` (MAIL, RCPT), then, once the ledger knows, :meth:`deliver`.
    ``phase`` is the last one begun.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._server: smtplib.SMTP | None = None
        self._failure: Outcome | None = None
        self._mails = 0
        self._breaker = breaker.of(config.smtp_host, config.smtp_port)
        self.phase = Phase.CONNECT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.drop()  # whoever is in a hurry does not wait for a goodbye

    @property
    def must_wait(self) -> bool:
        """Whether the server is left alone for now, so that nobody needs to claim a mail for it."""
        return self._server is None and self._breaker.seconds_left > 0

    def open(self) -> None:
        """Connects ahead of the first mail, which then learns from :meth:`offer` how that went."""
        self._failure = self._connect()

    def offer(self, sender: str, recipient: str) -> Outcome | None:
        """Names sender and recipient. None: the server wants the message; else how it ended before there was one."""
        if self._failure is not None:
            known, self._failure = self._failure, None
            return known
        if self._mails >= MAILS_A_CONNECTION:
            self.close()
        if self._mails:
            self._reset()
        failure = self._connect()
        if failure is not None:
            return failure
        self._mails += 1
        outcome = self._envelope(sender, recipient)
        return None if outcome is None else self._noted(outcome)

    def deliver(self, message: bytes, *, may_finish: Callable[[], bool] = lambda: True) -> Outcome:
        """Sends DATA, the message and the final dot. ``message`` has CRLF line ends; leading dots are doubled here.

        ``may_finish`` is asked right before the dot. When it says no, the connection is dropped without one, and the
        server takes nothing.
        """
        server = self._open()
        try:
            self._begin(Phase.DATA, DATA_SECONDS)
            code, reply = server.docmd("DATA")
            if code != 354:  # RFC 5321 3.3: the only answer that asks for the message
                return self._noted(self._judged(code, reply))
            self._begin(Phase.BODY, BODY_SECONDS)
            server.send(_stuffed(message))
            if self._has_spoken():  # before its turn: to say that it is going, or with the end of the connection
                outcome = self._judged(*server.getreply())
                self.drop()
                return self._noted(outcome)
            if not may_finish():
                self.drop()
                return Outcome(Verdict.STOPPED, Phase.BODY, None, "given up before the dot: somebody else has it now")
            self._begin(Phase.DOT, DOT_SECONDS)
            server.send(b".\r\n")
            code, reply = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            verdict = Verdict.UNCERTAIN if self.phase is Phase.DOT else Verdict.LATER
            return Outcome(verdict, self.phase, None, str(error))
        return self._noted(self._judged(code, reply))

    def close(self) -> None:
        """Says goodbye. A failing QUIT means nothing: what was accepted stays accepted."""
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._wait(QUIT_SECONDS)
                self._server.quit()
        self.drop()

    def drop(self) -> None:
        """Ends the connection without a word."""
        if self._server is not None:
            self._server.close()
        self._server = None

    def _connect(self) -> Outcome | None:
        if self._server is not None:
            return None
        self.phase = Phase.CONNECT
        if not self._breaker.lets_through():
            reply = f"{self._breaker.host} is left alone for a while"
            return Outcome(Verdict.WAITING, self.phase, None, reply, self._breaker.seconds_left)
        try:
            self._greet()
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return self._noted(self._unreachable(error))
        self._mails = 0
        return None

    def _greet(self) -> None:
        config = self._config
        # it reads every certificate authority there is, which takes longer than a whole mail
        context = None if config.smtp_security == "none" else ssl.create_default_context()
        is_tls = config.smtp_security == "tls"
        server: smtplib.SMTP = (
            _OverTLS(timeout=CONNECT_SECONDS, context=context) if is_tls else _Plain(timeout=CONNECT_SECONDS)
        )
        server._host = config.smtp_host  # type: ignore[attr-defined]  # noqa: SLF001  # what TLS checks the name against
        self._server = server
        code, reply = server.connect(config.smtp_host, config.smtp_port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        self._wait(COMMAND_SECONDS)
        server.ehlo_or_helo_if_needed()
        if config.smtp_security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if config.smtp_user:
            self.phase = Phase.SIGN_IN
            server.login(config.smtp_user, config.smtp_password)

    def _unreachable(self, error: OSError) -> Outcome:
        """No connection; or one, but not for us."""
        code, words = None, str(error) or type(error).__name__
        is_lasting = isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected)
        if isinstance(error, smtplib.SMTPResponseException):
            code, words = error.smtp_code, _readable(error.smtp_error)
            is_lasting = code >= 500
        is_refusal = self.phase is Phase.SIGN_IN and is_lasting
        return Outcome(Verdict.SIGN_IN_REFUSED if is_refusal else Verdict.UNREACHABLE, self.phase, code, words)

    def _envelope(self, sender: str, recipient: str) -> Outcome | None:
        server = self._open()
        try:
            self._begin(Phase.MAIL, COMMAND_SECONDS)
            code, reply = server.mail(sender)
            if code // 100 == 2:  # RFC 5321 4.2.1: the first digit is the verdict
                self._begin(Phase.RCPT, COMMAND_SECONDS)
                code, reply = server.rcpt(recipient)
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return Outcome(Verdict.LATER, self.phase, None, str(error))
        return None if code // 100 == 2 else self._judged(code, reply)

    def _judged(self, code: int, reply: bytes) -> Outcome:
        words, phase = _readable(reply), self.phase
        if code // 100 == 2 and phase is Phase.DOT:
            verdict = Verdict.ACCEPTED
        elif code < 0:  # what it said was no answer
            verdict = Verdict.UNCERTAIN if phase is Phase.DOT else Verdict.LATER
        elif code == 421:  # RFC 5321 3.8: the server is closing the channel
            verdict = Verdict.UNREACHABLE
        elif code == 530:  # RFC 4954 6: authentication required
            verdict = Verdict.SIGN_IN_REFUSED
        elif code // 100 != 5:
            verdict = Verdict.LATER
        elif phase is Phase.RCPT and "5.1.1" in words:  # RFC 3463 3.2: bad destination mailbox address
            verdict = Verdict.NO_SUCH_ADDRESS
        else:
            verdict = Verdict.REFUSED
        if code < 0 or verdict in AGAINST_THE_SERVER:
            self.drop()
        return Outcome(verdict, phase, code if code > 0 else None, words)

    def _noted(self, outcome: Outcome) -> Outcome:
        """Tells the breaker. What speaks against the server, and not against this mail, has others wait as well."""
        if outcome.verdict in AGAINST_THE_SERVER:
            words = f"{outcome.phase}: {outcome.code or ''} {outcome.reply}"
            return replace(outcome, wait_seconds=self._breaker.failed(" ".join(words.split())))
        if outcome.code is not None:
            self._breaker.answered()
        return outcome

    def _reset(self) -> None:
        """RSET between mails, which also shows whether the server has closed a kept connection; then there is none."""
        if self._server is not None:
            try:
                self._wait(COMMAND_SECONDS)
                code, _reply = self._server.rset()
            except (OSError, smtplib.SMTPException):
                code = 0
            if code // 100 != 2:
                self.drop()

    def _has_spoken(self) -> bool:
        """Whether the server said something, or hung up, while it was our turn. Over TLS nobody can tell."""
        sock = self._open().sock
        if sock is None or isinstance(sock, ssl.SSLSocket):
            return False
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))

    def _open(self) -> smtplib.SMTP:
        if self._server is None:
            raise RuntimeError("offer() comes before deliver()")
        return self._server

    def _begin(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        if self._server is not None and self._server.sock is not None:
            self._server.sock.settimeout(seconds)


class _Plain(smtplib.SMTP):
    """The banner may take longer than the connection."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _patient(super()._get_socket(host, port, timeout))  # type: ignore[misc]


class _OverTLS(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _patient(super()._get_socket(host, port, timeout))  # type: ignore[misc]


def _patient(connected: socket.socket) -> socket.socket:
    """Waits long for the banner, and holds nothing back.

    The dot follows the message in a packet of its own. With Nagle's algorithm it would wait until the server
    acknowledges the message, which a server that has nothing to say yet delays: 40 ms more a mail.
    """
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.settimeout(BANNER_SECONDS)
    return connected


def _stuffed(message: bytes) -> bytes:
    """RFC 5321 4.5.2: a leading dot is doubled. The text ends with a line end, so that the final dot stands alone."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _readable(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
