"""The page behind the link in a visitor's mail: opening it changes nothing, its button publishes the comment.

Later the same button leads to the comment, which this browser may then change and remove as a member may theirs.
"""

from __future__ import annotations

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.comments import links, operations, queries
from webapp.comments.models import Comment, CommentState
from webapp.comments.views.blueprint import blueprint, page_of, remember
from webapp.core import clock
from webapp.extensions import db


@blueprint.get("/confirm/comment-<token>")
def confirm(token: str) -> ResponseReturnValue:
    comment = _meant(token)
    if comment is None:
        return _link_is_over()
    return render_template("comments/confirm.html", comment=comment, post=comment.post)


@blueprint.post("/confirm/comment-<token>")
def confirmed(token: str) -> ResponseReturnValue:
    comment = _meant(token, to_change=True)
    if comment is None:
        return _link_is_over()
    is_first = comment.state is CommentState.UNCONFIRMED
    operations.confirm(comment, now=clock.now())
    db.session.commit()
    comment = _meant(token) or abort(404)
    remember(comment)
    if comment.is_public or (comment.state is CommentState.PENDING and not is_first):
        return redirect(page_of(comment, comment.post), 303)
    return redirect(url_for("comments.confirm", token=token), 303)


def _meant(token: str, *, to_change: bool = False) -> Comment | None:
    """The comment a link is for, if it is still the one that was typed and its post can be read."""
    match links.to_confirm(token):
        case (comment_id, looks):
            comment = queries.get_mailed(comment_id, to_change=to_change)
            if comment is not None and comment.post.is_public:
                return comment if links.is_meant(comment, looks) else None
    return None


def _link_is_over() -> ResponseReturnValue:
    return render_template("comments/over.html", days=links.CONFIRM_WITHIN.days), 410
