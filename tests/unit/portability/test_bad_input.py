"""Files that are broken, huge, hostile or something else: a sentence that says so, and nothing imported."""

import json
import tracemalloc
import zipfile

import pytest
from sqlalchemy import func, select

from bench import wxr
from tests.unit.portability import exports
from webapp.portability import readers
from webapp.posts.models import Post

BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><rss><channel><title>&c;</title></channel></rss>"""
OUTSIDE = (
    """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>"""
)


def whole(path):
    return exports.ferry_house(path).read_bytes()


@pytest.mark.parametrize(
    ("system", "content"),
    [
        ("wordpress", b""),
        ("wordpress", b"not XML at all"),
        ("wordpress", b"\x00\x01\x02"),
        ("wordpress", BOMB.encode()),
        ("wordpress", OUTSIDE.encode()),
        ("wordpress", exports.RSS.encode()),
        ("wordpress", b"<rss>" + b"<a>" * 5000),
        ("feed", BOMB.encode()),
        ("feed", b"<html><body>no</body></html>"),
        ("feed", b"{}"),
        ("ghost", b"[]"),
        ("ghost", b'{"db": [{"data": {"posts": 7}}]}'),
        ("ghost", b'{"db": [{"data": {"posts": ['),
        ("ghost", b"[" * 100_000),
        ("ghost", b"\xff\xfe"),
        ("markdown", b"no zip"),
        ("almanac", b"no zip"),
        ("almanac", b""),
    ],
)
def test_what_is_not_an_export_is_refused_in_a_sentence(system, content, imported, tmp_path, db, world):
    path = tmp_path / "file"
    path.write_bytes(content)
    report = imported(system, path)
    assert report.exit_code == 1
    assert report.error.startswith("Error: ")
    assert report.error.count("\n") == 1
    assert db.session.scalar(select(func.count(Post.id))) == 0


def test_a_file_that_is_cut_short_imports_nothing(imported, tmp_path, db):
    content = whole(tmp_path / "a.xml")
    (tmp_path / "a.xml").write_bytes(content[: len(content) - 400])
    report = imported("wordpress", tmp_path / "a.xml")
    assert "The file is not whole" in report.error
    assert "Nothing was imported" in report.error
    assert db.session.scalar(select(func.count(Post.id))) == 0


def test_a_nul_or_the_wrong_encoding_imports_nothing(imported, tmp_path, db):
    content = whole(tmp_path / "a.xml")
    for bad in (content.replace(b"Weather", b"Wea\x00ther"), content.replace("渡".encode(), b"\xe9\xff")):
        (tmp_path / "a.xml").write_bytes(bad)
        assert imported("wordpress", tmp_path / "a.xml").exit_code == 1
    assert db.session.scalar(select(func.count(Post.id))) == 0


def test_a_file_that_is_not_there_is_a_sentence(imported, tmp_path):
    assert "There is nothing at" in imported("wordpress", tmp_path / "nowhere.xml").error


def test_a_text_that_is_too_long_fails_alone(imported, tmp_path, world):
    path = exports.wordpress(
        tmp_path / "a.xml",
        exports.item(1, content="<p>" + "word " * 50_000 + "</p>"),
        exports.item(2),
        exports.item(3, content="<div>" * 30_000),
    )
    report = imported("wordpress", path)
    assert report.of("Post 1")["outcome"] == "failed"
    assert "Keep it under 200,000 characters" in report.of("Post 1")["reason"]
    assert report.of("Post 2")["outcome"] == "imported"
    assert report.of("Post 3")["outcome"] in {"failed", "draft"}


def test_hostile_html_is_inert(imported, tmp_path, post):
    content = (
        '<p onclick="x()">a</p><img src=x onerror="x()"><a href="javascript:x()">b</a><svg><script>x()</script></svg>'
        '<iframe src="javascript:x()"></iframe><style>p{}</style><a href="data:text/html,x">c</a>'
    )
    imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, content=content)))
    html = post("post-1").html
    assert not any(f'{name}="' in html.lower() for name in ("onclick", "onerror"))
    assert 'href="javascript' not in html.lower()
    assert 'href="data' not in html.lower()
    assert not any(tag in html.lower() for tag in ("<script", "<svg", "<iframe", "<style"))


def test_strange_values_of_ghost_fail_alone(imported, tmp_path, world):
    posts = [
        {"id": "1", "title": ["a list"], "html": "<p>x</p>", "status": "published", "published_at": "not a day"},
        {
            "id": "2",
            "title": "T\u0000\u202e\ud800",
            "html": "<p>x\u0000y</p>",
            "status": "published",
            "published_at": 1e20,
        },
        {"id": 3, "title": "Fine", "html": "<p>x</p>", "status": "published", "published_at": "2024-01-01T00:00:00Z"},
        {"title": "No id"},
        "no post at all",
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"data": {"posts": posts}}))
    report = imported("ghost", path, "--author", world.alice.email)
    assert report.of("Fine")["outcome"] == "imported"
    assert report.of("No id")["reason"] == "it has no id"
    assert report.counts["post"] == {"imported": 1, "draft": 2, "skipped": 1}


def test_a_file_in_a_zip_that_lies_about_its_size_is_left_out(imported, tmp_path, world):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("huge.md", "a" * 5_000_000)
        target.writestr("../../outside.md", "---\ntitle: Outside\ndate: 2024-01-01\n---\nText.")
        target.writestr("small.md", "---\ntitle: Small\ndate: 2024-01-01\n---\nText.")
    report = imported("markdown", tmp_path / "a.zip", "--author", world.alice.email)
    assert report.of("huge.md")["outcome"] == "skipped"
    assert report.of("Small")["outcome"] == "imported"
    assert not (tmp_path.parent / "outside.md").exists()


def test_a_link_out_of_a_folder_is_not_followed(imported, tmp_path, world):
    (tmp_path / "secret.md").write_text("---\ntitle: Secret\n---\nNot for the blog.")
    folder = tmp_path / "blog"
    folder.mkdir()
    (folder / "own.md").write_text("---\ntitle: Own\n---\nText.")
    (folder / "stolen.md").symlink_to(tmp_path / "secret.md")
    report = imported("markdown", folder, "--author", world.alice.email)
    assert [each["title"] for each in report.items] == ["Own"]


def test_a_yaml_bomb_is_no_trouble(imported, tmp_path, world):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{n}: &{n} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]"
        for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    (tmp_path / "bomb.md").write_text("---\n" + "\n".join(lines) + "\ntags: *i\ntitle: Boom\n---\nText.")
    assert imported("markdown", tmp_path, "--author", world.alice.email).of("Boom")["outcome"] == "draft"


def test_memory_does_not_grow_with_the_file(tmp_path):
    """Reading ten times as many items holds no more of them at once."""

    def peak(posts: int) -> int:
        source = readers.open_source(readers.System.WORDPRESS, wxr.write(tmp_path / "a.xml", posts))
        tracemalloc.start()
        assert sum(1 for _item in source.items()) == posts
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = peak(150)
    assert peak(1500) < few + 2_000_000 < (tmp_path / "a.xml").stat().st_size


def test_a_day_that_no_calendar_has_is_no_day(imported, tmp_path, world):
    path = exports.wordpress(tmp_path / "a.xml", exports.item(1, date="2024-02-31 25:61:00", pub_date="never"))
    assert "it has no date" in imported("wordpress", path).of("Post 1")["reason"]
