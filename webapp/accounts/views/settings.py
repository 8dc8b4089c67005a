"""One's own settings: who one is to others, where, the password, and the browsers one is signed in with."""

from __future__ import annotations

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, refresh
from flask_login import login_required

from webapp.accounts import browsers, forms, identity, operations, passwords, queries
from webapp.accounts.models import Person, Role
from webapp.accounts.views.blueprint import blueprint, has_failed, status
from webapp.core import clock, languages, zones
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db, limiter


def _whose_password() -> str:
    person = identity.person_here()
    return f"person {person.id}" if person else f"nobody at {request.remote_addr}"


@blueprint.route("/settings", methods=["GET", "POST"])
@login_required
def settings() -> ResponseReturnValue:
    person = _me()
    form = _profile_of(person)
    if form.validate_on_submit():
        try:
            _change(person, form)
        except Refused as refused:
            db.session.rollback()
            blame(form, refused)
        else:
            db.session.commit()
            return _saved(person)
    return _page(profile=form)


@blueprint.post("/settings/password")
@login_required
@limiter.limit("5/minute", key_func=_whose_password, deduct_when=has_failed)
def change_password() -> ResponseReturnValue:
    form = forms.PasswordForm()
    if form.validate_on_submit():
        kept, here = _me().password_hash, identity.sign_in_here()
        db.session.rollback()  # bcrypt takes its time, twice; nobody else should wait for us meanwhile
        try:
            passwords.demand(kept, form.current.data, field="current")
            password_hash = passwords.hashed(form.password.data)
        except Refused as refused:
            blame(form, refused)
        else:
            operations.set_password(_me(), password_hash, keep=here)
            db.session.commit()
            flash(gettext("Your password is changed. Every other browser is signed out."))
            return redirect(url_for("accounts.settings"), 303)
    return _page(password=form)


@blueprint.post("/settings/sign-ins/<int:sign_in_id>/end")
@login_required
def end_sign_in(sign_in_id: int) -> ResponseReturnValue:
    if sign_in_id not in {each.id for each in queries.sign_ins_of(_me(), clock.now())}:
        abort(404)
    operations.end_sign_in(_me(), sign_in_id)
    db.session.commit()
    flash(gettext("Signed out there."))
    return redirect(url_for("accounts.settings"), 303)


@blueprint.post("/settings/sign-ins/end-others")
@login_required
def end_other_sign_ins() -> ResponseReturnValue:
    operations.end_sign_ins(_me(), keep=identity.sign_in_here())
    db.session.commit()
    flash(gettext("You are signed in here and nowhere else."))
    return redirect(url_for("accounts.settings"), 303)


def _page(profile: forms.ProfileForm | None = None, password: forms.PasswordForm | None = None) -> ResponseReturnValue:
    person = _me()
    return (
        render_template(
            "accounts/settings.html",
            person=person,
            profile=profile or _profile_of(person),
            password=password or forms.PasswordForm(formdata=None),
            zones=zones.choices(),
            sign_ins=[(each, browsers.name(each.browser)) for each in queries.sign_ins_of(person, clock.now())],
            here=identity.sign_in_here(),
        ),
        status(),
    )


def _profile_of(person: Person) -> forms.ProfileForm:
    """The form as it stands before anything is typed, or with what was typed. Only an author has a page to fill."""
    city = zones.city(person.zone)
    kind = forms.AuthorForm if person.is_allowed(Role.AUTHOR) else forms.ProfileForm
    return kind(
        name=person.name,
        handle=person.handle,
        bio=person.bio,
        website=person.website,
        wants_review_mail=person.wants_review_mail,
        language=person.language or "",
        zone=city if zones.named(city) == person.zone else person.zone,
    )


def _change(person: Person, form: forms.ProfileForm) -> None:
    values = {name: value for name, value in form.data.items() if name not in {"csrf_token", "language"}}
    operations.change_profile(person, now=clock.now(), **values)
    if form.language.raw_data:
        operations.change_language(person, form.language.data)


def _saved(person: Person) -> ResponseReturnValue:
    """Says so in the language that is now theirs, and keeps it in this browser for when they have signed out."""
    refresh()
    flash(gettext("Saved."))
    response = make_response(redirect(url_for("accounts.settings"), 303))
    if person.language is not None:
        languages.remember(response, person.language)
    return response


def _me() -> Person:
    person = identity.person_here()
    if person is None:
        abort(401)
    return person
