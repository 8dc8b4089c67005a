"""The sample world: there at once, there only once, and silent."""

from datetime import UTC, datetime

from sqlalchemy import func, select

from webapp.accounts import passwords, queries
from webapp.accounts.models import Person, Role
from webapp.extensions import db as database
from webapp.mail.models import Delivery
from webapp.ops.seed import POSTS, sample_world
from webapp.posts import operations
from webapp.posts.models import Post

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


def count(kind):
    return database.session.scalar(select(func.count()).select_from(kind))


def test_the_sample_world_has_authors_a_reader_and_posts_of_the_past_weeks(db, client):
    assert sample_world(NOW) == 12
    db.session.commit()
    people = db.session.scalars(select(Person)).all()
    assert sorted(person.role for person in people) == [Role.AUTHOR, Role.AUTHOR, Role.AUTHOR, Role.READER]
    posts = db.session.scalars(select(Post).order_by(Post.published_at)).all()
    assert all(0 < (NOW - post.published_at).days < 30 or post is posts[-1] for post in posts)
    for path in ("/", "/archive", "/feed.atom", *(f"/posts/{post.slug}" for post in posts)):
        assert client.get(path).status_code == 200


def test_it_shows_what_the_site_can_do(db):
    sample_world(NOW)
    html = "".join(db.session.scalars(select(Post.html)))
    for part in ("<pre", "<table", 'class="notes"', "task-list-item", "<blockquote", "影子"):
        assert part in html


def test_a_second_time_changes_nothing_even_after_someone_did(db):
    sample_world(NOW)
    posts = db.session.scalars(select(Post).order_by(Post.id)).all()
    wren = queries.by_email("wren@example.org")
    operations.trash(posts[0], by=wren, now=NOW)
    operations.edit(posts[1], by=wren, now=NOW, version=None, slug="elsewhere", title="Mine")
    db.session.commit()
    before = {post.id: (post.version, post.state, post.slug) for post in posts}
    assert sample_world(NOW) == 0
    db.session.commit()
    assert {post.id: (post.version, post.state, post.slug) for post in db.session.scalars(select(Post))} == before
    assert count(Person) == 4


def test_nobody_in_it_gets_mail_or_can_sign_in(db, jobs):
    sample_world(NOW)
    db.session.commit()
    assert count(Delivery) == 0
    assert jobs.sent == []
    assert {person.password_hash for person in db.session.scalars(select(Person))} == {passwords.UNUSABLE}
    assert len(POSTS) == 8
