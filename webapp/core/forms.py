"""How a form shows what a rule refused."""

from __future__ import annotations

from flask_wtf import FlaskForm

from webapp.core.errors import Refused


def blame(form: FlaskForm, refused: Refused) -> None:
    """Puts the rule's sentence beside the field it is about, or above the form when it has no such field."""
    if refused.field in form:
        field = form[refused.field]
        field.errors = [*field.errors, refused.message]
    else:
        form.form_errors.append(refused.message)
