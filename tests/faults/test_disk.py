"""A full disk: under the database, under the log, under the broker."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests import main_job as do
from tests.faults.acts import BOB
from tests.faults.conftest import a_crew

pytestmark = pytest.mark.faults

SIZE = 16
"""Megabytes."""

NAMES = 2000
"""How many files there can be."""


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,nr_inodes={NAMES}", "almanac-test", str(folder)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def full(small_disk):
    """A function that takes all room that is left on the disk, and if asked to, all names that a file could have."""
    ballast, names = small_disk / "ballast", small_disk / "names"

    def fill(*, also_names: bool = False) -> None:
        with ballast.open("ab", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        names.mkdir(exist_ok=True)
        with suppress(OSError):
            for number in range(NAMES if also_names else 0):
                (names / str(number)).touch()

    yield fill
    ballast.unlink(missing_ok=True)
    shutil.rmtree(names, ignore_errors=True)


def test_with_no_room_for_the_database_a_change_is_refused_and_leaves_no_half_of_it(small_disk, full, tmp_path):
    with a_crew(tmp_path, f"sqlite:///{small_disk / 'almanac.db'}") as crew:
        crew.act("reminder", 0)
        crew.house.person("ada@example.org")
        ada = crew.house.token("ada@example.org", "reminders:write")
        crew.house.start("web")
        assert requests.get(f"{crew.house.url}/", timeout=20).status_code == 200
        full()
        refused = [
            requests.post(
                f"{crew.house.url}/api/v1/reminders",
                json={"text": "long words " * 40, "due_at": "2030-01-01T10:00:00Z"},
                headers=ada,
                timeout=20,
            )
            for _ in range(3)
        ]
        assert {answer.status_code for answer in refused} == {503}
        assert all("disk of this site is full" in answer.json()["detail"] for answer in refused)
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        page = do.send_form(requests.Session(), f"{crew.house.url}/subscribe", email=f"{'reader' * 9}@example.org")
        assert page.status_code == 503
        assert "The disk of this site is full, so nothing was changed." in page.text
        assert requests.get(f"{crew.house.url}/", timeout=20).status_code == 200, "reading goes on"
        assert do.scalar(crew.house, "SELECT count(*) FROM reminders") == 1
        assert do.scalar(crew.house, "SELECT count(*) FROM subscriptions") == 0
        assert do.scalar(crew.house, "SELECT count(*) FROM deliveries") == 0
        (small_disk / "ballast").unlink()
        assert do.scalar(crew.house, "PRAGMA integrity_check") == "ok"
        do.set_reminder(crew.house, ada, "Water the plants", seconds=3600)
        crew.go_on(ahead=60)
        crew.go_on(ahead=120)
        assert len(crew.mailbox.to(BOB)) == 1


def test_with_no_room_for_the_log_the_work_goes_on(small_disk, full, tmp_path):
    log = small_disk / "logs" / "almanac.log"
    with a_crew(tmp_path, "sqlite", LOG_FILE=str(log)) as crew:
        due = crew.act("reminder", 0)
        crew.house.start("web")
        full()
        assert requests.get(f"{crew.house.url}/", timeout=20).status_code == 200
        crew.run("reminders.remind", *due)
        assert len(crew.mailbox.to(BOB)) == 1
        Path(f"{log}.lock").unlink()
        full(also_names=True)
        assert requests.get(f"{crew.house.url}/", timeout=20).status_code == 200, "nor can it be locked"
        assert not Path(f"{log}.lock").exists(), "it could be locked"


def test_with_no_room_for_the_broker_a_request_succeeds_and_the_mail_goes(small_disk, full, tmp_path):
    broker = small_disk / "broker"
    with a_crew(tmp_path, "sqlite", CELERY_BROKER_URL=f"filesystem://{broker}") as crew:
        crew.house.person("ada@example.org")
        ada = crew.house.token("ada@example.org", "reminders:write")
        crew.house.start("web", "dispatcher")
        do.set_reminder(crew.house, ada, "Feed the cat", seconds=30)  # from here on only its messages are new files
        assert list((broker / "messages").glob("*.msg"))
        full()
        do.set_reminder(crew.house, ada, "Water the plants", seconds=1)
        do.wait_for_reminder(crew.house, "ada@example.org", "Water the plants", seconds=30)
        assert [file.name for file in broker.rglob("*") if file.is_file() and file.stat().st_size == 0] == ["lock"]
