"""A database that is not the one the house has been using: restored, copied, or an older one put back in its place.

With the processes that would mail from it. Each is given what would have gone at once, and enough time to send it.
"""

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests import house as houses
from tests import main_job as do
from tests.faults.acts import BOB
from tests.faults.crew import Crew
from tests.faults.watching import wait_until
from tests.house import House
from tests.mailbox import open_mailbox

PARTS = ("worker", "beat", "dispatcher")
WAITING = ("ada@example.org", "bea@example.org", "cid@example.org")
LONG_ENOUGH = 6
"""Seconds. What is due goes within two of its dispatcher's first round."""


@pytest.fixture
def folders(tmp_path):
    """Makes houses that share a mailbox; they are gone afterwards, with their databases."""
    mailbox, controller = open_mailbox()
    made: list[House] = []

    def build(name: str, database_url: str) -> House:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append(House(folder, database_url, f"filesystem://{folder / 'broker'}", mailbox))
        return made[-1]

    yield build
    for each in made:
        each.stop()
        if each.database_url.startswith("postgresql"):
            houses.drop_postgres(make_url(each.database_url).database)
    controller.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.faults)])
def house(request, folders, tmp_path):
    """Stopped, after it has sent a mail and counted."""
    made = folders("house", own_database(request.param, tmp_path / "house"))
    made.manage("db", "upgrade")
    made.manage("mail", "test", "first@example.org")
    made.start("worker", "dispatcher")
    made.mailbox.wait_for("first@example.org")
    made.stop()
    made.mailbox.clear()
    return made


def own_database(kind: str, folder: Path) -> str:
    return f"sqlite:///{folder / 'almanac.db'}" if kind == "sqlite" else houses.own_postgres()[0]


def test_a_restored_backup_mails_nobody_until_it_is_released_and_then_everybody_once(house, tmp_path):
    leave_mail_waiting(house)
    backup = tmp_path / "backup.tar"
    house.manage("backup", str(backup))
    house.start(*PARTS)
    everything_goes_once(house)
    house.stop()
    house.mailbox.clear()
    it_stands_still(house)

    house.manage("restore", "--force", str(backup))

    nothing_leaves(house, because="was restored from a backup")
    house.manage("mail", "release")
    everything_goes_once(house)


@pytest.mark.faults
def test_a_copy_in_another_place_mails_nobody_until_it_is_released_and_the_house_goes_on(house, folders, tmp_path):
    leave_mail_waiting(house)
    staging = folders("staging", copy_of(house, tmp_path / "staging"))

    nothing_leaves(staging, because="belongs to a house that this place does not know")
    house.start(*PARTS)
    everything_goes_once(house)

    house.mailbox.clear()
    staging.manage("mail", "release")
    everything_goes_once(staging)


@pytest.mark.faults
def test_an_older_database_put_back_in_its_place_mails_nobody_until_it_is_released(house, tmp_path):
    """Without a word to Almanac: place and file, or database, are the same. Only the counter is not."""
    leave_mail_waiting(house)
    kept = tmp_path / "kept"
    keep(house, kept)
    house.start(*PARTS)
    everything_goes_once(house)
    house.stop()
    house.mailbox.clear()

    put_back(house, kept)

    nothing_leaves(house, because="is older than what this house has seen")
    house.manage("mail", "release")
    everything_goes_once(house)


def leave_mail_waiting(house: House) -> None:
    """Three mails and a reminder, all due."""
    for each in WAITING:
        house.manage("mail", "test", each)
    crew = Crew(house)
    crew.act("reminder", 0)
    crew.end()


def nothing_leaves(house: House, because: str) -> None:
    seen = "SELECT seen_at FROM heartbeats WHERE name = 'dispatcher'"
    before = do.scalar(house, seen)
    house.start(*PARTS)
    wait_until(lambda: do.scalar(house, seen) != before, seconds=60)
    time.sleep(LONG_ENOUGH)
    assert [each.subject for each in house.mailbox.received] == []
    assert do.scalar(house, "SELECT count(*) FROM mail_holds WHERE released_at IS NULL") == 1
    assert do.scalar(house, "SELECT count(*) FROM deliveries WHERE state = 'queued'") == len(WAITING)
    assert do.scalar(house, "SELECT count(*) FROM reminders WHERE state = 'pending'") == 1
    assert because in house.manage("doctor", status=1)


def everything_goes_once(house: House) -> None:
    def has_gone() -> bool:
        return do.scalar(house, "SELECT count(*) FROM deliveries WHERE state = 'sent'") == len(WAITING) + 2

    wait_until(has_gone, seconds=60)
    time.sleep(2)
    got = sorted(address for each in house.mailbox.received for address in each.recipients)
    assert got == sorted([*WAITING, BOB])


def it_stands_still(house: House) -> None:
    """As half a minute later."""
    do.change(house, "DELETE FROM heartbeats")
    house.engine.dispose()


def copy_of(house: House, folder: Path) -> str:
    """A copy of the house's database in another place. Returns its address."""
    if house.database_url.startswith("sqlite"):
        folder.mkdir()
        keep(house, folder / "almanac.db")
        return f"sqlite:///{folder / 'almanac.db'}"
    house.engine.dispose()
    url = make_url(house.database_url)
    houses.on_postgres(f"CREATE DATABASE {url.database}_copy TEMPLATE {url.database}")
    return url.set(database=f"{url.database}_copy").render_as_string(hide_password=False)


def keep(house: House, file: Path) -> None:
    """By the database's own means."""
    if house.database_url.startswith("sqlite"):
        with closing(sqlite3.connect(house.folder / "almanac.db")) as present, closing(sqlite3.connect(file)) as copy:
            present.backup(copy)
    else:
        subprocess.run(["pg_dump", "--format=custom", f"--file={file}", for_tools(house)], check=True)


def put_back(house: House, file: Path) -> None:
    """Into the very file, or the very database, that was there."""
    house.engine.dispose()
    if house.database_url.startswith("sqlite"):
        for rest in house.folder.glob("almanac.db-*"):
            rest.unlink()
        with file.open("rb") as old, (house.folder / "almanac.db").open("r+b") as present:
            shutil.copyfileobj(old, present)
            present.truncate()
    else:
        subprocess.run(["pg_restore", "--clean", f"--dbname={for_tools(house)}", str(file)], check=True)


def for_tools(house: House) -> str:
    return make_url(house.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
