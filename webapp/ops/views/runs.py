"""The letter's runs: whom each was for, whom it reached, and who did not get it and why."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from webapp.core.pagination import LARGEST_ID
from webapp.digests import queries as digests
from webapp.digests.models import DigestRun
from webapp.extensions import db
from webapp.ops import queries
from webapp.ops.explain import reason
from webapp.ops.views.blueprint import blueprint, for_operators

SHOWN = 100


@blueprint.get("/ops/runs/<int:run_id>")
@for_operators
def run(run_id: int) -> ResponseReturnValue:
    found = db.session.get(DigestRun, run_id) if run_id <= LARGEST_ID else None
    if found is None:
        abort(404)
    return render_template(
        "ops/run.html",
        run=found,
        states=digests.mails_of([found])[found.id],
        others=[(each, reason(found, each)) for each in queries.not_reached(found, limit=SHOWN)],
        shown=SHOWN,
    )
