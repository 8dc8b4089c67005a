"""`make run`, the real thing: what it prints, what it writes down, what it does when parts die, and how it ends."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.mailbox import free_port

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("WEBAPP_ENV", "SITE_URL", "DATABASE_URL", "CELERY_BROKER_URL", "SMTP_HOST", "SMTP_PORT", "HOST", "LOG_FILE")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make"),
]


class Site:
    """A site that `make run` started in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        self.environ |= {"DATA_DIR": str(folder), "PORT": str(self.port)}
        self.output = folder.with_name(f"{folder.name}.out")

    def start(self) -> None:
        """Starts it and waits for its pages. What it had printed by then is kept in ``said``."""
        with self.output.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", "run"], cwd=ROOT, env=self.environ, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + 100
        while True:
            said = self.output.read_text()
            with suppress(requests.RequestException):
                if requests.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    break
            assert self.make.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        self.said = self.output.read_text()
        self.note = json.loads((self.folder / "run.json").read_text())

    def processes(self) -> dict[int, str]:
        """Every process below `make`, with what `ps` shows of it."""
        children: dict[int, list[int]] = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                found = re.search(r"^State:\t(\w).*^PPid:\t(\d+)", status.read_text(), re.MULTILINE | re.DOTALL)
                if found and found[1] != "Z":
                    children.setdefault(int(found[2]), []).append(int(status.parent.name))
        below, todo = {}, [self.make.pid]
        while todo:
            for pid in children.get(todo.pop(), []):
                with suppress(OSError):
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    below[pid] = words
                todo.append(pid)
        return below

    def pids(self, title: str) -> list[int]:
        return sorted(pid for pid, words in self.processes().items() if words.startswith(title))

    def wait_for(self, title: str, *, other_than: list[int], count: int) -> None:
        deadline = time.monotonic() + 20
        while len(set(self.pids(title)) - set(other_than)) < count or set(self.pids(title)) & set(other_than):
            assert time.monotonic() < deadline, self.processes()
            time.sleep(0.05)

    def manage(self, *words: str) -> subprocess.CompletedProcess:
        """Runs a command as from another shell: with the same DATA_DIR and nothing else."""
        environ = {name: value for name, value in self.environ.items() if name != "PORT"}
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def mails(self) -> list[str]:
        return [file.read_text() for file in (self.folder / "inbox" / "new").glob("*")]

    def end(self) -> None:
        """Whatever happened, nothing is left running."""
        before = self.processes()
        if self.make.poll() is None:
            self.make.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.make.wait(12)
        for pid in before:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.make.wait()


def is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def wait_for_the_end_of(pids: list[int], seconds: float) -> list[int]:
    """The processes that still run when the time is up."""
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [pid for pid in pids if is_running(pid)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("run") / "site")
    made.start()
    yield made
    made.end()


def test_the_lines_are_there_before_the_site_answers(site):
    lines = [line for line in site.said.splitlines() if re.match(r"(Site|Inbox|Set up):", line)]
    assert lines[0] == f"Site:   {site.url}/"
    assert lines[1] == f"Inbox:  {site.url}/inbox/"
    assert re.fullmatch(rf"Set up: {re.escape(site.url)}/setup/\S{{20,}}", lines[2])
    assert len(lines) == 3


def test_the_one_time_link_opens(site):
    link = re.search(r"^Set up: (\S+)$", site.said, re.MULTILINE)[1]
    assert requests.get(link, timeout=10).status_code == 200
    assert requests.get(link[:-3] + "xyz", timeout=10).status_code == 404


def test_every_process_can_be_told_apart(site):
    wanted = {
        "gunicorn webapp:create_app()",
        "celery -A celery_runner worker",
        "celery -A celery_runner beat",
        "manage.py sweep --forever",
        "almanac inbox",
    }
    deadline = time.monotonic() + 20  # until it is ready, Celery calls a process by a name of its own
    while missing := {
        each for each in wanted if not any(title.startswith(each) for title in site.processes().values())
    }:
        assert time.monotonic() < deadline, f"{missing}: {site.processes()}"
        time.sleep(0.2)


def test_what_it_chose_itself_is_written_down_for_its_owner_only(site):
    assert {"site_url", "smtp_host", "smtp_port", "database_url", "celery_broker_url"} <= site.note.keys()
    assert site.note["site_url"] == site.url
    for name in ("run.json", "secret"):
        assert stat.S_IMODE((site.folder / name).stat().st_mode) == 0o600


def test_another_shell_with_the_same_folder_finds_the_same_site(site):
    assert site.manage("mail", "test", "bob@example.org").returncode == 0
    deadline = time.monotonic() + 20
    while not site.mails():
        assert time.monotonic() < deadline, site.output.read_text()[-3000:]
        time.sleep(0.05)
    (mail,) = site.mails()
    assert "X-Rcpt-To: bob@example.org" in mail
    assert site.url in mail
    assert "bob@example.org" in requests.get(f"{site.url}/inbox/", timeout=10).text


def test_doctor_and_readyz_are_content_soon_after_the_start(site):
    assert requests.get(f"{site.url}/readyz", timeout=10).status_code == 200
    deadline = time.monotonic() + 45
    while (said := site.manage("doctor")).returncode:
        assert time.monotonic() < deadline, said.stdout
    assert "NOT" not in said.stdout


def test_the_live_workers_pass_the_selftest(site):
    done = site.manage("celery", "selftest", "--seconds", "30")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["task", "group", "chain", "chord", "callback"]


@pytest.mark.parametrize(
    ("title", "count"),
    [("celery -A celery_runner worker", 3), ("manage.py sweep --forever", 1), ("almanac inbox", 1)],
)
def test_what_is_killed_comes_back_without_leaving_anything_behind(site, title, count):
    old = site.pids(title)
    os.kill(old[0], signal.SIGKILL)
    site.wait_for(title, other_than=old, count=count)


def test_a_killed_web_process_refuses_nobody(site):
    old = site.pids("gunicorn")
    os.kill(old[0], signal.SIGKILL)
    assert wait_for_the_end_of(old, 10) == []
    assert requests.get(f"{site.url}/healthz", timeout=20).status_code == 200  # it waits, and is not refused


def test_connections_that_say_nothing_keep_nobody_waiting(site):
    silent = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(12)]
    began = time.monotonic()
    assert requests.get(f"{site.url}/healthz", timeout=10).status_code == 200
    assert time.monotonic() - began < 3
    for each in silent:
        each.close()


def test_a_port_that_is_taken_is_one_line(site, tmp_path):
    environ = site.environ | {"DATA_DIR": str(tmp_path / "second")}
    done = subprocess.run(
        [sys.executable, "bin/supervise.py"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"make run: PORT {site.port} .*\n", done.stderr)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("SITE_TIMEZONE", "Mars/Olympus"), ("WEBAPP_ENV", "productoin")]
)
def test_a_setting_that_does_not_fit_is_one_line(tmp_path, name, value):
    environ = {**os.environ, "DATA_DIR": str(tmp_path), "PORT": str(free_port()), name: value}
    done = subprocess.run(
        [sys.executable, "bin/supervise.py"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"make run: {name} .*\n", done.stderr)


def test_sigterm_ends_every_process_within_ten_seconds_and_a_second_start_finds_everything(site):
    running = list(site.processes())
    secret = (site.folder / "secret").read_text()
    began = time.monotonic()
    site.make.terminate()
    site.make.wait(10)
    assert wait_for_the_end_of(running, 10 - (time.monotonic() - began)) == []
    site.start()
    assert (site.folder / "secret").read_text() == secret
    assert len(site.mails()) == 1


def test_nothing_is_left_when_the_supervisor_itself_is_killed(site):
    running = list(site.processes())
    os.kill(site.note["pid"], signal.SIGKILL)
    assert wait_for_the_end_of(running, 10) == []
