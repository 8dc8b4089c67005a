"""What robots and browsers find: the sitemap, also where one is not enough, the manifest, the icons, the search."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup

from tests import factories
from webapp.extensions import db
from webapp.feeds import queries
from webapp.posts.models import PostState
from webapp.settings import choices
from webapp.settings.choices import Choices, Logo

SPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


def listed(client, path, kind="url"):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml"), path
    return [urlsplit(each.text).path for each in ET.fromstring(answer.data).findall(f"s:{kind}/s:loc", SPACE)]


@pytest.fixture
def many(world, monkeypatch):
    """More posts than one document may hold; the second part has only a draft, so it is not there."""
    monkeypatch.setattr(queries, "MOST", 4)
    for number in range(11):
        state = PostState.DRAFT if 4 <= number < 8 else PostState.PUBLISHED
        factories.post(
            world.alice, slug=f"p{number}", state=state, published_at=NOW - timedelta(days=number), tags=("garden",)
        )
    db.session.commit()


def test_a_large_site_has_an_index_of_sitemaps_that_hold_everything_once(many, client):
    parts = listed(client, "/sitemap.xml", "sitemap")
    first = int(parts[0].removesuffix(".xml").rpartition("-")[2])
    assert [part.rpartition("/")[2].partition("-")[0] for part in parts].count("tags") == 1
    found = [path for part in parts for path in listed(client, part)]
    public = [f"/posts/p{number}" for number in (*range(4), *range(8, 11))]
    assert sorted(found) == sorted(["/", "/archive", "/@alice", "/tags/garden", *public])
    assert first >= 1


@pytest.mark.parametrize("name", ["posts-0", "posts-99", "people-1", "posts-99999999999999999999999", "posts-x"])
def test_a_sitemap_that_nobody_was_shown_is_not_there(many, client, name):
    assert client.get(f"/sitemaps/{name}.xml").status_code == 404


def test_the_manifest_names_the_site_and_icons_that_exist(world, client):
    choices.save(Choices(name="The Walking Season", description="Slow news"), seen="")
    db.session.commit()
    page = BeautifulSoup(client.get("/").text, "html.parser")
    answer = client.get(page.select_one("link[rel=manifest]")["href"])
    assert (answer.status_code, answer.mimetype) == (200, "application/manifest+json")
    assert (answer.json["name"], answer.json["short_name"]) == ("The Walking Season", "The")
    for address in [each["src"] for each in answer.json["icons"]] + [page.select_one("[rel=apple-touch-icon]")["href"]]:
        assert is_png(client, address)


def test_a_square_logo_is_the_first_icon(world, client):
    choices.save(Choices(logo=Logo("abc", "/images/abc/logo.png", 400, 400)), seen="")
    db.session.commit()
    assert client.get("/manifest.webmanifest").json["icons"][0] == {"src": "/images/abc/logo.png", "sizes": "400x400"}


@pytest.mark.parametrize("path", ["/favicon.ico", "/apple-touch-icon.png"])
def test_an_icon_is_where_programs_look_that_read_no_page(client, path):
    assert is_png(client, client.get(path).location)


def is_png(client, address):
    with client.get(address) as answer:
        return answer.data.startswith(b"\x89PNG")
