"""Posts: what the caller may read, and, for authors, their own to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts.models import Person, Role, Scope
from webapp.api import answers, paging
from webapp.api.auth import caller, needs
from webapp.api.blueprint import ID, Blueprint
from webapp.api.post_schemas import NewPost, PostChange, PostPage, PostQuery, PostSchema, Publication
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.posts import operations, queries
from webapp.posts.models import Post, PostState
from webapp.reminders import when
from webapp.search import operations as search

blueprint = Blueprint("posts", __name__, url_prefix="/posts")
SCHEMA = PostSchema()
EXAMPLE = {"title": "First frost", "body": "The dahlias are in the *cellar*.", "tags": ["garden"]}


@blueprint.route("", endpoint="posts", tags=["Posts"])
class Posts(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.query(PostQuery)
    @blueprint.answers(200, PostPage, says="A page of posts, the newest first; with q, the best first.")
    def get(self, query: dict[str, Any]) -> Any:
        """List posts, or search them

        Everyone's published posts and all of your own that are not in the trash; with the state trashed, what is in
        it. With q, the published ones that hold all of its words.
        """
        if "q" in query:
            return _found(query)
        state = PostState(query["state"]) if "state" in query else None
        rows = (queries.trash_of if state is PostState.TRASHED else queries.visible_to)(caller())
        if state is not None:
            rows = rows.where(Post.state == state)
        return paging.page(
            rows.options(queries.WITH_COVER).order_by(None).order_by(Post.created_at.desc(), Post.id.desc()), query
        )

    @needs(Scope.POSTS_WRITE)
    @blueprint.body(NewPost, example=EXAMPLE)
    @blueprint.answers(201, PostSchema, says="The new post.")
    def post(self, values: dict[str, Any]) -> Response:
        """Write a post

        It stays a draft unless you send "state": "published".
        """
        author, now = writer(), clock.now()
        with _cover_by_its_number():
            post = operations.write(
                author=author,
                title=values["title"],
                body=values["body"],
                tags=values.get("tags", []),
                slug=values.get("slug"),
                excerpt=values.get("excerpt", ""),
                canonical_url=values.get("canonical_url", ""),
                cover_id=values.get("cover_id") or 0,
                now=now,
            )
        if values["state"] == PostState.PUBLISHED:
            operations.publish(post, by=author, now=now)
        db.session.commit()
        return answers.made(SCHEMA, editable(author, post.id))


@blueprint.route(f"/<{ID}:post_id>", endpoint="post", tags=["Posts"])
class OnePost(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, PostSchema, says="The post.")
    def get(self, post_id: int) -> Response:
        """Read a post"""
        post = queries.get_visible(caller(), post_id)
        if post is None:
            raise NotFound
        queries.load_cover(post)
        return answers.shown(SCHEMA, post)

    @needs(Scope.POSTS_WRITE)
    @blueprint.body(PostChange, example={"title": "First frost, and the second"})
    @blueprint.answers(200, PostSchema, says="The post as it is now.")
    def patch(self, values: dict[str, Any], post_id: int) -> Response:
        """Change a post

        What you leave out stays as it is.
        """
        author = writer()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        if "cover_id" in values:
            values["cover_id"] = values["cover_id"] or 0
        if values:
            with _cover_by_its_number():
                operations.edit(post, by=author, now=clock.now(), version=post.version, **values)
            db.session.commit()
        return answers.shown(SCHEMA, editable(author, post_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(204, says="It is in the trash.")
    def delete(self, post_id: int) -> Response:
        """Move a post to the trash"""
        author = writer()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        operations.trash(post, by=author, now=clock.now())
        db.session.commit()
        return answers.nothing()


@blueprint.route(f"/<{ID}:post_id>/publication", endpoint="publication", tags=["Posts"])
class OnePublication(MethodView):
    @needs(Scope.POSTS_WRITE)
    @blueprint.body(Publication, example={"publish_at": "2031-03-01T07:00:00+08:00"}, is_needed=False)
    @blueprint.answers(200, PostSchema, says="The post, published or scheduled.")
    def put(self, values: dict[str, Any], post_id: int) -> Response:
        """Publish a post, now or later

        Without publish_at, or without a body at all, it is published at once.
        """
        author, now = writer(), clock.now()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        if "publish_at" in values:
            at = when.from_offset(values["publish_at"], field="publish_at")
            operations.schedule(post, at=at, by=author, now=now)
        else:
            operations.publish(post, by=author, now=now)
        db.session.commit()
        return answers.shown(SCHEMA, editable(author, post_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(204, says="It is a draft again.")
    def delete(self, post_id: int) -> Response:
        """Take a post off the site, or off the schedule"""
        author = writer()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        operations.unpublish(post, by=author, now=clock.now())
        db.session.commit()
        return answers.nothing()


@blueprint.route(f"/<{ID}:post_id>/restoration", endpoint="restoration", tags=["Posts"])
class Restoration(MethodView):
    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(200, PostSchema, says="The post, as it was before it went to the trash.")
    def post(self, post_id: int) -> Response:
        """Take a post out of the trash

        One that was scheduled and whose time has passed is a draft.
        """
        author = writer()
        post = queries.get_trashed(author, post_id)
        if post is None:
            raise NotFound
        queries.load_cover(post)
        answers.must_match(SCHEMA, post)
        operations.restore(post, by=author, now=clock.now())
        db.session.commit()
        return answers.shown(SCHEMA, editable(author, post_id))


def _found(query: dict[str, Any]) -> Any:
    """What a question finds, read as any other post is: the engine may not have heard that one is hidden by now."""
    found = search.find(query["q"], now=clock.now(), page=query["page"], size=query["limit"])
    rows = queries.published().options(queries.WITH_COVER).where(Post.id.in_(found.ids))
    posts = {post.id: post for post in db.session.scalars(rows)} if found.ids else {}
    return paging.shown([posts[each] for each in found.ids if each in posts], found.total, query)


@contextmanager
def _cover_by_its_number() -> Iterator[None]:
    """What the rules say of a cover, said of the field that it is here."""
    try:
        yield
    except Refused as refused:
        raise Refused("cover_id" if refused.field == "cover" else refused.field, refused.message) from None


def writer() -> Person:
    """The caller, if they may write posts at all: a scope never allows more than its person may do."""
    person = caller()
    if not person.is_allowed(Role.AUTHOR):
        raise Forbidden("Only authors write posts here.")
    return person


def editable(author: Person, post_id: int) -> Post:
    """A post the caller may change. Another person's does not exist here, whether it can be read or not."""
    post = queries.get_editable(author, post_id)
    if post is None:
        raise NotFound
    queries.load_cover(post)
    return post
