"""Uploading what was written elsewhere. A worker reads it; the page of the transfer says how far it is."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields.choices import SelectChoice

from webapp.accounts import identity
from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.extensions import db
from webapp.portability import files, operations, queries
from webapp.portability.forms import ImportForm
from webapp.portability.models import Direction
from webapp.portability.readers import System
from webapp.portability.views.blueprint import blueprint, for_administrators, me

LARGEST_UPLOAD = 512 * 1024 * 1024
ENDINGS = {System.WORDPRESS: ".xml", System.GHOST: ".json", System.FEED: ".xml"}


@blueprint.url_value_preprocessor
def _let_administrators_send_more(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Exports are large. This is before the form is read, which is before any view runs."""
    if endpoint == "portability.bring_in" and request.method == "POST":
        person = identity.person_here()
        if person is not None and person.is_allowed(Role.ADMIN):
            request.max_content_length = LARGEST_UPLOAD


@blueprint.route("/settings/import", methods=["GET", "POST"])
@for_administrators
def bring_in() -> ResponseReturnValue:
    form = ImportForm()
    form.author.choices = [
        SelectChoice(each.id, each.name) for each in people.everyone() if each.is_allowed(Role.AUTHOR)
    ]
    if request.method != "POST":
        form.author.data = me().id
    if not form.validate_on_submit():
        status = 422 if request.method == "POST" else 200
        return render_template(
            "portability/import.html", form=form, runs=queries.newest(me(), Direction.IMPORT)
        ), status
    system, upload = System(form.system.data), form.file.data
    person_id = me().id
    db.session.rollback()  # nobody waits for the database while a large file is written
    file = files.save(upload.stream, ENDINGS.get(system, ".zip"))
    transfer = operations.ask(
        Direction.IMPORT,
        system=system,
        file=str(file),
        name=PurePath(str(upload.filename or "")).name or system.value,
        by=people.by_id(person_id),
        options={
            "dry_run": form.dry_run.data,
            "may_fetch": form.may_fetch.data,
            "author_id": form.author.data,
        },
        now=clock.now(),
    )
    db.session.commit()
    return redirect(url_for("portability.transfer", transfer_id=transfer.id), 303)


@blueprint.post("/settings/transfers/<int:transfer_id>/in-earnest")
@for_administrators
def in_earnest(transfer_id: int) -> ResponseReturnValue:
    """Imports the file of a dry run, without another upload."""
    tried = queries.get_visible(me(), transfer_id) or abort(404)
    if tried.direction is not Direction.IMPORT or not tried.is_dry_run or not tried.is_over:
        abort(409)
    if not files.exists(tried.file):
        flash(gettext("The file is not here any more. Choose it once more."))
        return redirect(url_for("portability.bring_in"), 303)
    transfer = operations.ask(
        Direction.IMPORT,
        system=tried.system,
        file=tried.file,
        name=tried.name,
        by=me(),
        options={**tried.options, "dry_run": False},
        now=clock.now(),
    )
    db.session.commit()
    return redirect(url_for("portability.transfer", transfer_id=transfer.id), 303)
