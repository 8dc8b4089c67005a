"""One's own pictures: the list, a page for each, deleting and having back."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.core.site import config
from webapp.extensions import db
from webapp.images import operations, queries
from webapp.images.forms import ACCEPT, DescribeForm, SendForm
from webapp.images.views.blueprint import blueprint

PAGE = 24


@blueprint.get("/images")
@login_required
@permissions.author.require(403)
def mine() -> ResponseReturnValue:
    return _page(SendForm(formdata=None))


def mine_with(form: SendForm) -> ResponseReturnValue:
    """The list again, with what was wrong with the form on it."""
    return _page(form), 422


@blueprint.route("/images/<key>", methods=["GET", "POST"])
@login_required
@permissions.author.require(403)
def one(key: str) -> ResponseReturnValue:
    image = queries.get_owned(_me(), key) or abort(404)
    form = DescribeForm(alt=image.alt)
    if form.validate_on_submit():
        try:
            operations.describe(image, alt=form.alt.data or "", now=clock.now())
        except Refused as refused:
            blame(form, refused)
        else:
            db.session.commit()
            flash(gettext("Saved."), "note")
            return redirect(url_for("images.mine", _anchor=key), 303)
    return render_template("images/one.html", image=image, form=form), 422 if form.errors else 200


@blueprint.post("/images/<key>/deletion")
@login_required
@permissions.author.require(403)
def deletion(key: str) -> ResponseReturnValue:
    image = queries.get_owned(_me(), key) or abort(404)
    try:
        operations.delete(image, now=clock.now())
    except Refused as refused:
        flash(refused.message, "error")
        return redirect(url_for("images.one", key=key), 303)
    db.session.commit()
    undo = url_for("images.restoration", key=key)
    flash({"text": gettext("Deleted. Nobody can see it any more."), "undo": undo}, "note")  # type: ignore[arg-type]  # the layout reads both
    return redirect(url_for("images.mine"), 303)


@blueprint.post("/images/<key>/restoration")
@login_required
@permissions.author.require(403)
def restoration(key: str) -> ResponseReturnValue:
    image = queries.get_deleted(_me(), key) or abort(404)
    operations.restore(image, now=clock.now())
    db.session.commit()
    flash(gettext("It is back."), "note")
    return redirect(url_for("images.mine", _anchor=key), 303)


def _page(form: SendForm) -> str:
    person = _me()
    images = queries.page(person, _before(), PAGE)
    return render_template(
        "images/mine.html",
        form=form,
        accept=ACCEPT,
        images=images,
        older=images[-1].id if len(images) == PAGE else None,
        limit=config().upload_limit_mb,
        quota=config().upload_quota_mb,
        used=round(queries.bytes_of(person) / operations.MEGABYTE),
    )


def _before() -> int | None:
    raw = request.args.get("before")
    if raw is None:
        return None
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else abort(400)


def _me() -> Person:
    return identity.person_here() or abort(401)
