"""The database dies under a house at work: its replica takes over, or the line to it is cut at the worst moment."""

import time

import pytest
from sqlalchemy.engine import make_url

from tests import house as houses
from tests import main_job as do
from tests.faults.acts import BOB
from tests.faults.conftest import a_crew
from tests.faults.postgres_pair import own_pair
from tests.faults.tcp_proxy import Proxy
from tests.faults.watching import arrived, check, in_states, note, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 300
IN_FLIGHT = 3
"""Two workers and the dispatcher have one mail each on the way."""

END_LEASES = "UPDATE deliveries SET lease_until = now() WHERE state IN ('claimed', 'sending')"
"""As if the eleven minutes of whoever died in mid-mail had passed."""


def test_a_replica_that_takes_over_in_mid_letter_sends_the_rest(tmp_path, record_property):
    """The broker is the machine's: what fails here is the database alone."""
    broker_url, vhost = houses.own_vhost()
    try:
        with own_pair() as pair, a_crew(tmp_path, pair.url, CELERY_BROKER_URL=broker_url) as crew:
            crew.act("readers", READERS)  # first: a slot without readers is over at once
            crew.house.start("worker", "worker-2", "dispatcher")
            wait_until(lambda: len(crew.mailbox.received) >= READERS // 4, seconds=120)
            pair.primary.kill()
            before = len(crew.mailbox.received)
            pair.replica.promote()
            began = time.monotonic()
            crew.house.engine.dispose()
            wait_until(lambda: len(crew.mailbox.received) > before + 20, seconds=60)
            note(record_property, "first mails after the promotion", f"{time.monotonic() - began:.1f} s")
            settle(crew, READERS)
            uncertain = check(
                crew, READERS, uncertain_at_most=3
            )  # two workers and the dispatcher, each with one in flight
            note(record_property, "the replica took over", f"{before} mails before; {uncertain} uncertain")
            assert all(crew.house.processes[part].poll() is None for part in ("worker", "worker-2", "dispatcher"))
    finally:
        houses.drop_vhost(vhost)


@pytest.fixture(scope="module")
def cable():
    """What the database of the crew below is reached through."""
    with Proxy(make_url(houses.POSTGRES).port or 5432) as made:
        yield made


@pytest.fixture(scope="module")
def _cabled(cable, tmp_path_factory):
    url, name = houses.own_postgres()
    broker_url, vhost = houses.own_vhost()
    through = make_url(url).set(host="127.0.0.1", port=cable.port).render_as_string(hide_password=False)
    try:
        with a_crew(tmp_path_factory.mktemp("cable"), through, CELERY_BROKER_URL=broker_url) as crew:
            crew.house.start("worker", "dispatcher")
            yield crew
    finally:
        cable.restore()
        houses.drop_postgres(name)
        houses.drop_vhost(vhost)


@pytest.fixture
def cabled(_cabled, cable):
    cable.restore()
    _cabled.house.engine.dispose()
    _cabled.act("empty")
    _cabled.mailbox.clear()
    yield _cabled
    cable.restore()
    _cabled.mailbox.clear()


def test_a_worker_without_its_database_sends_nothing_and_recovers(cabled, cable):
    cabled.act("reminder", 4)
    cable.refuse()
    time.sleep(8)
    assert cabled.mailbox.received == []
    cable.restore()
    cabled.house.engine.dispose()
    arrived(cabled, 1, seconds=40)
    check(cabled, 1)
    is_the_worker_well(cabled)


def test_a_database_that_hangs_at_the_claim_is_waited_for_and_nothing_goes_twice(cabled, cable):
    cabled.act("reminder", 4)
    cable.hang()
    time.sleep(8)
    assert cabled.mailbox.received == []
    cable.restore()
    cabled.house.engine.dispose()
    arrived(cabled, 1, seconds=40)
    check(cabled, 1)


def test_a_letter_whose_record_could_not_be_written_is_uncertain_and_the_worker_recovers(cabled, cable):
    hold = cabled.mailbox.hold("DOT")
    cabled.act("letter_to_bob")
    hold.wait(40)
    cable.refuse()  # the server says yes, and nobody can write that down
    hold.release()
    time.sleep(3)
    cable.restore()
    cabled.house.engine.dispose()  # the test's own connections were cut as well
    assert len(in_states(cabled, "sending")) == 1
    do.change(cabled.house, END_LEASES)
    wait_until(lambda: in_states(cabled, "uncertain"), seconds=30)
    time.sleep(3)
    assert len(cabled.mailbox.to(BOB)) == 1
    check(cabled, 1, uncertain_at_most=1)
    is_the_worker_well(cabled)


def is_the_worker_well(crew):
    """The same process as before, and it works."""
    assert all(process.poll() is None for process in crew.house.processes.values())
    came = len(crew.mailbox.received)
    crew.act("reminder", 1)
    arrived(crew, came + 1)


def settle(crew, count):
    """Waits until every mail has come to an end. Whoever died holds some no longer than a lease, which is shortened."""
    ended = ("sent", "uncertain")
    deadline = time.monotonic() + 180
    quiet_since, seen = time.monotonic(), 0
    while len(in_states(crew, *ended)) < count:
        assert time.monotonic() < deadline, f"{len(in_states(crew, *ended))} of {count} ended"
        if (now_seen := len(crew.mailbox.received)) != seen:
            quiet_since, seen = time.monotonic(), now_seen
        if time.monotonic() - quiet_since > 5:
            do.change(crew.house, END_LEASES)
        time.sleep(0.5)
