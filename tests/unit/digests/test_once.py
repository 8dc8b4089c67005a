"""Every post visible at its slot to everyone who follows it, once, none twice, over random histories."""

import os

import pytest

from tests.unit.digests.histories import live

HISTORIES = int(os.environ.get("ONCE_EXAMPLES", "6"))


@pytest.mark.timeout(60 + 10 * HISTORIES)
def test_every_post_visible_at_its_slot_reaches_who_follows_it_once(db, smtp):
    live(HISTORIES)
