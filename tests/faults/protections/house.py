"""The embedded broker, the worker's end, messages of other versions, and a database that is not the house's own."""

from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import MESSAGES, SENDING

FOLDER = "webapp/core/folder_broker.py"
GUARDED = "tests/faults/test_wrong_database.py::"
INSTANCE = "webapp/settings/instance.py"

PROTECTIONS = (
    Protection(
        "a request succeeds without a broker",
        (
            Edit(
                "webapp/jobs.py",
                """        log.warning("broker.refused", task=job.name, args=list(job.args), error=str(error))
        return False
""",
                "        raise\n",
            ),
        ),
        {
            "tests/faults/test_embedded.py::test_a_reminder_is_mailed_with_neither_a_broker_nor_a_worker": r'"status": 500'
        },
    ),
    Protection(
        "a message that cannot be read is passed over",
        (
            Edit(
                FOLDER,
                """            except ValueError:
                log.warning("broker.unreadable_message", file=file.name)
""",
            ),
        ),
        {MESSAGES + "test_bad_messages_are_logged_and_the_queue_moves": r"0 of 1 mails|unreadable_message"},
    ),
    Protection(
        "a worker that is told to stop finishes what it has begun",
        (
            Edit(
                "celery_runner.py",
                "from webapp import create_app\n",
                "import signal\n\nfrom celery import signals\n\nfrom webapp import create_app\n"
                "signals.worker_ready.connect(\n"
                "    lambda **_: signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGQUIT)), weak=False\n"
                ")\n",
            ),
        ),
        {
            MESSAGES + "test_a_worker_that_is_told_to_stop_finishes_the_mail_in_its_hands[RCPT]": r"'sent'\)",
            MESSAGES + "test_a_worker_that_is_told_to_stop_finishes_the_mail_in_its_hands[DOT]": r"'sent'\)",
        },
    ),
    Protection(
        "one that may not wait writes down how the mail stands",
        (Edit(SENDING, "        _record(held, _cut_short(connection), started_at)\n"),),
        {
            MESSAGES
            + "test_a_worker_that_may_not_wait_any_longer_says_how_the_mail_stands[RCPT-queued]": r"'claimed' == 'queued'",
            MESSAGES
            + "test_a_worker_that_may_not_wait_any_longer_says_how_the_mail_stands[DOT-uncertain]": r"'sending' == 'uncertain'",
        },
    ),
    Protection(
        "and whether the server may have it",
        (
            Edit(
                SENDING,
                "verdict = Verdict.UNCERTAIN if connection.phase is Phase.DOT else Verdict.STOPPED",
                "verdict = Verdict.STOPPED",
            ),
        ),
        {
            MESSAGES
            + "test_a_worker_that_may_not_wait_any_longer_says_how_the_mail_stands[DOT-uncertain]": r"'queued' == 'uncertain'"
        },
    ),
    Protection(
        "a task takes more arguments than it knows",
        (Edit("webapp/mail/tasks.py", "def deliver(delivery_id: int, *_: object)", "def deliver(delivery_id: int)"),),
        {
            MESSAGES + "test_a_message_of_a_newer_version_with_one_more_argument_is_read": r"1 of 2 mails",
            "tests/unit/core/test_messages.py::test_every_task_takes_more_arguments_than_it_knows": r"mail.deliver",
        },
    ),
    Protection(
        "a restored database is held",
        (
            # By the hold that comes with it, and because it counts less and is another file.
            Edit("webapp/ops/backups/restoring.py", "        connection.execute(hold.on_conflict_do_nothing())\n"),
            Edit("webapp/mail/guard.py", "    found = why()\n", "    found = None\n"),
        ),
        {
            GUARDED
            + "test_a_restored_backup_mails_nobody_until_it_is_released_and_then_everybody_once[sqlite]": r"== \[\]"
        },
    ),
    Protection(
        "another house's database is known by its name",
        (Edit(INSTANCE, "    if here.id != known.id:\n", "    if False:\n"),),
        {"tests/unit/ops/test_guard.py::test_a_database_copied_to_another_house_is_held": r"(?i)assert"},
    ),
    Protection(
        "an older database is known by its counter",
        (Edit(INSTANCE, "    if known.counter < here.counter:\n", "    if False:\n"),),
        {
            GUARDED
            + "test_an_older_database_put_back_in_its_place_mails_nobody_until_it_is_released[sqlite]": r"== \[\]",
            GUARDED
            + "test_an_older_database_put_back_in_its_place_mails_nobody_until_it_is_released[postgresql]": r"== \[\]",
        },
        is_long=True,
    ),
    Protection(
        "a copy in a place that knows no house is held",
        (
            Edit(
                INSTANCE,
                """        yield (
            f"the database belongs to a house that this place does not know: there is no {_file()}, and SITE_INSTANCE"
            " is not set. It was copied here, or this is a further machine of the house and needs its SITE_INSTANCE"
        )
        return
""",
                "        return\n",
            ),
        ),
        {
            GUARDED
            + "test_a_copy_in_another_place_mails_nobody_until_it_is_released_and_the_house_goes_on[sqlite]": r"== \[\]",
            GUARDED
            + "test_a_copy_in_another_place_mails_nobody_until_it_is_released_and_the_house_goes_on[postgresql]": r"== \[\]",
        },
        is_long=True,
    ),
    Protection(
        "a message is written whole or not at all",
        (
            Edit(
                FOLDER,
                "        draft.write_text(text)\n        draft.replace(path)\n",
                "        path.write_text(text)\n",
            ),
        ),
        {
            "tests/faults/test_disk.py::test_with_no_room_for_the_broker_a_request_succeeds_and_the_mail_goes": r"almanac.reminders.msg"
        },
        is_long=True,
    ),
    Protection(
        "and what could not be written leaves nothing behind",
        (Edit(FOLDER, "        draft.unlink(missing_ok=True)  # on a full disk each try would leave one behind\n"),),
        {
            "tests/faults/test_disk.py::test_with_no_room_for_the_broker_a_request_succeeds_and_the_mail_goes": r"== \['lock'\]"
        },
        is_long=True,
    ),
)
