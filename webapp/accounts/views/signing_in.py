"""Signing in and out."""

from __future__ import annotations

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp.accounts import forms, identity, operations, passwords, queries
from webapp.accounts.views.blueprint import blueprint, has_failed, status
from webapp.core import clock, tokens
from webapp.core.urls import local_path
from webapp.extensions import db, limiter


def _who_from_where() -> str:
    """One address tried from one place. A digest, so that the counter's key has a length of its own."""
    return tokens.digest(f"{request.form.get('email', '').strip().lower()}\n{request.remote_addr}")


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"], deduct_when=has_failed)
@limiter.limit("5/minute", key_func=_who_from_where, methods=["POST"], deduct_when=has_failed)
def login() -> ResponseReturnValue:
    form = forms.SignInForm(next=request.args.get("next"), email=session.get("confirmed"))
    after = local_path(form.next.data) or url_for("posts.home")
    if identity.person_here() is not None:
        return redirect(after, 303)
    if not form.validate_on_submit():
        return render_template("accounts/login.html", form=form, failed=form.is_submitted()), status()

    found = queries.credentials(form.email.data)
    db.session.rollback()  # bcrypt takes its time; nobody else should wait for us meanwhile
    if not passwords.matches(found.password_hash, form.password.data):
        form.password.errors = [gettext("The address or the password is not right.")]
        return render_template("accounts/login.html", form=form, failed=True), 422
    if found.person is None or not found.person.is_confirmed:
        operations.send_confirmation(found, now=clock.now())
        db.session.commit()
        return render_template("accounts/login.html", form=form, unconfirmed=True), 403

    identity.begin(found.person, remember=form.remember.data)
    db.session.commit()
    return redirect(after, 303)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    identity.end()
    db.session.commit()
    return redirect(url_for("posts.home"), 303)
