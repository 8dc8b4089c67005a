"""The end of a post: by its author's hand, or after a long time in the trash."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import factories
from tests.door import Visitor
from tests.world import csrf, sign_in
from webapp.accounts.models import Person, Role
from webapp.audit.models import AuditEntry
from webapp.extensions import db as database
from webapp.ops.dispatcher import Dispatcher
from webapp.posts import operations, queries
from webapp.posts.models import Post, PostState, PreviewLink, ReviewNote, Revision, SlugRedirect
from webapp.posts.operations import previews, reviewing
from webapp.reminders.models import ReminderState

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def enter(app):
    return lambda person: Visitor(sign_in(app.test_client(), person))


@pytest.fixture
def trashed(world):
    """A post with everything a post can have, in the trash for ten days."""
    alice = world.alice
    mira = factories.person("Mira", role=Role.AUTHOR)
    post = factories.post(alice, "Salt", tags=("kitchen",), with_others=[mira], published_at=NOW - 20 * DAY)
    operations.edit(post, by=alice, now=NOW - 15 * DAY, version=None, slug="new", body="Other words.")
    operations.unpublish(post, by=alice, now=NOW - 14 * DAY)
    previews.share(post, days=30, by=alice, now=NOW - 14 * DAY)
    reviewing.submit(post, by=alice, now=NOW - 14 * DAY)
    operations.trash(post, by=alice, now=NOW - 10 * DAY)
    database.session.commit()
    return post


def count(model):
    return database.session.scalar(select(func.count()).select_from(model))


class TestByHand:
    def test_it_is_a_page_that_says_what_goes_and_a_press(self, world, trashed, enter):
        alice = enter(world.alice)
        page = alice.visit("/write")
        assert "deleted for good after 30 days" in page.text
        page = alice.visit(page.soup.select_one("a[href$='/deletion']")["href"])
        assert "Nobody can bring them back" in page.text
        assert count(Post) == 1
        page = alice.press("Delete for good")
        assert (page.path, "“Salt” is gone." in page.text) == ("/write", True)
        assert [count(each) for each in (Post, Revision, PreviewLink, ReviewNote, SlugRedirect)] == [0] * 5
        entry = database.session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.detail, entry.person_id) == ("post.deleted", {"title": "Salt"}, world.alice.id)

    def test_a_reminder_of_it_still_comes(self, world, trashed):
        reminder = factories.reminder(world.bob, "Read it", post_id=trashed.id)
        database.session.commit()
        operations.delete_for_good(queries.get_trashed(world.alice, trashed.id), by=world.alice, now=NOW)
        database.session.commit()
        database.session.expire_all()
        assert (reminder.post_id, reminder.state) == (None, ReminderState.PENDING)

    def test_its_addresses_are_free_again(self, world, trashed):
        old = database.session.scalars(select(SlugRedirect.slug)).one()
        operations.delete_for_good(queries.get_trashed(world.alice, trashed.id), by=world.alice, now=NOW)
        assert queries.taken([old, "new"]) == set()

    def test_only_what_is_in_the_trash_goes(self, world, enter):
        post = factories.post(world.alice, "Salt", published_at=NOW)
        database.session.commit()
        client = enter(world.alice).client
        token = csrf(client, "/write/new")
        assert client.get(f"/posts/{post.id}/deletion").status_code == 404
        assert client.post(f"/posts/{post.id}/deletion", data={"csrf_token": token}).status_code == 404
        assert count(Post) == 1

    @pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR])
    def test_only_its_author_deletes_it(self, trashed, enter, role):
        mira = database.session.scalars(select(Person).filter_by(name="Mira")).one()
        mira.role = role
        database.session.commit()
        visitor = enter(mira)
        page = visitor.visit("/write")
        assert page.has_button("Restore")
        assert page.soup.select("a[href$='/deletion']") == []
        token = csrf(visitor.client, "/write/new")
        assert visitor.client.post(f"/posts/{trashed.id}/deletion", data={"csrf_token": token}).status_code == 404
        assert count(Post) == 1

    def test_what_was_taken_back_in_the_same_moment_stays(self, world, trashed, enter):
        alice = enter(world.alice)
        alice.visit(f"/posts/{trashed.id}/deletion")
        operations.restore(queries.get_trashed(world.alice, trashed.id), by=world.alice, now=NOW)
        assert alice.press("Delete for good").status == 404
        assert count(Post) == 1


class TestByTime:
    def test_the_dispatcher_empties_the_trash_after_thirty_days(self, world, trashed):
        Dispatcher().round(NOW + 20 * DAY - timedelta(seconds=1))
        assert count(Post) == 1
        factories.post(world.alice, "A draft")
        Dispatcher().round(NOW + 20 * DAY)
        assert [post.title for post in database.session.scalars(select(Post))] == ["A draft"]
        entry = database.session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.actor, entry.detail) == ("post.deleted", "sweep", {"title": "Salt"})

    def test_what_came_back_and_went_again_begins_anew(self, world, trashed):
        post = queries.get_trashed(world.alice, trashed.id)
        operations.restore(post, by=world.alice, now=NOW)
        operations.trash(post, by=world.alice, now=NOW)
        database.session.commit()
        assert operations.empty_trash(before=NOW - timedelta(seconds=1), now=NOW) == 0
        assert operations.empty_trash(before=NOW, now=NOW) == 1

    def test_what_was_taken_back_between_look_and_deletion_stays(self, world, trashed, monkeypatch):
        seen = queries.long_in_trash(NOW, 10)
        operations.restore(queries.get_trashed(world.alice, trashed.id), by=world.alice, now=NOW)
        database.session.commit()
        monkeypatch.setattr(queries, "long_in_trash", lambda *_: seen)
        assert operations.empty_trash(before=NOW, now=NOW) == 0
        assert count(Post) == 1

    def test_a_scheduled_post_in_the_trash_never_appears(self, world):
        post = factories.post(world.alice, "Salt")
        operations.schedule(post, at=NOW + DAY, by=world.alice, now=NOW)
        operations.trash(post, by=world.alice, now=NOW)
        database.session.commit()
        Dispatcher().round(NOW + 2 * DAY)
        database.session.expire_all()
        assert post.state is PostState.TRASHED
