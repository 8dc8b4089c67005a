"""The queue: what waits, what was published, the spam and the trash, and one decision about many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.comments import operations, queries
from webapp.comments.models import CommentState
from webapp.comments.operations import Verdict
from webapp.comments.views.blueprint import ON_A_POST, blueprint
from webapp.core import clock, pagination, tokens
from webapp.core.errors import Refused
from webapp.core.pagination import Place
from webapp.extensions import db
from webapp.posts import queries as posts

PAGE = 30
MOST = 100
"""Comments in one decision."""
UNDO = "comments.undo"
UNDO_WITHIN = operations.REMOVED_FOR
SHELVES = (CommentState.PENDING, CommentState.PUBLISHED, CommentState.SPAM, CommentState.TRASHED)


@blueprint.get("/comments/moderation")
@login_required
@permissions.author.require(403)
def moderation() -> ResponseReturnValue:
    shelf, before = _shelf(), _before()
    found = queries.queue(_me(), shelf, before, PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return render_template(
        "comments/moderation.html",
        comments=found[:PAGE],
        shelf=shelf,
        shelves=SHELVES,
        numbers=queries.numbers(_me()),
        further=pagination.write(Place(last.created_at, last.id)) if last else None,
        is_first=before is None,
    )


@blueprint.post("/comments/moderation")
@login_required
@permissions.author.require(403)
def decisions() -> ResponseReturnValue:
    """One button of one row (``publish:12``), or one verdict on every row that is checked."""
    word, colon, one = request.form.get("do", "").partition(":")
    if word not in set(Verdict):
        abort(422)
    verdict, ids = Verdict(word), _ids([one] if colon else request.form.getlist("id"))
    comments = queries.get_moderatable(_me(), ids)
    if len(comments) != len(ids):
        abort(404)
    was = [[comment.id, str(comment.state)] for comment in comments]
    changed = [operations.decide(comment, verdict, by=_me(), now=clock.now()) for comment in comments]
    db.session.commit()
    _say(verdict, [before for before, is_new in zip(was, changed, strict=True) if is_new])
    return redirect(url_for("comments.moderation", state=_shelf().value), 303)


@blueprint.post("/comments/moderation/undo/<token>")
@login_required
@permissions.author.require(403)
def undo(token: str) -> ResponseReturnValue:
    """Puts back what a decision of one's own moved, as far as nobody has decided anew."""
    match tokens.read(UNDO, token, max_age=UNDO_WITHIN):
        case [int(person_id), str(decided), list(was)] if person_id == _me().id:
            states = {int(number): CommentState(state) for number, state in was}
        case _:
            abort(404)
    comments = [each for each in queries.get_moderatable(_me(), states) if each.state == decided]
    for comment in comments:
        operations.put_back(comment, states[comment.id], by=_me(), now=clock.now())
    db.session.commit()
    flash(ngettext("%(num)d comment is where it was.", "%(num)d comments are where they were.", len(comments)))
    return redirect(url_for("comments.moderation"), 303)


@blueprint.post(f"{ON_A_POST}/closing")
@login_required
@permissions.author.require(403)
def closing(post_id: int) -> ResponseReturnValue:
    return _open_or_close(post_id, is_open=False)


@blueprint.post(f"{ON_A_POST}/opening")
@login_required
@permissions.author.require(403)
def opening(post_id: int) -> ResponseReturnValue:
    return _open_or_close(post_id, is_open=True)


def _open_or_close(post_id: int, *, is_open: bool) -> ResponseReturnValue:
    post = posts.get_editable(_me(), post_id) or abort(404)
    slug = post.slug
    operations.open_or_close(post, is_open=is_open, by=_me(), now=clock.now())
    db.session.commit()
    said = gettext("Comments are open.") if is_open else gettext("Comments are closed. What was said stays.")
    undo = url_for("comments.closing" if is_open else "comments.opening", post_id=post_id)
    flash({"text": said, "undo": undo}, "note")  # type: ignore[arg-type]  # the layout reads both
    return redirect(url_for("posts.show", slug=slug), 303)


def _say(verdict: Verdict, was: Sequence[list[object]]) -> None:
    count = len(was)
    said = {
        Verdict.PUBLISH: ngettext("%(num)d comment is published.", "%(num)d comments are published.", count),
        Verdict.SPAM: ngettext("%(num)d comment is with the spam.", "%(num)d comments are with the spam.", count),
        Verdict.TRASH: ngettext("%(num)d comment is in the trash.", "%(num)d comments are in the trash.", count),
    }
    if not count:
        flash(gettext("Nothing was changed."))
        return
    token = tokens.sign(UNDO, [_me().id, str(operations.DECIDED[verdict]), list(was)])
    flash({"text": said[verdict], "undo": url_for("comments.undo", token=token)}, "note")  # type: ignore[arg-type]  # as above


def _ids(raw: Sequence[str]) -> set[int]:
    if not raw or len(raw) > MOST:
        abort(422)
    if not all(each.isascii() and each.isdigit() and len(each) < 19 for each in raw):
        abort(404)
    return {int(each) for each in raw}


def _shelf() -> CommentState:
    raw = request.values.get("state", CommentState.PENDING.value)
    return CommentState(raw) if raw in {shelf.value for shelf in SHELVES} else abort(404)


def _before() -> Place | None:
    raw = request.args.get("before")
    try:
        return pagination.read(raw) if raw else None
    except Refused:
        abort(404)


def _me() -> Person:
    return cast(Person, identity.person_here())
