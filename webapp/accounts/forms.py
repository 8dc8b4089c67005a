"""What the pages of an account ask for. Whether it fits is for the operations to say."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from config import LANGUAGES

EMAIL = DataRequired(lazy_gettext("Write your mail address."))
NAME = DataRequired(lazy_gettext("Write your name, or one you like."))
PASSWORD = InputRequired(lazy_gettext("Write your password."))
NEW_PASSWORD = InputRequired(lazy_gettext("Choose a password."))


class SignInForm(FlaskForm):
    email = EmailField(lazy_gettext("E-mail address"), [EMAIL])
    password = PasswordField(lazy_gettext("Password"), [PASSWORD])
    remember = BooleanField(lazy_gettext("Keep me signed in for 30 days"))
    next = HiddenField()


class RegisterForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [NAME])
    email = EmailField(lazy_gettext("E-mail address"), [EMAIL])
    password = PasswordField(lazy_gettext("Password"), [NEW_PASSWORD])
    zone = HiddenField()


class ForgotForm(FlaskForm):
    email = EmailField(lazy_gettext("E-mail address"), [EMAIL])


class ResetForm(FlaskForm):
    password = PasswordField(lazy_gettext("New password"), [NEW_PASSWORD])


class ProfileForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [NAME])
    zone = StringField(lazy_gettext("Where you are"), [DataRequired(lazy_gettext("Write a city."))])
    language = SelectField(
        lazy_gettext("Language"),
        choices=[
            SelectChoice("", lazy_gettext("As this browser asks for")),
            *(SelectChoice(name, own_name) for name, own_name in LANGUAGES.items()),
        ],
        validate_choice=False,
    )


class AuthorForm(ProfileForm):
    """With what stands on an author's page."""

    handle = StringField(lazy_gettext("Handle"), [DataRequired(lazy_gettext("Choose a handle."))])
    bio = TextAreaField(lazy_gettext("About you"))
    website = StringField(lazy_gettext("Your own site"))
    wants_review_mail = BooleanField(lazy_gettext("Mail me when it is my turn in a review"))


class PasswordForm(FlaskForm):
    current = PasswordField(lazy_gettext("Present password"), [PASSWORD])
    password = PasswordField(lazy_gettext("New password"), [NEW_PASSWORD])
