"""Waiting for mails, and comparing what came with what the ledger says, mail by mail."""

from __future__ import annotations

import statistics
import time
from collections import Counter

import pytest
from sqlalchemy import text

from tests.faults.crew import Crew


def rows(crew: Crew, query: str) -> list[tuple]:
    with crew.house.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def wait_until(it_is_so, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not it_is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.1)


def arrived(crew: Crew, count: int, seconds: float = 30) -> None:
    """Waits for so many mails, and a little longer for one too many."""
    deadline = time.monotonic() + seconds
    while len(crew.mailbox.received) < count:
        if time.monotonic() > deadline:
            pytest.fail(f"{len(crew.mailbox.received)} of {count} mails after {seconds} s")
        time.sleep(0.05)
    time.sleep(1)


def check(crew: Crew, count: int, *, uncertain_at_most: int = 0) -> int:
    """So many mails were written. Each was sent and came once, or is uncertain. Returns how many of those there are."""
    wait_until(lambda: not in_states(crew, "claimed"), seconds=10)
    sent, uncertain = in_states(crew, "sent"), in_states(crew, "uncertain")
    assert len(sent | uncertain) == count, f"{len(sent | uncertain)} mails were sent, or may have been, not {count}"
    came = Counter(each.message["Message-ID"] for each in crew.mailbox.received)
    assert [message for message, times in came.items() if times > 1] == [], "somebody got a mail twice"
    assert sent - set(came) == set(), "the ledger says more than is true"
    assert set(came) - sent - uncertain == set(), "the ledger does not know of a mail that came"
    assert len(uncertain) <= uncertain_at_most, f"{len(uncertain)} are uncertain"
    return len(uncertain)


def in_states(crew: Crew, *states: str) -> set[str]:
    """The Message-IDs of the mails in these states."""
    return {message for message, state in rows(crew, "SELECT message_id, state FROM deliveries") if state in states}


def show(record, what: str, crew: Crew) -> list[float]:
    """Prints how late the mails were. Returns the seconds."""
    due = dict(rows(crew, "SELECT message_id, due_at FROM deliveries"))
    late = [each.at - due[each.message["Message-ID"]].timestamp() for each in crew.mailbox.received]
    note(record, what, f"{len(late)} mails, late by {statistics.median(late):.2f} s (median), {max(late):.2f} s (most)")
    return late


def note(record, what: str, said: str) -> None:
    print(f"{what}: {said}")  # noqa: T201
    record(what, said)
