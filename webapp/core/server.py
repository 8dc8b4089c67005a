"""gunicorn's threaded worker, with the patience that browsers need, and its log lines among ours."""

from __future__ import annotations

import errno
import logging
import socket
import struct
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import TConn, ThreadWorker

LONGEST_SILENCE = 15
"""Seconds. Who has begun a request and then says nothing for so long is cut off, so that no thread waits for ever."""


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gives a new connection a thread only once it has said something.

    Browsers open connections ahead of need. gunicorn lets each occupy a thread for five seconds, which with a few
    threads is the whole site.
    """

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}:
                raise
            return
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            client.setsockopt(socket.SOL_SOCKET, direction, struct.pack("@ll", LONGEST_SILENCE, 0))
        connection = TConn(self.cfg, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + self.cfg.keepalive
        self.nr_conns += 1
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))


class Logger(GunicornLogger):  # type: ignore[misc]  # likewise
    """Hands gunicorn's lines to the root logger."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for each in (self.error_log, self.access_log):
            each.handlers.clear()
            each.propagate = True
            each.setLevel(logging.NOTSET)
        self.error_log.setLevel(logging.WARNING)
