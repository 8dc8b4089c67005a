"""What decides: the mail server's own log against the ledger."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from tests.faults.crew import Crew


def addresses(crew: Crew, state: str) -> set[str]:
    with crew.house.engine.connect() as connection:
        return set(connection.scalars(text("SELECT address FROM deliveries WHERE state = :state"), {"state": state}))


def agrees(crew: Crew) -> set[str]:
    """Checks that nobody got two, and that what arrived is what the ledger calls sent, or uncertain.

    Returns the uncertain addresses.
    """
    arrived = Counter(address for each in crew.mailbox.received for address in each.recipients)
    sent, uncertain = addresses(crew, "sent"), addresses(crew, "uncertain")
    twice = [address for address, times in arrived.items() if times > 1]
    assert twice == [], f"{len(twice)} got two: {twice[:3]}"
    assert sent - set(arrived) == set(), "the ledger says more than is true"
    assert set(arrived) - sent - uncertain == set(), "the ledger does not know of a mail that came"
    return uncertain
