"""The settings of the site, for its administrator; and the stylesheet that comes of them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from werkzeug.datastructures import FileStorage

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.administration import operations
from webapp.administration.forms import SiteForm
from webapp.core import clock
from webapp.core.errors import Conflict, Refused
from webapp.core.forms import blame
from webapp.core.headers import ONE_YEAR
from webapp.extensions import db, limiter
from webapp.images import pictures, receiving, storage
from webapp.images.forms import ACCEPT
from webapp.settings import accent, choices
from webapp.settings.choices import Logo

blueprint = Blueprint("administration", __name__, template_folder="templates")


@blueprint.route("/settings/site", methods=["GET", "POST"])
@login_required
@permissions.admin.require(403)
@limiter.limit("30/minute", methods=["POST"])
def site() -> ResponseReturnValue:
    if request.method != "POST":
        return _page(SiteForm.of(choices.here()))
    form, person = SiteForm(), _me()
    if not form.validate():
        return _page(form), 422
    try:
        logo = _logo(form, person)
        operations.choose(form.wanted, logo=logo, by=person, now=clock.now())
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return _page(form), 422
    except Conflict:
        db.session.rollback()
        form.version.data = choices.here().version
        return _page(form, theirs=SiteForm.of(choices.here())), 409
    db.session.commit()
    flash(gettext("Saved. Every page and every mail has it from now on."), "note")
    return redirect(url_for("administration.site"), 303)


@blueprint.get("/look.css")
def look() -> Response:
    """The second ink, as a stylesheet of its own: the policy of our pages allows none inside them."""
    chosen = choices.here()
    day, night = chosen.accent_day or accent.RED["day"], chosen.accent_night or accent.RED["night"]
    css = f"@layer tokens {{ :root {{ --red: light-dark({day}, {night}); }} }}\n" if chosen.has_accent else ""
    response = Response(css, mimetype="text/css")
    is_present = request.args.get("v") == chosen.version
    response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable" if is_present else "public, no-cache"
    return response


def _logo(form: SiteForm, person: Person) -> Logo | None:
    """The picture that was sent, the one there is, or none. Raises :class:`Refused` for ``logo``."""
    file: FileStorage | None = form.logo.data
    if file is None or not file.filename:
        return None if form.without_logo.data else choices.here().logo
    try:
        image, _moved = receiving.take(file.stream, file.filename, owner=person, alt=form.name.data or "")
    except receiving.TooLarge as too_large:
        raise Refused("logo", str(too_large)) from None
    except Refused as refused:
        raise Refused("logo", refused.message) from None
    except (pictures.Busy, storage.Unavailable):
        raise Refused("logo", gettext("It could not be kept just now. Send it again in a minute.")) from None
    return operations.as_logo(image)


def _page(form: SiteForm, theirs: SiteForm | None = None) -> str:
    return render_template("administration/site.html", form=form, theirs=theirs, accept=ACCEPT, red=accent.RED)


def _me() -> Person:
    return identity.person_here() or abort(401)
