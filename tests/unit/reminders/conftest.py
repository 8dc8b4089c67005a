"""Bob at his browser, on a Wednesday morning."""

from datetime import UTC, datetime

import pytest

from tests.world import sign_in

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
"""09:40 in Shanghai, where Bob lives."""


@pytest.fixture
def frozen(time_machine):
    """The clock, standing still until the test moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def bob(world, frozen):
    return world.bob


@pytest.fixture
def browser(client, bob):
    """Bob's browser, signed in."""
    return sign_in(client, bob)
