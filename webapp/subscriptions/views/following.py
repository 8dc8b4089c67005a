"""Following an author or a tag, from their pages."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp.accounts import queries as people
from webapp.accounts.identity import person_here
from webapp.accounts.models import Person
from webapp.core import clock, languages
from webapp.core.errors import Refused
from webapp.extensions import db, limiter
from webapp.posts import queries as posts
from webapp.subscriptions import dormancy, links, operations, queries, wording
from webapp.subscriptions.following import Following
from webapp.subscriptions.forms import FOLLOW_WORDS, PACES
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState
from webapp.subscriptions.views.asking import link_is_over
from webapp.subscriptions.views.blueprint import blueprint, consent


@blueprint.app_context_processor
def _offer() -> dict[str, Any]:
    return {"is_following": _is_following, "follow_paces": PACES}


@blueprint.post("/follow/@<handle>")
@limiter.limit("60/hour")
def follow_author(handle: str) -> ResponseReturnValue:
    author = people.by_handle(handle) or abort(404)
    back = url_for("posts.author", handle=author.handle)
    return _follow(Following(authors=frozenset({author.id})), author.name, back)


@blueprint.post("/follow/tags/<slug>")
@limiter.limit("60/hour")
def follow_tag(slug: str) -> ResponseReturnValue:
    tag = posts.tag_by_slug(slug) or abort(404)
    return _follow(
        Following(tags=frozenset({tag.id})), gettext("“%(title)s”", title=tag.name), url_for("posts.tag", slug=tag.slug)
    )


@blueprint.get("/confirm/follow-<token>")
def add(token: str) -> ResponseReturnValue:
    found = links.to_add(token)
    if found is None:
        return link_is_over()
    return _add_page(*found)


@blueprint.post("/confirm/follow-<token>")
def added(token: str) -> ResponseReturnValue:
    found = links.to_add(token)
    if found is None:
        return link_is_over()
    subscription, more = found
    now = clock.now()
    dormancy.heard_of(subscription, now=now)
    try:
        operations.follow(subscription, more, now=now)
    except Refused as refused:
        db.session.rollback()
        return _add_page(subscription, more, refused.message), 422
    db.session.commit()
    return redirect(url_for("subscriptions.add", token=token), 303)


def _add_page(subscription: Subscription, more: Following, error: str = "") -> str:
    return render_template(
        "subscriptions/add.html",
        subscription=subscription,
        what=wording.what(more),
        is_added=operations.more_than(subscription, operations.Wish(more)) is None,
        manage_token=links.manage_token(subscription),
        error=error,
    )


def _follow(what: Following, name: str, back: str) -> ResponseReturnValue:
    person, now = person_here(), clock.now()
    wish = _wish(what)
    try:
        if person is not None and person.is_confirmed:
            said = _turn(person, wish, name)
        else:
            email = request.form.get("email", "") or (person.email if person else "")
            found = operations.ask(
                email=email, consent=consent(f"{FOLLOW_WORDS}: {name}"), now=now, wish=wish, language=languages.spoken()
            )
            session["letter_to"] = found.address
            db.session.commit()
            return redirect(url_for("subscriptions.asked"), 303)
    except Refused as refused:
        db.session.rollback()
        flash(refused.message, "error")
        return redirect(back, 303)
    db.session.commit()
    flash(said)
    return redirect(back, 303)


def _wish(what: Following) -> operations.Wish:
    """To follow it as often as the form says; where it says nothing, as is usual."""
    chosen = request.form.get("cadence", "")
    if chosen not in {*Cadence}:
        return operations.Wish(what)
    return operations.Wish(what.paced(Cadence(chosen)), Cadence(chosen))


def _turn(person: Person, wish: operations.Wish, name: str) -> str:
    """Follows or, with ``act`` stop, no more; says what that means."""
    what = wish.follows
    now, own = clock.now(), queries.by_address(person.email)
    is_reader = own is not None and own.state is SubscriptionState.ACTIVE
    if own is not None and is_reader:
        dormancy.heard_of(own, now=now)
    if request.form.get("act") == "stop":
        if own is not None and is_reader:
            if Following.read(own.follows).without(what):
                operations.unfollow(own, what, now=now)
            else:
                operations.leave(own, now=now)
        return str(gettext("You do not follow %(name)s any more.", name=name))
    if own is not None and is_reader:
        operations.follow(own, what, now=now)
    else:
        words = consent(f"{FOLLOW_WORDS}: {name}")
        own = operations.ask(
            email=person.email, consent=words, now=now, person=person, wish=wish, language=languages.spoken()
        )
    following = Following.read(own.follows)
    (word,) = what.words()
    if word not in set(following.words()):
        return str(gettext("You get everything on this site already, %(name)s included.", name=name))
    how_often = wording.how_often(own, following.cadence_of(word, own.cadence))
    return str(gettext("You follow %(name)s now, %(how_often)s.", name=name, how_often=how_often))


def _is_following(*, author_id: int | None = None, tag_id: int | None = None) -> bool:
    """Whether whoever is signed in follows this author or tag by name."""
    person = person_here()
    own = queries.by_address(person.email) if person is not None and person.is_confirmed else None
    if own is None or own.state is not SubscriptionState.ACTIVE:
        return False
    following = Following.read(own.follows)
    return author_id in following.authors or tag_id in following.tags
