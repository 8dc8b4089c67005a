"""What the pages of pictures ask for. Whether it fits is for the operations to say."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField, TextAreaField

from webapp.images.pictures import READ

ACCEPT = ",".join(f"image/{each.lower()}" for each in READ)


class SendForm(FlaskForm):
    file = FileField(lazy_gettext("Picture"), [FileRequired(lazy_gettext("Choose a picture."))])
    alt = StringField(lazy_gettext("What is to be seen"))


class DescribeForm(FlaskForm):
    alt = TextAreaField(lazy_gettext("What is to be seen"))
