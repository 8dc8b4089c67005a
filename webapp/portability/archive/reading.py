"""Bringing an archive in, row by row, into a site that is empty or is not; a second time changes nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, and_, insert, select
from sqlalchemy.exc import StatementError

from webapp import jobs
from webapp.caching import operations as caching
from webapp.core.db import insert_or_ignore
from webapp.extensions import db
from webapp.portability.archive import arriving
from webapp.portability.archive.tables import FORMAT, SETTINGS_OF_THE_HOUSE, TABLES, VERSION, Kept, read
from webapp.portability.items import BadSource
from webapp.portability.models import ImportedThing, Outcome
from webapp.portability.placing import Entry, key_of

BATCH = 100
LONGEST_LINE = 16 * 1024 * 1024
LARGEST_MEDIA = 64 * 1024 * 1024
SYSTEM = "almanac"

Row = dict[str, Any]


@dataclass
class Arriving:
    """A row on its way: as the archive has it, as it is to be written, and what is to be said about it."""

    nth: int
    kept: Kept
    source: Row
    values: Row = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return str(self.source.get(self.kept.title, ""))[:200]

    def entry(self, outcome: Outcome, reason: str = "") -> Entry:
        return Entry(self.nth, self.kept.name, self.title, outcome, reason or "; ".join(self.notes))


@dataclass
class Archive:
    """An open archive. ``is_move``: the other site is over, and this one goes on where its letters stopped."""

    zip: zipfile.ZipFile
    manifest: dict[str, Any]
    now: datetime
    is_dry_run: bool
    is_move: bool
    _local: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._journey = arriving.Journey(
            now=self.now, is_move=self.is_move, is_dry_run=self.is_dry_run, local=self._local, file=self._file
        )

    @property
    def total(self) -> int:
        return sum(int(count) for count in self.manifest["tables"].values())

    def steps(self, start: int) -> Iterator[list[Entry]]:
        """Rows before ``start`` are read again for where they went, and written no more."""
        nth = 0
        for kept in TABLES:
            batch: list[Arriving] = []
            for source in self._rows(kept):
                batch.append(Arriving(nth, kept, source))
                nth += 1
                if len(batch) == BATCH:
                    yield self._place(kept, batch, start)
                    batch = []
            if batch:
                yield self._place(kept, batch, start)
        yield []

    def _place(self, kept: Kept, batch: list[Arriving], start: int) -> list[Entry]:
        """Finds those that are here, writes the others."""
        here = self._here(batch)
        entries: list[Entry] = []
        waiting: list[Arriving] = []
        for row in batch:
            old_id = row.source.get("id")
            if kept.has_id and not isinstance(old_id, int):
                entries.append(row.entry(Outcome.FAILED, "it has no id"))
                continue
            if (local_id := here.get(self._key(row))) is not None:
                self._remember(kept, old_id, local_id)
                entries.append(row.entry(Outcome.UNCHANGED, "it is here already"))
                continue
            if waiting and self._refers_to_one_of(kept, row, waiting):
                entries += self._write(kept, waiting)
                waiting = []
            entry = self._prepare(row)
            if entry is None:
                waiting.append(row)
            else:
                entries.append(entry)
        entries += self._write(kept, waiting)
        return [entry for entry in sorted(entries, key=lambda each: each.nth) if entry.nth >= start]

    def _prepare(self, row: Arriving) -> Entry | None:
        """Makes the values that are written; an entry when there is nothing to write."""
        try:
            row.values = {
                column.name: self._value(column, row.source[column.name])
                for column in row.kept.columns(with_secrets=True)
                if column.name in row.source and column.name != "id"
            }
        except (ValueError, TypeError) as error:
            return row.entry(Outcome.FAILED, f"its {error}" if str(error) else "it cannot be read")
        except Gone as gone:
            return row.entry(Outcome.SKIPPED, str(gone))
        if row.kept.name == "site_settings" and row.values["name"] in SETTINGS_OF_THE_HOUSE:
            return row.entry(Outcome.SKIPPED, "it is about the other house")
        local_id = self._alike(row)
        if local_id is not None:
            self._remember(row.kept, row.source.get("id"), local_id)
            return row.entry(Outcome.UNCHANGED, "this site has one already, which was kept")
        try:
            arriving.fit(row.kept.name, row.values, row.notes, self._journey)
        except arriving.Unfit as unfit:
            return row.entry(Outcome.FAILED, str(unfit))
        return None

    def _value(self, column: Column[Any], value: Any) -> Any:
        """A value as this site has it: what refers to another row, refers to that row here."""
        found = read(column, value)
        target = next((each.column.table.name for each in column.foreign_keys), None)
        if target is None or found is None:
            return found
        local_id = self._local.get((target, found))
        if local_id is None and not column.nullable:
            raise Gone(f"what it belongs to is not in the archive: {target} {found}")
        return local_id

    def _alike(self, row: Arriving) -> int | None:
        """A row of this site with the same unique columns; 0 for one without an id."""
        kept = row.kept
        if not kept.unique or self._is_pretended(row):
            return None
        table = kept.table
        column = table.c.id if kept.has_id else table.c[kept.unique[0]]
        same = and_(*(table.c[name].is_not_distinct_from(row.values.get(name)) for name in kept.unique))
        found = db.session.scalar(select(column).where(same).limit(1))
        return None if found is None else int(found) if kept.has_id else 0

    def _is_pretended(self, row: Arriving) -> bool:
        """In a dry run a row may belong to one that would only have been written."""
        return self.is_dry_run and any(isinstance(value, int) and value < 0 for value in row.values.values())

    def _write(self, kept: Kept, rows: list[Arriving]) -> list[Entry]:
        if not rows:
            return []
        if self.is_dry_run:
            for row in rows:
                self._remember(kept, row.source.get("id"), -int(row.source.get("id") or 0))
            return [self._written(row) for row in rows]
        try:
            with db.session.begin_nested():
                self._insert(kept, rows)
        except StatementError:
            return [self._write_one(kept, row) for row in rows]
        return [self._written(row) for row in rows]

    def _write_one(self, kept: Kept, row: Arriving) -> Entry:
        try:
            with db.session.begin_nested():
                self._insert(kept, [row])
        except StatementError as error:
            why = " ".join(str(error.orig).split())[:200]
            return row.entry(Outcome.FAILED, f"the database refused it: {why}")
        return self._written(row)

    @staticmethod
    def _written(row: Arriving) -> Entry:
        return row.entry(Outcome.DRAFT if row.notes and row.notes[0].startswith("a draft") else Outcome.IMPORTED)

    def _insert(self, kept: Kept, rows: Sequence[Arriving]) -> None:
        names = {name for row in rows for name in row.values}
        values = [{name: row.values.get(name) for name in names} for row in rows]
        if not kept.has_id:
            db.session.execute(insert(kept.table), values)
            if kept.name == "site_settings":
                caching.renew_pages()
                return
            self._note(rows, [0] * len(rows))
            return
        ids = db.session.scalars(
            insert(kept.table).returning(kept.table.c.id, sort_by_parameter_order=True), values
        ).all()
        self._note(rows, ids)
        for row, local_id in zip(rows, ids, strict=True):
            self._remember(kept, row.source["id"], local_id)
            if kept.name == "images":
                jobs.after_commit(db.session(), "images.render", local_id)

    def _note(self, rows: Sequence[Arriving], ids: Sequence[int]) -> None:
        things = [
            {
                "key": self._key(row),
                "kind": f"almanac {row.kept.name}"[:40],
                "local_id": local_id,
                "fingerprint": "",
                "created_at": self.now,
            }
            for row, local_id in zip(rows, ids, strict=True)
        ]
        db.session.execute(insert_or_ignore(db.session.connection(), ImportedThing), things)

    def _here(self, batch: Sequence[Arriving]) -> dict[str, int]:
        """Which of these came here before, by their keys."""
        keys = [self._key(row) for row in batch]
        rows = db.session.execute(select(ImportedThing.key, ImportedThing.local_id).where(ImportedThing.key.in_(keys)))
        return {key: value for key, value in rows}  # noqa: C416  # rows are no pairs to dict()

    def _key(self, row: Arriving) -> str:
        parts = [row.source.get("id")] if row.kept.has_id else [row.source.get(name) for name in row.kept.unique]
        return key_of(SYSTEM, str(self.manifest["origin"]), " ".join(map(str, (row.kept.name, *parts))))

    def _remember(self, kept: Kept, old_id: Any, local_id: int) -> None:
        if isinstance(old_id, int):
            self._local[kept.name, old_id] = local_id

    def _refers_to_one_of(self, kept: Kept, row: Arriving, waiting: Sequence[Arriving]) -> bool:
        own = [
            column.name
            for column in kept.table.columns
            if any(each.column.table.name == kept.name for each in column.foreign_keys)
        ]
        ids = {each.source.get("id") for each in waiting} if own else set()
        return any(row.source.get(name) in ids for name in own)

    def _rows(self, kept: Kept) -> Iterator[Row]:
        name = f"tables/{kept.name}.jsonl"
        if name not in self.zip.namelist():
            return
        with _complaining(), self.zip.open(name) as stream:
            while line := stream.readline(LONGEST_LINE):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise BadSource(f"{name} in the archive holds something that is no row.")
                yield row

    def _file(self, name: str) -> bytes | None:
        """A file of the archive; None when it is not there, or larger than any picture."""
        try:
            info = self.zip.getinfo(name)
        except KeyError:
            return None
        if info.file_size > LARGEST_MEDIA:
            return None
        with _complaining(), self.zip.open(info) as stream:
            return stream.read(LARGEST_MEDIA)


class Gone(Exception):
    """What a row belongs to is not here."""


def open_archive(path: Path, *, now: datetime, is_dry_run: bool, is_move: bool) -> Archive:
    """Opens an archive and reads it once. Raises :class:`BadSource` when it is not whole, or not one we can read."""
    with _complaining():
        found = zipfile.ZipFile(path)
        names = found.namelist()
        if "manifest.json" not in names or found.getinfo("manifest.json").file_size > LONGEST_LINE:
            raise BadSource("This is not an archive of Almanac.")
        manifest = json.loads(found.read("manifest.json"))
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise BadSource("This is not an archive of Almanac.")
        if manifest.get("version") != VERSION:
            raise BadSource(f"The archive has version {manifest.get('version')}; this Almanac reads version {VERSION}.")
        if not isinstance(manifest.get("tables"), dict) or not manifest.get("origin"):
            raise BadSource("This is not an archive of Almanac.")
        damaged = found.testzip()
    if damaged is not None:
        raise BadSource(f"The archive is damaged: {damaged} cannot be read. Nothing was imported.")
    archive = Archive(found, manifest, now=now, is_dry_run=is_dry_run, is_move=is_move)
    _check_lines(archive)
    return archive


def is_one(path: Path) -> bool:
    """Whether this is an archive of Almanac, of whatever version."""
    try:
        with _complaining():
            return bool(json.loads(zipfile.ZipFile(path).read("manifest.json")).get("format") == FORMAT)
    except (BadSource, AttributeError):
        return False


def _check_lines(archive: Archive) -> None:
    """Every line is a row, and there are as many as the manifest says: before the first is written."""
    counts = {kept.name: sum(1 for _row in archive._rows(kept)) for kept in TABLES}  # noqa: SLF001  # beside it
    for name, count in archive.manifest["tables"].items():
        if name in counts and counts[name] != count:
            raise BadSource(
                f"The archive is not whole: {count:,} rows of {name} should be in it, {counts[name]:,} are."
            )


class _complaining:  # noqa: N801  # used as a function
    """Says in a sentence what a file that is none of ours, or half of one, makes the libraries raise."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, zipfile.BadZipFile | EOFError | OSError | NotImplementedError | RuntimeError):
            raise BadSource("The file is not a whole zip. Nothing was imported.") from None
        if isinstance(error, ValueError | KeyError | RecursionError):
            raise BadSource("This is not an archive of Almanac, or a damaged one. Nothing was imported.") from None
