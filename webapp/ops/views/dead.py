"""The dead letters: what no worker could do anything with, to be sent back or dropped."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from webapp.core import clock
from webapp.ops import broker, dead_queue
from webapp.ops.dead_letters import DeadLetter, Why
from webapp.ops.views.blueprint import blueprint, for_operators

SHOWN = 200


@blueprint.get("/ops/dead")
@for_operators
def dead() -> ResponseReturnValue:
    return _list()


@blueprint.get("/ops/dead/<letter_id>")
@for_operators
def dead_letter(letter_id: str) -> ResponseReturnValue:
    """One, with all its headers and its body."""
    try:
        found = dead_queue.letter(letter_id)
    except dead_queue.Unknown:
        abort(404)
    except TROUBLES as error:
        return _list(error)
    return render_template("ops/dead_letter.html", letter=found, full=found.in_full(), why=why(found))


@blueprint.post("/ops/dead/<letter_id>/replay")
@for_operators
def replay(letter_id: str) -> ResponseReturnValue:
    """It goes back to where it came from."""
    return _act(letter_id, dead_queue.replay, gettext("It is back in its queue, and a worker tries it anew."))


@blueprint.post("/ops/dead/<letter_id>/drop")
@for_operators
def drop(letter_id: str) -> ResponseReturnValue:
    """It goes for good."""
    return _act(letter_id, dead_queue.drop, gettext("It is gone."))


TROUBLES = (broker.Unreachable, dead_queue.Busy, dead_queue.NoneHere, dead_queue.Stuck)

STATUS: dict[type[Exception], int] = {broker.Unreachable: 503, dead_queue.Busy: 503, dead_queue.Stuck: 422}


def _act(letter_id: str, act: Callable[..., DeadLetter], done: str) -> ResponseReturnValue:
    try:
        act(letter_id, now=clock.now(), by=current_user.email)
    except dead_queue.Unknown:
        flash(gettext("It is not there any more. Somebody else may have been quicker."))
    except TROUBLES as error:
        return _list(error)
    else:
        flash(done)
    return redirect(url_for("ops.dead"), 303)


def _list(trouble: Exception | None = None) -> ResponseReturnValue:
    """All of them, under a sentence about what went wrong, if anything did."""
    found: list[DeadLetter] = []
    try:
        if not isinstance(trouble, (broker.Unreachable, dead_queue.Busy)):  # no need to wait for it twice
            found = dead_queue.letters(SHOWN)
    except TROUBLES as error:
        trouble = trouble or error
    status = 200 if trouble is None else STATUS.get(type(trouble), 200)
    page = render_template(
        "ops/dead.html",
        letters=[(each, why(each)) for each in found],
        trouble=_sentence(trouble) if trouble else None,
        shown=SHOWN,
    )
    return page, status


def why(letter: DeadLetter) -> str:
    """What is wrong with it, for a page."""
    sentences: dict[Why, str] = {
        Why.UNREADABLE: gettext("It cannot be read."),
        Why.UNKNOWN: gettext("There is no such task in this version."),
        Why.MISFIT: gettext("Its arguments do not fit the task."),
        Why.WORN_OUT: gettext("It failed too often."),
        Why.REFUSED: gettext("It failed five times, or a worker of another version refused it."),
        Why.OTHER: gettext("The broker put it aside."),
    }
    return sentences[letter.why]


def _sentence(trouble: Exception) -> str:
    said: dict[type[Exception], str] = {
        broker.Unreachable: gettext("The broker does not answer, so nobody can say. Mail goes on without it."),
        dead_queue.Busy: gettext("Somebody else is looking at them. Load this page again in a moment."),
        dead_queue.NoneHere: gettext(
            "The broker in use keeps no dead letters; RabbitMQ does. What failed stands in the worker's log."
        ),
        dead_queue.Stuck: gettext("It could not be sent back and stays here: its queue is full, or gone."),
    }
    return said[type(trouble)]
