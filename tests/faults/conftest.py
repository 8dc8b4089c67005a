"""Every test here breaks something and checks what still holds. What takes minutes is marked ``faults``."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import house as houses
from tests.faults.crew import Crew
from tests.faults.patient_mailbox import open_patient_mailbox

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts processes and waits for leases takes its time on a busy machine. Each test has limits of its own."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))


@contextmanager
def a_crew(folder: Path, database: str, **settings: str) -> Iterator[Crew]:
    """A crew in a house of its own, whose broker is a folder. The letter's slot was an hour ago.

    ``database`` is ``sqlite``, ``postgresql`` or an address.
    """
    name, url = "", f"sqlite:///{folder / 'almanac.db'}" if database == "sqlite" else database
    if database == "postgresql":
        url, name = houses.own_postgres()
    mailbox, controller = open_patient_mailbox()
    slot = datetime.now(UTC) - timedelta(hours=1)
    house = houses.House(
        folder=folder,
        database_url=url,
        broker_url=f"filesystem://{folder / 'broker'}",
        mailbox=mailbox,
        settings={"DIGEST_WEEKDAY": f"{slot:%a}", "DIGEST_TIME": f"{slot:%H:%M}", **settings},
    )
    made = None
    try:
        made = Crew(house)
        made.act("build")
        yield made
    finally:
        mailbox.clear()
        if made:
            made.end()
        house.stop()
        controller.stop()
        if name:
            houses.drop_postgres(name)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.faults)])
def _crew(request, tmp_path_factory):
    with a_crew(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


@pytest.fixture(scope="module")
def _embedded_crew(tmp_path_factory):
    with a_crew(tmp_path_factory.mktemp("embedded"), "sqlite") as made:
        yield made


@pytest.fixture
def crew(_crew):
    """Processes on an empty database, with a broker that nobody reads from.

    On SQLite, and in `make faults` on PostgreSQL too.
    """
    yield from _emptied(_crew)


@pytest.fixture
def embedded_crew(_embedded_crew):
    """The same, on SQLite only."""
    yield from _emptied(_embedded_crew)


def _emptied(crew: Crew) -> Iterator[Crew]:
    crew.act("empty")
    crew.mailbox.clear()
    yield crew
    crew.mailbox.clear()
    for part in list(crew.house.processes):
        crew.house.kill(part)
