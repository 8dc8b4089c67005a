"""From the claim to the record: the ledger, the reminder that becomes a mail, and what is changed meanwhile."""

from tests.faults.protections.kinds import Edit, Protection

LEDGER = "webapp/mail/operations.py"
SENDING = "webapp/mail/sending.py"
FIRING = "webapp/reminders/firing.py"
CLAIMING = "webapp/reminders/claiming.py"

FIRING_TESTS = "tests/unit/reminders/test_firing.py::"
PROCESSES = "tests/faults/test_processes.py::"
MESSAGES = "tests/faults/test_messages.py::"
KILLS = "tests/faults/test_digest_kills.py::"
BEAT = "tests/faults/test_beat.py::"
RABBITMQ = "tests/faults/test_rabbitmq.py::"
MANY = "tests/faults/test_many.py::"

A_CLAIM_ENDS = Edit(LEDGER, "Delivery.state == State.CLAIMED, Delivery.lease_until <= now)", "Delivery.id < 0)")
WRITTEN_DOWN_BEFORE_DATA = Edit(
    SENDING,
    """            is_ours = operations.start_sending(held, now=clock.now())
            db.session.commit()
            if not is_ours:
                return
            outcome = connection.deliver(wire, may_finish=_Patience(held))
""",
    """            outcome = connection.deliver(wire)
            operations.start_sending(held, now=clock.now())
            db.session.commit()
""",
)
UNCERTAIN_LETTERS_WAIT = Edit(LEDGER, "        and delivery.kind in REPEATED\n")
NOT_BY_HANDED_OVER_ALONE = Edit(
    "webapp/reminders/queries.py",
    """            or_(
                Reminder.handed_over_at < Reminder.due_at,
                and_(Reminder.handed_over_at.is_not(None), Reminder.handed_over_at <= now - again_after),
            ),
""",
    "            Reminder.handed_over_at.is_(None),\n",
)
FIRED_ONCE = (
    # Each of the three would do: the look before the claim, the claim itself, and the key of the mail.
    Edit(
        FIRING,
        "    if reminder is None or reminder.version != version or reminder.state is not ReminderState.PENDING:\n",
        "    if reminder is None:\n",
    ),
    Edit(CLAIMING, "            Reminder.state == ReminderState.PENDING,\n            Reminder.due_at <= now,\n"),
    Edit(
        FIRING,
        "            dedupe_key=history.dedupe_key(reminder.id, version),\n",
        "            dedupe_key=history.dedupe_key(reminder.id, version) + secrets.token_hex(4),\n",
    ),
)
TWO_SENDERS = (
    # A second claim of the same mail is stopped when it is made, and again before DATA.
    Edit(LEDGER, "        .with_for_update(skip_locked=True)  # SQLite leaves this out: it has one writer at a time\n"),
    Edit(
        LEDGER,
        ".where(Delivery.id == each.delivery_id, Delivery.state == State.QUEUED)",
        ".where(Delivery.id == each.delivery_id)",
    ),
    Edit(
        LEDGER,
        """            Delivery.state == State.CLAIMED,
            Delivery.claim_token == held.token,
            Delivery.lease_until > now,
            holds.nothing_holds(),
""",
        "            holds.nothing_holds(),\n",
    ),
)

PROTECTIONS = (
    Protection(
        "a note of a job is forgotten with its transaction",
        (Edit("webapp/jobs.py", " if rolled_back not in _enclosing(note[0])"),),
        {
            FIRING_TESTS
            + "test_a_rolled_back_reminder_leaves_no_message": r"one more item: Job\(name='reminders.remind'",
            FIRING_TESTS
            + "test_a_rolled_back_savepoint_leaves_no_message": r"one more item: Job\(name='reminders.remind'",
        },
    ),
    Protection(
        "nothing is published when a savepoint is released",
        (
            Edit(
                "webapp/jobs.py",
                """    if session.in_nested_transaction():
        return  # a savepoint was released; the outer transaction may still roll back
""",
            ),
        ),
        {
            FIRING_TESTS
            + "test_a_savepoint_that_holds_sends_no_message_before_the_whole_is_committed": r"one more item: Job\(name='reminders.remind'"
        },
    ),
    Protection(
        "what was handed over and is still pending is looked for",
        (NOT_BY_HANDED_OVER_ALONE,),
        {
            PROCESSES
            + "test_a_request_killed_between_its_commit_and_its_message_is_done_by_the_next_sweep[sqlite]": r"assert 0 == 1",
            PROCESSES + "test_a_worker_killed_before_the_claim_costs_nothing[sqlite]": r"assert 0 == 1",
        },
    ),
    Protection(
        "a claim ends with its lease",
        (A_CLAIM_ENDS,),
        {
            PROCESSES
            + "test_a_worker_killed_before_data_leaves_a_mail_that_goes_once_after_the_lease[sqlite-MAIL]": r"\(0, 'claimed'\) == \(1, 'sent'\)",
            PROCESSES
            + "test_a_worker_killed_before_data_leaves_a_mail_that_goes_once_after_the_lease[sqlite-RCPT]": r"\(0, 'claimed'\) == \(1, 'sent'\)",
            MESSAGES + "test_a_killed_child_is_replaced_and_its_mail_goes_once_after_the_lease": r"0 of 1 mails",
            KILLS
            + "test_a_letter_stopped_five_times_on_the_way_reaches_every_reader_once[sqlite]": r"0 = kill_after\(",
        },
    ),
    Protection(
        "a claim is good until then",
        (
            Edit(
                LEDGER,
                "Delivery.state == State.CLAIMED, Delivery.lease_until <= now)",
                "Delivery.state == State.CLAIMED)",
            ),
        ),
        {
            PROCESSES
            + "test_a_worker_killed_before_data_leaves_a_mail_that_goes_once_after_the_lease[sqlite-RCPT]": r"its claim was still good"
        },
    ),
    Protection(
        "it is written down before DATA that a mail is being sent",
        (WRITTEN_DOWN_BEFORE_DATA,),
        {
            PROCESSES
            + "test_a_letter_whose_worker_was_killed_between_data_and_the_record_waits_for_a_person[sqlite]": r"'claimed' == 'sending'",
        },
    ),
    Protection(
        "an uncertain letter waits for a person",
        (UNCERTAIN_LETTERS_WAIT,),
        {
            PROCESSES
            + "test_a_letter_whose_worker_was_killed_between_data_and_the_record_waits_for_a_person[sqlite]": r"\(2, 'sent'\) == \(1, 'uncertain'\)",
            KILLS + "test_a_letter_stopped_five_times_on_the_way_reaches_every_reader_once[sqlite]": r"\d+ got two",
        },
    ),
    Protection(
        "a mail that is being sent has eleven minutes",
        (
            Edit(
                LEDGER,
                "            lease_until=now + SENDING_LEASE,\n            attempts=Delivery.attempts + 1,",
                "            lease_until=now + CLAIM_LEASE,\n            attempts=Delivery.attempts + 1,",
            ),
        ),
        {
            PROCESSES
            + "test_a_letter_whose_worker_was_killed_between_data_and_the_record_waits_for_a_person[sqlite]": r"the server has ten minutes for the dot"
        },
    ),
    Protection(
        "an uncertain reminder goes once more",
        (Edit(LEDGER, "    if is_repeated:\n", "    if False:\n"),),
        {
            PROCESSES
            + "test_a_reminder_whose_worker_was_killed_there_goes_once_more_with_the_same_message_id[sqlite]": r"not enough values to unpack \(expected 2, got 1\)"
        },
    ),
    Protection(
        "and only once",
        (
            # The first look at a mail that went again ends it, unless that one is uncertain too.
            Edit(LEDGER, "        and delivery.repeated_at is None\n"),
        ),
        {
            "tests/faults/test_smtp.py::test_a_reminder_that_is_uncertain_twice_stays_so": r"State.QUEUED.* is .*UNCERTAIN"
        },
    ),
    Protection(
        "a mail keeps its Message-ID",
        (
            Edit(
                "webapp/mail/message.py",
                '    message["Message-ID"] = delivery.message_id\n',
                '    message["Message-ID"] = f"<{clock.now().timestamp()}@example.org>"\n',
            ),
        ),
        {
            PROCESSES
            + "test_a_reminder_whose_worker_was_killed_there_goes_once_more_with_the_same_message_id[sqlite]": r"assert '<[\d.]+@example.org>' == "
        },
    ),
    Protection(
        "who lost a mail before DATA does not begin it",
        # By then the mail is somebody else's, in another state, and the lease is over: any one of the three would do.
        TWO_SENDERS[2:],
        {
            PROCESSES
            + "test_a_worker_that_wakes_after_its_lease_may_not_begin_data[sqlite]": r"\(2, 'sending'\) == \(1, 'sent'\)"
        },
    ),
    Protection(
        "nor one that nobody has taken meanwhile",
        (
            Edit(
                LEDGER,
                "            Delivery.lease_until > now,\n            holds.nothing_holds(),\n",
                "            holds.nothing_holds(),\n",
            ),
        ),
        {"tests/faults/test_smtp.py::test_a_worker_whose_claim_ran_out_before_data_sends_nothing": r"assert 1 == 0"},
    ),
    Protection(
        "a late record changes nothing",
        (
            # The state is another one and the claim is gone: either would do.
            Edit(
                LEDGER,
                ".where(Delivery.id == held.delivery_id, Delivery.state == from_, Delivery.claim_token == held.token)",
                ".where(Delivery.id == held.delivery_id)",
            ),
        ),
        {
            PROCESSES
            + "test_a_worker_that_wakes_after_data_writes_nothing_over_what_was_decided[sqlite]": r"\(1, 'sent'\) == \(1, 'uncertain'\)"
        },
    ),
    Protection(
        "a cancelled reminder is not claimed",
        # Each of the four would do: the state and the version, looked at before the claim and in it.
        (*FIRED_ONCE[:2], Edit(FIRING, " if reminder.version == version else None", "")),
        {PROCESSES + "test_what_is_changed_before_the_claim_is_not_mailed[cancel]": r"assert 1 == 0"},
    ),
    Protection(
        "nor an older version of one",
        (
            # A new time also keeps the old message from it, as it would be early.
            FIRED_ONCE[0],
            Edit(FIRING, " if reminder.version == version else None", ""),
            Edit(FIRING, "    wait = reminder.due_at - clock.now()\n", "    wait = timedelta(0)\n"),
            Edit(CLAIMING, "            Reminder.due_at <= now,\n"),
        ),
        {PROCESSES + "test_what_is_changed_before_the_claim_is_not_mailed[edit]": r"assert 1 == 0"},
    ),
    Protection(
        "nor what was a person's who is gone",
        (Edit("webapp/core/db.py", '"foreign_keys=ON", '),),
        {PROCESSES + "test_what_is_changed_before_the_claim_is_not_mailed[delete_person]": r"'NoneType' object has no"},
    ),
    Protection(
        "a new version cancels the mail of the old one",
        (
            Edit(
                "webapp/reminders/operations.py",
                "        ledger.cancel_waiting(dedupe_key=key, reason=what.value, now=now)\n",
            ),
        ),
        {
            PROCESSES
            + "test_what_is_changed_before_data_is_not_mailed_and_nothing_comes_later[edit]": r"assert 1 == 0",
            PROCESSES
            + "test_what_is_changed_before_data_is_not_mailed_and_nothing_comes_later[cancel]": r"assert 1 == 0",
        },
    ),
    Protection(
        "what has begun to be sent is not cancelled",
        (Edit(LEDGER, ".where(whose, Delivery.state.in_([State.QUEUED, State.CLAIMED]))", ".where(whose)"),),
        {
            PROCESSES
            + "test_what_is_changed_after_data_is_mailed_this_once[edit]": r"\(1, 'cancelled'\) == \(1, 'sent'\)",
            PROCESSES
            + "test_what_is_changed_after_data_is_mailed_this_once[cancel]": r"\(1, 'cancelled'\) == \(1, 'sent'\)",
            PROCESSES
            + "test_who_leaves_while_a_letter_is_being_sent_gets_at_most_this_one[DOT-expected1]": r"\(1, 'cancelled'\) == \(1, 'sent'\)",
        },
    ),
    Protection(
        "who leaves takes what waits for them along",
        (
            Edit(
                "webapp/subscriptions/operations.py",
                '    mail.cancel_waiting(reader_id=subscription.id, reason=mark("the reader left"), now=now)\n',
            ),
        ),
        {
            PROCESSES + "test_who_leaves_before_the_claim_gets_nothing": r"\(1, 'sent'\) == \(0, 'cancelled'\)",
            PROCESSES
            + "test_who_leaves_while_a_letter_is_being_sent_gets_at_most_this_one[RCPT-expected0]": r"\(1, 'sent'\) == \(0, 'cancelled'\)",
        },
    ),
    Protection(
        "a reminder is fired once",
        FIRED_ONCE,
        {BEAT + "test_a_reminder_whose_task_is_delivered_ten_times_at_once_is_mailed_once[sqlite]": r"assert \d+ == 1"},
    ),
    Protection(
        "one that cannot be sent keeps no other from it",
        (Edit(FIRING, "                failure = failure or error\n", "                raise\n"),),
        {
            "tests/unit/ops/test_dispatcher.py::test_a_reminder_that_cannot_be_sent_holds_up_none_beside_it": r"assert \d == 2"
        },
    ),
    Protection(
        "two senders never have the same mail",
        TWO_SENDERS,
        {
            BEAT
            + "test_two_beats_two_sweepers_and_ten_deliveries_of_each_task_make_one_run_and_one_mail_each[postgresql]": r"\d+ got two"
        },
    ),
    Protection(
        "a reminder is fired once, also out of ten thousand",
        FIRED_ONCE,
        {
            MANY
            + "test_ten_thousand_reminders_of_one_second_are_sent_once_each_in_bounded_memory": r"1\d{4} mails were sent.* not 10000"
        },
        is_long=True,
    ),
    Protection(
        "a reminder is fired once, also by a message that RabbitMQ delivers again",
        FIRED_ONCE,
        {
            RABBITMQ + "test_a_broker_that_dies_during[the task]": r"[3-9] mails were sent.* not 2",
            RABBITMQ + "test_a_broker_that_dies_during[its acknowledgement]": r"[3-9] mails were sent.* not 2",
        },
        is_long=True,
    ),
    Protection(
        "what was handed over and is still pending is looked for, whatever became of its broker",
        (NOT_BY_HANDED_OVER_ALONE,),
        {
            MANY + "test_an_embedded_broker_that_has_forgotten_everything_costs_no_mail": r"0 of 500 mails",
            RABBITMQ + "test_a_broker_that_has_forgotten_everything_costs_no_mail": r"0 of 500 mails",
            RABBITMQ + "test_a_broker_that_dies_while_messages_come_and_while_they_wait_loses_none": r"\d+ of 40 mails",
        },
        is_long=True,
    ),
    Protection(
        "a claim ends with its lease, on RabbitMQ",
        (A_CLAIM_ENDS,),
        {RABBITMQ + "test_a_letter_whose_worker_is_killed_on_the_way_reaches_every_reader_once": r"not so after 120 s"},
        is_long=True,
    ),
    Protection(
        "an uncertain letter waits for a person, also after two hundred deaths",
        (UNCERTAIN_LETTERS_WAIT,),
        {KILLS + "test_two_hundred_kills_in_one_letter_to_two_thousand_readers[sqlite]": r"\d+ got two"},
        is_long=True,
    ),
)
