"""What the page of the letter asks for."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired

WORDS = lazy_gettext("One letter a week. New posts, nothing else. Nothing new, no letter.")
"""What someone reads beside the field, here and at the foot of every page; kept as what they agreed to."""


class LetterForm(FlaskForm):
    email = EmailField(lazy_gettext("E-mail address"), [DataRequired(lazy_gettext("Write your mail address."))])
