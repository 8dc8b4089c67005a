"""What the page of an import asks for."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice

from webapp.portability.readers import System

SYSTEMS = (
    (System.WORDPRESS, lazy_gettext("WordPress: the .xml of Tools, Export")),
    (System.GHOST, lazy_gettext("Ghost: the .json of Settings, Export content")),
    (System.MARKDOWN, lazy_gettext("Markdown with front matter, as Jekyll, Hugo and Eleventy keep it: a .zip")),
    (System.FEED, lazy_gettext("A feed, Atom or RSS, saved as a file")),
    (System.ALMANAC, lazy_gettext("Almanac: an archive that this page wrote somewhere else")),
)


class ImportForm(FlaskForm):
    system = RadioField(
        lazy_gettext("Where it comes from"),
        choices=[SelectChoice(system.value, label) for system, label in SYSTEMS],
        default=System.WORDPRESS.value,
    )
    file = FileField(lazy_gettext("The file"), [FileRequired(lazy_gettext("Choose a file."))])
    author = SelectField(lazy_gettext("Who gets posts without a known author"), coerce=int)
    may_fetch = BooleanField(lazy_gettext("Get pictures from the net"))
    dry_run = BooleanField(lazy_gettext("Only say what would happen"), default=True)
