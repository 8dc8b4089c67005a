"""The real ledger under every interleaving that can be thought up: several workers, deaths, a clock that jumps, people.

Each worker is a thread that runs the real sending code on its own database session. It stops at the two places where it
would speak to the mail server, until the machine says what the server does, or that the worker dies there.

The oracle is the server's own log: what it accepted is what stands in ``sent``. Any difference is a row in
``uncertain``, or one that says it was repeated, or one that an operator spoke about.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Part
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from webapp.core import clock
from webapp.core.errors import Refused
from webapp.extensions import db as database
from webapp.mail import decisions, operations, sending
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, MailContent, State, Suppression
from webapp.mail.operations import Claim
from webapp.mail.transport import Outcome, Phase, Verdict

BEGINNING = datetime(2026, 11, 21, 10, tzinfo=UTC)
PATIENCE = 30
"""Seconds that a thread may take for one step. Far more than it needs."""

MOST_MAILS, MOST_WORKERS, MOST_CANCELLED = 5, 4, 2
KINDS = [Kind.REMINDER, Kind.DIGEST, Kind.CONFIRM]
ENDINGS = {State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELLED, State.EXPIRED, State.UNCERTAIN}

BEFORE_DATA = {
    "go on": None,
    "put off": Outcome(Verdict.LATER, Phase.RCPT, 450, "busy"),
    "no": Outcome(Verdict.REFUSED, Phase.MAIL, 554, "no"),
    "nobody there": Outcome(Verdict.NO_SUCH_ADDRESS, Phase.RCPT, 550, "5.1.1 unknown"),
    "no connection": Outcome(Verdict.UNREACHABLE, Phase.CONNECT, None, "refused", 30.0),
    "left alone": Outcome(Verdict.WAITING, Phase.CONNECT, None, "left alone", 20.0),
}
AT_THE_DOT = {
    "accepted": (True, Outcome(Verdict.ACCEPTED, Phase.DOT, 250, "ok")),
    "accepted, then cut": (True, Outcome(Verdict.UNCERTAIN, Phase.DOT, None, "cut")),
    "cut": (False, Outcome(Verdict.UNCERTAIN, Phase.DOT, None, "cut")),
    "put off": (False, Outcome(Verdict.LATER, Phase.DOT, 451, "later")),
    "closing": (False, Outcome(Verdict.UNREACHABLE, Phase.DOT, 421, "closing", 30.0)),
    "no": (False, Outcome(Verdict.REFUSED, Phase.DOT, 554, "no")),
    "cut in the body": (False, Outcome(Verdict.LATER, Phase.BODY, None, "cut")),
}


class Killed(BaseException):
    """kill -9: nothing of the worker's own code runs after it."""


class Worker:
    """A thread that sends, and the line on which the machine tells it what it meets."""

    def __init__(self, app, accepted: list[str], work) -> None:
        self.at: str | None = None
        self.phase = Phase.CONNECT
        self.must_wait = False
        self.message_id = ""
        self.error: BaseException | None = None
        self._app, self._accepted, self._work = app, accepted, work
        self._orders: queue.Queue = queue.Queue()
        self._parked = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._wait()

    def go(self, order) -> None:
        """Carries on with what the server does, or with an exception to die of, up to the next stop."""
        self._parked.clear()
        self._orders.put(order)
        self._wait()

    # What the sending code sees as its connection.

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def open(self) -> None:
        pass

    def drop(self) -> None:
        pass

    def offer(self, _sender: str, _recipient: str) -> Outcome | None:
        self.phase = Phase.RCPT
        return BEFORE_DATA[self._stop_at("offer")]

    def deliver(self, message: bytes, *, may_finish) -> Outcome:
        self.phase = Phase.DOT
        self.message_id = message.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
        is_accepted, outcome = AT_THE_DOT[self._stop_at("dot")]
        if is_accepted:
            self._accepted.append(self.message_id)
        return outcome

    def _stop_at(self, place: str):
        self.at = place
        self._parked.set()
        order = self._orders.get(timeout=PATIENCE * 10)
        self.at = None
        if isinstance(order, BaseException):
            raise order
        return order

    def _run(self) -> None:
        try:
            with self._app.app_context():
                self._work(self)
        except (Killed, SystemExit):
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised again where the machine waits
            self.error = error
        finally:
            self.at = "ended"
            self._parked.set()

    def _wait(self) -> None:
        assert self._parked.wait(PATIENCE), "a worker hangs"
        if self.error is not None:
            raise self.error


class Ledger(RuleBasedStateMachine):
    """The rules are what may happen next."""

    app = monkeypatch = None

    def __init__(self) -> None:
        super().__init__()
        self.travel = time_machine.travel(BEGINNING, tick=False)
        self.clock = self.travel.start()
        self.context = self.app.app_context()
        self.context.push()
        operations._random.seed(1)  # when a mail is tried again must not be another each time a way is walked
        for table in (DeliveryAttempt, Delivery, MailContent, Suppression):
            database.session.execute(table.__table__.delete())
        database.session.commit()
        self.workers: list[Worker] = []
        self.accepted: list[str] = []
        self.resolved: Counter[str] = Counter()
        self.mails: list[int] = []
        self.cancellations = 0
        self.rows: list[tuple[State, datetime]] = []
        self.is_unswept = False

    # Mail is written.

    @initialize(kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=3))
    def some_is_there(self, kinds):
        for kind in kinds:
            self._write(kind)

    @precondition(lambda self: len(self.mails) < MOST_MAILS)
    @rule(kind=st.sampled_from(KINDS))
    def write(self, kind):
        self._write(kind)

    @precondition(lambda self: len(self.mails) < MOST_MAILS and len(self.workers) < MOST_WORKERS)
    @rule()
    def write_and_send_at_once(self):
        """As a reminder does: born claimed by the one who sends it."""
        delivery_id = self._write(Kind.REMINDER, claim_token="the one who fires")
        self._begin(lambda worker: sending.send(Claim(delivery_id, "the one who fires"), worker))

    def _write(self, kind, **values) -> int:
        number = len(self.mails)
        delivery = operations.enqueue(
            kind=kind,
            address=f"reader-{number}@example.org",
            content=operations.compose(subject="s", text="t\n", html="<p>t</p>"),
            dedupe_key=f"key:{number}",
            now=clock.now(),
            dispatch=False,
            **values,
        )
        delivery_id = delivery.id
        database.session.commit()
        self.mails.append(delivery_id)
        return delivery_id

    # Workers.

    @precondition(lambda self: self.has_room())
    @rule(data=st.data())
    def a_task_comes_for_a_mail(self, data):
        """Any number of times for the same one."""
        delivery_id = data.draw(st.sampled_from(self.mails))
        self._begin(lambda worker: sending.deliver(delivery_id))

    @precondition(lambda self: self.is_something_due() and self.has_room())
    @rule()
    def a_worker_drains(self):
        self._begin(lambda worker: sending.drain())

    def _begin(self, work) -> None:
        def with_its_connection(worker):
            sending.Connection.of_thread.worker = worker
            work(worker)

        self.workers.append(Worker(self.app, self.accepted, with_its_connection))

    @precondition(lambda self: any(worker.at == "offer" for worker in self.workers))
    @rule()
    def the_server_wants_all_that_is_offered(self):
        for worker in self.workers:
            if worker.at == "offer":
                worker.go("go on")

    @precondition(lambda self: any(worker.at == "offer" for worker in self.workers))
    @rule(data=st.data(), answer=st.sampled_from(list(BEFORE_DATA)))
    def the_server_answers_the_offer(self, data, answer):
        self._pick(data, "offer").go(answer)

    @precondition(lambda self: any(worker.at == "dot" for worker in self.workers))
    @rule(data=st.data(), answer=st.sampled_from(list(AT_THE_DOT)))
    def the_server_answers_the_dot(self, data, answer):
        self._pick(data, "dot").go(answer)

    @precondition(lambda self: any(worker.at == "dot" for worker in self.workers))
    @rule(answer=st.sampled_from(["accepted", "accepted, then cut", "cut"]))
    def the_server_answers_every_dot(self, answer):
        for worker in self.workers:
            if worker.at == "dot":
                worker.go(answer)

    @precondition(lambda self: any(worker.at in {"offer", "dot"} for worker in self.workers))
    @rule(data=st.data(), is_accepted=st.booleans())
    def a_worker_is_killed(self, data, is_accepted):
        worker = self._pick(data, "offer", "dot")
        if worker.at == "dot" and is_accepted:
            self.accepted.append(worker.message_id)
        worker.go(Killed())

    @precondition(lambda self: any(worker.at in {"offer", "dot"} for worker in self.workers))
    @rule(data=st.data(), is_accepted=st.booleans())
    def a_worker_is_told_to_end(self, data, is_accepted):
        worker = self._pick(data, "offer", "dot")
        if worker.at == "dot" and is_accepted:
            self.accepted.append(worker.message_id)
        worker.go(SystemExit())

    def _pick(self, data, *places) -> Worker:
        return data.draw(st.sampled_from([worker for worker in self.workers if worker.at in places]))

    # Time, sweeps, people.

    @precondition(lambda self: not self.is_unswept)
    @rule(seconds=st.sampled_from([1, 31, 70, 400, 12 * 60, 3600, 9 * 3600]))
    def time_passes(self, seconds):
        self.clock.shift(timedelta(seconds=seconds))
        self.is_unswept = True

    @precondition(lambda self: self.is_unswept)
    @rule()
    def somebody_sweeps(self):
        self.is_unswept = False
        operations.recover_leases(now=clock.now())
        operations.expire_waiting(now=clock.now())
        database.session.commit()

    @precondition(lambda self: self.cancellations < MOST_CANCELLED)
    @rule(data=st.data())
    def the_mail_is_no_longer_wanted(self, data):
        self.cancellations += 1
        number = data.draw(st.integers(0, len(self.mails) - 1))
        operations.cancel_waiting(dedupe_key=f"key:{number}", reason="edited", now=clock.now())
        database.session.commit()

    @precondition(lambda self: any(state is State.UNCERTAIN for state, _ in self.rows))
    @rule(data=st.data(), was_sent=st.booleans())
    def an_operator_resolves(self, data, was_sent):
        delivery_id = data.draw(st.sampled_from(self.mails))
        before = database.session.get_one(Delivery, delivery_id, populate_existing=True)
        was_uncertain, message_id = before.state is State.UNCERTAIN, before.message_id
        try:
            decisions.resolve(delivery_id, was_sent=was_sent, now=clock.now())
        except Refused:
            assert not was_uncertain
        else:
            assert was_uncertain
            self.resolved[message_id] += 1
        database.session.commit()

    # Without these, most steps would change nothing.

    def is_something_due(self) -> bool:
        return any(state is State.QUEUED and at <= clock.now() for state, at in self.rows)

    def has_room(self) -> bool:
        return len(self.workers) < MOST_WORKERS and sum(worker.at == "offer" for worker in self.workers) < 2

    # What must hold after each of them.

    @invariant()
    def the_servers_log_is_what_the_ledger_says(self):
        self.workers = [worker for worker in self.workers if worker.at != "ended"]
        database.session.rollback()
        accepted, doubts = Counter(self.accepted), self._doubts()
        on_their_way = {worker.message_id for worker in self.workers if worker.at == "dot"}
        rows = database.session.scalars(select(Delivery).execution_options(populate_existing=True)).all()
        self.rows = [(row.state, row.next_attempt_at) for row in rows]
        for row in rows:
            times, doubt = accepted[row.message_id], doubts[row.id]
            spoken_of = self.resolved[row.message_id] > 0
            assert times <= 1 or doubt, f"accepted {times} times, and nobody was ever in doubt about it"
            assert times <= 1 + (row.repeated_at is not None) + self.resolved[row.message_id]
            if row.state is State.SENT:
                assert times >= 1 or spoken_of, "sent, but no server has it"
            elif times and row.state not in {State.UNCERTAIN, State.SENDING}:
                assert row.repeated_at is not None, f"a server has it, but it is {row.state}"
            if row.state is State.UNCERTAIN:
                assert doubt
            if row.repeated_at is not None and not spoken_of:
                assert row.kind is Kind.REMINDER
                assert doubt
            assert (row.claim_token is None) == (row.state not in {State.CLAIMED, State.SENDING})
        assert on_their_way <= {row.message_id for row in rows}
        database.session.rollback()

    def _doubts(self) -> Counter[int]:
        return Counter(
            database.session.scalars(
                select(DeliveryAttempt.delivery_id).where(DeliveryAttempt.outcome == Verdict.UNCERTAIN)
            )
        )

    def teardown(self):
        """Everybody dies; one worker and a good server finish what is left, and every mail comes to an end."""
        try:
            for worker in self.workers:
                worker.go(Killed())
            self.workers = []
            for _ in range(4):
                self.clock.shift(timedelta(hours=9))
                self.somebody_sweeps()
                self.a_worker_drains()
                while self.workers[0].at != "ended":
                    self.workers[0].go("go on" if self.workers[0].at == "offer" else "accepted")
                self.the_servers_log_is_what_the_ledger_says()
            self.clock.shift(timedelta(hours=60))
            self.somebody_sweeps()
            assert set(database.session.scalars(select(Delivery.state))) <= ENDINGS
            self.the_servers_log_is_what_the_ledger_says()
        finally:
            database.session.rollback()
            self.context.pop()
            self.travel.stop()


class ConnectionOfThread:
    """Stands where the sending code makes its connection, and gives it the worker it runs in."""

    of_thread = threading.local()

    def __new__(cls, _config):
        return cls.of_thread.worker


@pytest.fixture
def machine(app, db, monkeypatch):
    monkeypatch.setattr(sending, "Connection", ConnectionOfThread)
    monkeypatch.setattr(operations, "_random", Random(1))
    return type("LedgerHere", (Ledger,), {"app": app})


def run(machine, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Part.generate],  # with threads and a database, a shorter way to a failure takes too long to find
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
def test_whatever_happens_the_servers_log_is_what_the_ledger_says(machine):
    run(machine, 100, 30)


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not os.environ.get("LEDGER_EXAMPLES"), reason="LEDGER_EXAMPLES=2000 walks so many ways, for long")
def test_whatever_happens_for_long_the_servers_log_is_what_the_ledger_says(machine):
    run(machine, int(os.environ["LEDGER_EXAMPLES"]), 60)
