"""The pictures of imported texts: where they are looked for, and what is said of those that stay."""

import io
import shutil

import PIL.Image
import pytest
from sqlalchemy import func, select

from tests.unit.portability import exports
from webapp.core import fetching
from webapp.core.markdown import Additions
from webapp.images import addresses, queries
from webapp.images.models import Image
from webapp.portability import converting, readers, running
from webapp.portability.items import Text
from webapp.portability.pictures import Ours, Pictures
from webapp.portability.placing import Placing
from webapp.portability.records import Kept
from webapp.posts.models import Post

PIER = "https://ferry.example/wp-content/uploads/2024/05/pier.png"


@pytest.fixture
def uploads(tmp_path):
    """What WordPress kept in wp-content/uploads."""
    folder = tmp_path / "uploads"
    (folder / "2024" / "05").mkdir(parents=True)
    (folder / "2024" / "05" / "pier.png").write_bytes(b"the pier")
    (tmp_path / "secret.png").write_bytes(b"not to be read")
    return folder


@pytest.fixture
def kept(db):
    """Pictures that were kept, by their names."""
    return {}


def bring(tmp_path, kept, body: str, **options):
    """A text with its pictures, as an import brings it."""
    source = readers.open_source(readers.System.WORDPRESS, exports.wordpress(tmp_path / "a.xml"))

    def keep(content: bytes, name: str, alt: str) -> Ours:
        if content == b"no picture":
            raise ValueError("it is no picture")
        kept[name] = content
        return Ours(len(kept), f"/images/{len(kept)}/{name}")

    text = Text(0, "1", "A text", markdown=body)
    return Pictures(source, **{"keep": keep} | options).bring(text, converting.convert(text, additions=Additions()))


def test_a_picture_comes_from_the_folder_of_uploads(tmp_path, uploads, kept):
    found = bring(tmp_path, kept, f"![The pier]({PIER}) and [it again]({PIER}).", uploads=uploads)
    assert kept == {"pier.png": b"the pier"}
    assert found.body == "![The pier](/images/1/pier.png) and [it again](/images/1/pier.png)."
    assert 'src="/images/1/pier.png"' in found.html
    assert found.notes == []


def test_a_picture_that_stays_is_named_with_the_reason(tmp_path, kept):
    found = bring(tmp_path, kept, f"![The pier]({PIER})")
    assert found.body == f"![The pier]({PIER})"
    assert found.notes == [f"pictures that stay where they are: {PIER} (fetching was not allowed)"]


def test_a_picture_is_fetched_only_from_the_internet(tmp_path, kept):
    found = bring(tmp_path, kept, "![x](http://127.0.0.1/x.png)", may_fetch=True)
    assert kept == {}
    assert "127.0.0.1 is not on the public internet" in found.notes[0]


def test_a_picture_is_fetched_once(tmp_path, kept, monkeypatch):
    asked = []
    monkeypatch.setattr(fetching, "fetch", lambda url, **_: asked.append(url) or b"from the net")
    found = bring(tmp_path, kept, f"![a]({PIER})\n\n![b]({PIER})", may_fetch=True)
    assert asked == [PIER]
    assert found.body == "![a](/images/1/pier.png)\n\n![b](/images/1/pier.png)"


def test_a_path_out_of_the_uploads_is_not_followed(tmp_path, uploads, kept):
    for address in ("/wp-content/uploads/../secret.png", "/wp-content/uploads/%2e%2e/secret.png", "/../secret.png"):
        found = bring(tmp_path, kept, f"![x](https://ferry.example{address})", uploads=uploads)
        assert "not found" in found.notes[0]
    assert kept == {}


def test_what_is_no_picture_stays(tmp_path, uploads, kept):
    (uploads / "2024" / "05" / "pier.png").write_bytes(b"no picture")
    found = bring(tmp_path, kept, f"![x]({PIER})", uploads=uploads)
    assert "it is no picture" in found.notes[0]


def test_the_whole_picture_is_taken_where_a_text_shows_a_smaller_copy(tmp_path, uploads, kept):
    found = bring(tmp_path, kept, f"![x]({PIER.replace('pier', 'pier-300x200')})", uploads=uploads)
    assert found.body == "![x](/images/1/pier-300x200.png)"
    assert kept == {"pier-300x200.png": b"the pier"}


# With the room of pictures


def meta(key: str, value: str) -> str:
    return (
        f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"
    )


@pytest.fixture
def pier(uploads) -> bytes:
    """A real picture in the place of the other one."""
    raw = io.BytesIO()
    PIL.Image.new("RGB", (30, 20), "navy").save(raw, "PNG")
    (uploads / "2024" / "05" / "pier.png").write_bytes(raw.getvalue())
    return raw.getvalue()


@pytest.fixture(autouse=True)
def our_pictures(data_dir):
    """The folder of our own, empty before and after."""
    folder = data_dir / "uploads" / "images"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def file(tmp_path):
    """A post that shows a picture, and one with the same at its head, which the file names after it."""
    shows = exports.item(1, name="shows", content=f'<p>Look.</p><img src="{PIER}" alt="Low water">')
    headed = exports.item(2, name="headed", more=meta("_thumbnail_id", "31"))
    url = f"<wp:attachment_url>{PIER}</wp:attachment_url>"
    attached = exports.item(31, kind="attachment", more=url + meta("_wp_attachment_image_alt", "The pier"))
    return exports.wordpress(tmp_path / "a.xml", shows, headed, attached)


def test_pictures_of_an_import_are_ours(world, db, client, imported, file, uploads, pier, post, jobs):
    report = imported("wordpress", file, "--uploads", str(uploads), "--author", "alice@example.org")
    ours = db.session.scalars(select(Image)).one()
    assert (ours.owner_id, ours.alt, ours.name) == (world.alice.id, "Low water", "pier.png")
    assert post("shows").body == f"Look.\n\n![Low water]({addresses.path(ours)})"
    assert 'width="30"' in post("shows").html
    assert "srcset" in post("shows").html
    assert (post("headed").cover_id, post("headed").body) == (ours.id, "The text of 2.")
    assert report.of("Post 1")["reason"] == ""
    assert client.get(addresses.path(ours)).status_code == 200
    jobs.run()
    db.session.expire_all()
    assert ours.rendered_at is not None


def test_a_second_import_keeps_no_picture_twice(world, db, imported, file, uploads, pier, our_pictures):
    imported("wordpress", file, "--uploads", str(uploads))
    imported("wordpress", file, "--uploads", str(uploads))
    other = exports.wordpress(file.with_name("b.xml"), exports.item(9, content=f'<img src="{PIER}">'))
    imported("wordpress", other, "--uploads", str(uploads))
    assert db.session.scalar(select(func.count(Image.id))) == 1
    assert len(list(our_pictures.iterdir())) == 1


def test_a_run_killed_between_picture_and_post_equals_one_run(
    world, db, runner, imported, file, uploads, pier, post, monkeypatch, our_pictures
):
    with monkeypatch.context() as killing:
        killing.setattr(Placing, "place", lambda *_: (_ for _ in ()).throw(SystemExit("kill -9")))
        assert runner("import", "wordpress", str(file), "--uploads", str(uploads)).exit_code != 0
    assert db.session.scalar(select(func.count(Image.id))) == 1
    assert db.session.scalar(select(func.count(Post.id))) == 0
    db.session.rollback()
    imported("wordpress", file, "--uploads", str(uploads))
    ours = db.session.scalars(select(Image)).one()
    assert addresses.path(ours) in post("shows").body
    assert post("headed").cover_id == ours.id
    assert len(list(our_pictures.iterdir())) == 1


def test_a_picture_that_is_refused_is_named_and_the_link_stays(world, db, imported, file, uploads, post, our_pictures):
    report = imported("wordpress", file, "--uploads", str(uploads))
    assert f"{PIER} (That is no picture we can read." in report.of("Post 1")["reason"]
    assert f"![Low water]({PIER})" in post("shows").body
    assert post("headed").body.startswith(f"![The pier]({PIER})\n\n")
    assert db.session.scalar(select(func.count(Image.id))) == 0
    assert not our_pictures.exists()


def test_pictures_beyond_the_room_there_is_are_named(world, imported, file, uploads, pier, monkeypatch):
    monkeypatch.setattr(queries, "bytes_of", lambda _owner: 10**12)
    report = imported("wordpress", file, "--uploads", str(uploads))
    assert "Your pictures take all of the 1,000 MB" in report.of("Post 1")["reason"]


def test_a_dry_run_keeps_none_and_says_what_is_refused(world, db, imported, file, uploads, pier, our_pictures):
    fine = imported("wordpress", file, "--uploads", str(uploads), "--dry-run")
    (uploads / "2024" / "05" / "pier.png").write_bytes(b"no picture")
    refused = imported("wordpress", file, "--uploads", str(uploads), "--dry-run")
    assert fine.of("Post 1")["reason"] == ""
    assert "no picture we can read" in refused.of("Post 1")["reason"]
    assert not our_pictures.exists()
    assert db.session.scalar(select(func.count(Image.id))) == 0


def test_a_run_that_brings_pictures_keeps_its_lease(db, imported, file, uploads, pier, monkeypatch):
    said = []
    monkeypatch.setattr(running, "STAY_EVERY_SECONDS", 0)
    monkeypatch.setattr(Kept, "stay", lambda self, now: said.append(now))
    imported("wordpress", file, "--uploads", str(uploads))
    assert said
