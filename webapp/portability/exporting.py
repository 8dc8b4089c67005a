"""Taking everything out: the whole site as an archive, or one author's posts as Markdown."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.db import reading
from webapp.extensions import db
from webapp.images.models import Image
from webapp.portability import archive, files
from webapp.portability.front_matter import as_markdown
from webapp.portability.models import Outcome, Transfer
from webapp.portability.placing import Entry
from webapp.portability.records import Record
from webapp.posts.models import PostState


def carry_out(transfer: Transfer, file: Path, *, record: Record, progress: Callable[[int, int], None]) -> None:
    """Writes the archive that was asked for. A second attempt begins anew: the file appears when it is whole."""
    with_passwords = bool(transfer.options.get("with_passwords"))
    db.session.rollback()
    counts = archive.write(file, now=clock.now(), with_passwords=with_passwords, progress=progress)
    record.begin(len(counts))
    record.note(
        [Entry(nth, name, f"{count:,}", Outcome.IMPORTED) for nth, (name, count) in enumerate(counts.items())],
        clock.now(),
    )
    db.session.commit()


def own_posts(person: Person, target: IO[bytes]) -> int:
    """Writes an author's own posts and what they show into a zip, those in the trash in a folder of their own.

    Returns how many.
    """
    count = 0
    shown: dict[str, Image] = {}
    with reading(db.engine) as connection, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as folder:
        for post in as_markdown(connection, author_id=person.id):
            place = "trash" if post.state is PostState.TRASHED else "posts"
            folder.writestr(f"{place}/{post.file_name}", post.document)
            count += 1
            shown |= {image.key: image for image in post.pictures}
        for image in shown.values():
            files.put_picture(folder, image)
        folder.writestr("about.json", json.dumps({"author": person.name, "posts": count}, ensure_ascii=False))
    return count
