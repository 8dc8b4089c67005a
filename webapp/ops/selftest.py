"""Puts the live workers through what Celery can do, and compares their answers with arithmetic.

Group, chain, chord and callback each go through broker, worker and result backend; the same two tasks serve them all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from celery import Signature, chain, chord, group
from celery.exceptions import TimeoutError as NoAnswer
from celery.result import AsyncResult

from webapp.extensions import celery

SECONDS = 10.0


class Silent(Exception):
    """No worker answered in time."""


@dataclass(frozen=True)
class Answer:
    """What was tried, what came back, and what should have."""

    name: str
    says: str
    got: Any
    expected: Any

    @property
    def is_right(self) -> bool:
        return bool(self.got == self.expected)


def answers(seconds: float = SECONDS) -> Iterator[Answer]:
    """Tries one thing after another. Raises :class:`Silent` when one takes longer than ``seconds``."""
    word = secrets.token_hex(4)
    trials: tuple[tuple[str, str, Signature, Any], ...] = (
        ("task", f"log({word!r})", _ask("log", word), word),
        ("group", "4 * 1, 4 * 2, 4 * 3", group(_ask("multiply", 4, each) for each in (1, 2, 3)), [4, 8, 12]),
        (
            "chain",
            "4 * 4, then * 10, then * 2",
            chain(_ask("multiply", 4, 4), _ask("multiply", 10), _ask("multiply", 2)),
            320,
        ),
        (
            "chord",
            "2 * 3 and 4 * 5, then their sum",
            chord([_ask("multiply", 2, 3), _ask("multiply", 4, 5)], _ask("total")),
            26,
        ),
    )
    for name, says, signature, expected in trials:
        sent = signature.apply_async()
        yield Answer(name, says, _wait(sent.get, name, seconds), expected)
    yield _callback(seconds)


def _callback(seconds: float) -> Answer:
    """A task whose answer is handed on to another when it succeeds. The other's id is known beforehand."""
    after = _ask("multiply", 100).set(task_id=f"selftest-{secrets.token_hex(8)}")
    _ask("multiply", 3, 4).apply_async(link=after)
    got = _wait(AsyncResult(after.options["task_id"], app=celery).get, "callback", seconds)
    return Answer("callback", "3 * 4, which calls * 100", got, 1200)


def _ask(name: str, *args: Any) -> Signature:
    return celery.signature(f"ops.{name}", args=args)


def _wait(get: Callable[..., Any], name: str, seconds: float) -> Any:
    try:
        return get(timeout=seconds, interval=0.05)
    except NoAnswer:
        raise Silent(f"no worker answered within {seconds:g} s ({name}). Is a worker running?") from None
