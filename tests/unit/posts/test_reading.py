"""The pages that everyone reads."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from tests import factories
from tests.world import sign_in
from webapp.accounts.models import Role
from webapp.extensions import db as database
from webapp.posts import operations
from webapp.posts.models import PostState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, path
    return BeautifulSoup(answer.data, "html.parser")


def publish(author, title="First frost", *, ago=DAY, **values):
    post = factories.post(author, title, published_at=NOW - ago, slug=title.lower().replace(" ", "-"), **values)
    database.session.commit()
    return post


class TestHome:
    def test_it_lists_what_is_published_the_newest_first_and_large(self, world, client):
        publish(world.alice, "Older", ago=2 * DAY)
        publish(world.alice, "Newer", tags=("garden",))
        factories.post(world.alice, "Draft")
        page = read(client, "/")
        assert [title.text for title in page.select(".list h2")] == ["Newer", "Older"]
        assert page.select_one(".list > li")["class"] == ["row", "first"]
        assert page.select_one(".list .p-author")["href"] == "/@alice"
        assert page.select_one(".list [rel=tag]")["href"] == "/tags/garden"

    def test_the_week_shows_publications_to_all_and_schedules_to_their_author(self, world, client):
        publish(world.alice, "Out already")
        scheduled = factories.post(world.alice, "Still to come", state=PostState.SCHEDULED, publish_at=NOW + DAY)
        database.session.commit()
        assert [link["href"] for link in read(client, "/").select(".week a[href^='/posts/']")] == ["/posts/out-already"]
        mine = read(sign_in(client, world.alice), "/").select(".week a[href^='/posts/']")
        assert [link["href"] for link in mine] == ["/posts/out-already", f"/posts/{scheduled.id}/edit"]

    def test_an_empty_site_says_so_and_shows_an_author_the_way(self, world, client):
        assert "The first post appears here" in read(client, "/").main.text
        page = read(sign_in(client, world.alice), "/")
        assert [link["href"] for link in page.select("main a.button")] == ["/write/new"]

    def test_one_turns_pages_by_time(self, world, client):
        for number in range(25):
            publish(world.alice, f"Post {number}", ago=number * DAY)
        page = read(client, "/")
        assert page.select_one(".pager .meta").text == "You are reading 16 to 25 November"
        older = page.select_one(".pager [rel=next]")
        assert older.text == "Older: 6 to 15 November"
        page = read(client, older["href"])
        assert page.select_one(".pager [rel=next]").text == "Older: 1 to 5 November"
        assert page.select_one(".pager [rel=prev]").text == "Newer: 16 to 25 November"
        assert page.select_one(".pager [rel=prev]")["href"] == "/"
        assert page.select_one(".week") is None
        assert page.select_one(".first") is None

    def test_days_of_other_years_say_which(self, world, client):
        for number in range(11):
            publish(world.alice, f"Post {number}", ago=number * 60 * DAY)
        pager = read(client, "/").select_one(".pager")
        assert pager.select_one(".meta").text == "You are reading 3 June 2025 to 25 November 2026"
        assert pager.select_one("[rel=next]").text == "Older: 4 April 2025"

    @pytest.mark.parametrize("path", ["/", "/archive", "/@alice", "/tags/garden"])
    @pytest.mark.parametrize("before", ["", "-1", "9223372036854775808", "x" * 10_000, "%00", "' OR 1=1"])
    def test_a_place_that_nobody_was_given_is_a_400(self, world, client, path, before):
        publish(world.alice, tags=("garden",))
        assert client.get(path, query_string={"before": before}).status_code == 400


class TestPost:
    def test_it_is_marked_up_for_readers_and_programs(self, world, client):
        post = publish(world.alice, tags=("garden",))
        page = read(client, "/posts/first-frost")
        assert page.select_one("article.h-entry h1.p-name").text == "First frost"
        assert page.select_one("article.h-entry time.dt-published")["datetime"] == "2026-11-24T01:40:00Z"
        assert page.select_one(".h-entry .e-content p").text == post.body
        assert len(page.select("h1")) == 1
        assert page.select_one("link[rel=canonical]")["href"] == "http://localhost/posts/first-frost"
        assert page.select_one("meta[property='og:title']")["content"] == "First frost"
        facts = json.loads(page.select_one("script[type='application/ld+json']").text)
        assert (facts["headline"], facts["author"]["name"]) == ("First frost", "Alice")
        assert {link["type"] for link in page.select("link[rel=alternate]")} == {
            "application/atom+xml",
            "application/feed+json",
        }

    def test_its_words_cannot_end_the_block_of_facts(self, world, client):
        publish(world.alice, excerpt="</script><script>alert(1)</script>")
        page = read(client, "/posts/first-frost")
        assert json.loads(page.select_one("script[type='application/ld+json']").text)["description"].startswith("</s")
        assert not [script for script in page.select("script") if "alert" in script.text and not script.get("type")]

    def test_a_chinese_post_says_so_to_the_browser(self, world, client):
        publish(world.alice, "frost", excerpt="小雪那天我们等着下雪。天一直没有暗下来。")
        page = read(client, "/posts/frost")
        assert page.select_one(".e-content")["lang"] == "zh-Hans"
        assert page.html["lang"] == "en"

    def test_an_old_address_leads_to_the_new_one(self, world, client):
        post = publish(world.alice)
        operations.edit(post, by=world.alice, now=NOW, version=None, slug="second-frost")
        answer = client.get("/posts/first-frost")
        assert (answer.status_code, answer.location) == (301, "/posts/second-frost")
        operations.trash(post, by=world.alice, now=NOW)
        assert client.get("/posts/first-frost").status_code == 404

    @pytest.mark.parametrize("state", [PostState.DRAFT, PostState.SCHEDULED, PostState.TRASHED])
    def test_what_is_not_published_does_not_exist_for_others(self, world, client, state):
        publish(world.alice, state=state, publish_at=NOW + DAY, tags=("secret",))
        stranger = factories.person("Eve", role=Role.AUTHOR)
        browsers = [sign_in(client.application.test_client(), each) for each in (world.bob, world.olive, stranger)]
        for browser in (client, *browsers):
            for path in ("/posts/first-frost", "/tags/secret", "/tags/secret/feed.atom", "/tags/secret/feed.json"):
                assert browser.get(path).status_code == 404
            for path in ("/", "/archive", "/@alice", "/feed.atom", "/feed.json", "/@alice/feed.atom", "/sitemap.xml"):
                shown = browser.get(path).text
                assert "First frost" not in shown
                assert "first-frost" not in shown
                assert "secret" not in shown

    def test_a_draft_shows_itself_to_those_who_may_edit_it_and_to_no_search_engine(self, world, client):
        factories.post(world.alice, "Salt", slug="salt")
        editor = factories.person("Edith", role=Role.EDITOR)
        database.session.commit()
        for person in (world.alice, editor):
            page = read(sign_in(client.application.test_client(), person), "/posts/salt")
            assert "Draft. Only those who may edit it can read this." in " ".join(page.main.text.split())
            assert page.select_one("meta[name=robots]")["content"] == "noindex"
            assert page.select_one("link[rel=canonical]") is None

    def test_only_those_who_may_edit_it_get_a_way_to(self, world, client):
        post = publish(world.alice)
        edit = f"/posts/{post.id}/edit"
        assert edit not in client.get("/posts/first-frost").text
        assert edit not in sign_in(client.application.test_client(), world.bob).get("/posts/first-frost").text
        assert edit in sign_in(client.application.test_client(), world.alice).get("/posts/first-frost").text

    @pytest.mark.parametrize("slug", ["nothing", "%00", "a" * 5000, "..%2f..%2fetc", "%F0%9F%8C%9D", "%ff"])
    def test_an_address_of_nothing_is_a_404(self, client, slug):
        for path in (f"/posts/{slug}", f"/tags/{slug}", f"/tags/{slug}/feed.atom", f"/@{slug}", f"/@{slug}/feed.json"):
            assert client.get(path).status_code in {400, 404}


class TestAuthor:
    def test_the_page_shows_who_writes_and_the_year_in_ticks(self, world, client):
        world.alice.bio = "Keeps two hens."
        publish(world.alice, "Now")
        publish(world.alice, "Once", ago=100 * DAY)
        page = read(client, "/@alice")
        assert page.select_one("h1").text == "Alice"
        assert page.select_one(".p-note").text == "Keeps two hens."
        assert "Writes here since August 2026" in page.main.text
        ticks = page.select(".chart path")
        assert len(ticks) == 52
        assert [tick["class"] for tick in ticks].count(["some"]) == 1
        assert [tick["class"] for tick in ticks].count(["late"]) == 1, "this week is red"
        assert page.select_one(".chart svg")["aria-label"] == "2 posts in 2026, never more than 1 a week, 1 this week"
        assert not page.select("[style]")

    def test_an_author_without_posts_has_a_page_and_a_reader_has_none(self, world, client):
        assert "Nothing is published here yet." in read(client, "/@alice").main.text
        read(client, "/@bob", 404)
        read(client, "/@nobody", 404)
        for path in ("/@bob/feed.atom", "/@bob/feed.json", "/@nobody/feed.atom"):
            assert client.get(path).status_code == 404

    def test_the_last_days_of_december_are_in_the_last_tick(self, world, client):
        with time_machine.travel(datetime(2028, 12, 31, 12, tzinfo=UTC), tick=False):
            factories.post(world.alice, published_at=datetime(2028, 12, 31, 11, tzinfo=UTC))
            ticks = read(client, "/@alice").select(".chart path")
        assert len(ticks) == 52
        assert ticks[-1]["class"] == ["late"]


def test_a_tag_lists_its_posts(world, client):
    publish(world.alice, "One", tags=("running things",))
    publish(world.alice, "Two", tags=("kitchen",))
    page = read(client, "/tags/running-things")
    assert page.h1.text == "running things"
    assert [title.text for title in page.select(".list h2")] == ["One"]
    read(client, "/tags/nothing", 404)


def test_the_archive_has_years_and_months_in_the_margin(world, client):
    for title, ago in (("Today", 0), ("Earlier", 3), ("Last month", 30), ("Last year", 365)):
        publish(world.alice, title, ago=ago * DAY)
    page = read(client, "/archive")
    months = [(row.h2.text, [link.text for link in row.select("a")]) for row in page.select("section.row")]
    assert months == [
        ("2026November", ["Today", "Earlier"]),
        ("October", ["Last month"]),
        ("2025November", ["Last year"]),
    ]


def test_a_day_is_the_readers_own(world, client):
    publish(world.alice, ago=timedelta(hours=3))  # 22:40 on the 24th in UTC, the 25th in Shanghai
    assert read(client, "/").select_one(".list time b").text == "24"
    assert read(sign_in(client, world.bob), "/").select_one(".list time b").text == "25"
