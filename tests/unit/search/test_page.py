"""The search page, and the way to it."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from defusedxml import ElementTree

from tests import factories
from tests.unit.search.conftest import NOW, publish, settle


def read(client, path, status=200, **query):
    answer = client.get(path, query_string=query or None)
    assert answer.status_code == status, path
    return BeautifulSoup(answer.data, "html.parser")


def words_of(page):
    return " ".join(page.main.text.split())


def test_hits_are_rows_with_what_was_looked_for_in_bold(world, client):
    publish(world.alice, "First frost", "<p>The frost came at night.</p>", slug="first-frost", tags=("winter",))
    page = read(client, "/search", q="frost")
    assert page.select_one(".list h2 a")["href"] == "/posts/first-frost"
    assert [mark.text for mark in page.select(".list mark")] == ["frost", "frost"]
    assert page.select_one(".list .excerpt").text == "The frost came at night."
    assert page.select_one(".list [rel=tag]").text == "winter"
    assert page.select_one("input[type=search]")["value"] == "frost"
    assert page.select_one("form[role=search]").get("method", "get") == "get"
    assert page.select_one("[role=status]").text.strip() == "1 post"
    assert page.title.text.startswith("frost · Search")


def test_a_hit_in_tags_alone_shows_the_beginning_of_the_text(world, client):
    publish(world.alice, "Frost", "<p>Long ago.</p>", excerpt="Long ago, it says.", tags=("winter",))
    assert read(client, "/search", q="winter").select_one(".list .excerpt").text == "Long ago, it says."


def test_no_search_engine_is_to_keep_it(client):
    assert read(client, "/search").select_one("meta[name=robots]")["content"] == "noindex"


def test_without_a_question_it_says_what_can_be_asked(client):
    page = read(client, "/search")
    assert "Titles, texts, tags" in words_of(page)
    assert page.select_one("input[type=search]").has_attr("autofocus")
    assert "Write a word" in words_of(read(client, "/search", q="*"))


def test_without_a_hit_it_shows_other_ways(world, client):
    publish(world.alice, "First frost")
    page = read(client, "/search", q="platypus")
    assert "Nothing here has all of these words" in words_of(page)
    assert [link["href"] for link in page.select("main .acts a")] == ["/", "/archive"]


def test_pages_can_be_turned(world, client):
    for number in range(15):
        factories.post(world.alice, f"Frost {number}", published_at=NOW - timedelta(days=number))
    settle()
    page = read(client, "/search", q="frost")
    later = page.select_one(".pager [rel=next]")["href"]
    page = read(client, later)
    assert page.select_one(".pager .meta").text == "You are reading 11 to 15"
    assert page.select_one(".pager [rel=next]") is None
    assert page.select_one(".list")["start"] == "11"
    assert page.select_one(".pager [rel=prev]")["href"] == "/search?q=frost"


@pytest.mark.parametrize("page", ["0", "-1", "21", "1e1", "9" * 100, "", "٢", "x", "%00"])
def test_a_page_that_nobody_was_given_is_a_400(client, page):
    read(client, "/search", 400, q="frost", page=page)


def test_it_costs_the_same_few_queries_however_much_is_found(world, client, count_queries):
    publish(world.alice, "Frost", tags=("winter",))
    one = count_queries(lambda: client.get("/search?q=frost"))
    for number in range(9):
        publish(world.alice, f"Frost {number}", tags=("winter", f"tag {number}"))
    assert count_queries(lambda: client.get("/search?q=frost")) == one <= 5


@pytest.mark.parametrize("path", ["/", "/archive", "/login", "/subscribe"])
def test_every_page_leads_to_it(world, client, path):
    assert read(client, path).select_one(".mast a[href='/search']").text == "Search"


def test_a_page_that_does_not_exist_offers_to_search(client):
    form = read(client, "/nowhere", 404).select_one("form[role=search]")
    assert form["action"] == "/search"
    assert form.select_one("label")["for"] == form.select_one("input")["id"]


@pytest.mark.parametrize("path", ["/", "/search", "/login"])
def test_a_browser_learns_how_to_search_here(client, path):
    link = read(client, path).select_one("head link[rel=search]")
    assert link["type"] == "application/opensearchdescription+xml"
    answer = client.get(link["href"])
    assert (answer.status_code, answer.mimetype) == (200, link["type"])
    said = ElementTree.fromstring(answer.data)
    names = {"os": "http://a9.com/-/spec/opensearch/1.1/"}
    assert 0 < len(said.findtext("os:ShortName", namespaces=names)) <= 16
    assert said.find("os:Url[@type='text/html']", names).get("template") == "http://localhost/search?q={searchTerms}"
