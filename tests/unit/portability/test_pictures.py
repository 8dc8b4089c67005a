"""The pictures of imported texts: where they are looked for, and what is said of those that stay."""

import pytest

from tests.unit.portability import exports
from webapp.core import fetching
from webapp.portability import converting, readers
from webapp.portability.items import Text
from webapp.portability.pictures import Pictures

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
def kept():
    """Pictures that were kept, by their names."""
    return {}


def bring(tmp_path, kept, body: str, **options):
    """A text with its pictures, as an import brings it."""
    source = readers.open_source(readers.System.WORDPRESS, exports.wordpress(tmp_path / "a.xml"))

    def keep(content: bytes, name: str) -> str:
        if content == b"no picture":
            raise ValueError("it is no picture")
        kept[name] = content
        return f"/images/{len(kept)}/{name}"

    text = Text(0, "1", "A text", markdown=body)
    return Pictures(source, **{"keep": keep} | options).bring(text, converting.convert(text))


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


def test_a_dry_run_keeps_none(tmp_path, uploads, kept):
    found = bring(tmp_path, kept, f"![x]({PIER})", uploads=uploads, is_dry_run=True)
    assert kept == {}
    assert found.notes == []
