"""Clocks that are put forward and back, and days that are not like the others: one mail a slot, none early."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from webapp import jobs as outbox
from webapp.core import clock
from webapp.extensions import db as database
from webapp.ops import dispatcher
from webapp.reminders import operations as reminders

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def house(db, jobs, smtp, world, time_machine):
    """Bob, the dispatcher and a worker, at whatever time a test says."""
    outbox.Broker.answered()

    class House:
        def at(self, instant):
            database.session.commit()
            time_machine.move_to(instant, tick=False)
            dispatcher.sweep_once(clock.now())
            jobs.run(clock.now())
            database.session.expire_all()

        def walk(self, around, days=1):
            """Goes by in half hours, from 90 minutes before to 120 after, on each day. When the mails came."""
            came = []
            for day in range(days):
                for minutes in range(-90, 121, 30):
                    before = self.mails()
                    self.at(around + day * DAY + timedelta(minutes=minutes))
                    came += [clock.now()] * (self.mails() - before)
            return came

        def daily(self, first, zone):
            time_machine.move_to(first.astimezone(UTC) - HOUR, tick=False)
            made = reminders.schedule(
                person=world.bob,
                text="Water the plants",
                wall_time=first.replace(tzinfo=None),
                zone=zone,
                recurrence="FREQ=DAILY",
                now=clock.now(),
            )
            database.session.commit()
            return made

        mails = staticmethod(lambda: len(smtp.to(world.bob.email, "reminder")))

    yield House()
    outbox.Broker.answered()


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param(  # 02:30 does not exist on the 29th: RFC 5545 has it an hour later, once
            datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN), ["28 02:30", "29 03:30", "30 02:30"], id="gap"
        ),
        pytest.param(  # 02:30 comes twice on the 25th: the first counts
            datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN), ["24 02:30", "25 02:30", "26 02:30"], id="overlap"
        ),
        pytest.param(datetime(2028, 2, 28, 9, 0, tzinfo=BERLIN), ["28 09:00", "29 09:00", "01 09:00"], id="leap day"),
    ],
)
def test_a_daily_reminder_comes_once_on_a_day_that_is_not_like_the_others(house, first, expected):
    house.daily(first, "Europe/Berlin")
    came = house.walk(first.astimezone(UTC), days=3)
    assert [f"{instant.astimezone(BERLIN):%d %H:%M}" for instant in came] == expected
    assert {instant.astimezone(BERLIN).fold for instant in came} == {0}


def test_a_clock_that_is_put_back_an_hour_sends_nothing_again_and_nothing_early(house, world):
    first = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    house.daily(first, "UTC")
    house.at(first)
    house.walk(first)
    assert house.mails() == 1
    house.at(first + DAY - timedelta(minutes=1))
    assert house.mails() == 1
    house.at(first + DAY)
    assert house.mails() == 2


def test_a_clock_that_is_put_forward_an_hour_sends_each_once(house, world):
    first = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    house.daily(first, "UTC")
    house.at(first - timedelta(minutes=30))
    assert house.mails() == 0
    house.at(first + timedelta(minutes=30))
    house.walk(first)
    assert house.mails() == 1


def test_after_a_change_of_zone_a_series_keeps_its_wall_time_and_comes_once_a_day(house, world):
    first = datetime(2026, 11, 25, 9, 0, tzinfo=BERLIN)
    reminder = house.daily(first, "Europe/Berlin")
    house.at(first)
    reminders.edit(reminder, now=clock.now(), zone="Asia/Shanghai")
    shanghai = ZoneInfo("Asia/Shanghai")
    came = house.walk(first.replace(tzinfo=shanghai).astimezone(UTC) + DAY, days=2)
    assert [f"{instant.astimezone(shanghai):%d %H:%M}" for instant in came] == ["26 09:00", "27 09:00"]
