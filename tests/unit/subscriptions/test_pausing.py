"""The pause on the page of a reader: shown as it is, moved, ended by emptying it, and in the reader's own days."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.unit.subscriptions.conftest import NOW, save
from tests.world import sign_in
from webapp.extensions import db
from webapp.subscriptions import dormancy

pytestmark = pytest.mark.usefixtures("wednesday")


def shown(client, address):
    """What stands in the field."""
    (field,) = re.findall(r'<input[^>]*name="paused_until"[^>]*>', client.get(address).text)
    return re.search(r'value="([^"]*)"', field).group(1)


def test_the_field_shows_the_present_pause_and_emptying_it_ends_it(client, address, reader):
    save(client, address, paused_until="2026-12-24")
    assert reader.paused_until == datetime(2026, 12, 24, tzinfo=UTC)
    assert shown(client, address) == "2026-12-24"

    save(client, address, paused_until="")
    assert reader.paused_until is None
    assert shown(client, address) == ""


def test_a_pause_ends_on_its_day_in_the_city_that_is_chosen_with_it(client, address, reader):
    save(client, address, zone="Shanghai", paused_until="2026-12-24")

    assert reader.paused_until == datetime(2026, 12, 23, 16, tzinfo=UTC)
    assert shown(client, address) == "2026-12-24"


def test_another_city_keeps_the_day_of_the_pause(client, address, reader):
    save(client, address, zone="Shanghai", paused_until="2026-12-24")
    save(client, address, zone="New York", paused_until="2026-12-24")

    assert reader.paused_until == datetime(2026, 12, 24, 5, tzinfo=UTC)


def test_a_pause_that_is_not_touched_keeps_its_instant(client, address, reader):
    reader.paused_until = NOW + timedelta(hours=9)
    save(client, address, cadence="daily", paused_until=shown(client, address))

    assert reader.paused_until == NOW + timedelta(hours=9)


@pytest.mark.parametrize("pause", [NOW - timedelta(days=1), dormancy.UNTIL_THEY_ANSWER])
def test_a_pause_that_is_over_or_that_nobody_chose_is_not_in_the_field(client, address, reader, pause):
    reader.paused_until = pause

    assert shown(client, address) == ""


def test_only_who_came_without_an_account_is_told_that_none_is_needed(client, address, world):
    factories.subscription(world.bob.email)
    db.session.commit()
    assert "No account needed" in client.get(address).text

    page = sign_in(client, world.bob).get("/settings/letters")
    assert "No account needed" not in page.text
    assert "do not forward it" in page.text
