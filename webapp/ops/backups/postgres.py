"""PostgreSQL: by its own programs, in one transaction."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url, text

from webapp.extensions import db
from webapp.ops.backups.archive import BadBackup

MEMBER = "almanac.dump"
PROGRAMS = ("pg_dump", "pg_restore", "psql")


class Failed(Exception):
    """One of PostgreSQL's programs is missing or would not. The message is one line."""


def dump(database_url: str, to: Path) -> None:
    """A consistent copy in PostgreSQL's custom format, listed to see that it is whole."""
    _run(database_url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")
    to.chmod(0o600)
    check(to)


def check(file: Path) -> None:
    """Reads it as far as can be done without a database. Raises :class:`BadBackup`."""
    try:
        _call(["pg_restore", "--file=/dev/null", str(file)], os.environ)
    except Failed as error:
        raise BadBackup(f"the database in it is damaged: {error}") from None


def replace(database_url: str, dumped: Path, *, hold_reason: str) -> None:
    """Puts a copy in the place of all tables, with all mail held, in one transaction: all of it or nothing."""
    with tempfile.TemporaryDirectory(dir=dumped.parent) as folder:
        before, script, after = (Path(folder) / name for name in ("before.sql", "tables.sql", "after.sql"))
        tables, functions = _tables(), _functions()
        before.write_text(
            "".join(f"DROP TABLE IF EXISTS {name} CASCADE;\n" for name in tables)
            + "".join(f"DROP ROUTINE IF EXISTS {name} CASCADE;\n" for name in functions)
        )
        _call(["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dumped)], os.environ)
        after.write_text(
            "RESET search_path;\n"
            "INSERT INTO mail_holds (kind, reason, placed_at) VALUES"
            f" ('copy', {_quoted(hold_reason)}, now()) ON CONFLICT DO NOTHING;\n"
        )
        files = [f"--file={each}" for each in (before, script, after)]
        _run(database_url, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1", *files)


def _tables() -> list[str]:
    return _names(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
        " WHERE schemaname = current_schema()"
    )


def _functions() -> list[str]:
    """Ours, not those that an extension brought."""
    return _names(
        "SELECT pg_proc.oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
    )


def _names(query: str) -> list[str]:
    rows = db.session.scalars(text(query)).all()
    db.session.rollback()
    db.session.remove()
    db.engine.dispose()
    return list(rows)


def _run(database_url: str, program: str, *arguments: str) -> None:
    """Runs a program on the database. The password goes by the environment: others may see the command line."""
    url = make_url(database_url)
    given = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    options = {f"PG{name.upper()}": value for name, value in url.query.items() if isinstance(value, str)}
    environ = {**os.environ, **options, "PGDATABASE": str(url.database), "PGCONNECT_TIMEOUT": "10"}
    environ |= {name: str(value) for name, value in given.items() if value}
    _call([program, *arguments], environ)


def _call(command: list[str], environ: Mapping[str, str]) -> None:
    if shutil.which(command[0]) is None:
        raise Failed(f"{command[0]} is not installed: it comes with PostgreSQL's client programs")
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        raise Failed(f"{command[0]}: {next((each for each in said if 'ERROR' in each or 'error' in each), said[0])}")


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
