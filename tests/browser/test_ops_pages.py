"""The operators' pages and one's own mail: accessible by day and by night, and readable on the narrowest phone."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import factories
from tests.browser.test_pages import too_small, too_wide
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail.models import DeliveryAttempt, HoldKind, Kind, MailHold, State
from webapp.ops import operations
from webapp.subscriptions.models import SubscriptionState

PATHS = [
    "/ops",
    "/ops/mails",
    "/ops/mails?state=lost&address=nobody",
    "/ops/mails/{mail}",
    "/ops/runs/{run}",
    "/ops/explain?address=tomas@example.org",
    "/settings/mail",
]

pytestmark = pytest.mark.parametrize("path", PATHS)


@pytest.fixture
def places(world):
    """A busy day: retries, a mail that is uncertain, a letter that did not reach everyone, mail that is held."""
    now = datetime.now(UTC)
    run = DigestRun(
        schedule_key="weekly",
        slot_at=now - timedelta(hours=2),
        window_start=now - timedelta(days=7),
        window_end=now - timedelta(hours=2),
        state=RunState.FROZEN,
        expected=1198,
        excluded=29,
    )
    db.session.add(run)
    reader = factories.subscription("tomas@example.org")
    factories.subscription("wen@example.org", state=SubscriptionState.LEFT)
    factories.subscription("a.very.long.address.indeed.without.a.place.to.break@subdomain.example.org")
    for hour in range(24):
        for number in range(3 + (hour * 7) % 11):
            due_at = now - timedelta(hours=hour, minutes=number)
            sent = _mail(f"{hour}:{number}", world.olive.email, Kind.REMINDER, State.SENT, due_at)
            sent.sent_at = due_at + timedelta(milliseconds=8 + 3 * number + (200 if hour == 9 else 0))
            if number == 2 and hour % 5 == 0:
                _attempt(sent, "rcpt", "later", 450, "4.2.1 mailbox busy", due_at)
    lost = _mail("lost", "tomas@example.org", Kind.DIGEST, State.UNCERTAIN, run.slot_at)
    lost.reader_id, lost.data_started_at = reader.id, run.slot_at + timedelta(seconds=7.241)
    db.session.flush()
    lost.run_id = run.id
    _attempt(
        lost, "dot", "uncertain", None, "the connection ended before an answer", run.slot_at + timedelta(seconds=7)
    )
    db.session.add(MailHold(kind=HoldKind.OPERATOR, reason="The relay is being moved.", placed_at=now))
    for part in ("worker", "worker celery@one", "beat"):
        operations.beat(part, now=now)
    db.session.commit()
    return {"mail": lost.id, "run": run.id}


def _mail(key, address, kind, state, due_at):
    made = ledger.enqueue(
        kind=kind,
        address=address,
        content=ledger.compose(subject=f"Water the fig, {key}", text="A word.\n", html="<p>A word.</p>"),
        dedupe_key=f"{kind}:{key}",
        now=due_at,
        dispatch=False,
    )
    made.created_at, made.state = due_at, state
    return made


def _attempt(mail, phase, outcome, code, reply, at):
    db.session.add(
        DeliveryAttempt(
            delivery_id=mail.id,
            phase=phase,
            outcome=outcome,
            code=code,
            reply=reply,
            worker="host:4711",
            started_at=at,
            ended_at=at + timedelta(seconds=0.902),
        )
    )


@pytest.fixture
def opened(path, browser, window, world, client, places):
    browser.expected = ("422",)  # Chromium says so on the console

    def opened(**options):
        page = window(world.olive, client, **options)
        page.goto(path.format(**places))
        return page

    return opened


def test_axe_finds_nothing_by_day_or_by_night(opened):
    page = opened(color_scheme="light", bypass_csp=True)
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{light}\n{found.generate_report()}"


def test_a_page_is_whole_on_every_screen(opened):
    page = opened()
    assert page.locator("h1").count() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert too_small(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, too_wide(page)
