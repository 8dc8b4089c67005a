"""Who writes a post: asking somebody to write with you, and leaving again."""

from __future__ import annotations

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.forms import CoAuthorForm
from webapp.posts.models import Post
from webapp.posts.operations import coauthors
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said


@blueprint.get("/posts/<int:post_id>/authors")
@login_required
@permissions.author.require(403)
def authors(post_id: int) -> ResponseReturnValue:
    person = _me()
    return _page(queries.get_editable(person, post_id) or abort(404), CoAuthorForm(), person)


@blueprint.post("/posts/<int:post_id>/authors")
@login_required
@permissions.author.require(403)
def add_author(post_id: int) -> ResponseReturnValue:
    person, form = _me(), CoAuthorForm()
    post = queries.get_own(person, post_id) or abort(404)
    if not form.validate():
        return _page(post, form, person), 422
    try:
        added = coauthors.add(post, form.who.data or "", by=person, now=clock.now())
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return _page(queries.get_own(person, post_id) or abort(404), form, person), 422
    said = gettext("%(name)s writes this post with you, and is named in it.", name=added.name)
    db.session.commit()
    return Said(said, leads_to=url_for("posts.authors", post_id=post_id)).answer()


@blueprint.post("/posts/<int:post_id>/authors/<int:person_id>/removal")
@login_required
@permissions.author.require(403)
def remove_author(post_id: int, person_id: int) -> ResponseReturnValue:
    person = _me()
    is_own = person_id == person.id  # whoever was asked may leave by themselves
    post = (queries.get_editable if is_own else queries.get_own)(person, post_id) or abort(404)
    leaving = next((each for each in post.co_authors if each.id == person_id), None) or abort(404)
    coauthors.remove(post, leaving, by=person, now=clock.now())
    said = gettext("%(name)s is no longer an author of “%(title)s”.", name=leaving.name, title=post.title)
    db.session.commit()
    stays = queries.get_editable(person, post_id) is not None
    return Said(said, leads_to=url_for("posts.authors", post_id=post_id) if stays else url_for("posts.write")).answer()


def _page(post: Post, form: CoAuthorForm, person: Person) -> str:
    owner = queries.get_own(person, post.id) is not None
    return render_template("posts/authors.html", post=post, form=form, person=person, may_change=owner)


def _me() -> Person:
    return identity.person_here() or abort(401)
