"""The rules of a post: its address, its states, and the day it appeared."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.core.errors import Conflict, Refused
from webapp.posts import operations, queries
from webapp.posts.models import Post, PostState, Revision, SlugRedirect, Tag

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def alice(world):
    return world.alice


def write(alice, title="First frost", body="The dahlias are in the *cellar*.", **values):
    return operations.write(
        **{"author": alice, "title": title, "body": body, "tags": [], "slug": None, "now": NOW} | values
    )


def revisions(post):
    return [each.title for each in factories.db.session.scalars(select(Revision).filter_by(post_id=post.id))]


def blind_once(monkeypatch, query, nothing):
    """Lets a query see nothing the first time, as when another writer is a moment quicker."""
    look, blinks = getattr(queries, query), [nothing]
    monkeypatch.setattr(queries, query, lambda *args, **more: blinks.pop() if blinks else look(*args, **more))


class TestWriting:
    def test_a_new_post_is_a_draft_rendered_at_once(self, alice):
        post = write(alice, tags=["garden"])
        assert post.state is PostState.DRAFT
        assert post.html == "<p>The dahlias are in the <em>cellar</em>.</p>\n"
        assert post.excerpt == "The dahlias are in the cellar."
        assert (post.published_at, post.created_at) == (None, NOW)
        assert [tag.slug for tag in post.tags] == ["garden"]

    @pytest.mark.parametrize(
        ("title", "slug"),
        [
            ("First frost", "first-frost"),
            ("Été à Genève", "ete-a-geneve"),
            ("小雪", "xiao-xue"),
            ("☃", "post-2026-11-25"),
            ("a/../b?c#d", "a-b-c-d"),
            ("x" * 200, "x" * 80),
        ],
    )
    def test_an_address_comes_from_the_title(self, alice, title, slug):
        assert write(alice, title).slug == slug

    def test_an_address_that_is_taken_gets_a_number(self, alice):
        assert [write(alice).slug for _ in range(3)] == ["first-frost", "first-frost-2", "first-frost-3"]

    def test_the_fiftieth_post_of_a_title_still_gets_an_address(self, alice):
        slugs = {write(alice).slug for _ in range(50)}
        assert len(slugs) == 50

    def test_an_address_that_was_taken_between_look_and_writing_is_tried_again(self, alice, monkeypatch):
        write(alice)
        blind_once(monkeypatch, "taken", set())
        assert write(alice).slug == "first-frost-2"

    def test_a_chosen_address_is_made_fit_for_one(self, alice):
        assert write(alice, slug=" Salt & Pepper ").slug == "salt-pepper"

    def test_a_chosen_address_that_is_taken_is_refused(self, alice):
        write(alice)
        with pytest.raises(Refused, match="Another post has this address") as refused:
            write(alice, slug="first-frost")
        assert refused.value.field == "slug"

    def test_an_address_without_letters_is_refused(self, alice):
        with pytest.raises(Refused) as refused:
            write(alice, slug="///")
        assert refused.value.field == "slug"

    @pytest.mark.parametrize(
        "title",
        ["", "   ", "a\nb", "a\r\nBcc: x@example.org", "a\x0bb", "a\x00b", "a\u2028b", "a\x85b", "a\ud800b", "x" * 201],
    )
    def test_a_title_that_does_not_fit_on_a_line_is_refused(self, alice, title):
        with pytest.raises(Refused) as refused:
            write(alice, title)
        assert refused.value.field == "title"

    def test_a_title_loses_the_marks_that_turn_text_around(self, alice):
        assert write(alice, "\u202eevil\u202c").title == "evil"

    def test_tags_of_the_same_address_are_one(self, alice):
        post = write(alice, tags=["Running things", "running  things", "#Running Things", "", "节气"])
        assert sorted((tag.slug, tag.name) for tag in post.tags) == [
            ("jie-qi", "节气"),
            ("running-things", "Running things"),
        ]
        assert [tag.name for tag in write(alice, tags=["RUNNING THINGS"]).tags] == ["Running things"]

    @pytest.mark.parametrize("tags", [["x" * 51], [f"t{n}" for n in range(11)], ["☃"], ["a\nb"]])
    def test_tags_that_do_not_fit_are_refused(self, alice, tags):
        with pytest.raises(Refused) as refused:
            write(alice, tags=tags)
        assert refused.value.field == "tags"

    @pytest.mark.parametrize("body", ["a\x00b", "a\ud800b", "x" * 200_001])
    def test_a_text_that_cannot_be_kept_is_refused(self, alice, body):
        with pytest.raises(Refused) as refused:
            write(alice, body=body)
        assert refused.value.field == "body"


class TestEditing:
    def test_only_what_is_given_changes(self, alice):
        post = write(alice, tags=["garden"])
        operations.edit(post, by=alice, now=NOW + HOUR, version=None, title="Second frost")
        assert (post.title, post.slug, post.body) == (
            "Second frost",
            "first-frost",
            "The dahlias are in the *cellar*.",
        )
        assert [tag.name for tag in post.tags] == ["garden"]
        assert post.updated_at == NOW + HOUR

    def test_a_new_text_is_rendered_again(self, alice):
        post = write(alice)
        operations.edit(post, by=alice, now=NOW, version=None, body="**New**")
        assert "<strong>New</strong>" in post.html

    def test_every_edit_raises_the_version_even_of_the_tags_alone(self, alice):
        post = write(alice)
        before = post.version
        operations.edit(post, by=alice, now=NOW + HOUR, version=before, tags=["garden"])
        assert post.version > before

    def test_a_version_that_is_old_is_a_conflict(self, alice):
        post = write(alice)
        seen = post.version
        operations.edit(post, by=alice, now=NOW, version=seen, title="Theirs")
        with pytest.raises(Conflict):
            operations.edit(post, by=alice, now=NOW, version=seen, title="Mine")
        assert post.title == "Theirs"

    def test_two_editors_in_the_same_moment_cannot_overwrite_each_other(self, alice, db):
        post = write(alice)
        db.session.commit()
        assert post.version == 1
        db.session.execute(Post.__table__.update().values(version=2))  # another process, after we looked
        with pytest.raises(Conflict):
            operations.edit(post, by=alice, now=NOW, version=1, title="Mine")

    def test_editing_a_published_post_keeps_the_day_it_appeared_and_a_revision(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        operations.edit(post, by=alice, now=NOW + HOUR, version=None, title="Second frost")
        assert post.published_at == NOW
        assert revisions(post) == ["First frost", "Second frost"]

    def test_editing_a_draft_again_in_the_same_sitting_keeps_no_second_revision(self, alice):
        post = write(alice)
        operations.edit(post, by=alice, now=NOW, version=None, title="Second frost")
        assert revisions(post) == ["Second frost"]

    def test_a_published_post_keeps_a_text(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        with pytest.raises(Refused) as refused:
            operations.edit(post, by=alice, now=NOW, version=None, body="  ")
        assert refused.value.field == "body"

    def test_the_old_address_of_a_published_post_still_leads_to_it(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        operations.edit(post, by=alice, now=NOW, version=None, slug="second-frost")
        assert queries.moved_from(None, "first-frost").id == post.id
        assert write(alice).slug == "first-frost-2", "an old address is not given to another post"
        with pytest.raises(Refused):
            write(alice, slug="first-frost")

    def test_a_post_can_take_its_old_address_back(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        for slug in ("second-frost", "first-frost"):
            operations.edit(post, by=alice, now=NOW, version=None, slug=slug)
        assert post.slug == "first-frost"
        assert [each.slug for each in factories.db.session.scalars(select(SlugRedirect))] == ["second-frost"]

    def test_the_address_of_a_draft_leaves_nothing_behind(self, alice):
        post = write(alice)
        operations.edit(post, by=alice, now=NOW, version=None, slug="second-frost")
        assert factories.db.session.scalar(select(func.count()).select_from(SlugRedirect)) == 0

    def test_the_address_of_another_post_is_refused(self, alice):
        write(alice)
        other = write(alice, "Other")
        with pytest.raises(Refused) as refused:
            operations.edit(other, by=alice, now=NOW, version=None, slug="first-frost")
        assert refused.value.field == "slug"


class TestPublishing:
    def test_the_first_publication_fixes_the_day(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        operations.unpublish(post, by=alice, now=NOW + HOUR)
        operations.publish(post, by=alice, now=NOW + 2 * HOUR)
        assert post.is_public
        assert post.published_at == NOW

    def test_publishing_twice_is_publishing_once(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        version = post.version
        operations.publish(post, by=alice, now=NOW + HOUR)
        assert (post.published_at, post.version, revisions(post)) == (NOW, version, ["First frost"])

    def test_an_empty_post_is_not_published(self, alice):
        post = write(alice, body=" \n")
        for change in (
            lambda: operations.publish(post, by=alice, now=NOW),
            lambda: operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW),
        ):
            with pytest.raises(Refused) as refused:
                change()
            assert refused.value.field == "body"

    @pytest.mark.parametrize(
        "at",
        [
            NOW,
            NOW - HOUR,
            NOW + timedelta(days=3654),
            NOW.replace(year=9999),
            NOW.replace(year=1),
            datetime(2026, 12, 1),
        ],
    )
    def test_a_time_to_publish_is_ahead_and_within_ten_years(self, alice, at):
        post = write(alice)
        with pytest.raises(Refused) as refused:
            operations.schedule(post, at=at, by=alice, now=NOW)
        assert refused.value.field == "publish_at"
        assert post.state is PostState.DRAFT

    def test_a_public_post_cannot_be_scheduled(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        with pytest.raises(Refused):
            operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)

    def test_a_scheduled_post_appears_at_its_time_and_once(self, alice, db):
        post = write(alice)
        operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
        db.session.commit()
        assert operations.publish_due(now=NOW + HOUR - timedelta(seconds=1)) == 0
        assert operations.publish_due(now=NOW + HOUR) == 1
        assert post.is_public, "the same transaction sees it: a digest may be next"
        assert operations.publish_due(now=NOW + HOUR) == 0
        assert (post.published_at, post.publish_at) == (NOW + HOUR, None)
        assert revisions(post) == ["First frost", "First frost"], "as it was written, and as it appeared"

    def test_a_post_that_waited_for_a_sleeping_house_appears_when_it_wakes(self, alice, db):
        post = write(alice)
        operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
        db.session.commit()
        operations.publish_due(now=NOW + 30 * HOUR)
        db.session.commit()
        assert post.published_at == NOW + 30 * HOUR, "a digest whose window has closed must not miss it"

    def test_two_dispatchers_publish_a_post_once(self, alice, db, monkeypatch):
        post = write(alice)
        operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
        db.session.commit()
        both_saw = queries.due(NOW + HOUR, 10)
        db.session.execute(Post.__table__.update().values(state="published", published_at=NOW + HOUR, version=9))
        monkeypatch.setattr(queries, "due", lambda *_: both_saw)  # as we saw it before the other one was quicker
        assert operations.publish_due(now=NOW + 2 * HOUR) == 0
        assert post.published_at == NOW + HOUR
        assert revisions(post) == ["First frost"], "as it was written"

    def test_a_withdrawn_schedule_publishes_nothing(self, alice):
        post = write(alice)
        operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
        operations.unpublish(post, by=alice, now=NOW)
        assert operations.publish_due(now=NOW + 2 * HOUR) == 0
        assert (post.state, post.publish_at) == (PostState.DRAFT, None)


class TestTrash:
    def test_a_published_post_comes_back_published(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        operations.trash(post, by=alice, now=NOW + HOUR)
        assert queries.by_slug(alice, "first-frost") is None
        operations.restore(post, by=alice, now=NOW + 2 * HOUR)
        assert post.is_public
        assert post.published_at == NOW

    def test_a_scheduled_post_comes_back_scheduled_while_its_time_is_ahead(self, alice):
        post = write(alice)
        operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
        operations.trash(post, by=alice, now=NOW)
        assert operations.publish_due(now=NOW + 2 * HOUR) == 0
        operations.restore(post, by=alice, now=NOW)
        assert (post.state, post.publish_at) == (PostState.SCHEDULED, NOW + HOUR)

    def test_a_scheduled_post_whose_time_passed_comes_back_as_a_draft(self, alice):
        post = write(alice)
        operations.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
        operations.trash(post, by=alice, now=NOW)
        operations.restore(post, by=alice, now=NOW + 2 * HOUR)
        assert (post.state, post.publish_at) == (PostState.DRAFT, None)

    def test_what_is_edited_in_the_trash_comes_back_as_a_draft(self, alice):
        post = write(alice)
        operations.publish(post, by=alice, now=NOW)
        operations.trash(post, by=alice, now=NOW)
        operations.edit(post, by=alice, now=NOW, version=post.version, body="Kept.")
        assert (post.state, post.trashed_from, post.body) == (PostState.DRAFT, None, "Kept.")

    def test_an_address_stays_with_a_post_in_the_trash(self, alice):
        operations.trash(write(alice), by=alice, now=NOW)
        assert write(alice).slug == "first-frost-2"


def test_a_tag_that_somebody_else_wrote_in_the_same_moment_is_used(alice, db, monkeypatch):
    db.session.add(Tag(name="garden", slug="garden"))
    db.session.flush()
    blind_once(monkeypatch, "tags_called", {})
    assert [tag.name for tag in write(alice, tags=["garden"]).tags] == ["garden"]
    assert db.session.scalar(select(func.count()).select_from(Tag)) == 1
