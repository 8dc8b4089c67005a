"""Changing and removing what one said oneself; and hearing no more of answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity
from webapp.comments import links, notices, operations, queries
from webapp.comments.forms import EditForm
from webapp.comments.models import Comment
from webapp.comments.views.blueprint import ONE, blueprint, page_of, visitor_here
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import csrf, db
from webapp.posts import queries as posts


def somebody(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Lets members in, and visitors who have confirmed an address in this browser; others sign in first."""
    for_members = cast(Callable[..., ResponseReturnValue], login_required(view))

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
        return (view if visitor_here().address else for_members)(*args, **values)

    return guarded


@blueprint.route(f"{ONE}/edit", methods=["GET", "POST"])
@somebody
def edit(comment_id: int) -> ResponseReturnValue:
    comment = _mine(comment_id)
    form = EditForm(body=comment.body)
    if request.method != "POST":
        return render_template("comments/edit.html", comment=comment, post=comment.post, form=form)
    if form.validate():
        try:
            operations.edit(comment, body=form.body.data, by=identity.person_here(), now=clock.now())
        except Refused as refused:
            db.session.rollback()
            blame(form, refused)
            comment = _mine(comment_id)
        else:
            where = page_of(comment, comment.post)
            db.session.commit()
            return redirect(where, 303)
    return render_template("comments/edit.html", comment=comment, post=comment.post, form=form), 422


@blueprint.post(f"{ONE}/removal")
@somebody
def removal(comment_id: int) -> ResponseReturnValue:
    comment = _mine(comment_id)
    slug = comment.post.slug
    operations.remove(comment, now=clock.now())
    db.session.commit()
    undo = url_for("comments.restoration", comment_id=comment_id)
    flash({"text": gettext("Your comment is removed."), "undo": undo}, "note")  # type: ignore[arg-type]  # the layout reads both
    return redirect(url_for("posts.show", slug=slug), 303)


@blueprint.post(f"{ONE}/restoration")
@somebody
def restoration(comment_id: int) -> ResponseReturnValue:
    comment = _mine(comment_id)
    operations.bring_back(comment, now=clock.now())
    where = page_of(comment, comment.post)
    db.session.commit()
    return redirect(where, 303)


@blueprint.route("/unsubscribe/comments-<token>", methods=["GET", "POST"])
@csrf.exempt  # RFC 8058: mail programs post here without cookies; the token in the address is what proves the right
def mute(token: str) -> ResponseReturnValue:
    """Without a word about how far it should go (a mail program's one click) it stops all such mail."""
    hearer = links.to_mute(token) or abort(404)
    if request.method == "POST":
        notices.mute(hearer, everywhere=request.form.get("stop") != "post", now=clock.now())
        db.session.commit()
    return render_template(
        "comments/mute.html",
        hearer=hearer,
        post=posts.get_visible(None, hearer.post_id),
        is_quiet_here=notices.is_muted(hearer),
        is_quiet=notices.is_muted(hearer, everywhere=True),
    )


def _mine(comment_id: int) -> Comment:
    """A comment of whoever is here; for anyone else it does not exist."""
    person, visitor = identity.person_here(), visitor_here().address
    return queries.get_own(person, comment_id, visitor=visitor, to_change=request.method == "POST") or abort(404)
