"""Sending a picture: from the editor, which reads JSON, and from the page, which needs no script."""

from __future__ import annotations

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, UnprocessableEntity

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db
from webapp.images import addresses, pictures, receiving, storage
from webapp.images.forms import SendForm
from webapp.images.models import Image
from webapp.images.views import keeping
from webapp.images.views.blueprint import blueprint, not_too_often, uploads

STILL = "It moved; only its first frame is kept."


@uploads.post("/images")
@not_too_often
def create() -> ResponseReturnValue:
    person = identity.person_here() or abort(401, "Sign in first.")
    if not permissions.author.can():
        abort(403, "Only those who write here may send pictures.")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise UnprocessableEntity("Send the picture as the field called file.")
    try:
        image, moved = _take(file, request.form.get("alt", ""), person)
    except Refused as refused:
        raise UnprocessableEntity(refused.message) from None
    db.session.commit()
    answer = {
        "id": image.key,
        "url": addresses.path(image),
        "markdown": addresses.as_markdown(image, request.form.get("alt", "").strip() or None),
        "alt": image.alt,
        "width": image.width,
        "height": image.height,
    }
    return jsonify(answer | ({"note": gettext(STILL)} if moved else {})), 201, {"Location": addresses.path(image)}


@blueprint.post("/images/add")
@login_required
@permissions.author.require(403)
@not_too_often
def add() -> ResponseReturnValue:
    form, person = SendForm(), identity.person_here() or abort(401)
    if not form.validate():
        return keeping.mine_with(form)
    try:
        image, moved = _take(form.file.data, form.alt.data or "", person)
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return keeping.mine_with(form)
    db.session.commit()
    said = gettext("It is here. Copy the line below it into your text.")
    flash(f"{said} {gettext(STILL)}" if moved else said, "note")
    return redirect(url_for("images.mine", _anchor=image.key), 303)


def _take(file: FileStorage, alt: str, person: Person) -> tuple[Image, bool]:
    try:
        return receiving.take(file.stream, file.filename or "", owner=person, alt=alt)
    except receiving.TooLarge:
        raise RequestEntityTooLarge from None
    except pictures.Busy:
        raise ServiceUnavailable("Others are sending pictures too. Try again.", retry_after=5) from None
    except storage.Unavailable:
        raise ServiceUnavailable("The place for pictures does not answer. Try again.", retry_after=30) from None


blueprint.register_blueprint(uploads)
