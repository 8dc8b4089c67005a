"""The page on which an administrator sets the rules."""

from __future__ import annotations

from typing import cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.comments import policy
from webapp.comments.forms import PolicyForm
from webapp.comments.views.blueprint import blueprint
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db


@blueprint.route("/comments/settings", methods=["GET", "POST"])
@login_required
@permissions.admin.require(403)
def settings() -> ResponseReturnValue:
    form = PolicyForm(obj=policy.current())
    if request.method != "POST":
        return render_template("comments/settings.html", form=form)
    if form.validate():
        try:
            policy.change(form.policy(), by=cast(Person, identity.person_here()), now=clock.now())
        except Refused as refused:
            db.session.rollback()
            blame(form, refused)
        else:
            db.session.commit()
            flash(gettext("Saved."))
            return redirect(url_for("comments.settings"), 303)
    return render_template("comments/settings.html", form=form), 422
