"""What may be seen, and that seeing much costs no more than seeing little."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from tests import factories
from tests.world import sign_in
from webapp.accounts.models import Role
from webapp.core import pagination
from webapp.core.errors import Refused
from webapp.core.pagination import Place
from webapp.extensions import db as database
from webapp.posts import queries
from webapp.posts.models import PostState

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@contextmanager
def counted():
    """The statements that were sent to the database meanwhile."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def titles(posts):
    return {post.title for post in database.session.scalars(posts)}


@pytest.fixture
def everything(world):
    """A post of Alice's in every state, and one of another author's in every state."""
    other = factories.person("Eve", role=Role.AUTHOR)
    for owner in (world.alice, other):
        for state in PostState:
            factories.post(owner, f"{owner.name} {state.value}", state=state, published_at=NOW, publish_at=NOW + DAY)
    database.session.commit()
    return other


PUBLISHED = {"Alice published", "Eve published"}
ALICES = {"Alice draft", "Alice scheduled", "Alice published"}
EVES = {"Eve draft", "Eve scheduled", "Eve published"}


class TestScopes:
    def test_everyone_sees_what_is_published(self, world, everything):
        assert titles(queries.published()) == PUBLISHED
        for person in (None, world.bob, world.olive):
            assert titles(queries.visible_to(person)) == PUBLISHED

    def test_an_author_sees_their_own_besides(self, world, everything):
        assert titles(queries.visible_to(world.alice)) == ALICES | PUBLISHED
        assert titles(queries.editable_by(world.alice)) == ALICES
        assert titles(queries.trash_of(world.alice)) == {"Alice trashed"}

    def test_an_editor_sees_all(self, world, everything):
        editor = factories.person("Edith", role=Role.EDITOR)
        assert titles(queries.visible_to(editor)) == ALICES | EVES
        assert titles(queries.editable_by(editor)) == ALICES | EVES
        assert titles(queries.trash_of(editor)) == {"Alice trashed", "Eve trashed"}

    def test_who_does_not_write_edits_nothing_even_what_was_once_theirs(self, world, everything):
        world.alice.role = Role.READER
        assert titles(queries.editable_by(world.alice)) == set()
        assert titles(queries.trash_of(world.alice)) == set()
        assert titles(queries.visible_to(world.alice)) == PUBLISHED

    def test_a_post_of_someone_else_is_not_there(self, world, everything):
        draft = factories.post(everything, "Secret")
        assert queries.get_editable(world.alice, draft.id) is None
        assert queries.get_visible(world.alice, draft.id) is None
        assert queries.by_slug(world.alice, draft.slug) is None
        assert queries.get_editable(everything, draft.id) is draft

    @pytest.mark.parametrize("post_id", [0, -1, 2**63, 10**30])
    def test_an_impossible_number_is_nobody(self, world, post_id):
        assert queries.get_visible(world.alice, post_id) is None
        assert queries.get_editable(world.alice, post_id, or_trashed=True) is None

    def test_a_tag_of_drafts_alone_does_not_exist(self, world):
        factories.post(world.alice, tags=("secret",))
        factories.post(world.alice, tags=("garden",), published_at=NOW)
        assert queries.tag_by_slug("secret") is None
        assert queries.tag_by_slug("garden").name == "garden"


def test_a_window_begins_after_its_start_and_ends_with_its_end(world):
    for hours in (0, 1, 2, 3):
        factories.post(world.alice, f"at {hours}", published_at=NOW + timedelta(hours=hours), tags=("x",))
    factories.post(world.alice, "draft")
    database.session.commit()
    found = queries.published_between(NOW, NOW + timedelta(hours=2))
    assert [post.title for post in found] == ["at 1", "at 2"]
    with counted() as sent:
        assert {(post.author.name, post.tags[0].name, post.excerpt != "") for post in found} == {("Alice", "x", True)}
    assert sent == []


class TestPaging:
    @pytest.fixture
    def many(self, world):
        """25 posts, five to each instant, so that the id must decide."""
        for number in range(25):
            factories.post(world.alice, f"p{number}", published_at=NOW - DAY * (number // 5))
        database.session.commit()

    def test_every_post_is_on_exactly_one_page(self, many):
        seen, place, pages = [], None, 0
        while True:
            page = queries.page(queries.published(), place, 4)
            seen += [post.id for post in page.posts]
            pages += 1
            if page.older is None:
                break
            place = page.older.begins_below
        assert len(seen) == len(set(seen)) == 25
        assert pages == 7

    def test_a_page_knows_the_days_of_its_neighbours(self, many):
        first = queries.page(queries.published(), None, 5)
        assert first.newer is None
        assert (first.older.newest, first.older.oldest) == (NOW - DAY, NOW - DAY)
        third = queries.page(queries.published(), Place(NOW - DAY, 1), 5)
        assert (third.posts[0].published_at, third.newer.newest) == (NOW - 2 * DAY, NOW - DAY)
        again = queries.page(queries.published(), third.newer.begins_below, 5)
        assert {post.published_at for post in again.posts} == {NOW - DAY}
        assert queries.page(queries.published(), again.newer.begins_below, 5).newer is None

    def test_a_page_does_not_shift_when_a_new_post_appears(self, many, world):
        place = queries.page(queries.published(), None, 5).older.begins_below
        before = [post.id for post in queries.page(queries.published(), place, 5).posts]
        factories.post(world.alice, "new", published_at=NOW + DAY)
        assert [post.id for post in queries.page(queries.published(), place, 5).posts] == before

    def test_beyond_the_last_post_there_is_an_empty_page(self, many):
        page = queries.page(queries.published(), Place(NOW - 100 * DAY, 1), 5)
        assert (list(page.posts), page.older) == ([], None)

    def test_the_archive_pages_as_well(self, many):
        page = queries.titles(None, 10)
        assert len(page.posts) == 10
        assert len(queries.titles(page.older.begins_below, 20).posts) == 15

    @pytest.mark.parametrize("place", [Place(NOW, 1), Place(NOW.replace(microsecond=123456), 2**63 - 1)])
    def test_a_place_survives_the_address(self, place):
        assert pagination.read(pagination.write(place)) == place

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "-1",
            "0",
            "x",
            "9" * 5000,
            "%00",
            "MS4x=",
            "é",
            pagination.write(Place(NOW, 2**63 - 1)) + "A",
            "LjE",
            "MS4",
        ]
        + [pagination.write(Place(NOW, number)) for number in (-1, 0, 2**63, 10**30)],
    )
    def test_a_place_that_nobody_wrote_is_refused(self, raw):
        with pytest.raises(Refused):
            pagination.read(raw)


PAGES = ["/", "/@alice", "/tags/garden", "/archive", "/posts/twelfth", "/feed.atom", "/feed.json", "/sitemap.xml"]


def test_a_page_costs_as_many_queries_on_a_site_of_two_hundred_posts_as_on_a_small_one(world, client):
    def costs():
        return {path: cost(path) for path in PAGES}

    def cost(path):
        with counted() as sent:
            assert client.get(path).status_code == 200
        # comments are counted, but by an index and for the posts on the page alone
        assert not any("count(" in each.lower() and "from comments" not in each.lower() for each in sent)
        return len(sent)

    def publish(numbers):
        for number in numbers:
            author = factories.person(role=Role.AUTHOR) if number % 2 else world.alice
            factories.post(
                author,
                published_at=NOW - number * DAY,
                tags=("garden", f"tag {number}"),
                with_others=[factories.person(role=Role.AUTHOR)],
                **({"slug": "twelfth"} if number == 12 else {}),
            )
        database.session.commit()

    publish(range(24))  # more than a page of Alice's, so that both times there is something older
    few = costs()
    publish(range(24, 199))  # one less than a page of the archive
    assert costs() == few
    assert max(few.values()) <= 15


def test_the_list_of_ones_own_posts_costs_the_same_at_any_length(world, client):
    sign_in(client, world.alice)
    costs = []
    for _ in range(2):
        for state in PostState:
            for _ in range(5):
                factories.post(world.alice, state=state, published_at=NOW, publish_at=NOW, tags=("garden",))
        database.session.commit()
        with counted() as sent:
            assert client.get("/write").status_code == 200
        costs.append(len(sent))
    assert costs[0] == costs[1]
