"""What will go out, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.core import clock
from webapp.ops import forecast as foreseen
from webapp.ops.forecast import Day
from webapp.ops.views.blueprint import blueprint, for_operators

SPANS = (7, 14, 30, 60)
USUAL = 14
LABELS = 4
"""Days that are named below the chart, besides today."""


@blueprint.get("/ops/forecast")
@for_operators
def forecast() -> ResponseReturnValue:
    days = request.args.get("days", USUAL, type=int)
    found = foreseen.forecast(clock.now(), max(1, min(days, foreseen.MOST_DAYS)))
    most = max(1, *(day.total for day in found.days))
    return render_template(
        "ops/forecast.html",
        found=found,
        days=(found.end - found.start).days,
        spans=SPANS,
        most=most,
        busiest=max(found.days, key=lambda day: day.total),
        bars=[_bar(number, len(found.days), day.total / most) for number, day in enumerate(found.days)],
        named=_named(found.days),
    )


@dataclass(frozen=True)
class Bar:
    """A day's column in hundredths of the drawing, so that the page may stretch it and not its hatching."""

    x: float
    y: float
    width: float
    height: float


def _bar(number: int, of: int, share: float) -> Bar:
    wide, high = 100 / of, 98 * share
    return Bar(round(wide * (number + 0.1), 2), round(100 - high, 2), round(wide * 0.8, 2), round(high, 2))


def _named(days: Sequence[Day]) -> list[date]:
    """Days as far from each other as they can be, the first and the last among them."""
    last, steps = len(days) - 1, min(LABELS, len(days) - 1)
    return [days[round(step * last / steps)].on for step in range(steps + 1)] if steps else [days[0].on]
