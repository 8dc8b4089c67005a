"""Comments of a WordPress export: whose they are, what they answer, and that nobody hears of them."""

import pytest
from sqlalchemy import func, select

from tests.unit.portability import exports
from webapp.comments.models import Comment, CommentState
from webapp.mail.models import Delivery
from webapp.portability.conversations import parents_first
from webapp.portability.models import ImportedThing
from webapp.posts.models import Post


def talk(tmp_path, *comments: str):
    return exports.wordpress(tmp_path / "talk.xml", exports.item(1, name="talk", more="".join(comments)))


def said(db) -> dict[str, Comment]:
    db.session.expire_all()
    return {each.body: each for each in db.session.scalars(select(Comment))}


@pytest.fixture
def thread(tmp_path, world):
    """An answer that stands before what it answers, a member, one that waits, and what nobody wants."""
    return talk(
        tmp_path,
        exports.comment(2, "An answer.", parent="1", author="Ally", email="alice@example.org"),
        exports.comment(1, "First!\n\nAnd <b>bold</b>.<script>x()</script>"),
        exports.comment(3, "Not yet read", approved="0", author="", email="no address"),
        exports.comment(4, "Buy pills", approved="spam"),
        exports.comment(5, "Thrown away", approved="trash"),
        exports.comment(6, "[...] talk [...]", kind="pingback"),
        exports.comment(7, "Of nothing", parent="5"),
    )


def test_what_was_said_comes_in_its_threads(imported, thread, db, world):
    report = imported("wordpress", thread)
    assert report.counts["comment"] == {"imported": 4, "skipped": 3}
    found = said(db)
    first, answer, waits = found["First!\n\nAnd **bold**."], found["An answer."], found["Not yet read"]
    assert first.html == "<p>First!</p>\n<p>And <strong>bold</strong>.</p>\n"
    assert (first.name, first.address, first.state) == ("Jo", "jo@reader.example", CommentState.PUBLISHED)
    assert first.created_at.day == 1
    assert (answer.parent_id, answer.person_id, answer.address) == (first.id, world.alice.id, "")
    assert (waits.name, waits.address, waits.state) == ("Anonymous", "", CommentState.PENDING)
    assert found["Of nothing"].parent_id is None


def test_what_is_left_out_is_named_with_the_reason(imported, thread):
    report = imported("wordpress", thread)
    assert report.of("Jo: Buy pills")["reason"] == "it is spam there"
    assert report.of("Jo: Thrown away")["reason"] == "it is in the trash there"
    assert report.of("Jo: [...] talk [...]")["reason"] == "a pingback: only what people say comes here"
    assert report.of("Jo: Of nothing")["reason"] == "what it answers is not here"
    assert "waits for somebody" in report.of("Anonymous: Not yet read")["reason"]


def test_nobody_hears_of_comments_that_are_imported(imported, thread, db, jobs, runner, smtp):
    imported("wordpress", thread)
    jobs.run()
    runner("sweep")
    assert db.session.scalar(select(func.count(Delivery.id))) == 0
    assert smtp.received == []


def test_a_second_import_brings_only_what_was_said_since(imported, thread, tmp_path, db):
    imported("wordpress", thread)
    again = imported("wordpress", thread)
    assert again.counts["comment"] == {"unchanged": 4, "skipped": 3}
    later = talk(
        tmp_path, exports.comment(1, "First!\n\nAnd <b>bold</b>."), exports.comment(8, "Since then.", parent="1")
    )
    assert imported("wordpress", later).counts["comment"] == {"unchanged": 1, "imported": 1}
    found = said(db)
    assert found["Since then."].parent_id == found["First!\n\nAnd **bold**."].id
    assert len(found) == 5


def test_a_dry_run_says_the_same_and_keeps_no_comment(imported, thread, db):
    dry = imported("wordpress", thread, "--dry-run")
    assert said(db) == {}
    assert imported("wordpress", thread).items == dry.items


def test_comments_of_a_post_that_is_gone_stay_away(imported, thread, db):
    imported("wordpress", thread)
    db.session.delete(db.session.scalars(select(Post)).one())
    db.session.execute(ImportedThing.__table__.delete().where(ImportedThing.kind == "comment"))
    db.session.commit()
    assert imported("wordpress", thread).counts["comment"] == {"skipped": 7}
    assert said(db) == {}


def test_a_comment_that_is_too_long_fails_alone(imported, tmp_path, world, db):
    file = talk(tmp_path, exports.comment(1, "word " * 3000), exports.comment(2, "Short.", parent="1"))
    report = imported("wordpress", file)
    assert report.counts["comment"] == {"failed": 1, "imported": 1}
    assert said(db)["Short."].parent_id is None


def test_comments_that_answer_each_other_in_a_circle_all_come(imported, tmp_path, world, db):
    file = talk(tmp_path, exports.comment(1, "One", parent="2"), exports.comment(2, "Two", parent="1"))
    assert imported("wordpress", file).counts["comment"] == {"imported": 2}
    assert [each.key for each in parents_first([])] == []
    assert set(said(db)) == {"One", "Two"}
