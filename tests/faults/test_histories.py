"""Every post visible at its slot to everyone who follows it, once, none twice, over very many random histories."""

import os

import pytest

from tests.unit.digests.histories import live

HISTORIES = int(os.environ.get("ONCE_EXAMPLES", "100"))


@pytest.mark.faults
@pytest.mark.timeout(0)
def test_every_post_visible_at_its_slot_reaches_who_follows_it_once_over_a_hundred_histories(db, smtp):
    live(HISTORIES)
