"""The slots of the letter, and days that are not like the others."""

from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import BEAT, CLAIMING

DIGESTS = "webapp/digests/operations.py"
OPENING = "webapp/digests/opening.py"
DISPATCHER = "webapp/ops/dispatcher.py"
SLOTS = "tests/unit/digests/test_slots.py::"
TIME = "tests/faults/test_time.py::"

ONE_LETTER_A_SLOT = (
    # Who asks second finds the run; who asks at the same moment meets the unique key; and a second run would find
    # nothing new for anybody.
    Edit(OPENING, "    without = queries.without_run(newest)\n", "    without = newest\n"),
    Edit(
        "webapp/digests/models.py",
        '    __table_args__ = (UniqueConstraint("schedule_key", "slot_at"), {"info": SHOWN})\n',
    ),
    Edit(DIGESTS, "    reader.covered_until, reader.had_since = pick.offer.covered_until, pick.offer.had_since\n"),
)

PROTECTIONS = (
    Protection(
        "a slot has one letter",
        ONE_LETTER_A_SLOT,
        {
            BEAT
            + "test_two_beats_two_sweepers_and_ten_deliveries_of_each_task_make_one_run_and_one_mail_each[sqlite]": r"assert \d+ == 1",
            BEAT
            + "test_beat_starts_without_its_schedule_file_or_with_a_broken_one_and_nothing_is_sent_again": r"assert [2-9] == 1",
            SLOTS + "test_a_clock_that_jumps_an_hour_sends_no_second_letter": r"assert 2 == 1",
        },
    ),
    Protection(
        "SQLite takes its lock before it reads what it is going to change",
        (Edit("webapp/core/db.py", '"BEGIN" if is_reading else "BEGIN IMMEDIATE"', '"BEGIN"'),),
        {
            BEAT
            + "test_two_beats_two_sweepers_and_ten_deliveries_of_each_task_make_one_run_and_one_mail_each[sqlite]": r"database is locked"
        },
    ),
    Protection(
        "a letter may be two days late",
        (Edit(OPENING, "    return now - slot > LATEST\n", "    return now - slot > timedelta(minutes=1)\n"),),
        {SLOTS + "test_a_beat_an_hour_late_sends_the_letter_of_the_slot": r"not enough values to unpack"},
    ),
    Protection(
        "a late letter is that of its slot",
        (Edit(OPENING, "        window_end=slot,\n", "        window_end=max(slot, now),\n"),),
        {SLOTS + "test_a_beat_an_hour_late_sends_the_letter_of_the_slot": r"'Bread' (not in|is contained)"},
    ),
    Protection(
        "slots that were missed are written down",
        (
            Edit(
                OPENING,
                "        for missed in schedules.named(key).between(before, slot):\n",
                "        for missed in ():\n",
            ),
        ),
        {SLOTS + "test_after_three_missed_weeks_one_late_letter_covers_them": r"(?s)SKIPPED"},
    ),
    Protection(
        "the dispatcher sends what the broker does not take",
        (Edit(DISPATCHER, "        if not is_taken or any(", "        if any("),),
        {BEAT + "test_the_letter_goes_out_though_the_broker_is_down_at_its_slot": r"assert 0 == 30"},
    ),
    Protection(
        "a time that comes twice means the first, one that is skipped the hour after",
        (
            Edit(
                "webapp/reminders/when.py",
                "wall_time.replace(tzinfo=zone(zone_name), fold=0)",
                "wall_time.replace(tzinfo=zone(zone_name), fold=1)",
            ),
        ),
        {
            TIME + "test_a_daily_reminder_comes_once_on_a_day_that_is_not_like_the_others[gap]": r"'29 01:30'",
            TIME
            + "test_a_daily_reminder_comes_once_on_a_day_that_is_not_like_the_others[overlap]": r"\{1\} == \{0\}|\{0, 1\} == \{0\}",
        },
    ),
    Protection(
        "a change of zone keeps the time on the wall",
        (Edit("webapp/reminders/operations.py", " or (zone is not None and zone != reminder.zone)\n", "\n"),),
        {
            TIME
            + "test_after_a_change_of_zone_a_series_keeps_its_wall_time_and_comes_once_a_day": r"== \['26 09:00', '27 09:00'\]"
        },
    ),
    Protection(
        "a series moves on in its claim",
        (Edit(CLAIMING, '                "due_at": next_due_at,\n'),),
        {
            TIME + "test_a_clock_that_is_put_back_an_hour_sends_nothing_again_and_nothing_early": r"assert \d+ == 1",
            TIME + "test_a_clock_that_is_put_forward_an_hour_sends_each_once": r"assert \d+ == 1",
        },
    ),
    Protection(
        "a reminder is not claimed before its time",
        (
            # Its message comes with the time, and the dispatcher looks for what is due: what is early is stopped twice.
            Edit(
                "webapp/reminders/firing.py", "    wait = reminder.due_at - clock.now()\n", "    wait = timedelta(0)\n"
            ),
            Edit(CLAIMING, "            Reminder.due_at <= now,\n"),
            Edit(
                DISPATCHER,
                "            if not _offer(batch, now, eta=batch[-1].due_at)",
                "            if not _offer(batch, now)",
            ),
        ),
        {TIME + "test_a_clock_that_is_put_back_an_hour_sends_nothing_again_and_nothing_early": r"assert 2 == 1"},
    ),
)
