"""A mail server that misbehaves on request, in any phase, and says what it has accepted."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections import defaultdict
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage

CUT = "cut"
"""Hangs up without a word."""
HANG = "hang"
"""Says nothing, and keeps the line."""
LOSE = "lose"
"""At the dot: hangs up, and throws the mail away."""


def slow(seconds: float) -> str:
    """Answers well, after a while."""
    return f"slow {seconds}"


class MisbehavingServer:
    """Listens on a free port of 127.0.0.1 until :meth:`stop`.

    :meth:`will` says what happens in a phase: ``banner``, ``ehlo``, ``auth``, ``mail``, ``rcpt``, ``data``, ``body``,
    ``dot``, ``rset`` or ``quit``; either a full reply such as ``"450 4.2.1 busy"`` or one of :data:`CUT`, :data:`HANG`,
    :func:`slow` and, at the dot, :data:`LOSE`. At the dot the mail is accepted before the line is cut or goes quiet.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.accepted: list[bytes] = []
        self.envelopes: list[tuple[str, str]] = []
        self.commands: list[str] = []
        self.connections = 0
        self.waiting_at_dot = threading.Event()
        self._context = context
        self._plans: defaultdict[str, list[tuple[str, int | None]]] = defaultdict(list)
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listens, on the same port as before if there was one."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self._stopping.clear()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """From now on connections are refused, and the open ones are gone."""
        self._stopping.set()
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            for each in list(self._open):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def will(self, phase: str, do: str, *, times: int | None = None) -> None:
        """Plans what happens in a phase, from now on or for so many times; a later plan waits for an earlier one."""
        self._plans[phase].append((do, times))

    def behave(self) -> None:
        self._plans.clear()

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(each, policy=policy.default) for each in self.accepted]

    def count(self, command: str) -> int:
        return sum(each.upper().startswith(command) for each in self.commands)

    def _planned(self, phase: str, otherwise: str) -> str:
        with self._lock:
            plans = self._plans[phase]
            if not plans:
                return otherwise
            do, times = plans[0]
            if times is not None:
                plans[0] = (do, times - 1)
                if times <= 1:
                    plans.pop(0)
            return do

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        session = _Session(self, line)
        with suppress(OSError, _HungUp):
            session.run()
        with self._lock:
            self._open.discard(line)
        for each in (session.file, session.line, line):
            with suppress(OSError):
                each.close()


class _HungUp(Exception):
    pass


class _Session:
    def __init__(self, server: MisbehavingServer, line: socket.socket) -> None:
        self.server, self.line = server, line
        self.file = line.makefile("rb")
        self.sender = self.recipient = ""

    def run(self) -> None:
        self.answer("banner", "220 misbehaving.example ESMTP")
        while True:
            raw = self.file.readline()
            if not raw:
                return
            command = raw.decode("ascii", "replace").strip()
            self.server.commands.append(command)
            verb = command.split(" ", 1)[0].upper()
            getattr(self, f"do_{verb.lower()}", self.do_unknown)(command)

    def do_ehlo(self, _command: str) -> None:
        offers = "250-misbehaving.example\r\n250-8BITMIME\r\n"
        offers += "250-STARTTLS\r\n" if self.server._context and not isinstance(self.line, ssl.SSLSocket) else ""
        self.answer("ehlo", offers + "250 AUTH PLAIN")

    def do_helo(self, _command: str) -> None:
        self.answer("ehlo", "250 misbehaving.example")

    def do_starttls(self, _command: str) -> None:
        self.say("220 go ahead")
        self.line = self.server._context.wrap_socket(self.line, server_side=True)
        self.file = self.line.makefile("rb")

    def do_auth(self, _command: str) -> None:
        self.answer("auth", "235 2.7.0 welcome")

    def do_mail(self, command: str) -> None:
        self.sender = command[10:].partition(">")[0].lstrip("<")
        self.answer("mail", "250 2.1.0 ok")

    def do_rcpt(self, command: str) -> None:
        self.recipient = command[8:].strip("<>")
        self.answer("rcpt", "250 2.1.5 ok")

    def do_data(self, _command: str) -> None:
        if not self.answer("data", "354 go on").startswith("354"):
            return
        if self.server._planned("body", "") == CUT:
            self.file.read(100)
            self.hang_up(hard=True)
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                return  # no dot, no mail
            lines.append(line[1:] if line.startswith(b".") else line)
        do = self.server._planned("dot", "250 2.0.0 accepted")
        if do != LOSE and (do in {CUT, HANG} or do[0] in "2s"):
            self.server.accepted.append(b"".join(lines))
            self.server.envelopes.append((self.sender, self.recipient))
        self.server.waiting_at_dot.set()
        self.carry_out(do, "250 2.0.0 accepted")

    def do_rset(self, _command: str) -> None:
        self.answer("rset", "250 2.0.0 ok")

    def do_quit(self, _command: str) -> None:
        self.answer("quit", "221 2.0.0 bye")
        self.hang_up()

    def do_unknown(self, _command: str) -> None:
        self.say("500 5.5.2 what?")

    def answer(self, phase: str, well: str) -> str:
        do = self.server._planned(phase, well)
        self.carry_out(do, well)
        return well if do.startswith("slow ") else do

    def carry_out(self, do: str, well: str) -> None:
        if do in {CUT, LOSE}:
            self.hang_up()
        elif do == HANG:
            self.server._stopping.wait(120)
            self.hang_up()
        elif do.startswith("slow "):
            self.server._stopping.wait(float(do.split()[1]))
            self.say(well)
        else:
            self.say(do)
            if do.startswith("421"):
                time.sleep(0.01)
                self.hang_up()

    def say(self, reply: str) -> None:
        self.line.sendall(reply.encode() + b"\r\n")

    def hang_up(self, *, hard: bool = False) -> None:
        if hard:  # a reset, not an end
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _HungUp
