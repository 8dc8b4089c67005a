"""The state of the house on one page."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.core import clock
from webapp.core.rendering import viewer_zone
from webapp.digests import queries as digests
from webapp.ops import awake, broker, checks, dead_queue, queries
from webapp.ops.charts import charts
from webapp.ops.figures import figures, headline
from webapp.ops.views.blueprint import blueprint, for_operators

RUNS = 6
FAILURES = 5


@blueprint.get("/ops")
@for_operators
def home() -> ResponseReturnValue:
    now = clock.now()
    found, counted, holds = checks.all_checks(now), figures(now), queries.holds()
    runs = digests.newest(RUNS)
    return render_template(
        "ops/home.html",
        headline=headline(found, uncertain=counted.uncertain, is_held=bool(holds)),
        figures=counted,
        holds=holds,
        charts=charts(now, viewer_zone()),
        parts=awake.parts(found, now),
        queues=awake.queues(found),
        failures=queries.latest_failures(limit=FAILURES),
        runs=runs,
        states=digests.mails_of(runs),
        dead=_dead_letters(found),
    )


def _dead_letters(found: Sequence[checks.Check]) -> int | None:
    """How many there are. Not asked when the broker has just not answered."""
    if any(not each.ok for each in found if each.name == "broker"):
        return None
    try:
        return dead_queue.waiting()
    except broker.Unreachable:
        return None
