"""Pages kept for strangers: shown again as they were, and never a moment longer than they are true."""

import dataclasses
import re
from datetime import datetime

import pytest
import time_machine
from bs4 import BeautifulSoup
from sqlalchemy import event, text, update

from tests import factories
from tests.world import sign_in
from webapp.accounts.models import Person, Role
from webapp.caching import stores
from webapp.comments import policy
from webapp.digests.models import DigestRun
from webapp.extensions import db as database
from webapp.posts import operations
from webapp.posts.models import Post

NOON = datetime.fromisoformat("2026-11-20T12:00:30+00:00")


@pytest.fixture(autouse=True)
def _one_minute():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def author(db):
    return factories.person("Wren", role=Role.AUTHOR)


@pytest.fixture
def post(author):
    made = factories.post(author, title="A slow heap", slug="a-slow-heap", published_at=NOON, tags=("garden",))
    database.session.commit()
    return made


@pytest.fixture
def stranger(app):
    """Someone who comes for the first time, each time."""

    def asks(address, **headers):
        return app.test_client().get(address, headers=headers)

    return asks


@pytest.fixture
def statements(app):
    """What is asked of the database from now on."""
    asked = []
    with app.app_context():
        engine = database.engine

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    event.listen(engine, "after_cursor_execute", note)
    yield asked
    event.remove(engine, "after_cursor_execute", note)


ADDRESSES = [
    *("/", "/posts/a-slow-heap", "/@wren", "/tags/garden", "/archive"),
    *("/feed.atom", "/feed.json", "/@wren/feed.atom", "/tags/garden/feed.json", "/sitemap.xml"),
]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_the_second_stranger_costs_one_question(post, stranger, statements, address, language):
    first = stranger(address, **{"Accept-Language": language})
    asked = len(statements)
    statements.clear()
    second = stranger(address, **{"Accept-Language": language})
    assert (first.status_code, second.status_code) == (200, 200)
    assert asked > 1
    assert len([each for each in statements if "FROM" in each]) == 1
    assert _headers(second) == _headers(first)
    assert _without_own_words(second) == _without_own_words(first)


def _headers(response):
    own = {"Content-Length", "Set-Cookie", "X-Request-ID", "Date"}
    return {name: value for name, value in response.headers if name not in own}


def _without_own_words(response):
    return re.sub(r'name="(csrf_token|form_key)"[^>]*', "", response.get_data(as_text=True))


def test_each_stranger_gets_a_token_of_their_own_that_works(post, app, jobs):
    tokens = set()
    for number in range(2):
        client = app.test_client()
        (field,) = BeautifulSoup(client.get("/").data, "html.parser").select("input[name=csrf_token]")
        tokens.add(field["value"])
        answer = client.post("/subscribe", data={"email": f"r{number}@example.org", "csrf_token": field["value"]})
        assert answer.status_code == 303
    assert len(tokens) == 2


def test_two_visitors_do_not_send_the_same_form(post, stranger):
    keys = {
        BeautifulSoup(stranger("/posts/a-slow-heap").data, "html.parser").select_one("input[name=form_key]")["value"]
        for _ in range(3)
    }
    assert len(keys) == 3


def test_who_is_signed_in_is_answered_anew_and_leaves_nothing_behind(post, author, client, stranger):
    sign_in(client, author)
    assert "/settings" in client.get("/").get_data(as_text=True)
    assert "/settings" not in stranger("/").get_data(as_text=True)
    assert "/settings" in client.get("/").get_data(as_text=True)


def changed_title(post):
    post.title = "A quick heap"


def changed_in_bulk(post):
    database.session.execute(update(Post).values(title="A quick heap").execution_options(synchronize_session=False))


def changed_under_a_name(post):
    database.session.execute(text("/* by */ WITH one AS (SELECT 1) UPDATE posts SET title = 'A quick heap'"))


def changed_by_hand(post):
    database.session.execute(text("UPDATE posts SET title = 'A quick heap'"))


@pytest.mark.parametrize("change", [changed_title, changed_in_bulk, changed_by_hand, changed_under_a_name])
@pytest.mark.parametrize("address", ["/", "/posts/a-slow-heap", "/feed.atom"])
def test_a_change_is_seen_at_once(post, stranger, change, address):
    assert "A slow heap" in stranger(address).get_data(as_text=True)
    change(post)
    database.session.commit()
    assert "A quick heap" in stranger(address).get_data(as_text=True)


def test_what_is_unpublished_is_gone_at_once(post, author, stranger):
    assert stranger("/posts/a-slow-heap").status_code == 200
    operations.unpublish(post, by=author, now=NOON)
    database.session.commit()
    assert stranger("/posts/a-slow-heap").status_code == 404
    assert "A slow heap" not in stranger("/").get_data(as_text=True)


def test_a_comment_is_seen_at_once(post, author, stranger):
    stranger("/posts/a-slow-heap")
    factories.comment(post, author, body="What a heap")
    database.session.commit()
    assert "What a heap" in stranger("/posts/a-slow-heap").get_data(as_text=True)


def test_another_name_of_an_author_is_seen_at_once(post, stranger):
    stranger("/")
    database.session.execute(update(Person).values(name="Wren Halloway"))
    database.session.commit()
    assert "Wren Halloway" in stranger("/").get_data(as_text=True)


def test_another_rule_about_comments_is_seen_at_once(post, author, stranger):
    assert "form_key" in stranger("/posts/a-slow-heap").get_data(as_text=True)
    policy.change(dataclasses.replace(policy.current(), visitors=policy.Welcome.NO), by=author, now=NOON)
    database.session.commit()
    assert "form_key" not in stranger("/posts/a-slow-heap").get_data(as_text=True)


def test_that_a_letter_goes_out_is_seen_at_once(post, stranger, statements):
    stranger("/")
    database.session.add(DigestRun(schedule_key="weekly", slot_at=NOON, window_start=NOON, window_end=NOON))
    database.session.commit()
    statements.clear()
    stranger("/")
    assert len([each for each in statements if "FROM" in each]) > 1


def test_what_somebody_made_up_behind_an_address_is_not_kept(post, stranger, statements):
    stranger("/?utm=1")
    statements.clear()
    assert stranger("/?utm=1").status_code == 200
    assert len([each for each in statements if "FROM" in each]) > 1


def test_what_was_rolled_back_changes_nothing(post, stranger, statements):
    stranger("/")
    post.title = "A quick heap"
    database.session.flush()
    database.session.rollback()
    statements.clear()
    assert "A slow heap" in stranger("/").get_data(as_text=True)
    assert len([each for each in statements if "FROM" in each]) == 1


def test_a_connection_that_is_lost_in_the_midst_is_rolled_back_and_the_next_one_works(post, stranger):
    post.title = "A quick heap"
    database.session.flush()
    database.session.connection().invalidate()
    database.session.rollback()
    assert "A slow heap" in stranger("/").get_data(as_text=True)


def test_what_no_page_shows_makes_no_page_anew(post, author, stranger, statements):
    stranger("/")
    factories.reminder(author)
    database.session.commit()
    statements.clear()
    stranger("/")
    assert len([each for each in statements if "FROM" in each]) == 1


def test_the_next_minute_has_its_own_page(post, stranger, statements):
    stranger("/")
    with time_machine.travel(NOON.replace(minute=1), tick=False):
        statements.clear()
        stranger("/")
    assert len([each for each in statements if "FROM" in each]) > 1


def test_a_language_and_a_theme_have_their_own_page(post, app, stranger):
    stranger("/")
    assert 'lang="zh-Hans"' in stranger("/", **{"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert 'lang="en"' in stranger("/").get_data(as_text=True)
    client = app.test_client()
    client.post("/theme", data={"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/").get_data(as_text=True)
    assert 'data-theme="dark"' not in stranger("/").get_data(as_text=True)


def test_a_kept_feed_is_not_sent_twice_to_a_program_that_has_it(post, stranger):
    etag = stranger("/feed.atom").headers["ETag"]
    assert stranger("/feed.atom", **{"If-None-Match": etag}).status_code == 304


def test_a_kept_page_has_its_head(post, app, stranger):
    whole = stranger("/")
    head = app.test_client().head("/")
    assert head.status_code == 200
    assert head.data == b""
    assert abs(int(head.headers["Content-Length"]) - int(whole.headers["Content-Length"])) < 10


def test_a_page_that_was_not_found_is_not_kept(db, author, stranger):
    assert stranger("/posts/a-slow-heap").status_code == 404
    factories.post(author, title="A slow heap", slug="a-slow-heap", published_at=NOON)
    database.session.commit()
    assert stranger("/posts/a-slow-heap").status_code == 200


def test_memory_holds_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr(stores, "MEMORY_BYTES", 1000)
    store = stores.InMemory()
    for number in range(50):
        store.put(str(number), "x" * 90)
    store.put("large", "x" * 1001)
    assert sum(store.get(str(number)) is not None for number in range(50)) == 11
    assert store.get("large") is None


def test_a_redis_that_is_away_is_left_alone_and_pages_are_rendered(post, app, stranger, monkeypatch):
    away = stores.at("redis://127.0.0.1:1/0")
    monkeypatch.setitem(app.extensions, "almanac.pages", away)
    assert stranger("/").status_code == 200
    monkeypatch.setattr(away, "_redis", None)  # whoever asked it now would fail
    assert stranger("/").status_code == 200
