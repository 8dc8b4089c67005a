"""Hearing no more of reviews, by the link in each mail about one."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from webapp.accounts import operations as accounts
from webapp.accounts import queries as people
from webapp.core import clock
from webapp.extensions import csrf, db
from webapp.posts import mails
from webapp.posts.views.blueprint import blueprint


@blueprint.route("/unsubscribe/reviews-<token>", methods=["GET", "POST"])
@csrf.exempt  # RFC 8058: mail programs post here without cookies; the token in the address is what proves the right
def quiet(token: str) -> ResponseReturnValue:
    """A post without a word (a mail program's one click) stops them."""
    person = people.by_id(mails.who_wants_quiet(token) or abort(404)) or abort(404)
    if request.method == "POST":
        accounts.want_review_mail(person, wants=request.form.get("want") == "mail", now=clock.now())
        db.session.commit()
    return render_template("posts/quiet.html", is_quiet=not person.wants_review_mail)
