"""What the pages about letters ask for."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, EmailField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from webapp.core import zones
from webapp.core.errors import Refused
from webapp.subscriptions.following import Following, is_word
from webapp.subscriptions.models import Cadence
from webapp.subscriptions.operations import Wish

WORDS = lazy_gettext("One letter a week. New posts, nothing else. Nothing new, no letter.")
"""What someone reads beside the field, here and at the foot of every page; kept as what they agreed to."""

FOLLOW_WORDS = lazy_gettext("New posts by mail. Nothing new, no letter")
"""The same, where one author or tag is followed."""

PACES = (
    (Cadence.POST.value, lazy_gettext("Each post")),
    (Cadence.DAILY.value, lazy_gettext("Every day")),
    (Cadence.WEEKLY.value, lazy_gettext("Every week")),
    (Cadence.MONTHLY.value, lazy_gettext("Every month")),
)
"""How often, beside the name of one thing that is followed."""


class LetterForm(FlaskForm):
    email = EmailField(lazy_gettext("E-mail address"), [DataRequired(lazy_gettext("Write your mail address."))])


class LettersForm(FlaskForm):
    """What a reader gets, how often and when."""

    follows = SelectMultipleField(lazy_gettext("Follow"), validate_choice=False)
    pace = SelectMultipleField(lazy_gettext("How often"), validate_choice=False)
    """``@3=daily`` for each thing that has a cadence of its own."""
    cadence = RadioField(
        lazy_gettext("How often"),
        choices=[
            SelectChoice(Cadence.POST.value, lazy_gettext("Each post, when it appears")),
            SelectChoice(Cadence.DAILY.value, lazy_gettext("Every day there is something new")),
            SelectChoice(Cadence.WEEKLY.value, lazy_gettext("Every week there is something new")),
            SelectChoice(Cadence.MONTHLY.value, lazy_gettext("Every month there is something new")),
        ],
    )
    weekday = SelectField(
        lazy_gettext("Day"),
        choices=[
            SelectChoice("0", lazy_gettext("Monday")),
            SelectChoice("1", lazy_gettext("Tuesday")),
            SelectChoice("2", lazy_gettext("Wednesday")),
            SelectChoice("3", lazy_gettext("Thursday")),
            SelectChoice("4", lazy_gettext("Friday")),
            SelectChoice("5", lazy_gettext("Saturday")),
            SelectChoice("6", lazy_gettext("Sunday")),
        ],
    )
    hour = SelectField(lazy_gettext("Hour"), choices=[SelectChoice(str(hour), f"{hour:02}:00") for hour in range(24)])
    zone = StringField(lazy_gettext("Where you are"))
    paused_until = DateField(lazy_gettext("No letters before"), [Optional()])

    def wish(self) -> Wish:
        """Raises :class:`Refused` for ``follows`` or ``zone``."""
        zone = zones.named(self.zone.data or "")
        if zone is None:
            raise Refused(
                "zone", str(lazy_gettext("We do not know that city. Try the nearest large one, such as Shanghai."))
            )
        words = self.follows.data or []
        if not all(is_word(word) for word in words):
            raise Refused("follows", str(lazy_gettext("Choose what to follow from the list.")))
        paces = [each for each in self.pace.data or [] if each.partition("=")[0] in words]
        if not all(each.partition("=")[2] in {*Cadence} for each in paces):
            raise Refused("follows", str(lazy_gettext("Choose how often from the list.")))
        return Wish(
            follows=Following.read(" ".join(words)) | Following.read(" ".join(paces)),
            cadence=Cadence(self.cadence.data),
            weekday=int(self.weekday.data),
            hour=int(self.hour.data),
            zone=zone,
        )
