"""What authors write with: the list of their posts, and the editor.

The editor is one form with several buttons. Each of them first saves what was typed, so that no press loses words.
"""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core import clock, markdown
from webapp.core.errors import Conflict, Refused
from webapp.core.forms import blame
from webapp.core.rendering import viewer_zone
from webapp.extensions import db
from webapp.images import addresses as images
from webapp.posts import operations, queries
from webapp.posts.forms import PostForm
from webapp.posts.models import Post, PostState
from webapp.posts.views import changing
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said

MOST_SHOWN = 200
ACTIONS = frozenset({"save", "preview", "publish", "schedule", "unpublish", "trash"})


@blueprint.get("/write")
@login_required
@permissions.author.require(403)
def write() -> ResponseReturnValue:
    person = _me()
    posts = db.session.scalars(queries.without_text(queries.editable_by(person)).limit(MOST_SHOWN)).all()
    in_trash = db.session.scalars(queries.without_text(queries.trash_of(person)).limit(MOST_SHOWN)).all()
    shelves = {state: [post for post in posts if post.state is state] for state in PostState}
    return render_template("posts/write.html", person=person, shelves=shelves, in_trash=in_trash)


@blueprint.route("/write/new", methods=["GET", "POST"])
@login_required
@permissions.author.require(403)
def new() -> ResponseReturnValue:
    return _take(None) if request.method == "POST" else _editor(PostForm(), None)


@blueprint.route("/posts/<int:post_id>/edit", methods=["GET", "POST"])
@login_required
@permissions.author.require(403)
def edit(post_id: int) -> ResponseReturnValue:
    if request.method == "POST":
        # what was typed while somebody else moved the post to the trash must not be lost in a 404
        return _take(queries.get_editable(_me(), post_id, or_trashed=True) or abort(404))
    post = queries.get_editable(_me(), post_id) or abort(404)
    return _editor(PostForm.of(post, viewer_zone()), post)


def _take(post: Post | None) -> ResponseReturnValue:
    """Does what the pressed button says, or shows the form again with everything that was typed."""
    form, post_id = PostForm(), post.id if post else None
    action = request.form.get("action", "save")
    if action not in ACTIONS:
        abort(400)
    if action == "preview":
        return _preview(form, post_id)
    if not form.validate():
        return _editor(form, post, status=422)
    try:
        said = _act(action, form, _save(form, post))
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return _editor(form, _again(post_id), status=422)
    except Conflict:
        db.session.rollback()
        return _both(form, _again(post_id))
    db.session.commit()
    return said.answer()


def _save(form: PostForm, post: Post | None) -> Post:
    person, now = _me(), clock.now()
    if post is None:
        return operations.write(
            author=person,
            title=form.title.data or "",
            body=form.body.data or "",
            tags=form.tag_names or [],
            slug=form.slug.data,
            now=now,
        )
    operations.edit(
        post,
        by=person,
        now=now,
        version=form.seen_version,
        title=form.title.data,
        body=form.body.data,
        tags=form.tag_names,
        slug=form.slug.data,
    )
    return post


def _act(action: str, form: PostForm, post: Post) -> Said:
    person, now = _me(), clock.now()
    match action:
        case "publish":
            return changing.publish(post, person, now)
        case "schedule":
            return changing.schedule(post, form.instant(viewer_zone()), person, now)
        case "unpublish":
            return changing.withdraw(post, person, now)
        case "trash":
            return changing.trash(post, person, now)
        case _:
            return Said(gettext("Saved."), leads_to=url_for("posts.edit", post_id=post.id))


def _preview(form: PostForm, post_id: int | None) -> ResponseReturnValue:
    """The text as readers would see it: the whole page, or for htmx only the part that changed."""
    db.session.rollback()  # nothing is written, and others should not wait while this renders
    shown = None
    try:
        shown = markdown.render(form.body.data or "", pictures=images.in_text)
    except Refused as refused:
        blame(form, refused)
    if request.headers.get("HX-Request"):
        return render_template("posts/preview.html", form=form, post=shown)
    return _editor(form, _again(post_id), shown=shown, status=422 if shown is None else 200)


def _both(form: PostForm, post: Post | None) -> ResponseReturnValue:
    """A stale form: what is typed and what is saved, side by side. The next press saves over what is shown."""
    if post is None:
        form.form_errors.append(gettext("Somebody else took the address in the same moment. Save once more."))
        return _editor(form, None, status=409)
    form.version.data = str(post.version)
    return _editor(form, post, saved=PostForm.of(post, viewer_zone()), status=409)


def _editor(form: PostForm, post: Post | None, *, status: int = 200, **more: Any) -> ResponseReturnValue:
    return render_template("posts/editor.html", form=form, post=post, **more), status


def _again(post_id: int | None) -> Post | None:
    """The post as it is in the database, after what this request did to it was taken back."""
    return queries.get_editable(_me(), post_id, or_trashed=True) if post_id else None


def _me() -> Person:
    return identity.person_here() or abort(401)
