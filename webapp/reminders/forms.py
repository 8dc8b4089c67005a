"""What the pages about reminders ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired
from wtforms.widgets import DateTimeLocalInput

from webapp.core import zones
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.reminders import operations, when, wording
from webapp.reminders.models import Condition, Reminder

T = TypeVar("T")
RULES = {
    "never": None,
    "daily": "FREQ=DAILY",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
    "yearly": "FREQ=YEARLY",
}
AS_IS = "as-is"
"""The choice for a rule that came by the API and is richer than this form."""


@dataclass(frozen=True)
class Wish:
    """What was asked for: a naive wall time in a zone, and a rule."""

    wall_time: datetime
    zone: str
    recurrence: Any


class ReminderForm(FlaskForm):
    """A new reminder. ``when`` takes words or ISO; a day and time ``picked`` from a calendar goes before it."""

    text = StringField(lazy_gettext("What"), [DataRequired(lazy_gettext("Say what we should remind you of."))])
    when = StringField(lazy_gettext("When"))
    picked = StringField(lazy_gettext("Day and time"), widget=DateTimeLocalInput())
    zone = StringField(lazy_gettext("Where"))
    repeat = SelectField(
        lazy_gettext("Repeat"),
        choices=[
            SelectChoice("never", lazy_gettext("Never")),
            SelectChoice("daily", lazy_gettext("Every day")),
            SelectChoice("weekly", lazy_gettext("Every week")),
            SelectChoice("monthly", lazy_gettext("Every month")),
            SelectChoice("yearly", lazy_gettext("Every year")),
        ],
        default="never",
        validate_choice=False,
    )
    condition = SelectField(
        lazy_gettext("Only if"),
        choices=[
            SelectChoice(Condition.NONE.value, lazy_gettext("In any case")),
            SelectChoice(Condition.DRAFT.value, lazy_gettext("Only if it is still a draft")),
            SelectChoice(Condition.UNEDITED.value, lazy_gettext("Only if nobody has changed it")),
            SelectChoice(Condition.SCHEDULED.value, lazy_gettext("Before it appears")),
        ],
        default=Condition.NONE.value,
        validate_choice=False,
    )
    lead = HiddenField()
    post_id = HiddenField()
    next = HiddenField()

    def bond(self) -> tuple[Condition, timedelta | None]:
        """What it depends on, and how long before its post appears it comes. A choice we do not have is none."""
        try:
            condition = Condition(self.condition.data or Condition.NONE)
        except ValueError:
            condition = Condition.NONE
        raw = self.lead.data or ""
        lead = timedelta(minutes=int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 6 else None
        return condition, lead

    def read(self, now: datetime) -> Wish | None:
        """The wish, or None with a sentence beside each field that does not fit."""
        is_whole = self.validate()
        recurrence = self._try(self._rule)
        zone = self._try(self._zone)
        wall_time = self._try(lambda: self._time(zone or "UTC", now))
        if not is_whole or self.errors or zone is None or wall_time is None:
            return None
        return Wish(wall_time, zone, recurrence)

    def refuse(self, refused: Refused) -> None:
        """Shows what a rule refused: about the time, beside the field that it came from."""
        is_picked = refused.field == "when" and self.picked.data
        blame(self, Refused("picked", refused.message) if is_picked else refused)

    def _zone(self) -> str:
        found = zones.named(self.zone.data or "")
        if found is None:
            raise Refused("zone", gettext("We do not know that city. Try the nearest large one, such as Shanghai."))
        return found

    def _time(self, zone: str, now: datetime) -> datetime:
        return when.read(self.picked.data or self.when.data or "", zone, now)

    def _rule(self) -> Any:
        choice = self.repeat.data or "never"
        if choice not in {each.value for each in self.repeat.choices}:
            raise Refused("repeat", gettext("Choose one from the list."))
        return operations.KEEP if choice == AS_IS else RULES[choice]

    def _try(self, parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except Refused as refused:
            self.refuse(refused)
            return None


class EditForm(ReminderForm):
    """A reminder as it is, with the version that its editor sees."""

    version = HiddenField()

    @classmethod
    def showing(cls, reminder: Reminder) -> Self:
        """The form of this reminder, filled with what was sent or else with what is."""
        by_rule = {rule: choice for choice, rule in RULES.items()}
        form = cls(
            text=reminder.text,
            when=_as_typed(reminder.wall_time),
            zone=spelled(reminder.zone),
            repeat=by_rule.get(reminder.recurrence, AS_IS),
            version=str(reminder.version),
        )
        if reminder.recurrence not in by_rule:
            form.repeat.choices = [*form.repeat.choices, SelectChoice(AS_IS, wording.repetition(reminder))]
        return form

    def changes(self, reminder: Reminder, wish: Wish) -> dict[str, Any]:
        """What of the wish differs from the reminder, as ``operations.edit`` takes it."""
        kept_rule = wish.recurrence is operations.KEEP or wish.recurrence == reminder.recurrence
        is_as_shown = not self.picked.data and self.when.data == _as_typed(reminder.wall_time)
        return {
            "text": self.text.data,
            "wall_time": None if is_as_shown and wish.zone == reminder.zone else wish.wall_time,
            "zone": wish.zone,
            "recurrence": operations.KEEP if kept_rule else wish.recurrence,
        }

    def seen_version(self) -> int:
        """The version that was edited; 0, which no reminder has, for anything that is not a number."""
        raw = (self.version.raw_data or [""])[0]
        return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def spelled(zone: str) -> str:
    """How a zone is written in the form: its city, or its own name where the city could mean another one."""
    city = zones.city(zone)
    return city if zones.named(city) == zone else zone


def _as_typed(wall_time: str) -> str:
    seconds = wall_time.partition(".")[0].replace("T", " ")
    return seconds.removesuffix(":00") if seconds.count(":") > 1 else seconds
