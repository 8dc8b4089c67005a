"""What authors write with: the list of their posts, and the editor.

The editor is one form with several buttons. Each of them first saves what was typed, so that no press loses words.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from sqlalchemy import Select

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person, Role
from webapp.core import clock
from webapp.core.errors import Conflict, Refused
from webapp.core.forms import blame
from webapp.core.rendering import viewer_zone
from webapp.core.site import config
from webapp.extensions import db
from webapp.posts import autosaving, operations, queries
from webapp.posts.forms import PostForm
from webapp.posts.models import Post, PostState
from webapp.posts.views import changing, reviewing
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said
from webapp.posts.views.comparing import compare
from webapp.posts.views.keeping import editor, rendered, signed_in_or_keep_words
from webapp.posts.views.turning import before, pager

MOST_SHOWN = 200
"""Drafts, and whatever else is not published; what is older is found by its title."""
PUBLISHED_SHOWN = 50
LONGEST_FIND = 100
ACTIONS = frozenset({"save", "preview", "publish", "schedule", "unpublish", "trash", "review"})


@blueprint.get("/write")
@login_required
@permissions.author.require(403)
def write() -> ResponseReturnValue:
    person, place, words = _me(), before(), " ".join(request.args.get("q", "").replace("\0", "").split())[:LONGEST_FIND]
    published = queries.page(queries.called(queries.published_of(person), words), place, PUBLISHED_SHOWN)
    shelves = {PostState.PUBLISHED: published.posts}
    for state in (PostState.SCHEDULED, PostState.DRAFT):
        shelves[state] = _shelf(queries.editable_by(person).where(Post.state == state), words) if place is None else []
    return render_template(
        "posts/write.html",
        person=person,
        words=words,
        shelves=shelves,
        in_trash=_shelf(queries.trash_of(person), words) if place is None else [],
        pager=pager(published, "posts.write", q=words or None),
        trash_days=config().trash_days,
        unsaved=queries.unsaved_by(person),
        waiting=queries.count_waiting() if person.is_allowed(Role.EDITOR) else 0,
    )


def _shelf(posts: Select[Post], words: str) -> Sequence[Post]:
    return db.session.scalars(queries.called(queries.without_text(posts), words).limit(MOST_SHOWN)).all()


@blueprint.route("/write/new", methods=["GET", "POST"])
@signed_in_or_keep_words
@permissions.author.require(403)
def new() -> ResponseReturnValue:
    if request.method == "POST":
        return _take(queries.begun_as(_me(), PostForm().page))
    return editor(PostForm.begun(), None)


@blueprint.route("/posts/<int:post_id>/edit", methods=["GET", "POST"])
@signed_in_or_keep_words
@permissions.author.require(403)
def edit(post_id: int) -> ResponseReturnValue:
    if request.method == "POST":
        # what was typed while somebody else moved the post to the trash must not be lost in a 404
        return _take(queries.get_editable(_me(), post_id, or_trashed=True) or abort(404))
    post = queries.get_editable(_me(), post_id) or abort(404)
    form, copy = PostForm.of(post, viewer_zone()), queries.working_copy(_me(), post)
    if copy is None or copy.thrown_away_at is not None:
        return editor(form, post)
    if request.args.get("words") != "mine":
        return editor(form, post, offered=copy)
    form.show(copy)
    return editor(form, post)


def _take(post: Post | None) -> ResponseReturnValue:
    """Does what the pressed button says, or shows the form again with everything that was typed."""
    form, post_id = PostForm(), post.id if post else None
    action = request.form.get("action", "save")
    if action not in ACTIONS:
        abort(400)
    if action == "preview":
        return _preview(form, post_id)
    if not form.validate():
        return editor(form, post, status=422)
    try:
        saved = _save(form, post)
        said = _act(action, form, saved)
        autosaving.settle(saved, by=_me(), seen_copy=form.seen_copy)
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return editor(form, _again(post_id), status=422)
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
            excerpt=form.excerpt.data or "",
            canonical_url=form.canonical_url.data or "",
            cover_id=form.cover_id or 0,
            now=now,
            begun_as=form.page,
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
        follows_title=True,
        excerpt=form.excerpt.data,
        canonical_url=form.canonical_url.data,
        cover_id=form.cover_id,
    )
    return post


def _act(action: str, form: PostForm, post: Post) -> Said:
    person, now = _me(), clock.now()
    match action:
        case "publish":
            return changing.publish(post, person, now)
        case "schedule":
            return changing.schedule(post, form.instant(viewer_zone()), person, now, typed=form.publish_at.data)
        case "unpublish":
            return changing.withdraw(post, person, now)
        case "review":
            return reviewing.submit(post, person, now)
        case "trash":
            return changing.trash(post, person, now)
        case _:
            return Said(gettext("Saved."), leads_to=url_for("posts.edit", post_id=post.id))


def _preview(form: PostForm, post_id: int | None) -> ResponseReturnValue:
    """The text as readers would see it: the whole page, or for htmx only the part that changed."""
    db.session.rollback()  # nothing is written, and others should not wait while this renders
    if request.headers.get("HX-Request"):
        return render_template("posts/preview.html", form=form, shown=rendered(form), is_alone=True)
    page, _status = editor(form, _again(post_id))
    return page, 422 if form.errors else 200


def _both(form: PostForm, post: Post | None) -> ResponseReturnValue:
    """A stale form: what is typed and what is saved, side by side. The next press saves over what is shown."""
    if post is None:
        form.form_errors.append(gettext("Somebody else took the address in the same moment. Save once more."))
        return editor(form, None, status=409)
    form.version.data = str(post.version)
    saved = PostForm.of(post, viewer_zone())
    return editor(form, post, saved=saved, both=compare(saved, form), status=409)


def _again(post_id: int | None) -> Post | None:
    """The post as it is in the database, after what this request did to it was taken back."""
    return queries.get_editable(_me(), post_id, or_trashed=True) if post_id else None


def _me() -> Person:
    return identity.person_here() or abort(401)
