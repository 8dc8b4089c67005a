"""What waits for an editor, and one post between its author and the editors."""

from __future__ import annotations

from datetime import datetime

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person, Role
from webapp.core import clock
from webapp.core.errors import Conflict, Refused
from webapp.core.forms import blame
from webapp.core.rendering import viewer_zone, when
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.forms import ReviewForm
from webapp.posts.models import Post
from webapp.posts.operations import gate, reviewing
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said, oddity

OF_AUTHORS = frozenset({"submit", "take_back"})
OF_EDITORS = frozenset({"changes", "publish", "schedule"})


def submit(post: Post, by: Person, now: datetime, words: str = "") -> Said:
    reviewing.submit(post, by=by, now=now, words=words)
    return Said(
        gettext("It waits for an editor. You can go on writing meanwhile."),
        leads_to=url_for("posts.review", post_id=post.id),
    )


@blueprint.get("/review")
@login_required
@permissions.editor.require(403)
def queue() -> ResponseReturnValue:
    return render_template(
        "posts/queue.html",
        waiting=queries.waiting_for_review(),
        is_required=queries.is_review_required(),
        is_admin=_me().is_allowed(Role.ADMIN),
    )


@blueprint.post("/review/rule")
@login_required
@permissions.admin.require(403)
def review_rule() -> ResponseReturnValue:
    wish = request.form.get("required")
    if wish not in {"yes", "no"}:
        abort(400)
    reviewing.require(is_required=wish == "yes", by=_me(), now=clock.now())
    db.session.commit()
    said = (
        gettext("From now on an editor reads what an author writes before it appears.")
        if wish == "yes"
        else gettext("From now on authors publish by themselves. They may still ask for a review.")
    )
    return Said(said, leads_to=url_for("posts.queue")).answer()


@blueprint.route("/posts/<int:post_id>/review", methods=["GET", "POST"])
@login_required
@permissions.author.require(403)
def review(post_id: int) -> ResponseReturnValue:
    person = _me()
    post = queries.get_editable(person, post_id) or abort(404)
    if request.method != "POST":
        return _page(post, ReviewForm.of(post), person)
    form, action = ReviewForm(), request.form.get("action", "")
    if action not in OF_AUTHORS | (OF_EDITORS if person.is_allowed(Role.EDITOR) else frozenset()):
        abort(400)
    if not form.validate():
        return _page(post, form, person), 422
    try:
        said = _answer(action, post, form, person, clock.now())
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return _again(post_id, form, person), 422
    except Conflict as conflict:
        db.session.rollback()
        form.form_errors.append(conflict.message)
        return _again(post_id, form, person), 409
    db.session.commit()
    return said.answer()


def _answer(action: str, post: Post, form: ReviewForm, person: Person, now: datetime) -> Said:
    words = form.note.data or ""
    match action:
        case "submit":
            return submit(post, person, now, words)
        case "take_back":
            reviewing.take_back(post, by=person, now=now)
            return Said(gettext("It waits no more."), leads_to=url_for("posts.edit", post_id=post.id))
        case "changes":
            reviewing.ask_for_changes(post, by=person, now=now, words=words)
            return Said(
                gettext("%(name)s finds your note beside the draft.", name=post.author.name),
                leads_to=url_for("posts.queue"),
            )
        case "publish":
            reviewing.approve(post, by=person, now=now, version=form.seen_version, words=words)
            return Said(
                gettext("Published. Everyone can read it here."), leads_to=url_for("posts.show", slug=post.slug)
            )
        case _:
            at = form.instant(viewer_zone())
            reviewing.approve(post, by=person, now=now, version=form.seen_version, at=at, words=words)
            said = gettext("It will appear by itself: %(when)s.", when=when(at))
            return Said(" ".join([said, *oddity(form.publish_at.data)]), leads_to=url_for("posts.queue"))


def _again(post_id: int, form: ReviewForm, person: Person) -> str:
    """The page as the database has it, with what was typed. Whoever saw an old text has now been shown the new one."""
    post = queries.get_editable(person, post_id) or abort(404)
    form.version.data = str(post.version)
    return _page(post, form, person)


def _page(post: Post, form: ReviewForm, person: Person) -> str:
    return render_template(
        "posts/review.html",
        post=post,
        form=form,
        notes=queries.review_notes_of(post),
        is_editor=person.is_allowed(Role.EDITOR),
        must_ask=gate.must_ask(post, person),
    )


def _me() -> Person:
    return identity.person_here() or abort(401)
