"""What was imported is in no letter; what appears here later is."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tests import factories
from tests.unit.portability import exports
from webapp.digests import operations as digests
from webapp.posts import operations as posts
from webapp.posts import queries
from webapp.posts.models import Post

YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d %H:%M:%S}"


def test_a_first_letter_does_not_tell_of_what_was_imported(imported, tmp_path, db, runner, jobs, smtp):
    factories.subscription("bob@example.org")
    imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, date=YESTERDAY)))
    assert db.session.scalar(select(Post.published_at)) > datetime.now(UTC) - timedelta(days=2)
    runner("digest", "send", "--now")
    jobs.run()
    assert smtp.received == []


def test_a_post_written_here_goes_out_beside_them(imported, tmp_path, db, runner, jobs, smtp, world):
    factories.subscription("bob@example.org")
    imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, title="From there", date=YESTERDAY)))
    factories.post(world.alice, "From here", published_at=datetime.now(UTC) - timedelta(hours=1))
    db.session.commit()
    runner("digest", "send", "--now")
    jobs.run()
    letter = smtp.only("bob@example.org")
    assert "From here" in letter.text
    assert "From there" not in letter.text


def test_an_imported_draft_goes_out_once_it_is_published_here(imported, tmp_path, db, world):
    reader = factories.subscription("bob@example.org")
    imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, title="Private", status="private")))
    now = datetime.now(UTC) + timedelta(minutes=1)
    posts.publish(db.session.scalars(select(Post)).one(), by=world.alice, now=now)
    db.session.commit()
    assert "Private" in digests.preview(reader, now=now + timedelta(minutes=1)).text


def test_an_imported_post_that_is_hidden_and_shown_again_stays_silent(imported, tmp_path, db, world):
    reader = factories.subscription("bob@example.org")
    imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, date=YESTERDAY)))
    now = datetime.now(UTC) + timedelta(minutes=1)
    found = db.session.scalars(select(Post)).one()
    posts.unpublish(found, by=world.alice, now=now)
    posts.schedule(found, at=now + timedelta(hours=1), by=world.alice, now=now)
    later = now + timedelta(days=1)
    assert queries.scheduled_before(later) == []
    posts.publish_due(now=later)
    db.session.commit()
    assert digests.preview(reader, now=later) is None
