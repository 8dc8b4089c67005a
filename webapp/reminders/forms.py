"""What the pages about reminders ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self, TypeVar

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired
from wtforms.widgets import DateInput, DateTimeLocalInput

from webapp.core import zones
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.reminders import operations, patterns, when, wording
from webapp.reminders.models import Condition, Recipient, Reminder

T = TypeVar("T")
EXACT = ("exact", "exact_of", "exact_was")
ONLY = "only-"
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
            SelectChoice("monthly", lazy_gettext("Every month, on this date")),
            SelectChoice(patterns.WEEKDAY_OF_MONTH, lazy_gettext("Every month, on this weekday")),
            SelectChoice("yearly", lazy_gettext("Every year")),
        ],
        default="never",
        validate_choice=False,
    )
    every = StringField(lazy_gettext("Every how many"), default="1")
    days = SelectMultipleField(
        lazy_gettext("On these days of the week"),
        choices=[
            SelectChoice("MO", lazy_gettext("Mon")),
            SelectChoice("TU", lazy_gettext("Tue")),
            SelectChoice("WE", lazy_gettext("Wed")),
            SelectChoice("TH", lazy_gettext("Thu")),
            SelectChoice("FR", lazy_gettext("Fri")),
            SelectChoice("SA", lazy_gettext("Sat")),
            SelectChoice("SU", lazy_gettext("Sun")),
        ],
        validate_choice=False,
    )
    until = StringField(lazy_gettext("Until, that day included"), widget=DateInput())
    count = StringField(lazy_gettext("Or so many times in all"))
    exact = StringField(lazy_gettext("That is"), widget=DateTimeLocalInput())
    exact_of = HiddenField()
    exact_was = HiddenField()
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
    recipient = SelectField(lazy_gettext("Whom"), choices=[SelectChoice("", lazy_gettext("Me"))], validate_choice=False)
    lead = HiddenField()
    post_id = HiddenField()
    next = HiddenField()

    tells_the_time = ("when", "picked", "zone", "repeat", "every", "days", "until", "count", *EXACT)
    """The fields that say when and how often: nothing else stands in the address of our reading of them."""

    def bond(self) -> tuple[Condition, timedelta | None]:
        """What it depends on, and how long before its post appears it comes. A choice we do not have is none."""
        try:
            condition = Condition(self.condition.data or Condition.NONE)
        except ValueError:
            condition = Condition.NONE
        raw = self.lead.data or ""
        lead = timedelta(minutes=int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 6 else None
        return condition, lead

    def offer(self, recipients: Sequence[Recipient]) -> Self:
        """Lets one choose among those who have said yes, each too or instead."""
        self.recipient.choices = list(self.recipient.choices)[:1]
        for each in recipients:
            self.recipient.choices += [
                SelectChoice(str(each.id), gettext("Me and %(address)s", address=each.address)),
                SelectChoice(f"{ONLY}{each.id}", gettext("Only %(address)s", address=each.address)),
            ]
        return self

    def whom(self) -> tuple[int | None, bool]:
        """Whom else it reminds, by the recipient's number, and whether its person, too. Nobody we know is nobody."""
        choice = self.recipient.data or ""
        if choice not in {each.value for each in self.recipient.choices}:
            return None, True
        number = choice.removeprefix(ONLY)
        return (int(number), number == choice) if number else (None, True)

    def read(self, now: datetime) -> Wish | None:
        """The wish, or None with a sentence beside each field that does not fit."""
        is_whole = self.validate()
        wish = self.time_and_rule(now)
        return wish if is_whole and not self.errors else None

    def time_and_rule(self, now: datetime) -> Wish | None:
        """When and how often, whatever the rest of the form says; None when that cannot be told."""
        zone = self._try(self._zone)
        wall_time = self._try(lambda: self._time(zone or "UTC", now))
        if wall_time is None:
            self._try(self.pattern)
            return None
        began, recurrence = self._try(lambda: self._series(wall_time)) or (None, None)
        return Wish(began, zone, recurrence) if zone is not None and began is not None else None

    def pattern(self) -> patterns.Pattern | None:
        """The repetition that was chosen; None for the rule as it is. Raises :class:`Refused`."""
        choice = self.repeat.data or patterns.NEVER
        if choice not in {each.value for each in self.repeat.choices}:
            raise Refused("repeat", gettext("Choose one from the list."))
        if choice == AS_IS:
            return None
        days = [day for day in self.days.data or () if day in patterns.DAYS]
        return patterns.Pattern(
            choice,
            _count(self.every.data or "1", "every", 1000),
            days,
            _date(self.until.data or "", "until"),
            _count(self.count.data, "count", 10_000) if (self.count.data or "").strip() else None,
        )

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
        """What was picked from the calendar counts first, then our reading of the words if it was corrected."""
        words = self.when.data or ""
        return when.read(self.picked.data or (self.exact.data if self.is_corrected else "") or words, zone, now)

    @property
    def is_corrected(self) -> bool:
        """Whether our reading of these words was changed by hand. Otherwise it is made anew, in another city, too."""
        is_of_these_words = (self.exact_of.data or "") == (self.when.data or "")
        return bool(self.exact.data) and is_of_these_words and self.exact.data != self.exact_was.data

    def _series(self, wanted: datetime) -> tuple[datetime, Any]:
        pattern = self.pattern()
        if pattern is None:
            return wanted, operations.KEEP
        began = pattern.begins(wanted)
        return began, pattern.rule(began)

    def _try(self, parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except Refused as refused:
            self.refuse(refused)
            return None


class AskForm(FlaskForm):
    """Whom a person would like to remind."""

    address = StringField(lazy_gettext("Their mail address"), [DataRequired(lazy_gettext("Give a mail address."))])

    def refuse(self, refused: Refused) -> None:
        """Shows what a rule refused."""
        blame(self, refused)


class EditForm(ReminderForm):
    """A reminder as it is, with the version that its editor sees."""

    version = HiddenField()

    @classmethod
    def showing(cls, reminder: Reminder) -> Self:
        """The form of this reminder, filled with what was sent or else with what is."""
        pattern = patterns.of(reminder.recurrence, datetime.fromisoformat(reminder.series_start or reminder.wall_time))
        shown = pattern or patterns.Pattern(AS_IS)
        form = cls(
            text=reminder.text,
            when=_as_typed(reminder.wall_time),
            zone=spelled(reminder.zone),
            repeat=shown.repeat,
            every=str(shown.every),
            days=list(shown.days),
            until=shown.until.isoformat() if shown.until else "",
            count=str(shown.count or ""),
            condition=reminder.condition.value,
            recipient=_chosen(reminder),
            version=str(reminder.version),
        )
        if pattern is None or ";" in (reminder.recurrence or ""):
            form.repeat.choices = [*form.repeat.choices, SelectChoice(AS_IS, wording.repetition(reminder))]
        return form

    def changes(self, reminder: Reminder, wish: Wish) -> dict[str, Any]:
        """What of the wish differs from the reminder, as ``operations.edit`` takes it."""
        kept_rule = wish.recurrence is operations.KEEP or wish.recurrence == reminder.recurrence
        is_as_shown = not self.picked.data and self.when.data == _as_typed(reminder.wall_time)
        if self.is_corrected and self.exact.data != (self.when.data or "").replace(" ", "T"):
            is_as_shown = False
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


def _chosen(reminder: Reminder) -> str:
    if reminder.recipient_id is None:
        return ""
    return str(reminder.recipient_id) if reminder.with_me else f"{ONLY}{reminder.recipient_id}"


def _as_typed(wall_time: str) -> str:
    seconds = wall_time.partition(".")[0].replace("T", " ")
    return seconds.removesuffix(":00") if seconds.count(":") > 1 else seconds


def _count(raw: str, field: str, most: int) -> int:
    raw = raw.strip()
    if not raw.isascii() or not raw.isdigit() or not 0 < int(raw[:9]) <= most:
        raise Refused(field, gettext("Give a number from 1 to %(most)d.", most=most))
    return int(raw)


def _date(raw: str, field: str) -> date | None:
    if not raw.strip():
        return None
    try:
        return date.fromisoformat(raw.strip())
    except ValueError:
        raise Refused(field, gettext("Give a day such as 2027-03-14.")) from None
