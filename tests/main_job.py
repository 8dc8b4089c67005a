"""The steps of the main job, taken through the public doors of a running house."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy import text

from tests.house import House
from tests.mailbox import Received

LATEST = 2.0
"""Seconds. Generous, because test machines are busy; the figure itself is printed."""


def set_reminder(house: House, program: dict[str, str], words: str, *, seconds: float) -> datetime:
    """Asks the API for a reminder so many seconds from now. Returns its due time."""
    due_at = datetime.now(UTC) + timedelta(seconds=seconds)
    answer = requests.post(
        f"{house.url}/api/v1/reminders",
        json={"text": words, "due_at": due_at.isoformat()},
        headers=program,
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return due_at


def reminders_about(house: House, address: str, words: str) -> list[Received]:
    return [each for each in house.mailbox.to(address, "reminder") if words in each.text]


def wait_for_reminder(house: House, address: str, words: str, *, seconds: float = 20) -> Received:
    """The one reminder with these words; watches a little longer, so that a second one would be seen."""
    deadline = time.monotonic() + seconds
    while not reminders_about(house, address, words):
        assert time.monotonic() < deadline, f"no reminder about {words!r} after {seconds} s"
        time.sleep(0.02)
    time.sleep(1.5)
    found = reminders_about(house, address, words)
    assert len(found) == 1, f"{len(found)} reminders about {words!r}"
    return found[0]


def publish(house: House, program: dict[str, str], title: str) -> str:
    """A published post, by the API. Returns its address."""
    answer = requests.post(
        f"{house.url}/api/v1/posts",
        json={"title": title, "body": f"The text of *{title}*.", "state": "published"},
        headers=program,
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


def subscribe(house: House, address: str) -> None:
    """A visitor asks for the letter on the page, and follows the link in the mail."""
    visitor = requests.Session()
    answer = send_form(visitor, f"{house.url}/subscribe", email=address)
    assert answer.status_code == 200, answer.text
    (mail,) = house.mailbox.wait_for(address, "confirm")
    answer = send_form(requests.Session(), mail.link("/confirm/letter-"))
    assert answer.status_code == 200, answer.text


def send_form(visitor: requests.Session, page: str, wait: float = 10, **fields: str) -> requests.Response:
    """Opens a page and sends its form to the page's own address."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.get(page, timeout=10).text)
    assert token, f"no form on {page}"
    return visitor.post(page, data={"csrf_token": token.group(1), **fields}, timeout=wait)


def leave_with_one_click(letter: Received) -> int:
    """What a mail program does: one POST to the address in the header, with no cookie and no token."""
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.search(r"<(https?://[^>]+)>", letter.message["List-Unsubscribe"]).group(1)
    return requests.post(address, data={"List-Unsubscribe": "One-Click"}, timeout=10).status_code


def scalar(house: House, query: str, **values: object) -> object:
    """One value from the house's database."""
    with house.engine.connect() as connection:
        return connection.scalar(text(query), values)


def change(house: House, statement: str, **values: object) -> None:
    """Changes the database behind the house's back: only to move the past."""
    with house.engine.begin() as connection:
        connection.execute(text(statement), values)


def report(record, what: str, received: Received, due_at: datetime) -> float:
    """Prints and keeps how late a mail was."""
    late = received.at - due_at.timestamp()
    print(f"{what}: {late * 1000:.0f} ms after its time")  # noqa: T201
    record(what, f"{late:.3f} s")
    return late
