"""Files in a folder of this machine, which `backup` takes along."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from webapp.images.storage.errors import Missing, Unavailable

NAME = re.compile(r"[a-z0-9]+(/[a-z0-9]+\.[a-z0-9]+)?")


class Folder:
    """Files below ``root``, readable by everyone who may read there, written by us alone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, data: bytes) -> None:
        file = self._path(name)
        with _complaining():
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
            try:
                with draft.open("wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                draft.replace(file)
            finally:
                draft.unlink(missing_ok=True)
            for folder in (file.parent, self.root):
                _sync(folder)

    def read(self, name: str) -> bytes:
        try:
            with _complaining():
                return self._path(name).read_bytes()
        except FileNotFoundError:
            raise Missing(name) from None

    def remove(self, folder: str) -> None:
        with _complaining(), suppress(FileNotFoundError):
            shutil.rmtree(self._path(folder))

    def folders(self) -> Iterator[tuple[str, datetime]]:
        with _complaining():
            found = list(self.root.iterdir()) if self.root.exists() else []
        for each in found:
            with suppress(FileNotFoundError):
                yield each.name, datetime.fromtimestamp(each.stat().st_mtime, UTC)

    def _path(self, name: str) -> Path:
        """Names are ours, so one that leads elsewhere is a fault of ours."""
        if not NAME.fullmatch(name):
            raise ValueError(f"not a name of a file: {name!r}")
        return self.root / name


def _sync(folder: Path) -> None:
    """Makes a new name in there survive a power cut, where the file system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def _complaining() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable(f"{error.filename or 'the folder of uploads'}: {error.strerror}") from None
