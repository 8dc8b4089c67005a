"""The database is away, locked or full."""

from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import WRITTEN_DOWN_BEFORE_DATA

DATABASE = "tests/faults/test_database.py::"
DISK = "tests/faults/test_disk.py::"
ERROR_PAGES = "webapp/core/error_pages.py"

PROTECTIONS = (
    Protection(
        "nothing is sent that is not written down before DATA, whatever becomes of the database",
        (WRITTEN_DOWN_BEFORE_DATA,),
        {
            DATABASE
            + "test_with_the_database_down_at_the_claim_nothing_is_sent_and_nothing_lost[RCPT]": r"\[Received\(.* == \[\]",
            DATABASE
            + "test_with_the_database_down_after_the_server_said_yes_the_mail_is_uncertain": r"1 got two: \['bob@example.org'\]",
        },
    ),
    Protection(
        "a database that is locked is a 503",
        (Edit(ERROR_PAGES, "    app.register_error_handler(OperationalError, _answer_for_the_database)\n"),),
        {
            DATABASE
            + "test_while_sqlite_is_locked_a_page_says_when_to_come_back_and_afterwards_each_mail_goes_once": r"500 == 503"
        },
        is_long=True,
    ),
    Protection(
        "a log that cannot be locked is no error of what is logged",
        (
            Edit(
                "webapp/core/logs.py",
                "        except OSError:  # it cannot be locked: there is no room for a file more, or it is not ours\n",
                "        except ZeroDivisionError:\n",
            ),
        ),
        {DISK + "test_with_no_room_for_the_log_the_work_goes_on": r"nor can it be locked|RemoteDisconnected"},
        is_long=True,
    ),
    Protection(
        "a full disk is a 503 that says so",
        (
            Edit(
                ERROR_PAGES,
                "    if isinstance(error, OperationalError) and _has_no_room(error):\n        return answer(_no_room())\n",
            ),
        ),
        {
            DISK
            + "test_with_no_room_for_the_database_a_change_is_refused_and_leaves_no_half_of_it": r"\{500\} == \{503\}"
        },
        is_long=True,
    ),
)
