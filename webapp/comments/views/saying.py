"""Saying something about a post."""

from __future__ import annotations

from flask import abort, flash, jsonify, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter.util import get_remote_address

from webapp.accounts import identity
from webapp.accounts.models import Person
from webapp.comments import operations, policy, proof, queries
from webapp.comments.forms import CommentForm, VisitorForm
from webapp.comments.models import Comment, CommentState
from webapp.comments.operations import Speaker
from webapp.comments.policy import Welcome
from webapp.comments.spam import Sending
from webapp.comments.views.blueprint import ON_A_POST, blueprint, page_of, visitor_here
from webapp.core import clock, languages
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.core.pagination import LARGEST_ID
from webapp.extensions import db, limiter
from webapp.posts.models import Post

WROTE_TO = "comment_to"


def _speaker() -> str:
    person = identity.person_here()
    return f"person {person.id}" if person else f"address {get_remote_address()}"


def _pace() -> str:
    return "20/minute; 120/hour" if identity.person_here() else "10/minute; 40/hour"


@blueprint.post(ON_A_POST)
@limiter.limit(_pace, key_func=_speaker)
def say(post_id: int) -> ResponseReturnValue:
    post = queries.public_post(post_id) or abort(404)
    person = identity.person_here()
    if person is None and policy.current().visitors is Welcome.NO:
        return redirect(url_for("accounts.login", next=url_for("posts.show", slug=post.slug)), 303)
    if person is not None and not person.is_confirmed:
        abort(403)
    form = CommentForm() if person else VisitorForm()
    parent = _parent(post, form.parent_id.data)
    if not form.validate():
        return _again(post, form, parent)
    try:
        comment = operations.say(
            post,
            by=_who(person, form),
            body=form.body.data,
            parent=parent,
            wants_replies=form.wants_replies.data,
            sending=_sending(person, form),
            form_key=form.form_key.data or "",
            now=clock.now(),
        )
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return _again(post, form, parent)
    db.session.commit()
    return _said(comment, post, person)


@blueprint.get("/comments/sent")
def sent() -> ResponseReturnValue:
    """The same for every address."""
    return render_template("comments/sent.html", address=session.get(WROTE_TO))


@blueprint.get("/comments/challenge")
@limiter.limit("60/minute")
def challenge() -> ResponseReturnValue:
    """A task for a visitor's browser. Nothing is kept of it."""
    answer = jsonify(proof.challenge(clock.now()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _who(person: Person | None, form: CommentForm) -> Speaker:
    if person is not None:
        return Speaker.member(person)
    return Speaker.visitor(
        form["name"].data, form["email"].data, confirmed=visitor_here().address, language=languages.spoken()
    )


def _sending(person: Person | None, form: CommentForm) -> Sending:
    is_trapped = bool(form.website.data)
    if person is not None:
        return Sending(is_trapped=is_trapped)
    return Sending(is_trapped=is_trapped, needs_proof=True, proof_key=proof.key_of(form["altcha"].data or ""))


def _parent(post: Post, raw: str | None) -> Comment | None:
    """What is answered, None for the post itself. What cannot be read there does not exist."""
    if not raw:
        return None
    is_number = raw.isascii() and raw.isdigit() and len(raw) < 20 and int(raw) <= LARGEST_ID
    return (queries.get_published(post, int(raw)) if is_number else None) or abort(404)


def _again(post: Post, form: CommentForm, parent: Comment | None) -> ResponseReturnValue:
    form.call_it_a_reply(parent)
    return render_template("comments/new.html", post=post, form=form, parent=parent), 422


def _said(comment: Comment, post: Post, person: Person | None) -> ResponseReturnValue:
    """Back to the post, or to what is still to be done. A trapped program is told what everybody is told."""
    if person is None and comment.state in {CommentState.UNCONFIRMED, CommentState.SPAM}:
        session[WROTE_TO] = comment.address
        return redirect(url_for("comments.sent"), 303)
    if comment.is_public:
        return redirect(page_of(comment, post), 303)
    flash(gettext("Thank you. It appears here as soon as somebody has read it."))
    return redirect(url_for("posts.show", slug=post.slug), 303)
