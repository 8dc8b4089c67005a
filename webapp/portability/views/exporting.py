"""Taking everything out again: an author their own posts, an administrator the whole site."""

from __future__ import annotations

import tempfile

from flask import abort, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts.models import Role
from webapp.core import clock
from webapp.extensions import db
from webapp.portability import exporting, files, operations, queries
from webapp.portability.models import Direction, TransferState
from webapp.portability.views.blueprint import blueprint, for_administrators, for_authors, me

IN_MEMORY = 2 * 1024 * 1024


@blueprint.get("/settings/export")
@for_authors
def take_out() -> ResponseReturnValue:
    runs = queries.newest(me(), Direction.EXPORT) if me().is_allowed(Role.ADMIN) else []
    return render_template("portability/export.html", runs=runs)


@blueprint.get("/settings/export/posts.zip")
@for_authors
def own_posts() -> ResponseReturnValue:
    person, now = me(), clock.now()
    target = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # the answer closes it
    exporting.own_posts(person, target)
    target.seek(0)
    return send_file(target, "application/zip", as_attachment=True, download_name=f"{person.handle}-{now:%Y-%m-%d}.zip")


@blueprint.post("/settings/export")
@for_administrators
def take_all_out() -> ResponseReturnValue:
    now = clock.now()
    transfer = operations.ask(
        Direction.EXPORT,
        system="almanac",
        file=str(files.new(".zip")),
        name=f"almanac-{now:%Y-%m-%d}.zip",
        by=me(),
        options={"with_passwords": False},  # the file ends up in somebody's downloads
        now=now,
    )
    db.session.commit()
    return redirect(url_for("portability.transfer", transfer_id=transfer.id), 303)


@blueprint.get("/settings/transfers/<int:transfer_id>/file")
@for_administrators
def result(transfer_id: int) -> ResponseReturnValue:
    found = queries.get_visible(me(), transfer_id) or abort(404)
    is_ready = found.direction is Direction.EXPORT and found.state is TransferState.DONE
    if not is_ready or not files.exists(found.file):
        abort(404)
    return send_file(found.file, "application/zip", as_attachment=True, download_name=found.name)
