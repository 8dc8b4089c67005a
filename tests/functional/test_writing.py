"""An author's way from a first line to a page that others read."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event

from tests import factories
from tests.world import post_form, sign_in
from webapp.accounts.models import Role
from webapp.extensions import db
from webapp.posts.models import Post

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

BODY = "The dahlias are *in the cellar*.\n\n<script>alert(1)</script>\n"


@pytest.fixture
def alice(visitor, world):
    sign_in(visitor.client, world.alice)
    return visitor


@pytest.fixture
def published(alice):
    """The address of a post that Alice wrote and published by the pages."""
    alice.visit("/write/new")
    page = alice.act("publish", title="The first frost", body=BODY, tags="garden, winter")
    assert page.status == 200
    assert page.path.startswith("/posts/")
    return page.path


def test_a_published_post_is_read_by_everyone_wherever_posts_are_listed(published, another, world):
    reader = another()
    page = reader.visit(published)
    assert "The dahlias are in the cellar" in page.text
    assert page.soup.select_one("main em").get_text() == "in the cellar"
    for address in ("/", f"/@{world.alice.handle}", "/tags/garden", "/archive"):
        assert "The first frost" in reader.visit(address).text, address


def test_a_script_in_a_post_stays_words(published, another):
    page = another().visit(published)
    assert not page.soup.select("script:not([src]):not([type='application/ld+json'])")
    assert "<script>alert(1)</script>" in page.soup.select_one("main").get_text()


def test_the_feed_carries_the_post_with_an_absolute_address(published, another):
    feed = ET.fromstring(another().client.get("/feed.atom").data)
    names = {"a": "http://www.w3.org/2005/Atom"}
    (entry,) = feed.findall("a:entry", names)
    assert entry.find("a:title", names).text == "The first frost"
    assert entry.find("a:link", names).get("href") == f"http://localhost{published}"


def test_a_draft_is_the_authors_own(alice, another, world, session):
    alice.visit("/write/new")
    alice.act("save", title="Not yet", body=BODY)
    post = session.query(Post).one()
    assert "Not yet" in alice.visit("/write").text

    carol = another()
    sign_in(carol.client, world.carol)
    for visitor in (another(), carol):
        assert visitor.visit(f"/posts/{post.slug}").status == 404
        for address in ("/", f"/@{world.alice.handle}", "/archive", "/feed.atom"):
            assert "Not yet" not in visitor.client.get(address).text


def test_a_preview_shows_the_text_and_saves_nothing(alice, session):
    alice.visit("/write/new")
    page = alice.act("preview", title="The first frost", body=BODY)
    assert page.status == 200
    assert "in the cellar" in [each.get_text() for each in page.soup.select("main em")]
    assert session.query(Post).count() == 0
    assert alice.act("save").status == 200
    assert session.query(Post).one().title == "The first frost", "what was previewed is still in the form"


def test_an_unpublished_post_is_gone_for_others_and_keeps_its_day(published, alice, another, session):
    first = session.query(Post).one().published_at
    post_id = session.query(Post).one().id
    alice.visit(f"/posts/{post_id}/edit")
    alice.act("unpublish")
    assert another().visit(published).status == 404
    alice.visit(f"/posts/{post_id}/edit")
    alice.act("publish")
    assert another().visit(published).status == 200
    assert session.query(Post).one().published_at == first


def test_a_post_in_the_trash_is_gone_and_comes_back_by_undo(published, alice, another, session):
    alice.visit(f"/posts/{session.query(Post).one().id}/edit")
    page = alice.act("trash")
    assert another().visit(published).status == 404
    assert page.has_button("Undo")
    alice.press("Undo")
    assert another().visit(published).status == 200


def test_an_old_address_leads_to_the_new_one(published, alice, another, session):
    alice.visit(f"/posts/{session.query(Post).one().id}/edit")
    alice.act("save", slug="frost")
    answer = another().client.get(published)
    assert answer.status_code in {301, 308}
    assert answer.headers["Location"].endswith("/posts/frost")


def test_what_two_people_typed_is_never_lost(published, alice, another, world, session):
    edit = f"/posts/{session.query(Post).one().id}/edit"
    elsewhere = another()
    sign_in(elsewhere.client, world.alice)
    elsewhere.visit(edit)
    alice.visit(edit)
    alice.act("save", body="What the first browser says.")
    page = elsewhere.act("save", body="What the second browser says.")
    assert page.status == 409
    assert "What the first browser says." in str(page.soup)
    assert "What the second browser says." in str(page.soup)
    assert session.query(Post).one().body.strip() == "What the first browser says."


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, pytest.param("x" + " " * 300_000 + "y", id="many spaces")])
def test_a_title_that_does_not_fit_keeps_what_was_typed(title, alice, session):
    alice.visit("/write/new")
    page = alice.act("save", title=title, body="A long and careful text.")
    assert page.status == 422
    assert "A long and careful text." in page.soup.select_one("textarea[name=body]").get_text()
    assert session.query(Post).count() == 0


def test_nobody_else_can_touch_a_post(published, client, another, world, session):
    post_id = session.query(Post).one().id
    carol = another().client
    sign_in(carol, world.carol)
    for part in ("edit", "publication", "publication/withdrawal", "trash", "restoration"):
        answer = post_form(carol, f"/posts/{post_id}/{part}", page="/settings", title="Mine now", action="save")
        assert answer.status_code in {403, 404}, part
    assert session.query(Post).one().title == "The first frost"


def test_a_form_without_its_token_is_refused(alice, session):
    answer = alice.client.post("/write/new", data={"title": "Forged", "body": "Forged", "action": "publish"})
    assert answer.status_code == 400
    assert session.query(Post).count() == 0


@pytest.mark.parametrize("address", ["/", "/archive", "/tags/garden", "/@alice", "/feed.atom"])
def test_a_list_costs_the_same_however_many_posts_there_are(address, app, client, world, session):
    def queries() -> int:
        with counted(app) as statements:
            assert client.get(address).status_code == 200
        return len(statements)

    def write(owner, number, *tags):
        factories.post(owner, published_at=NOON - timedelta(hours=number), tags=("garden", *tags))

    for number in range(60):  # more than a page
        write(world.alice, number)
    plain = queries()
    for number in range(60):
        write(world.alice, number, f"tag {number}", f"tag {number + 1}")
        write(factories.person(role=Role.AUTHOR), number, f"tag {number}")
    assert queries() == plain


@contextmanager
def counted(app):
    """The SQL statements that run meanwhile."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)
