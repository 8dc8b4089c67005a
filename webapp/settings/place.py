"""Where a database is, in ways that a copy of it does not share."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from webapp.extensions import db

AT_FDCWD = -100
STATX_BTIME = 0x800
BTIME_OFFSET = 80
"""Where `struct statx` of Linux has its `stx_btime`: eight bytes of seconds, four of nanoseconds."""


def site(url: str) -> str:
    """A site's address as far as it tells one site from another.

    http or https makes no difference, and on the machine itself neither does the port: `make run` may be given another
    one every day.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host):
        return "this machine"
    port = "" if parts.port in {None, 80, 443} else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}"


def address(database_url: str) -> str:
    """A database's address without names and passwords: a file's full path, or host, port and name."""
    url = make_url(database_url)
    if url.drivername == "sqlite":
        return str(_file(url))
    hosts = url.query.get("host", url.host or "")
    host = hosts if isinstance(hosts, str) else ",".join(hosts)
    return f"{'localhost' if _is_loopback(host) else host}:{url.port or 5432}/{url.database}"


def mark(database_url: str) -> str | None:
    """What this very database has and a copy of it has not; None when it cannot be told.

    Of a file it is the instant at which it was made, which no copying keeps and no change of owner touches, or, where
    the file system does not know that, its number. Of a PostgreSQL database it is the number that its cluster drew and
    its own in there; a replica that takes over has the same.
    """
    url = make_url(database_url)
    return _mark_of_file(_file(url)) if url.drivername == "sqlite" else _mark_of_postgres()


def _file(url: URL) -> Path:
    return Path(url.database or "").resolve()


def _mark_of_file(file: Path) -> str | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return f"made {born}" if (born := _born(file)) else f"number {found.st_ino}"


def _born(file: Path) -> int:
    """When a file was made, in nanoseconds; 0 when that is not known. Python's own `stat` learns it in 3.15.

    The file is not opened: closing it would let go of the locks that SQLite has on it in this process.
    """
    found = ctypes.create_string_buffer(256)
    statx = _statx()
    if statx is None or statx(AT_FDCWD, os.fsencode(file), 0, STATX_BTIME, found) != 0:
        return 0
    if not int.from_bytes(found.raw[:4], "little") & STATX_BTIME:
        return 0
    seconds, fraction = found.raw[BTIME_OFFSET : BTIME_OFFSET + 8], found.raw[BTIME_OFFSET + 8 : BTIME_OFFSET + 12]
    return int.from_bytes(seconds, "little") * 10**9 + int.from_bytes(fraction, "little")


@cache
def _statx() -> ctypes._NamedFuncPointer | None:
    try:
        found = ctypes.CDLL(None).statx
    except (OSError, AttributeError):
        return None
    found.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_char_p]
    return found


def _mark_of_postgres() -> str | None:
    if not _may_ask_for_cluster():
        return None
    cluster, database = db.session.execute(
        text(
            "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())"
            " FROM pg_control_system()"
        )
    ).one()
    return f"cluster {cluster}, database {database}"


@cache
def _may_ask_for_cluster() -> bool:
    may = db.session.scalar(text("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"))
    return bool(may)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
