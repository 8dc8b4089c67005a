"""What programs subscribe to, and what robots find."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
import time_machine

from tests import factories
from webapp.extensions import db as database
from webapp.posts import operations

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
FEEDS = ["/feed.atom", "/feed.json", "/@alice/feed.atom", "/@alice/feed.json", "/tags/garden/feed.atom"]
BODY = "See [the archive](/archive), [below](#s-why), ![a quay](/quay.png) and [home](https://example.org/a?b=1&c=2)."


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def post(world):
    made = operations.write(
        author=world.alice, title="Salt & <b>pepper</b>", body=BODY, tags=["garden"], slug="salt", now=NOW
    )
    operations.publish(made, by=world.alice, now=NOW)
    operations.write(author=world.alice, title="Secret", body="x", tags=["hidden"], slug=None, now=NOW)
    database.session.commit()
    return made


def atom(client, path="/feed.atom"):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return ET.fromstring(answer.data)


def test_atom_says_everything_with_full_addresses(post, client):
    feed = atom(client)
    assert feed.find("a:title", ATOM).text == "Almanac"
    assert {link.get("rel"): link.get("href") for link in feed.findall("a:link", ATOM)} == {
        "alternate": "http://localhost/",
        "self": "http://localhost/feed.atom",
    }
    (entry,) = feed.findall("a:entry", ATOM)
    assert entry.find("a:title", ATOM).text == "Salt & <b>pepper</b>"
    assert entry.find("a:link", ATOM).get("href") == "http://localhost/posts/salt"
    assert entry.find("a:published", ATOM).text == "2026-11-25T09:40:00+00:00"
    assert entry.find("a:author/a:name", ATOM).text == "Alice"
    assert entry.find("a:author/a:uri", ATOM).text == "http://localhost/@alice"
    assert entry.find("a:category", ATOM).get("term") == "garden"
    content = entry.find("a:content", ATOM).text
    for address in (
        "http://localhost/archive",
        "http://localhost/posts/salt#s-why",
        "http://localhost/quay.png",
        "https://example.org/a?b=1&amp;c=2",
    ):
        assert f'="{address}"' in content


def test_json_feed_says_the_same(post, client):
    answer = client.get("/feed.json")
    assert answer.mimetype == "application/feed+json"
    feed = json.loads(answer.data)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["home_page_url"], feed["feed_url"]) == ("http://localhost/", "http://localhost/feed.json")
    (item,) = feed["items"]
    assert item["id"] == atom(client).find("a:entry/a:id", ATOM).text
    assert (item["url"], item["title"], item["tags"]) == (
        "http://localhost/posts/salt",
        "Salt & <b>pepper</b>",
        ["garden"],
    )
    assert item["authors"] == [{"name": "Alice", "url": "http://localhost/@alice"}]
    assert 'src="http://localhost/quay.png"' in item["content_html"]


def test_an_entry_keeps_its_id_when_everything_else_changes(post, world, client):
    def entry_id():
        return atom(client).find("a:entry/a:id", ATOM).text

    before = entry_id()
    operations.edit(post, by=world.alice, now=NOW + HOUR, version=None, title="New", slug="new", body="New.", tags=[])
    assert entry_id() == before


@pytest.mark.parametrize("path", [*FEEDS, "/sitemap.xml"])
def test_drafts_are_in_no_feed(post, client, path):
    shown = client.get(path).text
    assert "salt" in shown
    assert "ecret" not in shown
    assert "hidden" not in shown


def test_a_feed_of_an_author_and_of_a_tag_holds_only_theirs(post, world, client):
    factories.post(world.bob, "Elsewhere", published_at=NOW)
    database.session.commit()
    assert len(atom(client).findall("a:entry", ATOM)) == 2
    for path, title in (("/@alice/feed.atom", "Alice · Almanac"), ("/tags/garden/feed.atom", "garden · Almanac")):
        feed = atom(client, path)
        assert feed.find("a:title", ATOM).text == title
        assert [entry.find("a:title", ATOM).text for entry in feed.findall("a:entry", ATOM)] == ["Salt & <b>pepper</b>"]
    assert client.get("/tags/nothing/feed.atom").status_code == 404


@pytest.mark.parametrize("path", [*FEEDS, "/sitemap.xml"])
def test_a_program_that_has_it_already_gets_a_304(post, client, path):
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.json", "/@alice/feed.atom"])
@pytest.mark.parametrize(
    "change",
    [
        lambda post, by: operations.edit(post, by=by, now=NOW + HOUR, version=None, title="New"),
        lambda post, by: operations.unpublish(post, by=by, now=NOW + HOUR),
        lambda post, by: operations.trash(post, by=by, now=NOW + HOUR),
    ],
    ids=["edit", "unpublish", "trash"],
)
def test_a_change_is_seen_by_tag_and_by_time(post, world, client, path, change):
    first = client.get(path)
    change(post, world.alice)
    for name, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        assert client.get(path, headers={name: value}).status_code == 200


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.json", "/sitemap.xml"])
def test_a_site_without_posts_has_an_empty_feed_that_stays_the_same(world, client, path):
    first = client.get(path)
    assert first.status_code == 200
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_a_character_that_xml_cannot_hold_does_not_break_the_feed_for_everybody(world, client):
    for title in ("a\uffffb", "a\ufffeb"):
        post = operations.write(author=world.alice, title=title, body=title, tags=[title], slug=None, now=NOW)
        operations.publish(post, by=world.alice, now=NOW)
    assert {entry.find("a:title", ATOM).text for entry in atom(client).findall("a:entry", ATOM)} == {"ab"}


def test_a_feed_holds_the_newest_twenty(world, client):
    for number in range(25):
        factories.post(world.alice, f"p{number}", published_at=NOW - number * HOUR)
    titles = [entry.find("a:title", ATOM).text for entry in atom(client).findall("a:entry", ATOM)]
    assert titles == [f"p{number}" for number in range(20)]


def test_the_sitemap_lists_posts_authors_and_tags(post, world, client):
    document = ET.fromstring(client.get("/sitemap.xml").data)
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    assert [each.text for each in document.findall("s:url/s:loc", space)] == [
        "http://localhost/",
        "http://localhost/archive",
        "http://localhost/posts/salt",
        "http://localhost/@alice",
        "http://localhost/tags/garden",
    ]


def test_robots_are_shown_the_sitemap_and_kept_from_forms_and_tokens(client):
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /unsubscribe/" in lines
    assert lines[-1] == "Sitemap: http://localhost/sitemap.xml"


def test_every_page_of_posts_names_its_feeds(post, client):
    for page, feed in (("/", ""), ("/@alice", "/@alice"), ("/tags/garden", "/tags/garden"), ("/posts/salt", "")):
        shown = client.get(page).text
        for name in ("feed.atom", "feed.json"):
            assert f'href="{feed}/{name}"' in shown
            assert client.get(f"{feed}/{name}").status_code == 200
