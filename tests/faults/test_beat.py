"""The clocks of the house: too many of them, none, or one that has forgotten everything."""

import time

import pytest

from tests import main_job as do
from tests.faults import oracle
from tests.faults.acts import BOB


def runs(crew):
    return do.scalar(crew.house, "SELECT count(*) FROM digest_runs WHERE state != 'skipped'")


def all_at_once(crew, *orders):
    hands = [crew.start(what, *arguments) for what, *arguments in orders]
    assert [hand.wait() for hand in hands] == [0] * len(hands), crew.log()[-3000:]


def test_two_beats_two_sweepers_and_ten_deliveries_of_each_task_make_one_run_and_one_mail_each(crew):
    crew.act("readers", 25)
    all_at_once(crew, *[["digests.digest"]] * 10, *[["ops.sweep"]] * 2)
    all_at_once(crew, *[["mail.drain"]] * 10, *[["ops.sweep"]] * 2)
    assert runs(crew) == 1
    assert oracle.agrees(crew) == set()
    assert len(oracle.addresses(crew, "sent")) == 25


def test_a_reminder_whose_task_is_delivered_ten_times_at_once_is_mailed_once(crew):
    due = crew.act("reminder", 0)
    all_at_once(crew, *[["reminders.remind", *due]] * 10, *[["ops.sweep"]] * 2)
    all_at_once(crew, *[["mail.drain"]] * 3)
    assert len(crew.mailbox.to(BOB)) == 1


def test_the_letter_goes_out_though_the_broker_is_down_at_its_slot(embedded_crew):
    crew = embedded_crew
    crew.act("readers", 30)
    crew.act("take_the_broker_away")
    try:
        for ahead in (0, 2, 4, 6):  # a sweep sends a few and looks up, so that nothing else waits
            crew.run("ops.sweep", ahead=ahead)
    finally:
        crew.act("bring_the_broker_back")
    assert oracle.agrees(crew) == set()
    assert len(oracle.addresses(crew, "sent")) == 30


@pytest.mark.parametrize("schedule", [None, b"", b"this was never a database\n" * 100])
def test_beat_starts_without_its_schedule_file_or_with_a_broken_one_and_nothing_is_sent_again(embedded_crew, schedule):
    crew, house = embedded_crew, embedded_crew.house
    crew.act("readers", 3)
    crew.act("send_the_letter")
    for old in house.folder.glob("schedule*"):
        old.unlink()
    if schedule is not None:
        (house.folder / "schedule").write_bytes(schedule)
    house.start("beat")
    deadline = time.monotonic() + 30
    while not do.scalar(house, "SELECT count(*) FROM heartbeats WHERE name = 'beat'"):
        assert house.processes["beat"].poll() is None, house.log("beat")
        assert time.monotonic() < deadline, house.log("beat")
        time.sleep(0.05)
    crew.act("send_the_letter")
    assert house.processes["beat"].poll() is None
    assert runs(crew) == 1
    assert len(crew.mailbox.received) == 3
