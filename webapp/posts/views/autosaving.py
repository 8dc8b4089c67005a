"""What the editor's script sends while somebody types, and the working copies that come of it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.errors import Conflict, Refused
from webapp.core.rendering import viewer_zone
from webapp.extensions import db, limiter
from webapp.posts import autosaving, queries
from webapp.posts.autosaving import Kept, Typed
from webapp.posts.forms import PostForm
from webapp.posts.models import Post, WorkingCopy
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said
from webapp.posts.views.comparing import compare


def _whose_words() -> str:
    person = identity.person_here()
    return f"person {person.id}" if person else f"nobody at {request.remote_addr}"


not_too_often = limiter.limit("60/minute", key_func=_whose_words)
"""Twice as often as the script sends while somebody types without a pause."""


@blueprint.post("/write/autosave")
@not_too_often
@login_required
@permissions.author.require(403)
def autosave_new() -> ResponseReturnValue:
    form = PostForm()
    return _autosave(form, queries.begun_as(_me(), form.page))


@blueprint.post("/posts/<int:post_id>/autosave")
@not_too_often
@login_required
@permissions.author.require(403)
def autosave(post_id: int) -> ResponseReturnValue:
    return _autosave(PostForm(), queries.get_editable(_me(), post_id, or_trashed=True) or abort(404))


@blueprint.post("/posts/<int:post_id>/working-copy/removal")
@login_required
@permissions.author.require(403)
def throw_away(post_id: int) -> ResponseReturnValue:
    autosaving.throw_away(_copy_of(post_id), now=clock.now())
    db.session.commit()
    return Said(
        gettext("Your unsaved changes are thrown away."),
        leads_to=url_for("posts.edit", post_id=post_id),
        undo=url_for("posts.take_back", post_id=post_id),
    ).answer()


@blueprint.post("/posts/<int:post_id>/working-copy/return")
@login_required
@permissions.author.require(403)
def take_back(post_id: int) -> ResponseReturnValue:
    autosaving.take_back(_copy_of(post_id))
    db.session.commit()
    flash(gettext("Your unsaved changes are back."))
    return redirect(url_for("posts.edit", post_id=post_id, words="mine"), 303)


def _autosave(form: PostForm, post: Post | None) -> ResponseReturnValue:
    typed = Typed(form.words(), form.title.data, form.body.data, form.tag_names, form.slug.data)
    person, now, post_id = _me(), clock.now(), post.id if post else None
    try:
        if post is None:
            kept = autosaving.begin(typed, by=person, now=now, begun_as=form.page)
        else:
            kept = autosaving.keep(post, typed, by=person, now=now, version=form.seen_version, seen_copy=form.seen_copy)
        answer = _answer(form, kept) if kept else ("", 204)
    except Refused as refused:
        db.session.rollback()
        return {"detail": refused.message, "field": refused.field}, 422
    except Conflict:
        db.session.rollback()
        return _both(form, queries.get_editable(_me(), post_id, or_trashed=True) if post_id else None)
    db.session.commit()
    return answer


def _answer(form: PostForm, kept: Kept) -> ResponseReturnValue:
    post, copy, refused = kept.post, kept.copy, kept.refused
    return {
        "edit": url_for("posts.edit", post_id=post.id),
        "autosave": url_for("posts.autosave", post_id=post.id),
        "post": post.id,
        "version": post.version,
        "copy": copy.version if copy else 0,
        "slug": post.slug,
        "refused": f"{form[refused.field].label.text}: {refused.message}" if refused else None,
    }


def _both(form: PostForm, post: Post | None) -> ResponseReturnValue:
    """What somebody else, or another tab, has saved meanwhile, to be put beside what is typed."""
    if post is None:
        abort(409)
    saved, copy = PostForm.of(post, viewer_zone()), queries.working_copy(_me(), post)
    is_other_tab = copy is not None and form.seen_version == post.version
    if copy is not None and is_other_tab:
        saved.show(copy)
    both = compare(saved, form)
    shown: dict[str, Any] = {"saved": saved, "both": both, "state": post.state, "is_other_tab": is_other_tab}
    return {
        "note": render_template("posts/_conflict.html", **shown),
        "saved": render_template("posts/_as_saved.html", **shown),
        "version": post.version,
        "copy": copy.version if copy and is_other_tab else form.seen_copy,
    }, 409


def _copy_of(post_id: int) -> WorkingCopy:
    post = queries.get_editable(_me(), post_id) or abort(404)
    return queries.working_copy(_me(), post) or abort(404)


def _me() -> Person:
    return identity.person_here() or abort(401)
