"""What a post leads to: those next to it in time, those about the same, its own sections."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from tests import factories
from webapp.core import markdown
from webapp.extensions import db
from webapp.posts.models import PostState

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = "word " * 400
LONG = f"## One & `two`[^1]\n\n{WORDS}\n\n### A part\n\n{WORDS}\n\n## Three\n\n{WORDS}\n\n## Four\n\n[^1]: A note."


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


def post(author, title, *, ago=0, **values):
    slug = title.lower().replace(" ", "-")
    return factories.post(author, title, slug=slug, published_at=NOW - ago * DAY, **values)


def read(client, slug):
    db.session.commit()
    answer = client.get(f"/posts/{slug}")
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


def neighbours(page):
    return {link["rel"][0]: link["href"] for link in page.select("nav.pager a")}


def related(page):
    return [link["href"] for link in page.select("[aria-labelledby=related] a")]


class TestNeighbours:
    def test_a_post_leads_to_the_next_newer_and_older_one(self, world, client):
        for ago, title in enumerate(["Newest", "Newer", "This", "Older", "Oldest"]):
            post(world.alice, title, ago=ago)
        page = read(client, "this")
        assert neighbours(page) == {"next": "/posts/newer", "prev": "/posts/older"}
        assert "Older, 22 November 2026" in page.select_one("nav.pager").get_text()

    def test_of_several_at_the_same_instant_none_is_skipped(self, world, client):
        for title in ("First", "Second", "Third"):
            post(world.alice, title)
        assert neighbours(read(client, "second")) == {"next": "/posts/third", "prev": "/posts/first"}

    def test_an_end_of_the_line_has_one_neighbour_and_a_single_post_none(self, world, client):
        post(world.alice, "Alone")
        assert neighbours(read(client, "alone")) == {}
        post(world.alice, "Before", ago=1)
        assert neighbours(read(client, "alone")) == {"prev": "/posts/before"}

    def test_what_is_not_public_is_no_neighbour_and_not_related(self, world, client):
        post(world.alice, "This", tags=("garden",))
        for state in (PostState.DRAFT, PostState.SCHEDULED, PostState.TRASHED):
            post(world.alice, state.value, ago=1, state=state, tags=("garden",))
        page = read(client, "this")
        assert (neighbours(page), related(page)) == ({}, [])


class TestRelated:
    def test_the_more_tags_are_shared_the_closer_and_then_the_newer(self, world, client):
        post(world.alice, "Newer neighbour", tags=("garden", "frost"))
        post(world.alice, "This", ago=1, tags=("garden", "frost"))
        post(world.alice, "Older neighbour", ago=2)
        post(world.alice, "One", ago=3, tags=("garden",))
        post(world.alice, "Another", ago=4, tags=("frost", "boats"))
        post(world.alice, "Both", ago=5, tags=("garden", "frost"))
        post(world.alice, "None", ago=6, tags=("boats",))
        assert related(read(client, "this")) == ["/posts/both", "/posts/one", "/posts/another"]

    def test_a_post_without_tags_has_no_such_list(self, world, client):
        for ago in range(4):
            post(world.alice, f"Post {ago}", ago=ago)
        assert related(read(client, "post-0")) == []

    def test_there_are_never_more_than_three(self, world, client):
        for ago in range(9):
            post(world.alice, f"Post {ago}", ago=ago, tags=("garden",))
        assert related(read(client, "post-0")) == ["/posts/post-2", "/posts/post-3", "/posts/post-4"]


class TestContents:
    def rendered(self, author, body):
        made = markdown.render(body)
        return post(author, "Long", body=body, html=made.html, minutes=made.minutes)

    def test_a_long_text_begins_with_its_sections_and_each_leads_there(self, world, client):
        self.rendered(world.alice, LONG)
        page = read(client, "long")
        links = page.select("nav[aria-labelledby=contents] a")
        assert [link.get_text() for link in links] == ["One & two", "A part", "Three", "Four"]
        assert [link["href"] for link in page.select("nav[aria-labelledby=contents] li li a")] == ["#s-a-part"]
        for link in links:
            assert page.select_one(link["href"]).name in {"h2", "h3"}

    @pytest.mark.parametrize("body", [LONG.replace("word ", ""), LONG.replace("## Four", "").replace("## Three", "")])
    def test_a_short_text_or_one_of_few_sections_has_none(self, world, client, body):
        self.rendered(world.alice, body)
        assert read(client, "long").select("nav[aria-labelledby=contents]") == []

    def test_a_heading_that_looks_like_html_stays_text(self):
        html = markdown.render("## <img src=x> & so on").html
        assert [section.title for section in markdown.outline(html)] == ["<img src=x> & so on"]


def test_a_listing_brings_the_script_that_copies_it_and_another_text_does_not(world, client):
    post(world.alice, "Code", html='<pre tabindex="0"><code>x</code></pre>')
    post(world.alice, "Prose")
    assert read(client, "code").select_one("script[src*='copy.js']")["data-copy"] == "Copy"
    assert read(client, "prose").select("script[src*='copy.js']") == []


def test_an_excerpt_of_its_own_leads_the_text_and_its_beginning_is_not_said_twice(world, client):
    post(world.alice, "Own", own_excerpt="Mostly about salt.", excerpt="Mostly about salt.")
    post(world.alice, "Cut")
    assert read(client, "own").select_one("h1 ~ .lead").get_text() == "Mostly about salt."
    assert read(client, "cut").select("h1 ~ .lead") == []
