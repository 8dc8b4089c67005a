"""Choosing a new password after forgetting the old one."""

from __future__ import annotations

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp.accounts import forms, identity, links, operations, passwords
from webapp.accounts.views.blueprint import blueprint, link_is_over, not_too_often, status
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db


@blueprint.route("/reset", methods=["GET", "POST"])
@not_too_often
def forgot() -> ResponseReturnValue:
    form = forms.ForgotForm()
    if form.validate_on_submit():
        passwords.matches(None, form.email.data)  # drowns the few milliseconds by which a known address takes longer
        try:
            operations.ask_reset(email=form.email.data, now=clock.now())
        except Refused as refused:
            db.session.rollback()
            blame(form, refused)
        else:
            db.session.commit()
            session["wrote_to"] = form.email.data.strip()
            return redirect(url_for("accounts.asked_reset"), 303)
    return render_template("accounts/forgot.html", form=form), status()


@blueprint.get("/reset/sent")
def asked_reset() -> ResponseReturnValue:
    return render_template("accounts/asked_reset.html", address=session.get("wrote_to"))


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@not_too_often
def reset(token: str) -> ResponseReturnValue:
    person = links.person_who_forgot(token)
    if person is None:
        return link_is_over(again=url_for("accounts.forgot"))
    form = forms.ResetForm()
    if form.validate_on_submit():
        db.session.rollback()  # hashing takes its time; nobody else should wait for us meanwhile
        try:
            password_hash = passwords.hashed(form.password.data)
        except Refused as refused:
            blame(form, refused)
        else:
            if links.person_who_forgot(token) is None:
                return link_is_over(again=url_for("accounts.forgot"))
            operations.set_password(person, password_hash)
            identity.end()
            db.session.commit()
            session["confirmed"] = person.email
            flash(gettext("Your new password is set, and you are signed out everywhere. Sign in with it."))
            return redirect(url_for("accounts.login"), 303)
    return render_template("accounts/reset.html", form=form, person=person), status()
