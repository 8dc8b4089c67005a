"""Writing an archive: one moment of the database, then the files that it names."""

from __future__ import annotations

import json
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from webapp.comments.models import CommentState
from webapp.core import site
from webapp.core.db import reading
from webapp.core.version import VERSION as SOFTWARE
from webapp.extensions import db
from webapp.images.models import Image
from webapp.portability.archive.tables import FORMAT, SETTINGS_OF_THE_HOUSE, TABLES, VERSION, Kept, written
from webapp.portability.files import put_picture
from webapp.portability.front_matter import as_markdown
from webapp.posts.models import PostState
from webapp.settings.queries import installed_at

PAGE = 500
GO_ALONG = frozenset({"post", "comment"})
"""Kinds of things from other systems that are known here, and shall be known wherever this site goes."""

Progress = Callable[[int, int], None]


def write(
    target: Path,
    *,
    now: datetime,
    with_passwords: bool,
    progress: Progress = lambda _done, _total: None,
) -> dict[str, int]:
    """Puts the whole site into ``target``, which only its owner may read; returns how many rows of each table.

    It appears under its name when it is whole. Raises OSError.
    """
    draft = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        with (
            os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as stream,
            reading(db.engine) as connection,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            counts = _tables(archive, connection, with_passwords=with_passwords, progress=progress)
            pictures = _pictures(archive, connection)
            manifest = {
                "format": FORMAT,
                "version": VERSION,
                "software": SOFTWARE,
                "made_at": now.isoformat(),
                "origin": installed_at().isoformat(),
                "site_url": site.config().site_url,
                "with_passwords": with_passwords,
                "tables": counts,
                "media": pictures,
            }
            archive.writestr("manifest.json", json.dumps(manifest, indent=1))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return {**counts, "media": pictures}


def _tables(
    archive: zipfile.ZipFile, connection: Connection, *, with_passwords: bool, progress: Progress
) -> dict[str, int]:
    counts, done = {}, 0
    total = sum(connection.scalar(select(func.count()).select_from(kept.table)) or 0 for kept in TABLES)
    for kept in TABLES:
        counts[kept.name] = 0
        lines = _lines(connection, kept, with_passwords=with_passwords)
        with archive.open(f"tables/{kept.name}.jsonl", "w", force_zip64=True) as stream:
            for line in lines:
                stream.write(line)
                counts[kept.name] += 1
                done += 1
                if not done % PAGE:
                    progress(done, total)
    for name, content in _posts(connection):
        archive.writestr(name, content)
    progress(total, total)
    return counts


def _lines(connection: Connection, kept: Kept, *, with_passwords: bool) -> Iterator[bytes]:
    columns = kept.columns(with_secrets=with_passwords)
    rows = connection.execution_options(yield_per=PAGE).execute(
        select(*columns).order_by(*kept.table.primary_key.columns)
    )
    for row in rows:
        values = {column.name: written(value) for column, value in zip(columns, row, strict=True)}
        if not _is_of_this_house(kept, values):
            yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _is_of_this_house(kept: Kept, values: dict[str, Any]) -> bool:
    """What only this house can make sense of.

    Some settings are about the house; some imported things only say which row of another Almanac became which; and
    what nobody has confirmed waits for a link to this site.
    """
    if kept.name == "site_settings":
        return values["name"] in SETTINGS_OF_THE_HOUSE
    if kept.name == "comments":
        return bool(values["state"] == CommentState.UNCONFIRMED)
    return kept.name == "imported_things" and values["kind"] not in GO_ALONG


def _posts(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every post that is not in the trash, as Markdown with front matter."""
    for post in as_markdown(connection):
        if post.state is not PostState.TRASHED:
            yield f"posts/{post.file_name}", post.document


def _pictures(archive: zipfile.ZipFile, connection: Connection) -> int:
    """The files of all pictures, each where the Markdown of the posts says."""
    table = Image.__table__
    rows = connection.execution_options(yield_per=PAGE).execute(select(table.c.key, table.c.name, table.c.format))
    return sum(put_picture(archive, Image(**row._mapping)) for row in rows)  # noqa: SLF001  # SQLAlchemy's public name
