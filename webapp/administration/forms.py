"""What the page of the site's settings asks for. Whether it fits is for the operations to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from webapp.settings.choices import Choices, Link
from webapp.settings.operations import Wanted


class SiteForm(FlaskForm):
    name = StringField(lazy_gettext("Name"))
    description = StringField(lazy_gettext("In one sentence"))
    logo = FileField(lazy_gettext("Logo"))
    without_logo = BooleanField(lazy_gettext("Show the name instead of the logo"))
    accent_day = StringField(lazy_gettext("Second ink by day"))
    accent_night = StringField(lazy_gettext("Second ink by night"))
    navigation = TextAreaField(lazy_gettext("Links at the top"))
    footer = TextAreaField(lazy_gettext("Words at the bottom"))
    footer_links = TextAreaField(lazy_gettext("Links at the bottom"))
    postal_address = TextAreaField(lazy_gettext("Postal address"))
    bare_links = BooleanField(lazy_gettext("Link addresses without brackets too"))
    curled_quotes = BooleanField(lazy_gettext("Curl straight quotes"))
    version = HiddenField()

    @classmethod
    def of(cls, chosen: Choices) -> Self:
        """The form as it stands before anything was typed."""
        return cls(
            formdata=None,
            name=chosen.name,
            description=chosen.description,
            accent_day=chosen.accent_day,
            accent_night=chosen.accent_night,
            navigation=_lines(chosen.navigation),
            footer=chosen.footer,
            footer_links=_lines(chosen.footer_links),
            postal_address=chosen.postal_address,
            bare_links=chosen.bare_links,
            curled_quotes=chosen.curled_quotes,
            version=chosen.version,
        )

    @property
    def wanted(self) -> Wanted:
        switches = ("bare_links", "curled_quotes")
        typed: dict[str, Any] = {name: self[name].data for name in Wanted.__dataclass_fields__ if name != "seen"}
        typed = {name: data if name in switches else data or "" for name, data in typed.items()}
        return Wanted(**typed, seen=self.version.data or "")


def _lines(links: Iterable[Link]) -> str:
    return "\n".join(f"{link.label} {link.address}" for link in links)
