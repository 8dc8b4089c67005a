"""The list of readers as a file: out with the proof of each consent, and in without writing to anyone.

One row an address, in the columns of :data:`COLUMNS`. Who is brought along gets letters only with a proof of consent:
the words they agreed to, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from webapp.core import languages, text
from webapp.core.errors import Refused
from webapp.core.words import _, sentences
from webapp.extensions import db
from webapp.mail.queries import suppression_of
from webapp.subscriptions import dormancy, operations, queries
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState
from webapp.subscriptions.naming import HOW, names_of_all, wanted

COLUMNS = (
    "email", "state", "follow", "cadence", "weekday", "hour", "zone", "language", "paused_until", "asked_at",
    "confirmed_at", "left_at", "consent",
)  # fmt: skip
LONGEST_CONSENT = 1000
PAGE = 500


@dataclass
class Brought:
    """What became of a file: how many were added, known before or left out, and why, by line."""

    added: int = 0
    known: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def page(after: int) -> tuple[list[dict[str, str]], int]:
    """A page of rows, whatever their state, from behind the id ``after``, and the last id on it.

    Each page takes as many statements as any.
    """
    found = queries.after(after, PAGE)
    names = names_of_all({reader.follows for reader in found})
    return [_row(reader, names[reader.follows]) for reader in found], found[-1].id if found else after


def bring(lines: Iterable[Mapping[str, str | None]], *, now: datetime) -> Brought:
    """Adds those who are not known yet. Nobody is mailed, and nobody who left or is known is changed.

    ``lines`` begin at line 2 of a file: the first names the columns.
    """
    brought = Brought()
    for number, line in enumerate(lines, 2):
        try:
            with db.session.begin_nested():
                is_new = _bring_one(line, now)
        except Refused as refused:
            brought.refused.append((number, refused.message))
        else:
            brought.added += is_new
            brought.known += not is_new
    return brought


def _row(reader: Subscription, names: str | list[str]) -> dict[str, str]:
    return {
        "email": reader.address,
        "state": reader.state,
        "follow": names if isinstance(names, str) else " ".join(names),
        "cadence": reader.cadence,
        "weekday": "" if reader.weekday is None else str(reader.weekday),
        "hour": "" if reader.hour is None else str(reader.hour),
        "zone": reader.zone or "",
        "language": reader.language or "",
        "paused_until": _written(reader.paused_until),
        "asked_at": _written(reader.asked_at),
        "confirmed_at": _written(reader.confirmed_at),
        "left_at": _written(reader.left_at),
        "consent": _inert(reader.consent),
    }


def _bring_one(line: Mapping[str, str | None], now: datetime) -> bool:
    told = {name: (line.get(name) or "").strip() for name in COLUMNS}
    address = text.address(told["email"])
    if queries.by_address(address) is not None:
        return False
    state = told["state"] or "active"
    if state not in {"active", "left"}:
        raise Refused("state", _("Only who is active or has left can be brought along; others have to be asked."))
    consent = text.one_line(told["consent"].removeprefix("'"), field="consent", longest=LONGEST_CONSENT, required=False)
    confirmed_at = _read(told["confirmed_at"], "confirmed_at")
    if state == "active" and not (consent and confirmed_at):
        raise Refused("consent", _("No proof of consent: it needs consent (the words) and confirmed_at (when)."))
    if confirmed_at and confirmed_at > now:
        raise Refused("confirmed_at", _("That consent is from the future."))
    if state == "active" and suppression_of(address) is not None:
        raise Refused("email", _("This address is not written to any more."))
    if not told["follow"]:
        # what somebody followed is gone: that they wanted everything is more than they said
        if state == "active" and "follow" in line:
            raise Refused("follow", sentences([_("It follows nothing that is here."), HOW]))
        told["follow"] = "site"
    reader = Subscription(address=address, asked_at=_read(told["asked_at"], "asked_at") or confirmed_at or now)
    reader.consent = consent
    reader.confirmed_at, reader.state = confirmed_at, SubscriptionState.ACTIVE
    operations.choose(reader, _wish(told), now=now)
    reader.language = _language(told["language"])
    _pause(reader, _read(told["paused_until"], "paused_until"), now)
    # nobody gets a letter about what appeared before they came here
    reader.covered_until = now
    if state == "left":
        reader.state, reader.left_at = SubscriptionState.LEFT, _read(told["left_at"], "left_at") or now
    db.session.add(reader)
    db.session.flush()
    return True


def _wish(told: Mapping[str, str]) -> operations.Wish:
    if told["cadence"] and told["cadence"] not in {each.value for each in Cadence}:
        raise Refused("cadence", _("The cadence is post, daily, weekly or monthly."))
    return operations.Wish(
        follows=wanted(told["follow"].split()),
        cadence=Cadence(told["cadence"] or Cadence.WEEKLY),
        weekday=_number(told["weekday"], "weekday"),
        hour=_number(told["hour"], "hour"),
        zone=told["zone"] or None,
    )


def _language(raw: str) -> str | None:
    if raw and languages.known(raw) is None:
        raise Refused("language", _("We do not write %(language)s.", language=raw[:80]))
    return raw or None


def _pause(reader: Subscription, until: datetime | None, now: datetime) -> None:
    if until is None or until <= now or until == dormancy.UNTIL_THEY_ANSWER:
        reader.paused_until = until
    else:
        operations.pause(reader, until=until, now=now)


def _number(raw: str, name: str) -> int | None:
    if raw and not (raw.isascii() and raw.isdigit() and len(raw) < 3):  # two digits
        raise Refused(name, _("%(name)s is not a number.", name=name))
    return int(raw) if raw else None


def _read(raw: str, name: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(raw) if raw else None
        return found and (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(name, _("%(name)s is no time such as 2026-11-21T10:00:00Z.", name=name)) from None


def _written(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _inert(words: str) -> str:
    """Words that no spreadsheet takes for a formula: they came from outside."""
    line = " ".join(words.split())
    return f"'{line}" if line[:1] in {"=", "+", "-", "@"} else line
