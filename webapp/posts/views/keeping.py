"""The editor's page, and what it turns into when words arrive that cannot be taken: nobody loses what they typed.

A form may come from somebody who was signed out meanwhile, or with a token of an earlier session. Neither is saved;
both get their words back, to go on with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import NotFound

from webapp.accounts import identity
from webapp.accounts.models import Person, Role
from webapp.core import error_pages
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.core.markdown import Rendered
from webapp.extensions import db
from webapp.images import queries as pictures
from webapp.images.models import Image
from webapp.posts import queries, rendering
from webapp.posts.forms import PostForm
from webapp.posts.models import Post
from webapp.posts.operations import gate
from webapp.posts.views.blueprint import blueprint

COVERS_SHOWN = 11
TAKES_WORDS = frozenset({"posts.new", "posts.edit"})


def editor(form: PostForm, post: Post | None, *, status: int = 200, **more: Any) -> tuple[str, int]:
    """The page with what stands in the form, and beside it what readers would see of that."""
    person, shown = identity.person_here(), rendered(form)
    notes = queries.review_notes_of(post) if post and post.review_state else []
    must_ask = person is None or gate.must_ask(post, person)
    covers = _covers(post, person)
    form.offer(covers)
    page = render_template(
        "posts/editor.html",
        form=form,
        post=post,
        person=person,
        shown=shown,
        notes=notes,
        must_ask=must_ask,
        covers={str(image.id): image for image in covers},
        **more,
    )
    return page, status


def _covers(post: Post | None, person: Person | None) -> list[Image]:
    """The pictures that a post may have at its head: the one it has, whoever chose it, and the person's newest."""
    present = pictures.by_id(post.cover_id if post else None)
    newest = pictures.page(person, None, COVERS_SHOWN) if person else []
    return [*([present] if present else []), *(each for each in newest if present is None or each.id != present.id)]


def rendered(form: PostForm) -> Rendered | None:
    """The text as readers would see it; None, and a sentence beside the field, when it is none that we take."""
    try:
        return rendering.render(form.body.data or "")
    except Refused as refused:
        if refused.message not in form.body.errors:
            blame(form, refused)
        return None


def signed_in_or_keep_words(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """In the place of ``login_required`` where a form brings words: the sign-in page alone would lose them."""
    guarded = cast(Callable[..., ResponseReturnValue], login_required(view))

    @wraps(view)
    def kept(*args: Any, **values: Any) -> ResponseReturnValue:
        if request.method == "POST" and identity.person_here() is None:
            return _signed_out()
        return guarded(*args, **values)

    return kept


@blueprint.errorhandler(CSRFError)
def token_is_old(error: CSRFError) -> ResponseReturnValue:
    """The words again, with a good token, for whoever may send them; the usual page where there are none."""
    if request.endpoint not in TAKES_WORDS or request.headers.get("HX-Request"):
        return error_pages.answer(error)
    person = identity.person_here()
    if person is None:
        return _signed_out()
    if not person.is_allowed(Role.AUTHOR):  # it is too early for Flask-Principal to know
        return error_pages.answer(error)
    form, post_id = PostForm(), (request.view_args or {}).get("post_id")
    post = queries.get_editable(person, post_id, or_trashed=True) if post_id else None
    if post_id and post is None:
        return error_pages.answer(NotFound())
    return editor(form, post, is_token_old=True, status=400)


def _signed_out() -> ResponseReturnValue:
    db.session.rollback()
    return render_template("posts/signed_out.html", form=PostForm()), 401
