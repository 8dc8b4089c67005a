"""The state of the house on one page."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.core import clock
from webapp.ops import checks, queries
from webapp.ops.figures import figures, headline
from webapp.ops.views.blueprint import blueprint, for_operators


@blueprint.get("/ops")
@for_operators
def home() -> ResponseReturnValue:
    now = clock.now()
    found, counted, holds = checks.all_checks(now), figures(now), queries.holds()
    return render_template(
        "ops/home.html",
        headline=headline(found, uncertain=counted.uncertain, is_held=bool(holds)),
        checks=found,
        figures=counted,
        holds=holds,
    )
