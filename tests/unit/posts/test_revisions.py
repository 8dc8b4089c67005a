"""What a post said earlier is kept, can be compared, and comes back without anything being lost."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.door import Visitor
from tests.world import sign_in
from webapp.accounts.models import Role
from webapp.core.errors import Refused
from webapp.extensions import db as database
from webapp.posts import diffs, operations, queries
from webapp.posts.diffs import Kind
from webapp.posts.models import Post, PostState, Revision, RevisionReason

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BODY = "The dahlias are in the cellar. The pots are in the shed, upside down, and the hose is empty."


@pytest.fixture
def post(world):
    made = operations.write(author=world.alice, title="First frost", body=BODY, tags=["garden"], slug=None, now=NOW)
    database.session.commit()
    return made


def edit(post, by, after, **values):
    operations.edit(post, by=by, now=NOW + after, version=None, **values)
    database.session.commit()


def kept(post):
    return list(database.session.scalars(select(Revision).filter_by(post_id=post.id).order_by(Revision.id)))


class TestKeeping:
    def test_a_draft_that_is_saved_every_few_seconds_keeps_one_revision_a_sitting(self, world, post):
        for second in range(0, 14 * 60, 20):
            edit(post, world.alice, timedelta(seconds=second), body=f"{BODY} {second}")
        assert [(each.body, each.saved_at) for each in kept(post)] == [
            (f"{BODY} 820", NOW + timedelta(seconds=820)),
        ]
        edit(post, world.alice, 16 * MINUTE, body=f"{BODY} The next sitting.")
        assert [each.body[len(BODY) :] for each in kept(post)] == [" 820", " The next sitting."]

    def test_what_takes_much_of_the_text_away_is_a_revision_of_its_own(self, world, post):
        edit(post, world.alice, MINUTE, body="Gone")
        assert [each.body for each in kept(post)] == [BODY, "Gone"]

    def test_somebody_elses_words_are_a_revision_of_their_own(self, world, post):
        edith = factories.person("Edith", role=Role.EDITOR)
        edit(post, edith, MINUTE, body=f"{BODY} So there.")
        assert [each.person_id for each in kept(post)] == [world.alice.id, edith.id]

    def test_every_edit_of_a_published_post_is_kept(self, world, post):
        operations.publish(post, by=world.alice, now=NOW)
        for minute in (1, 2):
            edit(post, world.alice, minute * MINUTE, body=f"{BODY} {minute}")
        assert [(each.reason, each.body[len(BODY) :]) for each in kept(post)] == [
            (RevisionReason.PUBLISHED, ""),
            (RevisionReason.SAVED, " 1"),
            (RevisionReason.SAVED, " 2"),
        ]

    def test_a_save_that_changes_no_words_keeps_nothing_new(self, world, post):
        edit(post, world.alice, timedelta(hours=3), slug="another-address", excerpt="In short.")
        assert len(kept(post)) == 1

    def test_other_tags_are_kept_with_the_words(self, world, post):
        edit(post, world.alice, timedelta(hours=1), tags=["garden", "winter"])
        assert [each.tags for each in kept(post)] == [["garden"], ["garden", "winter"]]

    def test_a_post_from_before_there_were_revisions_loses_nothing_by_its_first_edit(self, world):
        old = factories.post(world.alice, "Old", body="As it was.", tags=("x",), published_at=NOW)
        database.session.commit()
        edit(old, world.alice, MINUTE, body="As it is.")
        assert [(each.body, each.tags) for each in kept(old)] == [("As it was.", ["x"]), ("As it is.", ["x"])]

    def test_what_appears_by_itself_is_kept_as_published(self, world, post):
        operations.schedule(post, at=NOW + MINUTE, by=world.alice, now=NOW)
        database.session.commit()
        operations.publish_due(now=NOW + MINUTE)
        assert [(each.reason, each.tags) for each in kept(post)] == [
            (RevisionReason.SAVED, ["garden"]),
            (RevisionReason.PUBLISHED, ["garden"]),
        ]


class TestGoingBack:
    def test_nothing_is_lost_by_it(self, world, post):
        operations.publish(post, by=world.alice, now=NOW)
        edit(post, world.alice, MINUTE, title="Second frost", body="Other words.", tags=["winter"])
        operations.go_back_to(queries.revision_number(post, 1), post, by=world.alice, now=NOW + 2 * MINUTE)
        database.session.commit()
        post = queries.get_editable(world.alice, post.id)
        assert (post.title, post.body, [tag.name for tag in post.tags]) == ("First frost", BODY, ["garden"])
        assert "dahlias" in post.html
        assert [(each.reason, each.title, each.tags) for each in kept(post)] == [
            (RevisionReason.PUBLISHED, "First frost", ["garden"]),
            (RevisionReason.SAVED, "Second frost", ["winter"]),
            (RevisionReason.RESTORED, "First frost", ["garden"]),
        ]
        assert (post.published_at, post.is_public) == (NOW, True)

    def test_going_back_to_what_it_says_now_changes_nothing(self, world, post):
        version = post.version
        operations.go_back_to(queries.revision_number(post, 1), post, by=world.alice, now=NOW + MINUTE)
        assert len(kept(post)) == 1
        assert post.body == BODY
        assert post.version == version + 1

    def test_a_public_post_does_not_go_back_to_saying_nothing(self, world):
        post = operations.write(author=world.alice, title="Empty", body="", tags=[], slug=None, now=NOW)
        edit(post, world.alice, timedelta(hours=1), body=BODY)
        operations.publish(post, by=world.alice, now=NOW + timedelta(hours=2))
        with pytest.raises(Refused):
            operations.go_back_to(queries.revision_number(post, 1), post, by=world.alice, now=NOW)


class TestPages:
    @pytest.fixture(autouse=True)
    def wednesday(self):
        with time_machine.travel(NOW + timedelta(hours=5), tick=False):
            yield

    @pytest.fixture
    def alice(self, world, app):
        return Visitor(sign_in(app.test_client(), world.alice))

    @pytest.fixture
    def rewritten(self, world, post):
        edit(post, world.alice, timedelta(hours=1), body=BODY.replace("cellar", "attic"), tags=["garden", "winter"])
        edit(post, world.alice, timedelta(hours=2), title="Second frost")
        return post

    def test_the_list_says_who_and_when_and_leads_to_each(self, world, alice, rewritten):
        page = alice.visit(f"/posts/{rewritten.id}/revisions")
        links = [link["href"] for link in page.soup.select("main ol a")]
        assert links == [f"/posts/{rewritten.id}/revisions/{number}" for number in (3, 2, 1)]
        assert "Alice" in page.text
        assert "Wed 25 Nov, 11:40" in page.text

    def test_a_revision_shows_what_it_changed_in_words(self, alice, rewritten):
        page = alice.visit(f"/posts/{rewritten.id}/revisions/2")
        assert [each.text for each in page.soup.select(".difference del")] == ["cellar"]
        assert [each.text for each in page.soup.select(".difference ins")] == ["winter", "attic"]
        assert [each.text for each in page.soup.select(".difference .changed b")] == ["Changed"]

    def test_a_revision_is_compared_with_now(self, alice, rewritten):
        page = alice.visit(f"/posts/{rewritten.id}/revisions/2?against=now")
        assert [each.text for each in page.soup.select(".difference ins")] == ["Second"]
        assert [each.text for each in page.soup.select(".difference del")] == ["First"]

    def test_the_first_revision_is_all_new(self, alice, rewritten):
        page = alice.visit(f"/posts/{rewritten.id}/revisions/1")
        assert page.soup.select_one(".difference .added ins").text == BODY
        assert page.soup.select(".difference del") == []

    def test_one_press_goes_back(self, alice, rewritten):
        alice.visit(f"/posts/{rewritten.id}/revisions/1")
        page = alice.press("Go back to revision 1")
        assert page.path == f"/posts/{rewritten.id}/edit"
        assert "It says again what it said in revision 1" in page.text
        assert page.soup.select_one("[name=title]").text.strip() == "First frost"
        assert len(kept(rewritten)) == 4

    @pytest.mark.parametrize("number", ["0", "4", "99", "9223372036854775808", "1" * 300, "-1", "x"])
    def test_a_revision_that_is_not_there_is_a_404(self, alice, rewritten, number):
        assert alice.visit(f"/posts/{rewritten.id}/revisions/{number}").status == 404

    def test_words_that_look_like_html_stay_words(self, world, alice, post):
        edit(post, world.alice, timedelta(hours=1), body="<script>alert(1)</script>")
        page = alice.visit(f"/posts/{post.id}/revisions/2")
        assert page.soup.select("main script") == []
        assert "<script>alert(1)</script>" in page.text

    def test_a_revision_in_the_trash_is_not_there(self, world, alice, post):
        operations.trash(post, by=world.alice, now=NOW)
        database.session.commit()
        assert alice.visit(f"/posts/{post.id}/revisions").status == 404
        assert database.session.get(Post, post.id).state is PostState.TRASHED


class TestDifference:
    @pytest.mark.parametrize(
        ("before", "after", "removed", "added"),
        [
            ("The quick brown fox jumps over it.", "The slow red fox jumps over it.", ["quick brown"], ["slow red"]),
            ("今天下雪了。", "今天下雨了。", ["雪"], ["雨"]),
            ("", "New.", [], ["New."]),
            ("Old.", "", ["Old."], []),
            ("Same.", "Same.", [], []),
            ("One thing altogether", "quite something else", ["One thing altogether"], ["quite something else"]),
        ],
    )
    def test_words_are_marked(self, before, after, removed, added):
        pieces = diffs.words(before, after)
        assert [piece.text for piece in pieces if piece.kind is Kind.REMOVED] == removed
        assert [piece.text for piece in pieces if piece.kind is Kind.ADDED] == added

    def test_both_texts_can_be_read_out_of_it(self):
        before = "# Frost\n\nOne line.\nAnother line here.\n\nThe end of it."
        after = "# Frost\n\nOne line, longer.\nAnother line here.\nA new one.\n\nThe end."
        found = [piece for passage in diffs.passages(before, after) for piece in passage.pieces]
        assert "One line." in before
        for text, left_out in ((before, Kind.ADDED), (after, Kind.REMOVED)):
            seen = "\n".join(
                "".join(piece.text for piece in passage.pieces if piece.kind is not left_out)
                for passage in diffs.passages(before, after)
                if any(piece.kind is not left_out for piece in passage.pieces)
            )
            assert seen == text
        assert found

    def test_what_is_far_from_a_change_is_left_out_and_counted(self):
        lines = [f"line {number}" for number in range(100)]
        changed = [*lines[:50], "something new", *lines[50:]]
        found = diffs.passages("\n".join(lines), "\n".join(changed))
        assert [passage.left_out for passage in found if passage.left_out] == [48, 48]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("a\n" * 99_000, "b\n" * 99_000),
            ("ab " * 60_000, "ba " * 60_000),
            ("\n".join(map(str, range(20_000))), "\n".join(map(str, range(20_000, 0, -1)))),
            ("雪" * 200_000, "雨" * 200_000),
        ],
    )
    def test_hostile_texts_are_compared_in_a_moment(self, before, after):
        began = datetime.now(UTC)
        diffs.passages(before, after)
        assert datetime.now(UTC) - began < timedelta(seconds=5)
