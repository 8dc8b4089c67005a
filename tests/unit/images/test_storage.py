"""Both places for files keep the same promises."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from tests.bucket_server import open_bucket
from tests.unit.images.conftest import drawn, opened
from webapp.images.storage import Missing, Unavailable, bucket
from webapp.images.storage.folder import Folder


@pytest.fixture(scope="module")
def pictures_bucket():
    with open_bucket() as opened_bucket:
        yield opened_bucket


@pytest.fixture
def a_bucket(pictures_bucket):
    pictures_bucket.files.clear()
    pictures_bucket.is_down = False
    return pictures_bucket


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def place(request, tmp_path, a_bucket):
    if request.param == "folder":
        return Folder(tmp_path / "a" / "b")
    return bucket.opened(a_bucket.url("blog/pictures" if "prefix" in request.param else ""))


def test_what_was_written_is_read(place):
    place.write("abc/480.avif", b"\0one")
    assert place.read("abc/480.avif") == b"\0one"


def test_writing_again_replaces(place):
    place.write("abc/480.avif", b"one")
    place.write("abc/480.avif", b"two")
    assert place.read("abc/480.avif") == b"two"


def test_what_is_not_there_is_missing(place):
    with pytest.raises(Missing):
        place.read("abc/480.avif")
    place.write("abc/960.avif", b"one")
    with pytest.raises(Missing):
        place.read("abc/480.avif")


def test_a_folder_is_removed_with_all_its_files_and_no_other(place):
    for name in ("abc/480.avif", "abc/960.avif", "abcd/480.avif"):
        place.write(name, b"one")
    place.remove("abc")
    place.remove("abc")
    with pytest.raises(Missing):
        place.read("abc/480.avif")
    assert place.read("abcd/480.avif") == b"one"


def test_folders_are_listed_with_their_last_change(place):
    assert list(place.folders()) == []
    place.write("abc/480.avif", b"one")
    place.write("abc/960.avif", b"one")
    place.write("xyz/picture.jpg", b"one")
    found = dict(place.folders())
    assert set(found) == {"abc", "xyz"}
    assert all(abs(at - datetime.now(UTC)) < timedelta(minutes=1) for at in found.values())


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x", "a/b/c.png", "a/.hidden", "", "a\0/b.png"])
def test_a_name_that_leads_elsewhere_is_a_fault_of_ours(tmp_path, name):
    with pytest.raises(ValueError, match="not a name"):
        Folder(tmp_path).write(name, b"one")


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unavailable):
        Folder(tmp_path / "file").write("abc/480.avif", b"one")


def test_a_bucket_that_is_down_is_unavailable(a_bucket, monkeypatch):
    monkeypatch.setattr(bucket, "TRIES", 0)
    place = bucket.opened(a_bucket.url())
    a_bucket.is_down = True
    with pytest.raises(Unavailable):
        place.write("abc/480.avif", b"one")


def test_a_bucket_that_is_nowhere_is_unavailable(monkeypatch):
    monkeypatch.setattr(bucket, "TRIES", 0)
    with pytest.raises(Unavailable):
        bucket.opened("s3://k:s@pictures?endpoint=http://127.0.0.1:9").read("abc/480.avif")


def test_the_wrong_secret_is_unavailable(a_bucket):
    with pytest.raises(Unavailable, match="SignatureDoesNotMatch"):
        bucket.opened(a_bucket.url(secret="wrong")).read("abc/480.avif")


@pytest.fixture
def in_bucket(app, a_bucket, monkeypatch):
    """The application keeps its pictures in a bucket."""
    settings = dataclasses.replace(app.config["ALMANAC"], uploads_url=a_bucket.url("blog"))
    monkeypatch.setitem(app.config, "ALMANAC", settings)
    return a_bucket


def test_a_picture_is_sent_and_shown_from_a_bucket(in_bucket, send, jobs, author, uploads):
    said = send(drawn(size=(700, 500))).json
    jobs.run()
    names = {"picture.jpg", *(f"{width}.{kind}" for width in (480, 700) for kind in ("avif", "webp"))}
    assert set(in_bucket.files) == {f"blog/{said['id']}/{name}" for name in names}
    assert opened(author.get(f"/images/{said['id']}/480.avif")).size == (480, 343)
    assert not uploads.exists()


def test_while_the_bucket_is_down_nothing_is_taken_and_pages_ask_for_patience(in_bucket, send, author, monkeypatch):
    monkeypatch.setattr(bucket, "TRIES", 0)
    said = send(drawn()).json
    in_bucket.is_down = True
    assert send(drawn("PNG")).status_code == 503
    assert author.get(said["url"]).status_code == 503


def test_backup_says_that_pictures_in_a_bucket_are_not_in_it(in_bucket, runner, tmp_path, monkeypatch):
    monkeypatch.setattr("webapp.ops.migrations.present", lambda: "0004")
    assert "bucket" in runner("backup", str(tmp_path / "x.tar")).stdout
