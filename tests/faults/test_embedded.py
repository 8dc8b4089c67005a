"""What the embedded house survives: SQLite, and a broker that is a folder of files."""

import re
import shutil
import time

import pytest
import requests

from tests import main_job as do
from tests.house import House
from tests.mailbox import open_mailbox

PERSON = "ada@example.org"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    mailbox, controller = open_mailbox()
    folder = tmp_path_factory.mktemp("embedded")
    made = House(
        folder=folder,
        database_url=f"sqlite:///{folder / 'almanac.db'}",
        broker_url=f"filesystem://{folder / 'broker'}",
        mailbox=mailbox,
    )
    try:
        made.manage("db", "upgrade")
        made.person(PERSON)
        made.start("web", "worker", "dispatcher")
        yield made
    finally:
        made.stop()
        controller.stop()


@pytest.fixture(scope="module")
def person(house):
    return house.token(PERSON, "reminders:write")


def test_a_reminder_arrives_once_and_on_time(house, person, record_property):
    due_at = do.set_reminder(house, person, "Water the plants", seconds=3)
    mail = do.wait_for_reminder(house, PERSON, "Water the plants")
    late = do.report(record_property, "a reminder on the embedded broker", mail, due_at)
    assert 0 <= late < do.LATEST


def test_one_number_leads_from_a_request_to_the_mail_that_came_of_it(house):
    visitor = requests.Session()
    page = visitor.get(f"{house.url}/subscribe", timeout=10)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)
    form = {"csrf_token": token, "email": "new@example.org"}
    answer = visitor.post(f"{house.url}/subscribe", data=form, timeout=10, allow_redirects=False)
    house.mailbox.wait_for("new@example.org", "confirm")
    house.wait_for_line("worker", rf'"mail.attempt".*"request_id": "{answer.headers["X-Request-ID"]}"')


def test_a_reminder_survives_the_death_of_the_worker_that_held_it(house, person):
    do.set_reminder(house, person, "Feed the cat", seconds=3)
    time.sleep(1)
    house.kill("worker")
    house.start("worker")
    do.wait_for_reminder(house, PERSON, "Feed the cat", seconds=30)


def test_a_reminder_survives_the_loss_of_the_broker(house, person):
    do.set_reminder(house, person, "Bring in the wood", seconds=3)
    house.kill("worker")
    shutil.rmtree(house.folder / "broker")
    time.sleep(3.2)
    assert do.reminders_about(house, PERSON, "Bring in the wood") == []
    house.start("worker")
    do.wait_for_reminder(house, PERSON, "Bring in the wood", seconds=40)


def test_a_reminder_is_mailed_with_neither_a_broker_nor_a_worker(house, person):
    house.kill("worker")
    shutil.rmtree(house.folder / "broker")
    (house.folder / "broker").touch()  # nobody can make the folder again
    do.set_reminder(house, person, "Ring the bell", seconds=1)
    do.wait_for_reminder(house, PERSON, "Ring the bell", seconds=45)
