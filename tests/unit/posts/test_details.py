"""What an author says about a text besides the text: an excerpt of their own, and where it stood first."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.door import Visitor
from tests.world import sign_in
from webapp.accounts.models import Scope
from webapp.core.errors import Refused
from webapp.extensions import db as database
from webapp.posts import operations
from webapp.posts.models import Post

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
ELSEWHERE = "https://example.com/2019/salt?a=b&c=d"


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def alice(world, app):
    return Visitor(sign_in(app.test_client(), world.alice))


def only_post():
    database.session.expire_all()
    return database.session.scalars(select(Post)).one()


def publish(alice, **fields):
    alice.visit("/write/new")
    return alice.press("Publish now", title="Salt", body="Three kinds of salt.", **fields)


class TestExcerpt:
    def test_its_own_stands_everywhere_in_place_of_the_beginning(self, alice, client):
        publish(alice, excerpt="  Mostly about\nthe sea. ")
        for path in ("/", "/@alice", "/posts/salt", "/feed.atom", "/feed.json"):
            assert "Mostly about the sea." in client.get(path).text, path
        assert alice.visit(f"/posts/{only_post().id}/edit").soup.select_one("[name=excerpt]").text.strip() == (
            "Mostly about the sea."
        )

    def test_a_new_text_leaves_it_and_taking_it_away_brings_the_beginning_back(self, alice):
        publish(alice, excerpt="Mostly about the sea.")
        alice.visit(f"/posts/{only_post().id}/edit")
        alice.press("Save changes", body="Four kinds.")
        assert only_post().excerpt == "Mostly about the sea."
        alice.visit(f"/posts/{only_post().id}/edit")
        alice.press("Save changes", excerpt="")
        assert (only_post().excerpt, only_post().own_excerpt) == ("Four kinds.", "")

    def test_one_that_is_too_long_is_refused_beside_its_field(self, alice):
        alice.visit("/write/new")
        page = alice.press("Save draft", title="Salt", body="x", excerpt="x" * 501)
        assert page.status == 422
        assert page.soup.select_one("[name=excerpt][aria-invalid]")
        assert page.soup.select_one("details[open] [name=excerpt]"), "the field can be seen"


class TestFirstAddress:
    def test_search_engines_are_sent_there_and_feeds_are_not(self, alice, client):
        publish(alice, canonical_url=ELSEWHERE)
        page = Visitor(client).visit("/posts/salt")
        assert page.soup.select_one("link[rel=canonical]")["href"] == ELSEWHERE
        assert "example.com/2019" not in client.get("/feed.atom").text
        assert client.get("/feed.json").json["items"][0]["url"] == "http://localhost/posts/salt"

    def test_without_one_a_post_is_its_own(self, alice, client):
        publish(alice)
        page = Visitor(client).visit("/posts/salt")
        assert page.soup.select_one("link[rel=canonical]")["href"] == "http://localhost/posts/salt"

    @pytest.mark.parametrize(
        "url",
        [
            *("javascript:alert(1)", "data:text/html,x", "ftp://example.com/x", "//example.com/x", "/posts/x", "x"),
            *("https://", "https:///x", "https://a b/", "https://u:p@example.com/", 'https://e.com/"><script>'),
            *("https://e.com:99999/", "https://[::1", "https://e.com/\u2028x", "https://e.com/a\nb", "https:e.com"),
            "https://example.com/" + "x" * 2000,
        ],
    )
    def test_what_is_no_full_address_is_refused(self, world, url):
        with pytest.raises(Refused) as refused:
            operations.write(author=world.alice, title="Salt", body="x", tags=[], slug=None, now=NOW, canonical_url=url)
        assert refused.value.field == "canonical_url"


class TestProgram:
    @pytest.fixture
    def call(self, world, client):
        _row, secret = factories.api_token(world.alice, Scope.POSTS_READ, Scope.POSTS_WRITE)
        database.session.commit()
        carried = {"Authorization": f"Bearer {secret}"}
        return lambda method, path, **values: client.open(path, method=method, json=values, headers=carried)

    def test_writes_both_and_takes_them_away(self, call):
        made = call("POST", "/api/v1/posts", title="Salt", body="Kinds.", excerpt="Sea.", canonical_url=ELSEWHERE)
        assert (made.status_code, made.json["excerpt"], made.json["canonical_url"]) == (201, "Sea.", ELSEWHERE)
        path = f"/api/v1/posts/{made.json['id']}"
        changed = call("PATCH", path, excerpt="", canonical_url="")
        assert (changed.json["excerpt"], changed.json["canonical_url"]) == ("Kinds.", "")

    @pytest.mark.parametrize(
        ("field", "value"), [("excerpt", "x" * 501), ("canonical_url", "javascript:x"), ("excerpt", 7)]
    )
    def test_is_told_which_field_does_not_fit(self, call, field, value):
        answer = call("POST", "/api/v1/posts", title="Salt", body="x", **{field: value})
        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [field]

    @pytest.mark.parametrize(
        "field", ["own_excerpt", "review_state", "co_authors", "authors", "trashed_at", "author_id"]
    )
    def test_sets_nothing_else(self, call, field):
        assert call("POST", "/api/v1/posts", title="Salt", body="x", **{field: "x"}).status_code == 422
