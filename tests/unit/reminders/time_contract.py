"""What holds for any time in any zone: properties, for some thousand examples here and far more in `make faults`."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from tests.unit.reminders.clock_changes import every_zone
from webapp.core import wall_clock
from webapp.reminders import recurrence, when
from webapp.reminders.models import Reminder

DAY = timedelta(days=1)
ZONES = sorted(every_zone())
CHANGING = sorted(zone for zone, found in every_zone().items() if found)

WALLS = st.datetimes(min_value=datetime(2026, 1, 2), max_value=datetime(2035, 12, 30))
RULES = st.sampled_from(
    ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY", "FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=5", "FREQ=MONTHLY"]
)


@st.composite
def walls_near_a_change(draw):
    """A zone and a wall time, mostly within two hours of a change of its clocks."""
    zone = draw(st.sampled_from(CHANGING))
    change = draw(st.sampled_from(every_zone()[zone]))
    return zone, change.first_wall + timedelta(seconds=draw(st.integers(-7200, 10800)))


NEAR = st.one_of(walls_near_a_change(), st.tuples(st.sampled_from(ZONES), WALLS))


def daily(zone, first, rule="FREQ=DAILY"):
    return Reminder(
        recurrence=rule,
        zone=zone,
        wall_time=first.isoformat(),
        series_start=first.isoformat(),
        due_at=when.instant(first, zone),
    )


def holds_for_one_time(asked):
    """A wall time comes as it is, or was skipped and comes later by what was skipped; and never a second time."""
    zone, wall = asked
    wall = wall.replace(microsecond=0)
    instant = when.instant(wall, zone)
    shown = when.local(instant, zone).replace(tzinfo=None, fold=0)
    kind = wall_clock.oddity(wall, zone)
    if kind is wall_clock.Oddity.SKIPPED:
        assert timedelta(0) < shown - wall <= DAY
    else:
        assert shown == wall
        assert when.local(instant, zone).fold == 0
        if kind is wall_clock.Oddity.NONE:
            assert when.local(instant, zone).replace(fold=1).utcoffset() == when.local(instant, zone).utcoffset()


def holds_for_a_series(asked, rule):
    """Every occurrence is later than the one before; each is what its own wall time means; none is left out."""
    zone, wall = asked
    wall = wall.replace(microsecond=0)
    reminder = daily(zone, wall, rule)
    coming = recurrence.coming(reminder, 6)
    assert all(sooner[1] < later[1] for sooner, later in pairwise(coming))
    assert all(instant == when.instant(each, zone) for each, instant in coming)
    assert len({when.local(instant, zone).replace(tzinfo=None) for _wall, instant in coming}) == len(coming)
    assert recurrence.next_after(reminder, coming[2][1]) == coming[3]
