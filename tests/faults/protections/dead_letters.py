"""Messages that are no use, on RabbitMQ."""

from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import LEDGER

DEAD = "tests/faults/test_dead_letters.py::"
UNREADABLE = DEAD + "test_what_nobody_can_read_is_a_dead_letter_and_the_worker_goes_on"
MESSAGES = "webapp/core/messages.py"
RECEIVING = "webapp/core/receiving.py"
BROKER = "webapp/core/broker.py"
DEAD_QUEUE = "webapp/ops/dead_queue.py"

PROTECTIONS = (
    Protection(
        "what cannot be read is refused, where Celery would acknowledge it",
        (
            Edit(
                RECEIVING,
                '        self._refuse(message, "message.unreadable", error=str(exc))\n',
                "        super().on_decode_error(message, exc)\n",
            ),
        ),
        {UNREADABLE + "[bad JSON]": r"not so after 20 s"},
    ),
    Protection(
        "what is no task's message ends no worker",
        (
            Edit(
                RECEIVING,
                "except (AttributeError, LookupError, TypeError, ValueError) as error:",
                "except ZeroDivisionError as error:",
            ),
        ),
        {UNREADABLE + "[no id]": r"(?i)not so after|ended|poll|mails"},
    ),
    Protection(
        "arguments that do not fit are refused",
        (Edit(MESSAGES, "            raise Reject(why, requeue=False)\n", "            raise TypeError(why)\n"),),
        {DEAD + "test_wrong_arguments_are_an_error_in_the_log_and_a_dead_letter": r"not so after 20 s"},
    ),
    Protection(
        "what is refused is kept",
        (
            Edit(
                BROKER,
                '        "x-dead-letter-exchange": DEAD_EXCHANGE,\n        "x-dead-letter-strategy": "at-least-once",\n',
            ),
        ),
        {
            DEAD + "test_an_unknown_task_is_a_dead_letter": r"not so after 20 s",
            DEAD + "test_a_task_that_only_a_newer_version_knows_waits_for_it": r"not so after 20 s",
        },
    ),
    Protection(
        "a task that failed is tried again",
        (Edit(MESSAGES, "            raise Reject(repr(error), requeue=True) from error\n", "            raise\n"),),
        {DEAD + "test_a_task_that_fails_each_time_is_a_dead_letter_after_five[always_raises]": r"not so after 60 s"},
    ),
    Protection(
        "also when its process was killed",
        (Edit(BROKER, '        "task_reject_on_worker_lost": True,\n'),),
        {DEAD + "test_a_task_that_fails_each_time_is_a_dead_letter_after_five[kills_its_child]": r"not so after 60 s"},
    ),
    Protection(
        "five times, and no more",
        (
            # The broker's own limit comes one time later, and would come never.
            Edit(
                RECEIVING, "if self._returns.of(message) >= ATTEMPTS:", "if self._returns.of(message) >= 3 * ATTEMPTS:"
            ),
        ),
        {DEAD + "test_a_task_that_fails_each_time_is_a_dead_letter_after_five[always_raises]": r"one more item"},
    ),
    Protection(
        "a failing database wears no message out",
        (Edit(MESSAGES, "except (Ignore, Retry, *NOT_THE_MESSAGE):", "except (Ignore, Retry):"),),
        {DEAD + "test_a_failure_with_the_database_wears_no_message_out": r"it was given back"},
    ),
    Protection(
        "the doctor counts dead letters",
        (
            Edit(
                "webapp/ops/checks.py",
                "    dead = facts.pop(DEAD_QUEUE)[0]\n",
                "    dead = 0 * facts.pop(DEAD_QUEUE)[0]\n",
            ),
        ),
        {DEAD + "test_the_doctor_counts_dead_letters": r"1 dead, see"},
    ),
    Protection(
        "a mail is claimed once",
        (
            # Whether it waits is asked before, so that no connection is made in vain, and again by the claim.
            Edit(
                "webapp/mail/queries.py",
                "        Delivery.id == delivery_id, Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now\n",
                "        Delivery.id == delivery_id, Delivery.next_attempt_at <= now\n",
            ),
            Edit(
                LEDGER,
                "            Delivery.id == delivery_id,\n            Delivery.state == State.QUEUED,\n            Delivery.next_attempt_at <= now,\n",
                "            Delivery.id == delivery_id,\n            Delivery.next_attempt_at <= now,\n",
            ),
        ),
        {DEAD + "test_a_dead_letter_replayed_twice_is_mailed_once": r"assert 2 == 1"},
    ),
    Protection(
        "what died after a delay goes to the queue it died in",
        # It expired in a queue of the delays before it died in its own. The exchange it came through would do as well.
        (Edit("webapp/ops/dead_letters.py", "return deaths[0] if", "return deaths[-1] if"),),
        {
            DEAD
            + "test_a_delayed_message_that_died_goes_back_to_its_own_queue": r"'expired'\)? == \('almanac.mail', 'rejected'\)"
        },
    ),
    Protection(
        "one looks at a time",
        (Edit(DEAD_QUEUE, "        channel = _locked(first)\n", "        channel = first\n"),),
        {
            DEAD
            + "test_looking_loses_nothing_even_when_it_is_killed_and_a_second_operator_waits": r"the second did not wait for the first"
        },
    ),
    Protection(
        "looking takes nothing away",
        (Edit(DEAD_QUEUE, "channel.basic_get(DEAD_QUEUE)", "channel.basic_get(DEAD_QUEUE, auto_ack=True)"),),
        {
            DEAD
            + "test_looking_loses_nothing_even_when_it_is_killed_and_a_second_operator_waits": r"(?i)assert|not so after"
        },
    ),
    Protection(
        "the names of tasks are for ever",
        (Edit("webapp/mail/tasks.py", '@celery.task(name="mail.drain")', '@celery.task(name="mail.send_all")'),),
        {DEAD + "test_a_message_as_the_first_release_wrote_it_is_read": r"0 of 1 mails|assert 1 == 0"},
    ),
    Protection(
        "a worker's own queues are its own",
        # With a prefetch for the whole channel, which 4.0 refuses on any queue, 3.10 refuses a quorum queue's consumer.
        (
            Edit(
                BROKER,
                '        "worker_hijack_root_logger": False,\n',
                '        "worker_hijack_root_logger": False,\n        "control_queue_exclusive": False,\n',
            ),
        ),
        {DEAD + "test_there_is_nothing_that_rabbitmq_4_would_refuse": r"pidbox is shared"},
    ),
)
