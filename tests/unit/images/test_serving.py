"""What a picture's address answers, and the copies that are made of it."""

import json
import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from tests.unit.images.conftest import drawn, opened
from tests.world import post_form
from webapp.core import clock
from webapp.core import markdown as texts
from webapp.extensions import db
from webapp.images import addresses, pictures, rendering, storage
from webapp.images.models import Format, Image, Rendition
from webapp.posts import operations as posts


@pytest.fixture
def sent(send, jobs):
    """A picture 1600 wide whose copies have been made: what the answer said."""
    said = send(drawn(size=(1600, 1000)), "harbour.jpg", alt="Boats").json
    jobs.run()
    return said


def row() -> Image:
    db.session.expire_all()
    return db.session.query(Image).one()


def copy_of(said, name: str) -> str:
    return f"/images/{said['id']}/{name}"


def test_each_copy_is_there_in_its_width_and_format(sent, client):
    for width in (480, 960, 1440):
        for kind in ("avif", "webp"):
            answer = client.get(copy_of(sent, f"{width}.{kind}"))
            assert answer.mimetype == f"image/{kind}"
            found = opened(answer)
            assert (found.format, found.size) == (kind.upper(), (width, width * 1000 // 1600))


@pytest.mark.parametrize(("width", "expected"), [(300, (300,)), (480, (480,)), (500, (500,)), (800, (480, 800))])
def test_nothing_is_made_larger_than_it_is(send, jobs, width, expected):
    send(drawn(size=(width, 200)))
    jobs.run()
    assert {copy.width for copy in db.session.query(Rendition)} == set(expected)
    assert row().widths == expected


def test_a_picture_may_be_kept_for_ever_by_anyone_and_brings_no_cookie(sent, author):
    for name in ("harbour.jpg", "480.avif"):
        answer = author.get(copy_of(sent, name))
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        again = author.get(copy_of(sent, name), headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_everybody_who_has_the_address_sees_it(sent, app):
    assert app.test_client().get(sent["url"]).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "other.jpg",
        "harbour.png",
        "481.avif",
        "480.jpg",
        "480.svg",
        "0480.avif",
        "480.AVIF",
        "99999999.avif",
        "picture.jpg",
        "..%2f..%2falmanac.db",
        "%2e%2e",
        "%00",
        "480.avif%00",
    ],
)
def test_no_other_name_is_answered(sent, client, name):
    assert client.get(copy_of(sent, name)).status_code == 404


@pytest.mark.parametrize("key", ["..", "%00", "x" * 500, "é", "aaaaaaaaaaaaaaaa"])
def test_no_other_key_is_answered(sent, client, key):
    assert client.get(f"/images/{key}/harbour.jpg").status_code == 404


def test_a_copy_that_is_not_made_yet_leads_to_the_picture_and_nobody_remembers_it(send, client):
    said = send(drawn(size=(1600, 1000))).json
    answer = client.get(copy_of(said, "960.webp"))
    assert (answer.status_code, answer.headers["Location"]) == (302, said["url"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert opened(client.get(answer.headers["Location"])).width == 1600


def test_copies_whose_job_was_lost_are_made_by_the_sweep(send, jobs):
    send(drawn(size=(600, 400)))
    jobs.sent.clear()
    assert rendering.finish_some(clock.now()) == 1
    assert row().rendered_at
    assert rendering.finish_some(clock.now()) == 0


def test_a_worker_that_is_killed_loses_nothing_that_was_done(send, jobs, monkeypatch):
    send(drawn(size=(1600, 1000)))
    made = []

    def smaller(data, width, kind):
        made.append((width, kind))
        if len(made) == 3:
            raise SystemExit  # as a signal would
        return b"a copy"

    monkeypatch.setattr(pictures, "smaller", smaller)
    with pytest.raises(SystemExit):
        rendering.finish(row().id)
    db.session.rollback()
    assert db.session.query(Rendition).count() == 2
    assert rendering.finish_some(clock.now()) == 0, "the dead worker's lease still runs"
    assert rendering.finish_some(clock.now() + rendering.LEASE) == 0, "it is asked at the clock's own time"
    db.session.query(Image).update({"lease_until": clock.now() - timedelta(seconds=1)})
    db.session.commit()
    assert rendering.finish_some(clock.now()) == 1
    assert len(made) == 7, "only what was missing was made again"
    assert db.session.query(Rendition).count() == 6


def test_a_picture_that_cannot_be_rendered_is_given_up_and_still_shown(send, jobs, client, monkeypatch):
    said = send(drawn(size=(600, 400))).json
    jobs.sent.clear()
    monkeypatch.setattr(pictures, "smaller", lambda *_: 1 / 0)
    for _ in range(7):
        rendering.finish_some(clock.now())
        db.session.query(Image).update({"lease_until": None})
        db.session.commit()
    assert row().attempts == 5
    assert client.get(said["url"]).status_code == 200


def test_two_workers_do_not_make_the_same_copies(send, monkeypatch):
    send(drawn(size=(600, 400)))
    image_id = row().id
    assert rendering._claim(image_id)
    assert rendering.finish(image_id) is False


def test_the_room_a_picture_takes_counts_its_copies(sent, uploads):
    assert row().bytes == sum(file.stat().st_size for file in uploads.rglob("*.*"))


def test_files_without_a_row_are_removed_after_a_day_and_not_before(sent, uploads, time_machine):
    storage.here().write("abcabcabcabcabca/picture.jpg", b"cut off")
    rendering.tidy(clock.now())
    assert (uploads / "abcabcabcabcabca").exists()
    rendering.tidy(clock.now() + timedelta(days=2))
    assert not (uploads / "abcabcabcabcabca").exists()
    assert (uploads / sent["id"] / "480.avif").exists()


# In a text


def written(alice, body: str, **values):
    post = posts.write(author=alice, title="At the harbour", body=body, tags=[], slug=None, now=clock.now(), **values)
    posts.publish(post, by=alice, now=clock.now())
    db.session.commit()
    return post


def test_a_post_shows_it_in_all_sizes(sent, world, client):
    post = written(world.alice, f"Look: {sent['markdown']}")
    page = BeautifulSoup(client.get(f"/posts/{post.slug}").text, "html.parser")
    picture = page.select_one(".prose picture")
    assert [source["type"] for source in picture.select("source")] == ["image/avif", "image/webp"]
    for source in picture.select("source"):
        candidates = [each.split() for each in source["srcset"].split(", ")]
        assert [width for _address, width in candidates] == ["480w", "960w", "1440w"]
        assert all(client.get(address).mimetype == source["type"] for address, _width in candidates)
        assert "39rem" in source["sizes"]
    shown = picture.select_one("img")
    assert shown["src"] == sent["url"]
    assert (shown["width"], shown["height"], shown["alt"]) == ("1600", "1000", "Boats")
    assert (shown["loading"], shown["decoding"]) == ("lazy", "async")


def test_an_address_with_the_host_is_the_same_picture(sent, world):
    post = written(world.alice, f"![Boats](http://localhost{sent['url']})")
    assert "<picture>" in post.html


@pytest.mark.parametrize("body", ["![x](https://elsewhere.example{url})", "![x](/images/none/x.jpg)", "`{markdown}`"])
def test_other_pictures_stay_as_they_are(sent, world, body):
    post = written(world.alice, body.format(**sent))
    assert "<picture" not in post.html
    assert "srcset" not in post.html


def test_a_text_without_words_for_a_picture_gets_those_of_the_picture(sent, world):
    assert 'alt="Boats"' in written(world.alice, f"![]({sent['url']})").html


def test_words_of_the_text_come_before_those_of_the_picture(sent, world):
    assert 'alt="Two boats"' in written(world.alice, f"![Two boats]({sent['url']})").html


def test_a_picture_without_any_words_is_listed_for_the_editor(send):
    said = send(drawn()).json
    source = f"![]({said['url']}) ![](https://elsewhere.example/x.png) ![named](https://elsewhere.example/y.png)"
    found = texts.render(source, pictures=addresses.in_text)
    assert found.nameless == (said["url"], "https://elsewhere.example/x.png")


def test_feeds_carry_a_plain_picture_with_a_full_address(sent, world, client):
    written(world.alice, sent["markdown"])
    item = json.loads(client.get("/feed.json").data)["items"][0]
    for html in (item["content_html"], client.get("/feed.atom").text):
        assert f"http://localhost{sent['url']}" in html
        assert "picture>" not in html
        assert "srcset" not in html


def test_nobody_writes_a_srcset_by_hand(world):
    raw = '<picture><source srcset="https://evil.example/x.avif 480w" type="image/avif"><img src="x"></picture>'
    post = written(world.alice, raw)
    assert "<source" not in post.html
    assert texts.render("![a](x.png)", pictures=lambda _: {"x.png": EVIL}).html.count("srcset") == 0


EVIL = texts.Picture(width=1, height=1, sources=(("image/avif", "https://evil.example/x 480w"),), sizes="100vw")


def test_a_text_with_many_pictures_asks_the_database_once(send, world, queries_counted):
    addresses_in = " ".join(send(drawn(size=(50 + number, 50))).json["markdown"] for number in range(6))
    with queries_counted() as counted:
        html = texts.render(addresses_in, pictures=addresses.in_text).html
    assert html.count("<picture>") == 6
    assert sum(statement.startswith("SELECT") for statement in counted) == 1


def test_the_preview_of_the_editor_is_what_readers_will_see(sent, author):
    answer = post_form(author, "/write/new", title="x", body=sent["markdown"], action="preview")
    assert re.search(r"<picture>.*srcset=", answer.text)


def test_the_preview_names_the_pictures_that_say_nothing(send, author):
    said = send(drawn()).json
    answer = post_form(author, "/write/new", title="x", body=f"![]({said['url']})", action="preview")
    assert "One picture says nothing to those who cannot see it." in answer.text
    named = post_form(author, "/write/new", title="x", body=f"![Boats]({said['url']})", action="preview")
    assert "says nothing" not in named.text


def test_formats_of_copies_are_those_that_are_served():
    assert {Format.AVIF.ending, Format.WEBP.ending} == {"avif", "webp"}
