"""The file itself: a tar whose first member is the manifest, with the size and sum of everything that follows.

It appears under its name when it is whole and has been read back, and never before.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

MANIFEST = "manifest.json"
FORMAT = "almanac backup 1"
LONGEST_MANIFEST = 64 * 1024 * 1024
BLOCK = 1024 * 1024


class BadBackup(Exception):
    """This file is not a backup that can be used. The message is one line."""


@dataclass(frozen=True)
class Member:
    """A file in the archive."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup is of. ``members`` are in the order in which they follow; the first is the database."""

    made_at: datetime
    version: str
    revision: str
    database: str
    instance: str
    site_url: str
    members: tuple[Member, ...]

    def as_json(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}, indent=1).encode()


def write(target: Path, manifest: Callable[[tuple[Member, ...]], Manifest], files: dict[str, Path]) -> Manifest:
    """Puts ``files``, by their names in there, into ``target``, which only its owner may read. Raises OSError."""
    members = tuple(Member(name, file.stat().st_size, _sum_of(file)) for name, file in files.items())
    made = manifest(members)
    draft = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream,
            tarfile.open(fileobj=stream, mode="w") as tar,
        ):
            _add(tar, MANIFEST, io.BytesIO(made.as_json()), len(made.as_json()))
            for member in members:
                with files[member.name].open("rb") as file:
                    _add(tar, member.name, file, member.size)
            tar.close()
            stream.flush()
            os.fsync(stream.fileno())
        with reading(draft) as found:
            found.verify()
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return made


@dataclass(frozen=True)
class Archive:
    """An open backup."""

    manifest: Manifest
    tar: tarfile.TarFile

    def verify(self) -> None:
        """Reads everything and compares the sums. Raises :class:`BadBackup`."""
        for member in self.manifest.members:
            self._copy(member, None)

    def extract(self, member: Member, to: Path) -> None:
        """Writes one file, which only its owner may read, and compares its sum."""
        to.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            self._copy(member, stream)
            stream.flush()
            os.fsync(stream.fileno())

    def _copy(self, member: Member, to: IO[bytes] | None) -> None:
        with _complaining():
            source = self.tar.extractfile(member.name)
            if source is None:
                raise BadBackup(f"{member.name} in it is not a file")
            digest = hashlib.sha256()
            while block := source.read(BLOCK):
                digest.update(block)
                if to is not None:
                    to.write(block)
        if digest.hexdigest() != member.sha256:
            raise BadBackup(f"{member.name} in it is damaged")


@contextmanager
def reading(file: Path) -> Iterator[Archive]:
    """Opens a backup. Raises :class:`BadBackup` when it is missing, cut short, or something else."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise BadBackup(f"{file} cannot be read: {error.strerror}") from None
    with stream:
        with _complaining():
            tar = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115  # closed below, where nothing is translated
        with tar:
            with _complaining():
                manifest = _manifest(tar)
            yield Archive(manifest, tar)


def is_one(file: Path) -> bool:
    """Whether this is a backup, however old."""
    try:
        with reading(file):
            return True
    except BadBackup:
        return False


def _manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > LONGEST_MANIFEST:
        raise BadBackup("it is not a backup of Almanac")
    source = tar.extractfile(first)
    said: dict[str, Any] = json.loads(source.read()) if source else {}
    if said.pop("format", None) != FORMAT:
        raise BadBackup("it is not a backup that this version can read")
    members = tuple(Member(str(each["name"]), int(each["size"]), str(each["sha256"])) for each in said.pop("members"))
    for each in members:
        path = PurePosixPath(each.name)
        if path.is_absolute() or ".." in path.parts:
            raise BadBackup("it names files outside of itself")
    if not members:
        raise BadBackup("it is empty")
    made_at = datetime.fromisoformat(said.pop("made_at"))
    return Manifest(made_at=made_at, members=members, **said)


@contextmanager
def _complaining() -> Iterator[None]:
    """What a file that is none of ours, or only half of one, makes the libraries raise."""
    try:
        yield
    except BadBackup:
        raise
    except (tarfile.TarError, EOFError):
        raise BadBackup("it is not a whole backup") from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadBackup("it is not a backup of Almanac") from None


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, file)


def _sum_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Makes a rename in there survive a power cut, where the file system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
