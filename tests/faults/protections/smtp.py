"""What a mail server's answers mean, phase by phase."""

from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import KILLS, LEDGER

SMTP = "tests/faults/test_smtp.py::"
TRANSPORT = "webapp/mail/transport.py"
AGAIN = SMTP + "test_what_fails_before_it_is_accepted_goes_again_and_arrives_once"

PROTECTIONS = (
    Protection(
        "what the server puts off goes again",
        (
            Edit(
                LEDGER,
                'return {"state": State.QUEUED, "next_attempt_at": min(next_try, delivery.expires_at), **counted}',
                'return {"state": State.FAILED, **counted}',
            ),
        ),
        {
            AGAIN + "[mail-451 4.3.0 later-attempt8]": r"FAILED.* is .*QUEUED",
            AGAIN + "[rcpt-450 4.2.1 busy-attempt12]": r"FAILED.* is .*QUEUED",
        },
    ),
    Protection(
        "a server that is away says nothing about a mail",
        (
            Edit(
                TRANSPORT,
                "Outcome(Verdict.SIGN_IN_REFUSED if is_refusal else Verdict.UNREACHABLE, self.phase, code, words)",
                "Outcome(Verdict.SIGN_IN_REFUSED if is_refusal else Verdict.REFUSED, self.phase, code, words)",
            ),
            Edit(TRANSPORT, "            verdict = Verdict.UNREACHABLE\n", "            verdict = Verdict.REFUSED\n"),
        ),
        {
            AGAIN + "[banner-cut-attempt0]": r"FAILED.* is .*QUEUED",
            AGAIN + "[mail-421 4.3.2 closing-attempt7]": r"FAILED.* is .*QUEUED",
        },
    ),
    Protection(
        "a connection that breaks before the dot has delivered nothing",
        (
            Edit(
                TRANSPORT,
                "            verdict = Verdict.UNCERTAIN if self.phase is Phase.DOT else Verdict.LATER\n            return",
                "            verdict = Verdict.UNCERTAIN\n            return",
            ),
        ),
        {AGAIN + "[data-cut-attempt18]": r"UNCERTAIN.* is .*QUEUED"},
    ),
    Protection(
        "one that breaks after the dot may have delivered",
        (
            Edit(
                TRANSPORT,
                "            verdict = Verdict.UNCERTAIN if self.phase is Phase.DOT else Verdict.LATER\n            return",
                "            verdict = Verdict.LATER\n            return",
            ),
        ),
        {
            SMTP
            + "test_a_letter_whose_answer_never_came_is_uncertain_and_waits_for_a_person": r"QUEUED.* is .*UNCERTAIN"
        },
    ),
    Protection(
        "an address that does not exist is suppressed",
        (Edit(TRANSPORT, ' and "5.1.1" in words:', ' and "no reply says this" in words:'),),
        {
            SMTP
            + "test_an_address_that_does_not_exist_is_suppressed_and_the_others_get_theirs": r"\[\] == \['reader-0@example.org'\]",
            KILLS
            + "test_one_bad_address_keeps_the_letter_from_nobody_else[100]": r"None == 'reader-00042@example.org'",
        },
    ),
    Protection(
        "a refusal is an answer about one mail",
        (
            Edit(
                LEDGER,
                '            return {"state": State.FAILED, **counted}\n',
                "            raise ConnectionRefusedError(outcome.reply)\n",
            ),
        ),
        {
            SMTP + "test_a_refusal_for_good_ends_this_mail_only": r"ConnectionRefusedError: 5.7.1 not this",
            KILLS
            + "test_one_bad_address_keeps_the_letter_from_nobody_else[100]": r"ConnectionRefusedError: 5.1.1 no such",
        },
    ),
    Protection(
        "the dot is waited for ten minutes",
        (Edit(TRANSPORT, "self._begin(Phase.DOT, DOT_SECONDS)", "self._begin(Phase.DOT, BODY_SECONDS)"),),
        {SMTP + "test_a_slow_dot_is_waited_for_and_sent_once": r"UNCERTAIN.* is .*SENT"},
    ),
    Protection(
        "a failing goodbye means nothing",
        (
            Edit(
                TRANSPORT,
                "            with suppress(OSError, smtplib.SMTPException):\n                self._wait(QUIT_SECONDS)\n",
                "            with suppress():\n                self._wait(QUIT_SECONDS)\n",
            ),
        ),
        {
            SMTP + "test_what_happens_at_the_goodbye_changes_nothing[cut]": r"SMTPServerDisconnected",
            SMTP + "test_what_happens_at_the_goodbye_changes_nothing[hang]": r"timed out",
        },
    ),
)
