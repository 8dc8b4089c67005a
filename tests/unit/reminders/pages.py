"""Asking for reminders as a browser does, and reading what came of it."""

from bs4 import BeautifulSoup
from sqlalchemy import select

from tests.world import post_form
from webapp.extensions import db as database
from webapp.reminders.models import Reminder


def ask(client, **fields):
    fields = {"text": "Call the printer", "when": "2026-11-25 16:30", "zone": "Shanghai", "repeat": "never"} | fields
    return post_form(client, "/reminders", **fields)


def every_reminder():
    database.session.expire_all()
    return database.session.scalars(select(Reminder).order_by(Reminder.id)).all()


def the_reminder():
    (reminder,) = every_reminder()
    return reminder


def words(answer):
    return " ".join(BeautifulSoup(answer.data, "html.parser").get_text(" ").split())


def error_of(answer, field):
    return BeautifulSoup(answer.data, "html.parser").select_one(f"#{field}-error").get_text()


def shown(client, address="/reminders"):
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer)


def press(client, reminder, what, page="/reminders", **fields):
    return post_form(client, f"/reminders/{reminder.id}/{what}", page=page, **fields)
