"""The page behind a link in a moderator's mail: publish, spam or trash, without signing in.

The link is signed, made for one person and one comment as it was. Opening it changes nothing, as mail scanners open
links. Its form works without cookies, so it carries no token against forgery: who can send it has the link.
"""

from __future__ import annotations

from flask import Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.comments import links, operations, queries
from webapp.comments.links import Decision
from webapp.comments.models import Comment
from webapp.comments.operations import DECIDED, Verdict
from webapp.comments.views.blueprint import blueprint
from webapp.core import clock
from webapp.extensions import csrf, db


@blueprint.route("/comments/decide/<token>", methods=["GET", "POST"])
@csrf.exempt
def decide(token: str) -> ResponseReturnValue:
    link = links.to_decide(token) or abort(404)
    person, comment = _meant(link)
    is_current = links.looks(comment) == link.looks
    if request.method != "POST":
        return _page(comment, is_current=is_current)
    word = request.form.get("do", "")
    if word not in set(Verdict):
        abort(422)
    if is_current:
        operations.decide(comment, Verdict(word), by=person, now=clock.now())
        db.session.commit()
        _person, comment = _meant(link)
    is_so = comment.state is DECIDED[Verdict(word)]  # sent twice, it says the same the second time
    return _page(comment, is_current=False, is_done=is_so, status=200 if is_so else 409)


def _meant(link: Decision) -> tuple[Person, Comment]:
    """For whom the link was made, if they may still decide about its comment."""
    person = people.by_id(link.person_id) or abort(404)
    found = queries.get_moderatable(person, [link.comment_id])
    return person, found[0] if found else abort(404)


def _page(comment: Comment, *, is_current: bool, is_done: bool = False, status: int = 200) -> Response:
    page = render_template(
        "comments/decide.html", comment=comment, post=comment.post, is_current=is_current, is_done=is_done
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
