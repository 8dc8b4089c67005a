"""The captured inbox: a mail server that delivers to nobody, and a Maildir that keeps what it was given.

A program of its own, which knows nothing of the application: all mail goes through real SMTP, here too.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL = 35 * 1024 * 1024
FOLDERS = ("new", "cur")
KEY = re.compile(r"[0-9]+\.[A-Za-z0-9_]+\.[A-Za-z0-9_-]+(?::2,[A-Z]*)?", re.ASCII)
FROM_HEADER, TO_HEADER = "X-Mail-From", "X-Rcpt-To"

_count = itertools.count()


@dataclass(frozen=True)
class Kept:
    """One kept mail: its key, and its headers or all of it."""

    key: str
    received_at: float
    message: EmailMessage


class Keeper:
    """What aiosmtpd asks about each mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        keep(self.folder, sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, content=content)
        return "250 2.0.0 Kept"


def serve(listener: socket.socket, folder: Path) -> None:
    """Answers SMTP on a listening socket until SIGTERM, then lets open sessions end for a moment."""
    make_folder(folder)
    asyncio.run(_serve(listener, folder))


async def _serve(listener: socket.socket, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    keeper = Keeper(folder)

    def session() -> SMTP:
        return SMTP(keeper, hostname="almanac.inbox", ident="Almanac inbox", data_size_limit=LARGEST_MAIL, loop=loop)

    server = await loop.create_server(session, sock=listener)
    await stop.wait()
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=0.3)


def make_folder(folder: Path) -> None:
    for part in ("tmp", *FOLDERS):
        (folder / part).mkdir(parents=True, exist_ok=True)


def keep(folder: Path, *, sender: str, recipients: list[str], content: bytes) -> str:
    """Writes one mail, whole or not at all, as Maildir asks (written in ``tmp``, then moved). Returns its key.

    The envelope stands above the mail's own headers, since it is not part of the mail.
    """
    now = time.time()
    host = re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:40] or "here"
    key = f"{int(now)}.M{int(now % 1 * 1e6):06d}P{os.getpid()}Q{next(_count)}.{host}"
    envelope = "".join([f"{FROM_HEADER}: {sender}\n", *(f"{TO_HEADER}: {each}\n" for each in recipients)])
    draft = folder / "tmp" / key
    try:
        draft.write_bytes(envelope.encode("utf-8", "replace") + content.replace(b"\r\n", b"\n"))
    except FileNotFoundError:  # somebody emptied the inbox by deleting its folder
        make_folder(folder)
        draft.write_bytes(envelope.encode("utf-8", "replace") + content.replace(b"\r\n", b"\n"))
    draft.rename(folder / "new" / key)
    return key


def newest(folder: Path, *, limit: int) -> list[Kept]:
    """The newest mails with their headers only, newest first."""
    parser = BytesHeaderParser(policy=policy.default)
    found = []
    for file in sorted(_files(folder), key=lambda file: _order(file.name), reverse=True)[:limit]:
        try:
            with file.open("rb") as stream:
                headers = parser.parse(stream)
        except OSError:
            continue  # deleted while we looked
        found.append(Kept(file.name, _received_at(file.name), headers))
    return found


def read(folder: Path, key: str) -> Kept | None:
    """One mail, or None. The key is checked, so that it never leads out of the folder."""
    if not KEY.fullmatch(key):
        return None
    for part in FOLDERS:
        try:
            content = (folder / part / key).read_bytes()
        except OSError:
            continue
        return Kept(key, _received_at(key), message_from_bytes(content, policy=policy.default))
    return None


def part(message: EmailMessage, kind: str) -> str | None:
    """The text of the first ``plain`` or ``html`` part; None when there is none or it cannot be read."""
    try:
        found = message.get_body((kind,))
        return None if found is None else str(found.get_content())
    except (KeyError, LookupError, UnicodeError, ValueError):
        return None


def header(message: EmailMessage, name: str) -> str:
    """One header; empty when it is missing or cannot be read."""
    return next((value for known, value in headers(message) if known.lower() == name.lower()), "")


def headers(message: EmailMessage) -> list[tuple[str, str]]:
    """Every header in its order, read as far as it can be."""
    found: list[tuple[str, str]] = []
    for name in message.keys():  # noqa: SIM118  # iterating a message is not the same
        try:
            values = message.get_all(name, [])
        except (ValueError, LookupError, UnicodeError):
            continue
        repeated = [known for known, _ in found].count(name)
        if repeated < len(values):
            found.append((name, str(values[repeated])))
    return found


def _files(folder: Path) -> Iterator[Path]:
    for part_of in FOLDERS:
        try:
            yield from (file for file in (folder / part_of).iterdir() if KEY.fullmatch(file.name))
        except FileNotFoundError:
            continue


def _order(key: str) -> tuple[int, str]:
    seconds, unique, _host = key.split(".", 2)
    return int(seconds), unique


def _received_at(key: str) -> float:
    seconds, unique, _host = key.split(".", 2)
    micros = re.match(r"M(\d{1,6})", unique)
    return int(seconds) + (int(micros[1]) / 1e6 if micros else 0)
