"""A RabbitMQ node that is away, full, or has forgotten everything. Each test has one of its own."""

from tests.faults.protections.clocks import DISPATCHER
from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import RABBITMQ

JOBS = "webapp/jobs.py"
BROKER = "webapp/core/broker.py"
WEB = "tests/faults/test_rabbitmq_web.py::"

PROTECTIONS = (
    Protection(
        "a broker that refuses is not waited for",
        (
            Edit(
                BROKER,
                """            "max_retries": broker_url.count(";"),
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
""",
            ),
        ),
        {WEB + "test_a_broker_that_refuses_costs_one_request_little_and_the_next_nothing": r"assert [\d.]+ <= 0.2"},
        is_long=True,
    ),
    Protection(
        "after a publish that failed nobody tries",
        (Edit(JOBS, "    if Broker.is_quiet() or _is_too", "    if _is_too"),),
        {
            WEB
            + "test_a_broker_that_hangs_costs_one_request_a_second_and_none_that_follows[a new connection]": r"assert [\d.]+ <= 0.2"
        },
        is_long=True,
    ),
    Protection(
        "a broker that hangs is waited for less than a second",
        (Edit(BROKER, "\nANSWER_SECONDS = 0.8\n", "\nANSWER_SECONDS = 3.0\n"),),
        {
            WEB
            + "test_a_broker_that_hangs_costs_one_request_a_second_and_none_that_follows[an open connection]": r"it was waited for"
        },
        is_long=True,
    ),
    Protection(
        "a message is known to have been taken, or not",
        (Edit(BROKER, '            "confirm_publish": True,\n'),),
        {RABBITMQ + "test_a_message_that_the_broker_turns_away_is_known_to_be_turned_away": r"assert not True"},
        is_long=True,
    ),
    Protection(
        "whoever publishes first makes what is missing",
        (Edit(JOBS, "                topology.declare(connection, celery.conf.task_queues)\n"),),
        {RABBITMQ + "test_messages_sent_before_any_worker_was_there_arrive_when_one_comes": r"assert 0 > 0"},
        is_long=True,
    ),
    Protection(
        "the broker is asked to confirm before it counts as back",
        (Edit(JOBS, "                _knock(channel)\n"),),
        {
            RABBITMQ
            + "test_a_broker_whose_disk_is_full_holds_up_no_request_and_no_mail": r"it was tried again and again"
        },
        is_long=True,
    ),
    Protection(
        "a message waits for its time in the broker",
        (
            # Only quorum queues have Celery's native delays. With any other the worker holds what waits, and the broker,
            # which gives it five seconds here, ends it.
            Edit(
                BROKER,
                """        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
""",
                '        "x-queue-type": "classic",\n',
            ),
        ),
        {
            RABBITMQ
            + "test_an_eta_message_comes_in_time_and_no_worker_holds_it_meanwhile": r"'almanac.reminders'|0 of 8 mails"
        },
        is_long=True,
    ),
    Protection(
        "a missed slot is looked for",
        (
            # By beat's tick every minute, and by the sweep, which beat has a worker do every ten seconds.
            Edit(
                "webapp/schedule.py",
                '        "a digest whose slot was missed": {"task": "digests.digest", "schedule": timedelta(minutes=1)},\n',
            ),
            Edit(DISPATCHER, "            (timedelta(seconds=15), self._digest),\n"),
        ),
        {
            RABBITMQ
            + "test_the_letter_comes_within_five_minutes_of_the_return_of_a_broker_that_was_down_at_its_slot": r"0 of 15 mails"
        },
        is_long=True,
    ),
)
