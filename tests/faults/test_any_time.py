"""The contract of docs/time.md once more, with far more examples than a quick test run has time for."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.reminders.time_contract import NEAR, RULES, holds_for_a_series, holds_for_one_time

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]
MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(NEAR)
@settings(MANY, max_examples=50_000)
def test_fifty_thousand_times_keep_the_contract(asked):
    holds_for_one_time(asked)


@given(NEAR, RULES)
@settings(MANY, max_examples=20_000)
def test_twenty_thousand_series_keep_the_contract(asked, rule):
    holds_for_a_series(asked, rule)
