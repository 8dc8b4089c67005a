"""What a process of a crew can be asked to do with the dead letters, besides what `manage.py dead` does."""

from __future__ import annotations

import os
import signal
import time

from webapp.core import clock
from webapp.ops import dead_queue


def replay_and_die_before_it_is_removed(letter_id: str) -> None:
    dead_queue._note = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    dead_queue.replay(letter_id, now=clock.now())


def letters() -> list[dict]:
    return [each.as_dict() for each in dead_queue.letters(1000)]


def replay(letter_id: str) -> None:
    dead_queue.replay(letter_id, now=clock.now())


def drop(letter_id: str) -> None:
    dead_queue.drop(letter_id, now=clock.now())


def look_for_long(seconds: float) -> list[str]:
    """Holds every one in its hands meanwhile. Their ids."""
    with dead_queue._reading() as channel:
        found = [letter.id for _tag, letter in dead_queue._each(channel)]
        time.sleep(seconds)
    return found
