"""What a post said earlier: the list, what changed, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.core import clock
from webapp.core.errors import Conflict, Refused
from webapp.extensions import db
from webapp.posts import diffs, operations, queries
from webapp.posts.diffs import Kind, Passage, Piece
from webapp.posts.models import Post, Revision
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said


@dataclass(frozen=True)
class Difference:
    """What changed from one revision to another."""

    title: Sequence[Piece]
    text: Sequence[Passage]
    tags_added: Sequence[str]
    tags_removed: Sequence[str]

    @property
    def has_new_title(self) -> bool:
        return any(piece.kind is not Kind.SAME for piece in self.title)

    @classmethod
    def between(cls, before: Revision | None, after: Revision) -> Difference:
        old = before or Revision(title="", body="", tags=[])
        return cls(
            title=diffs.words(old.title, after.title),
            text=diffs.passages(old.body, after.body),
            tags_added=[tag for tag in after.tags if tag not in old.tags],
            tags_removed=[tag for tag in old.tags if tag not in after.tags],
        )


@blueprint.get("/posts/<int:post_id>/revisions")
@login_required
@permissions.author.require(403)
def revisions(post_id: int) -> ResponseReturnValue:
    post = _post(post_id)
    return render_template("posts/revisions.html", post=post, revisions=queries.revisions_of(post))


@blueprint.get("/posts/<int:post_id>/revisions/<int:number>")
@login_required
@permissions.author.require(403)
def revision(post_id: int, number: int) -> ResponseReturnValue:
    post = _post(post_id)
    shown = queries.revision_number(post, number) or abort(404)
    newest = queries.newest_revision(post) or abort(404)
    against_now = request.args.get("against") == "now" and newest.id != shown.id
    before = shown if against_now else queries.revision_number(post, number - 1)
    return render_template(
        "posts/revision.html",
        post=post,
        number=number,
        shown=shown,
        is_newest=newest.id == shown.id,
        is_against_now=against_now,
        difference=Difference.between(before, newest if against_now else shown),
    )


@blueprint.post("/posts/<int:post_id>/revisions/<int:number>")
@login_required
@permissions.author.require(403)
def go_back(post_id: int, number: int) -> ResponseReturnValue:
    person = identity.person_here() or abort(401)
    post = _post(post_id)
    found = queries.revision_number(post, number) or abort(404)
    try:
        operations.go_back_to(found, post, by=person, now=clock.now())
    except Refused as refused:
        db.session.rollback()
        return Said(refused.message, leads_to=url_for("posts.revisions", post_id=post_id)).answer()
    except Conflict:
        db.session.rollback()
        abort(409)
    db.session.commit()
    return Said(
        gettext("It says again what it said in revision %(number)s. What it said before is kept.", number=number),
        leads_to=url_for("posts.edit", post_id=post_id),
    ).answer()


def _post(post_id: int) -> Post:
    return queries.get_editable(identity.person_here() or abort(401), post_id) or abort(404)
