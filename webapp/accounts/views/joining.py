"""Getting an account: by confirming an address, or, for the first administrator, by the set-up link."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp.accounts import forms, identity, links, operations, passwords, queries
from webapp.accounts.views.blueprint import blueprint, link_is_over, not_too_often, status, zone_or_sites
from webapp.core import clock, languages
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db


@blueprint.route("/register", methods=["GET", "POST"])
@not_too_often
def register() -> ResponseReturnValue:
    form = forms.RegisterForm()
    if form.validate_on_submit():
        try:
            operations.register(
                password_hash=passwords.hashed(form.password.data),
                email=form.email.data,
                name=form.name.data,
                zone=zone_or_sites(form.zone.data),
                language=languages.spoken(),
                now=clock.now(),
            )
        except Refused as refused:
            db.session.rollback()
            blame(form, refused)
        else:
            db.session.commit()
            session["wrote_to"] = form.email.data.strip()
            return redirect(url_for("accounts.registered"), 303)
    return render_template("accounts/register.html", form=form), status()


@blueprint.get("/register/sent")
def registered() -> ResponseReturnValue:
    return render_template("accounts/registered.html", address=session.get("wrote_to"))


@blueprint.get("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    registration = links.registration(token)
    if registration is None:
        return link_is_over(again=url_for("accounts.register"))
    return render_template("accounts/confirm.html", registration=registration)


@blueprint.post("/confirm/<token>")
def confirmed(token: str) -> ResponseReturnValue:
    registration = links.registration(token)
    person = operations.confirm(registration, now=clock.now()) if registration else None
    if person is None:
        db.session.rollback()
        return link_is_over(again=url_for("accounts.register"))
    db.session.commit()
    if person.password_hash == passwords.UNUSABLE:
        return redirect(url_for("accounts.reset", token=links.reset_token(person)), 303)
    session["confirmed"] = person.email
    flash(gettext("Your address is confirmed. Sign in with it."))
    return redirect(url_for("accounts.login"), 303)


@blueprint.route("/setup/<token>", methods=["GET", "POST"])
@not_too_often
def setup(token: str) -> ResponseReturnValue:
    if not links.is_to_set_up(token) or queries.has_administrator():
        abort(404)
    form = forms.RegisterForm()
    if form.validate_on_submit():
        try:
            person = operations.set_up(
                password_hash=passwords.hashed(form.password.data),
                email=form.email.data,
                name=form.name.data,
                zone=zone_or_sites(form.zone.data),
                language=languages.spoken(),
                now=clock.now(),
            )
        except Refused as refused:
            db.session.rollback()
            blame(form, refused)
        else:
            if person is None:
                abort(404)
            identity.begin(person, remember=False)
            db.session.commit()
            flash(gettext("The site is yours, %(name)s.", name=person.name))
            return redirect(url_for("posts.home"), 303)
    return render_template("accounts/setup.html", form=form), status()
