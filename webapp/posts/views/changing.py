"""The states a post can be put in, each by a form of its own. The editor's buttons do the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import identity, permissions
from webapp.accounts.models import Person
from webapp.core import clock, wall_clock
from webapp.core.dates import written
from webapp.core.errors import Conflict, Refused
from webapp.core.rendering import viewer_zone, when
from webapp.core.wall_clock import Oddity
from webapp.core.zones import city
from webapp.extensions import db
from webapp.posts import operations, queries
from webapp.posts.forms import wall_time
from webapp.posts.models import Post, PostState
from webapp.posts.views.blueprint import blueprint


@dataclass(frozen=True)
class Said:
    """What a page says after a change: a sentence, the address that takes it back, and where the reader goes."""

    text: str
    leads_to: str
    undo: str | None = None

    def answer(self) -> ResponseReturnValue:
        flash({"text": self.text, "undo": self.undo}, "note")  # type: ignore[arg-type]  # the layout reads both
        return redirect(self.leads_to, 303)


def publish(post: Post, by: Person, now: datetime) -> Said:
    operations.publish(post, by=by, now=now)
    return Said(
        gettext("Published. Everyone can read it here."),
        leads_to=url_for("posts.show", slug=post.slug),
        undo=url_for("posts.withdrawal", post_id=post.id),
    )


def schedule(post: Post, at: datetime, by: Person, now: datetime, typed: str | None = None) -> Said:
    """``typed`` is the wall time as it was asked for, which the clocks may have something to say about."""
    operations.schedule(post, at=at, by=by, now=now)
    return Said(
        " ".join([gettext("It will appear by itself: %(when)s.", when=when(at)), *oddity(typed)]),
        leads_to=url_for("posts.edit", post_id=post.id),
        undo=url_for("posts.withdrawal", post_id=post.id),
    )


def oddity(typed: str | None) -> list[str]:
    """A sentence about a wall time that the viewer's clocks skip or show twice; none about any other."""
    wall, zone = wall_time(typed), viewer_zone()
    kind = wall_clock.oddity(wall, zone.key) if wall else Oddity.NONE
    if wall is None or kind is Oddity.NONE:
        return []
    there = {
        "time": wall.strftime("%H:%M"),
        "day": written(wall.date(), "short day of year"),
        "city": city(zone.key),
    }
    if kind is Oddity.TWICE:
        return [gettext("%(time)s comes twice on %(day)s in %(city)s; we take the first.", **there)]
    lands = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).strftime("%H:%M")
    return [gettext("%(time)s does not exist on %(day)s in %(city)s, so we take %(lands)s.", **there, lands=lands)]


def withdraw(post: Post, by: Person, now: datetime) -> Said:
    was_public = post.is_public
    operations.unpublish(post, by=by, now=now)
    return Said(
        gettext("It is a draft again. Nobody else can read it.") if was_public else gettext("It is a draft again."),
        leads_to=url_for("posts.edit", post_id=post.id),
        undo=url_for("posts.publication", post_id=post.id) if was_public else None,
    )


def trash(post: Post, by: Person, now: datetime) -> Said:
    operations.trash(post, by=by, now=now)
    return Said(
        gettext("“%(title)s” is in the trash.", title=post.title),
        leads_to=url_for("posts.write"),
        undo=url_for("posts.restoration", post_id=post.id),
    )


def restore(post: Post, by: Person, now: datetime) -> Said:
    operations.restore(post, by=by, now=now)
    states = {
        PostState.PUBLISHED: gettext("“%(title)s” is back, and public again.", title=post.title),
        PostState.SCHEDULED: gettext("“%(title)s” is back, and will appear at its time.", title=post.title),
    }
    back = gettext("“%(title)s” is back among your drafts.", title=post.title)
    return Said(states.get(post.state, back), leads_to=url_for("posts.write"))


@blueprint.post("/posts/<int:post_id>/publication")
@login_required
@permissions.author.require(403)
def publication(post_id: int) -> ResponseReturnValue:
    return _change(queries.get_editable, post_id, publish)


@blueprint.post("/posts/<int:post_id>/publication/withdrawal")
@login_required
@permissions.author.require(403)
def withdrawal(post_id: int) -> ResponseReturnValue:
    return _change(queries.get_editable, post_id, withdraw)


@blueprint.post("/posts/<int:post_id>/trash", endpoint="trash")
@login_required
@permissions.author.require(403)
def into_trash(post_id: int) -> ResponseReturnValue:
    return _change(queries.get_editable, post_id, trash)


@blueprint.post("/posts/<int:post_id>/restoration")
@login_required
@permissions.author.require(403)
def restoration(post_id: int) -> ResponseReturnValue:
    return _change(queries.get_trashed, post_id, restore)


def _change(
    find: Callable[[Person, int], Post | None], post_id: int, change: Callable[[Post, Person, datetime], Said]
) -> ResponseReturnValue:
    person = identity.person_here() or abort(401)
    post = find(person, post_id) or abort(404)
    try:
        said = change(post, person, clock.now())
    except Refused as refused:
        db.session.rollback()
        return Said(refused.message, leads_to=url_for("posts.edit", post_id=post_id)).answer()
    except Conflict:
        db.session.rollback()
        abort(409)
    db.session.commit()
    return said.answer()
