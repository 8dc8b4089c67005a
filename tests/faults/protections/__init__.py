"""What holds when something breaks, and the proof: each protection taken out, the tests of its fault fail.

A test that stays green without what it tests is worth nothing. ``make protections`` takes one protection after the
other out of a copy of this tree and sees its tests fail, for the reason that is written beside them.
"""

from tests.faults.protections import broker, clocks, database, dead_letters, house, sending, smtp, whole_services
from tests.faults.protections.kinds import Edit, Protection

PROTECTIONS: tuple[Protection, ...] = tuple(
    sorted(
        (
            *sending.PROTECTIONS,
            *smtp.PROTECTIONS,
            *clocks.PROTECTIONS,
            *database.PROTECTIONS,
            *house.PROTECTIONS,
            *dead_letters.PROTECTIONS,
            *broker.PROTECTIONS,
            *whole_services.PROTECTIONS,
        ),
        key=lambda each: each.is_long,
    )
)
"""The quick ones first."""

__all__ = ["PROTECTIONS", "Edit", "Protection"]
