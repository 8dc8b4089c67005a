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


WHAT_IS_THERE = """
SELECT 'DROP ' || kind || ' IF EXISTS ' || name || ' CASCADE' FROM (
    SELECT 1 AS place, oid, 'pg_class'::regclass AS catalog, relnamespace AS schema, oid::regclass::text AS name,
           CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
      FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm')
    UNION ALL
    SELECT 2, oid, 'pg_class'::regclass, relnamespace, oid::regclass::text, 'SEQUENCE' FROM pg_class WHERE relkind = 'S'
    UNION ALL
    SELECT 3, oid, 'pg_proc'::regclass, pronamespace, oid::regprocedure::text, 'ROUTINE' FROM pg_proc
    UNION ALL
    SELECT 4, oid, 'pg_type'::regclass, typnamespace, oid::regtype::text, 'TYPE' FROM pg_type
     WHERE typtype IN ('e', 'd')
) AS found
WHERE schema = current_schema()::regnamespace
  AND NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = catalog AND objid = found.oid AND deptype = 'e'
  )
ORDER BY place
"""
"""Statements that drop it, but for what an extension brought."""


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
        before.write_text("".join(f"{each};\n" for each in _drops()))
        _call(["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dumped)], os.environ)
        after.write_text(
            "RESET search_path;\n"
            "INSERT INTO mail_holds (kind, reason, placed_at) VALUES"
            f" ('copy', {_quoted(hold_reason)}, now()) ON CONFLICT DO NOTHING;\n"
        )
        files = [f"--file={each}" for each in (before, script, after)]
        _run(database_url, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1", *files)


def _drops() -> list[str]:
    """What takes everything of ours out of the schema, sequences and functions that no table brings along included."""
    rows = db.session.scalars(text(WHAT_IS_THERE)).all()
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
