"""A storage that is empty, files to send, and somebody who sends them."""

import io
import shutil
from contextlib import contextmanager
from functools import cache

import pytest
from PIL import Image
from sqlalchemy import event
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.world import csrf, sign_in
from webapp.images import pictures


@pytest.fixture(autouse=True)
def uploads(data_dir):
    """The folder of uploads, empty before and after."""
    folder = data_dir / "uploads" / "images"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


_READ, _SMALLER = cache(pictures.read), cache(pictures.smaller)


@pytest.fixture(autouse=True)
def _once(monkeypatch):
    """The same picture is read and made smaller once a process, not once a test."""
    monkeypatch.setattr(pictures, "read", _READ)
    monkeypatch.setattr(pictures, "smaller", _SMALLER)


@pytest.fixture
def author(client, world):
    """A client in which Alice, an author, is signed in."""
    return sign_in(client, world.alice)


@pytest.fixture
def token(author):
    """What the editor's script sends as X-CSRFToken."""
    return csrf(author, "/images")


@pytest.fixture
def send(author, token):
    """A function that sends a file as the editor does."""

    def send(raw, name="harbour.jpg", **fields):
        file = FileStorage(io.BytesIO(raw), filename=name)
        boundary, body = encode_multipart({"file": file, **fields})  # the client's own way leaves large files open
        return author.post(
            "/images",
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"X-CSRFToken": token},
        )

    return send


def drawn(kind="JPEG", size=(1000, 700), mode="RGB", colour=(180, 40, 30), **options) -> bytes:
    """A picture with a mark in its upper left corner."""
    picture = Image.new(mode, size, colour)
    mark = (20, 60, 200, 255) if mode in {"RGBA", "CMYK"} else (20, 60, 200) if mode == "RGB" else 20
    picture.paste(mark, (0, 0, size[0] // 4, size[1] // 4))
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def opened(answer) -> Image.Image:
    """What a browser would see of an answer."""
    assert answer.status_code == 200, answer.status_code
    picture = Image.open(io.BytesIO(answer.data))
    picture.load()
    return picture


@pytest.fixture
def queries_counted(db):
    """A context in which every statement that is sent to the database is noted."""

    @contextmanager
    def counted():
        said = []

        def note(_connection, _cursor, statement, *_):
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield said
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counted
