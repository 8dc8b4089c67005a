"""How far an import or export is, and what came of it. The page asks again by itself, or is loaded again."""

from __future__ import annotations

from flask import abort, jsonify, render_template
from flask.typing import ResponseReturnValue

from webapp.portability import files, queries
from webapp.portability.views import remarks
from webapp.portability.views.blueprint import blueprint, for_authors, me

SHOWN = 200
PAGE = 1000


@blueprint.get("/settings/transfers/<int:transfer_id>")
@for_authors
def transfer(transfer_id: int) -> ResponseReturnValue:
    found = queries.get_visible(me(), transfer_id) or abort(404)
    return render_template(
        "portability/transfer.html",
        transfer=found,
        entries=queries.remarkable(found, SHOWN) if found.is_over else [],
        shown=SHOWN,
        kind_of=remarks.kind,
        remark=remarks.remark,
        has_file=files.exists(found.file),
    )


@blueprint.get("/settings/transfers/<int:transfer_id>/report.json")
@for_authors
def report(transfer_id: int) -> ResponseReturnValue:
    """Every line of the report."""
    found = queries.get_visible(me(), transfer_id) or abort(404)
    items, after = [], None
    while page := queries.entries(found, after=after, limit=PAGE):
        after = page[-1].nth
        items += [{"kind": e.kind, "title": e.title, "outcome": e.outcome, "reason": e.reason} for e in page]
    return jsonify({"job": found.id, "dry_run": found.is_dry_run, "counts": found.counts, "items": items})
