"""The end of a post. It cannot be undone, so it is a page, and only its author comes here."""

from __future__ import annotations

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.errors import Conflict
from webapp.extensions import db
from webapp.posts import operations, queries
from webapp.posts.models import Post
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said


@blueprint.get("/posts/<int:post_id>/deletion")
@login_required
@permissions.author.require(403)
def deletion(post_id: int) -> ResponseReturnValue:
    return render_template("posts/deletion.html", post=_own_in_trash(_me(), post_id))


@blueprint.post("/posts/<int:post_id>/deletion")
@login_required
@permissions.author.require(403)
def delete_for_good(post_id: int) -> ResponseReturnValue:
    person = _me()
    post = _own_in_trash(person, post_id)
    said = gettext("“%(title)s” is gone.", title=post.title)
    try:
        operations.delete_for_good(post, by=person, now=clock.now())
    except Conflict:
        db.session.rollback()
        abort(409)
    db.session.commit()
    return Said(said, leads_to=url_for("posts.write")).answer()


def _own_in_trash(person: Person, post_id: int) -> Post:
    post = queries.get_trashed(person, post_id)
    return post if post is not None and post.author_id == person.id else abort(404)


def _me() -> Person:
    return identity.person_here() or abort(401)
