"""Where uploads wait to be imported, and exports to be fetched: a folder of DATA_DIR that only its owner may read."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import zipfile
from datetime import datetime
from pathlib import Path
from typing import IO

from webapp.core import site
from webapp.images import storage
from webapp.images.models import Image
from webapp.portability.front_matter import place_of

FOLDER = "transfers"


def new(ending: str) -> Path:
    """A name nobody has used."""
    folder = site.config().data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{secrets.token_hex(16)}{ending}"


def save(stream: IO[bytes], ending: str) -> Path:
    """Writes an upload to a file of its own."""
    file = new(ending)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            shutil.copyfileobj(stream, target)
    except OSError:  # no room: half of it would only take more away
        file.unlink(missing_ok=True)
        raise
    return file


def put_picture(folder: zipfile.ZipFile, image: Image) -> bool:
    """The file of a picture, from wherever this site keeps it. False for one that is lost. Raises OSError."""
    try:
        data = storage.here().read(image.file)
    except storage.Missing:
        return False
    except storage.Unavailable as unavailable:
        raise OSError(errno.EIO, str(unavailable), "the storage of pictures") from None
    folder.writestr(place_of(image), data, zipfile.ZIP_STORED)
    return True


def is_ours(file: Path) -> bool:
    """Whether it lies in the folder, and is not a file that a command line named."""
    return file.parent == site.config().data_dir / FOLDER


def tidy(*, older_than: datetime) -> None:
    """Deletes the files that have not been touched since."""
    folder = site.config().data_dir / FOLDER
    for file in folder.glob("*") if folder.is_dir() else ():
        if file.is_file() and file.stat().st_mtime < older_than.timestamp():
            file.unlink(missing_ok=True)


def exists(file: str) -> bool:
    """Whether a file of ours is still there."""
    return is_ours(Path(file)) and Path(file).is_file()
