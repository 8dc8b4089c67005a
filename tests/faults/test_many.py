"""Much at once: ten thousand reminders in one second, and five hundred while the embedded broker forgets everything."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from tests import house as houses
from tests import main_job as do
from tests.faults.conftest import a_crew
from tests.faults.watching import arrived, check, note, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]

PENDING = 500
HANDED_OVER = "SELECT count(*) FROM reminders WHERE handed_over_at IS NOT NULL"
AT_ONCE = 10_000
WORKERS = ("worker", "worker-2")
WORKER_MB = 150


@pytest.fixture
def on_services(tmp_path_factory):
    broker_url, vhost = houses.own_vhost()
    try:
        with a_crew(tmp_path_factory.mktemp("many"), "postgresql", CELERY_BROKER_URL=broker_url) as made:
            yield made
    finally:
        houses.drop_vhost(vhost)


def test_ten_thousand_reminders_of_one_second_are_sent_once_each_in_bounded_memory(on_services, record_property):
    crew = on_services
    crew.house.start(*WORKERS, "dispatcher")
    crew.act("many_reminders", AT_ONCE, 30)
    due_at = do.scalar(crew.house, "SELECT min(due_at) FROM reminders").timestamp()
    with Scales([crew.house.processes[part].pid for part in WORKERS]) as scales:
        arrived(crew, AT_ONCE, seconds=900)
    last = max(each.at for each in crew.mailbox.received) - due_at
    assert min(each.at for each in crew.mailbox.received) >= due_at, "one came early"
    note(
        record_property,
        "10,000 of one second",
        f"the last {last:.0f} s later, {AT_ONCE / last:.0f} a second; "
        f"a worker and its child: {' and '.join(f'{each:.0f}' for each in scales.heaviest)} MB",
    )
    check(crew, AT_ONCE)
    assert max(scales.heaviest) < WORKER_MB


def test_an_embedded_broker_that_has_forgotten_everything_costs_no_mail(embedded_crew, record_property):
    crew, due_in = embedded_crew, 20
    crew.house.start("dispatcher")
    began = time.monotonic()
    crew.act("many_reminders", PENDING, due_in)
    wait_until(lambda: do.scalar(crew.house, HANDED_OVER) == PENDING, seconds=due_in)
    shutil.rmtree(crew.house.folder / "broker")  # before a worker has taken messages out of it to wait for their time
    crew.house.start("worker")
    assert time.monotonic() - began < due_in, "too slow a machine: they were due before it was gone"
    arrived(crew, PENDING, seconds=due_in + 120)
    took = time.monotonic() - began - due_in
    note(record_property, "wiped, embedded", f"{PENDING} mails, the last {took:.1f} s after the due time")
    assert took < 60
    check(crew, PENDING)


class Scales:
    """Weighs processes with their children twice a second, in MB as `ps` says. ``heaviest``: a family at its most."""

    def __init__(self, pids: list[int]) -> None:
        self.pids, self.heaviest = pids, [0.0]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._weigh, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _weigh(self) -> None:
        while not self._stop.wait(0.5):
            families = [[_megabytes(each) for each in _family(pid)] for pid in self.pids]
            self.heaviest = max([self.heaviest, *families], key=sum)


def _family(pid: int) -> list[int]:
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *children]


def _megabytes(pid: int) -> float:
    """What a process weighs, with all that it shares with others (proc(5), VmRSS)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
