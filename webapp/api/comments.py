"""Comments: everyone's published ones to read; the caller's own to write, change and remove."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts.models import Scope
from webapp.api import answers, paging
from webapp.api.auth import caller, needs, payer
from webapp.api.blueprint import ID, Blueprint
from webapp.api.schemas import CommentChange, CommentPage, CommentSchema, NewComment, PageQuery
from webapp.comments import operations, queries
from webapp.comments.models import Comment
from webapp.comments.operations import Speaker
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db, limiter
from webapp.posts.models import Post

blueprint = Blueprint("comments", __name__)
SCHEMA = CommentSchema()
SAYING_PACE = "20 per minute; 120 per hour"
EXAMPLE = {"body": "A *fine* frost."}


@blueprint.route(f"/posts/<{ID}:post_id>/comments", endpoint="comments", tags=["Comments"])
class Comments(MethodView):
    @needs(Scope.COMMENTS_READ)
    @blueprint.query(PageQuery)
    @blueprint.answers(200, CommentPage, says="A page of comments, the oldest first.")
    def get(self, query: dict[str, Any], post_id: int) -> Any:
        """List the comments on a post

        Published ones only. A post that is not published has none.
        """
        return paging.page(queries.published_on(_post(post_id)), query)

    @needs(Scope.COMMENTS_WRITE)
    @blueprint.body(NewComment, example=EXAMPLE)
    @blueprint.answers(201, CommentSchema, says="The new comment, published or pending.")
    def post(self, values: dict[str, Any], post_id: int) -> Response:
        """Say something about a post

        The same rules and checks hold as on its page: look at the state that comes back.
        """
        post, person = _post(post_id), caller()
        if not person.is_confirmed:
            raise Forbidden("Confirm your mail address first.")
        comment = operations.say(
            post,
            by=Speaker.member(person),
            body=values["body"],
            parent=_parent(post, values["parent_id"]),
            now=clock.now(),
        )
        db.session.commit()
        return answers.made(SCHEMA, _visible(comment.id))


@blueprint.route(f"/comments/<{ID}:comment_id>", endpoint="comment", tags=["Comments"])
class OneComment(MethodView):
    @needs(Scope.COMMENTS_READ)
    @blueprint.answers(200, CommentSchema, says="The comment.")
    def get(self, comment_id: int) -> Response:
        """Read a comment

        A published one, or your own that waits to be read.
        """
        return answers.shown(SCHEMA, _visible(comment_id))

    @needs(Scope.COMMENTS_WRITE)
    @blueprint.body(CommentChange, example=EXAMPLE)
    @blueprint.answers(200, CommentSchema, says="The comment as it is now.")
    def patch(self, values: dict[str, Any], comment_id: int) -> Response:
        """Change your own words

        For ten minutes.
        """
        comment = _own(comment_id)
        answers.must_match(SCHEMA, comment)
        operations.edit(comment, body=values["body"], by=caller(), now=clock.now())
        db.session.commit()
        return answers.shown(SCHEMA, _visible(comment_id))

    @needs(Scope.COMMENTS_WRITE)
    @blueprint.answers(204, says="It is removed.")
    def delete(self, comment_id: int) -> Response:
        """Remove your own comment

        Where it was answered, the page says that something stood there.
        """
        comment = _own(comment_id)
        answers.must_match(SCHEMA, comment)
        operations.remove(comment, now=clock.now())
        db.session.commit()
        return answers.nothing()


def _post(post_id: int) -> Post:
    post = queries.public_post(post_id)
    if post is None:
        raise NotFound
    return post


def _parent(post: Post, comment_id: int | None) -> Comment | None:
    if comment_id is None:
        return None
    parent = queries.get_published(post, comment_id)
    if parent is None:
        raise Refused("parent_id", _("There is no such comment on this post."))
    return parent


def _visible(comment_id: int) -> Comment:
    comment = queries.get_visible(caller(), comment_id)
    if comment is None:
        raise NotFound
    return comment


def _own(comment_id: int) -> Comment:
    """A comment of the caller's that has not been removed."""
    comment = queries.get_own(caller(), comment_id, to_change=True)
    if comment is None or comment.state not in queries.EDITABLE:
        raise NotFound
    return comment


limiter.limit(
    lambda: SAYING_PACE,
    key_func=payer,
    methods=["POST"],
    override_defaults=False,  # on top of the pace of the whole API
)(blueprint)  # a limit on the method alone would take the whole API's from its siblings
