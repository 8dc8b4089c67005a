"""Links by which somebody without an account reads a draft: making them, revoking them, and what they show."""

from __future__ import annotations

from flask import Response, abort, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.forms import ShareForm
from webapp.posts.models import Post
from webapp.posts.operations import previews
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.changing import Said

FRESH = "fresh_preview"
"""Where the browser of whoever made a link keeps it until the next page: nothing else of ours knows it."""


@blueprint.route("/posts/<int:post_id>/previews", methods=["GET"])
@login_required
@permissions.author.require(403)
def preview_links(post_id: int) -> ResponseReturnValue:
    return _page(_post(post_id), ShareForm())


@blueprint.post("/posts/<int:post_id>/previews")
@login_required
@permissions.author.require(403)
def share(post_id: int) -> ResponseReturnValue:
    person, post, form = identity.person_here() or abort(401), _post(post_id), ShareForm()
    if not form.validate():
        return _page(post, form), 422
    try:
        _link, secret = previews.share(post, days=form.days.data, by=person, now=clock.now())
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return _page(_post(post_id), form), 422
    db.session.commit()
    session[FRESH] = [post_id, absolute("posts.shared", token=secret)]
    return redirect(url_for("posts.preview_links", post_id=post_id), 303)


@blueprint.post("/posts/<int:post_id>/previews/<int:link_id>/revocation")
@login_required
@permissions.author.require(403)
def revoke_link(post_id: int, link_id: int) -> ResponseReturnValue:
    link = queries.get_preview_link(_post(post_id), link_id) or abort(404)
    previews.revoke(link)
    db.session.commit()
    said = gettext("Revoked. Whoever follows that link finds nothing now.")
    return Said(said, leads_to=url_for("posts.preview_links", post_id=post_id)).answer()


@blueprint.get("/preview/<token>")
def shared(token: str) -> ResponseReturnValue:
    found = queries.previewed(token, clock.now()) or abort(404)
    post, expires_at = found
    if post.is_public:
        return _unnoticed(make_response(redirect(url_for("posts.show", slug=post.slug), 302)))
    return _unnoticed(make_response(render_template("posts/shared.html", post=post, expires_at=expires_at)))


def _unnoticed(response: Response) -> Response:
    """In no index, no cache and no other site's log."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _page(post: Post, form: ShareForm) -> str:
    fresh_for, address = session.pop(FRESH, (None, None))
    return render_template(
        "posts/previews.html",
        post=post,
        form=form,
        address=address if fresh_for == post.id else None,
        links=queries.preview_links_of(post, clock.now()),
    )


def _post(post_id: int) -> Post:
    return queries.get_editable(identity.person_here() or abort(401), post_id) or abort(404)
