"""A site with something on every page: what people wrote and said, mail in every state, files that came and went."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
from PIL import Image as Pixels
from PIL import ImageDraw

from tests import factories
from tests.world import World
from webapp.accounts import links as account_links
from webapp.accounts import operations as accounts
from webapp.accounts.models import Person, Registration, Role, Scope
from webapp.comments import links as comment_links
from webapp.comments.models import CommentState, Subject
from webapp.digests import links as letter_links
from webapp.digests.models import DigestRun, Letter, LetterPost, RunState
from webapp.extensions import db
from webapp.images import operations as images
from webapp.images.addresses import as_markdown
from webapp.images.models import Image
from webapp.mail import inbox
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, DeliveryAttempt, HoldKind, Kind, MailHold, State
from webapp.ops import operations as ops
from webapp.ops.dead_letters import DeadLetter
from webapp.portability.models import Transfer, TransferEntry, TransferState
from webapp.posts import mails as review_mails
from webapp.posts import operations
from webapp.posts.models import Post
from webapp.posts.operations import previews, reviewing
from webapp.reminders import feeds as calendars
from webapp.reminders import links as links_of_reminders
from webapp.reminders import mails as reminder_mails
from webapp.reminders import operations as reminders
from webapp.reminders import recipients
from webapp.reminders.models import ReminderState
from webapp.subscriptions import links as subscription_links
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import SubscriptionState

Places = dict[str, Any]

BODY = """
A paragraph with a [link](https://example.org/a/very/long/address/that/has/no/place/to/break/at/all/anywhere/in/it),
*emphasis* and `code`.[^1]

## A heading

> A quotation.

- one
- two

| a column | another one | a third column | and a fourth one |
|---|---|---|---|
| 1 | 2 | 3 | 4 |

```python
def a_function_with_a_long_name(and_an_argument, and_another_argument, and_one_more_argument):
    return "a line that is far wider than any phone will ever be, whatever happens to phones"
```

Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.

这是一个很长的中文段落用来看看文字会不会换行因为中文里没有空格

## Another one

- [x] Dig them up
- [ ] Write the labels

### And a smaller one

More words, so that there is a way to somewhere else.

[^1]: Which is said again at the end of the page.
"""
WEEKLY = "The week: frost, bread and a letter that was not sent"
TITLE = "The first frost and what it did to the dahlias behind the house"

WEEK = timedelta(days=7)


def fill(world: World) -> Places:
    """Fills the site and commits. What stands in the addresses of its pages, and in it ``people`` by name."""
    now = datetime.now(UTC)
    world.alice.role = Role.EDITOR
    ada = factories.person("Ada", role=Role.ADMIN)
    nora = factories.person("Nora", role=Role.AUTHOR)
    people = {"alice": world.alice, "bob": world.bob, "olive": world.olive, "ada": ada, "nora": nora}
    picture = draw(world.alice, now)
    post = _posts(world, picture, now)
    places: Places = {"people": people, "slug": post.slug, "id": post.id, "picture": picture.key}
    places |= _drafts(world, now) | _comments(world, post, now) | _reminders(world, now) | _links(world, nora, now)
    places |= _mails(world, now) | _transfers(ada, now)
    lost = db.session.get(Delivery, places["mail"])
    assert lost is not None
    places |= _letters(world, post, lost, now)
    db.session.commit()
    return places


def draw(owner: Person, now: datetime, alt: str = "Rows of dahlias, black after the frost") -> Image:
    """A picture of the owner's."""
    drawn = Pixels.new("RGB", (900, 520), (214, 219, 216))
    pen = ImageDraw.Draw(drawn)
    for number in range(9):
        x = 60 + number * 95
        pen.line([(x, 480), (x + 12, 220)], fill=(60, 74, 66), width=7)
        pen.ellipse([x - 34, 150, x + 58, 242], fill=(58, 44, 44))
    pen.rectangle([0, 480, 900, 520], fill=(104, 96, 84))
    file = io.BytesIO()
    drawn.save(file, "PNG")
    kept = images.keep(images.receive(file.getvalue(), "dahlias.png"), owner=owner, alt=alt, now=now)
    db.session.flush()
    return kept


def _posts(world: World, picture: Image, now: datetime) -> Post:
    alice = world.alice
    alice.bio = "Keeps a garden behind the house and writes down what it does."
    body = f"{BODY}\n\n{as_markdown(picture)}\n"
    post = operations.write(
        author=alice, title=TITLE, body=body, tags=["garden", "winter"], slug=None, now=now, cover_id=picture.id
    )
    operations.publish(post, by=alice, now=now)
    operations.edit(post, by=alice, now=now, version=None, body=body.replace("No", "Nothing"), tags=["garden"])
    for number, title in enumerate(("Bread log: the cold week", "Letters I meant to send", "What the quay forgets")):
        at = now - timedelta(days=3 * number + 1, hours=number)
        factories.post(alice, title, published_at=at, tags=("garden",), body="It took nineteen hours. " * 9)
    for number in range(12):
        at = now - timedelta(days=20 + 17 * number)
        factories.post(world.carol, f"Winter notes, part {12 - number}", published_at=at, tags=("winter",))
    factories.post(alice, "霜降一个相当长的中文标题看看它在窄屏上怎么换行", published_at=now - timedelta(days=40))
    return post


def _drafts(world: World, now: datetime) -> Places:
    alice = world.alice
    draft = factories.post(alice, "A draft", with_others=[world.carol])
    _link, token = previews.share(draft, days=7, by=alice, now=now)
    reviewing.submit(draft, by=alice, now=now, words="Is the end too long?")
    coming = factories.post(alice, "The shed in spring", body=BODY)
    operations.schedule(coming, at=now + timedelta(days=2), by=alice, now=now)
    trashed = factories.post(alice, "Old notes")
    operations.trash(trashed, by=alice, now=now)
    return {"draft": draft.id, "coming": coming.id, "trashed": trashed.id, "token": token}


def _comments(world: World, post: Post, now: datetime) -> Places:
    own = factories.comment(post, world.bob, "A [link](https://example.org) and `code`.")
    comment = own
    for _level in range(4):
        comment = factories.comment(post, body=TITLE.replace(" ", ""), parent_id=comment.id)
    held = factories.comment(post, world.bob, BODY, state=CommentState.PENDING, held=["links", "repeated"])
    for number in range(3):
        at = now - timedelta(hours=3 * number)
        waits = {"state": CommentState.PENDING, "held": ["site"], "created_at": at}
        factories.comment(post, body=f"In Lord Howe the half hour also breaks the school bus, {number}.", **waits)
    new = factories.comment(
        post, body="Mine froze too.", state=CommentState.UNCONFIRMED, address="wen@example.org", name="Wen"
    )
    hearer = comment_links.Hearer(Subject.REPLIES, world.bob.id, world.bob.email, post.id)
    return {
        "comment": comment.id,
        "own": own.id,
        "decide": _token(comment_links.decide_url(held, world.alice)),
        "say": _token(comment_links.confirm_url(new)).removeprefix("comment-"),
        "mute": comment_links.mute_token(hearer),
        "quiet": review_mails.quiet_token(world.alice),
    }


def _reminders(world: World, now: datetime) -> Places:
    alice, soon = world.alice, {"person": world.alice, "zone": world.alice.zone, "now": now}
    one = reminders.schedule(text="Call the printer about the paper", due_at=now + timedelta(hours=7), **soon)
    reminders.snooze(one, until=now + timedelta(days=3), now=now)
    weekly = reminders.schedule(
        text="Water the fig", due_at=now + timedelta(days=2), recurrence="FREQ=WEEKLY;BYDAY=MO,TU,FR", **soon
    )
    paused = reminders.schedule(text="Open last night's backup", due_at=now + timedelta(days=9), **soon)
    reminders.pause(paused, now=now)
    done = reminders.schedule(text="Pay the hosting", due_at=now + timedelta(days=1), **soon)
    reminders.finish(done, now=now)
    dropped = reminders.schedule(text="Return the ladder", due_at=now + timedelta(days=1), **soon)
    reminders.cancel(dropped, now=now)
    told = factories.reminder(
        alice, "Read the proofs", due_at=now - timedelta(hours=1), state=ReminderState.FIRED, fired_at=now
    )
    calendars.renew(alice, now=now)
    asked = recipients.ask(world.alice, "friend@example.net", now=now)
    allowed = recipients.ask(world.alice, "neighbour@example.net", now=now)
    recipients.accept(allowed, now=now)
    recipients.ask(world.bob, world.alice.email, now=now)
    return {
        "reminder": weekly.id,
        "act": reminder_mails.act_token(told.id, told.version),
        "request": _token(links_of_reminders.answer_url(asked)),
        "stop": _token(links_of_reminders.stop_url(allowed)),
    }


def _links(world: World, nora: Person, now: datetime) -> Places:
    """The pages that a mail leads to, and what a program of Alice's has."""
    accounts.create_token(world.alice, [Scope.POSTS_WRITE, Scope.REMINDERS_READ], now=now)
    registration = Registration(
        email="dora@example.org", name="Dora", password_hash="-", zone="UTC", language=None, created_at=now
    )
    db.session.add(registration)
    asked = factories.subscription("dora@example.org", state=SubscriptionState.PENDING, confirmed_at=None)
    factories.subscription(world.bob.email)
    reads = factories.subscription("tomas@example.org")
    db.session.flush()
    return {
        "join": _token(account_links.to_confirm(registration)),
        "reset": account_links.reset_token(nora),
        "letter": _token(subscription_links.confirm_url(asked)).removeprefix("letter-"),
        "leave": subscription_links.leave_token(reads),
    }


def _letters(world: World, post: Post, lost: Delivery, now: datetime) -> Places:
    """What readers follow at cadences of their own; a letter in the browser, and one that waits for an editor."""
    factories.subscription(world.alice.email, follows=f"@{world.alice.id}")
    follows = f"site @{world.alice.id}=post"
    reader = factories.subscription("mei@example.org", follows=follows, each_post_from=now, asked_again_at=now)
    less = factories.subscription("lars@example.org", follows=f"@{world.bob.id}")
    week = {"window_start": now - timedelta(days=7), "window_end": now}
    waits = {"state": RunState.ANNOUNCED, "goes_at": now + timedelta(minutes=30)}
    waiting = DigestRun(schedule_key="daily", slot_at=now, **week, **waits)
    db.session.add(waiting)
    db.session.add(Letter(content_id=lost.content_id, token="in-the-browser", starts_at=now - WEEK, ends_at=now))
    db.session.flush()
    db.session.add(LetterPost(content_id=lost.content_id, post_id=post.id))
    return {
        "digest": "in-the-browser",
        "stop_letter": _token(letter_links.stop_url(waiting.id)),
        "manage": subscription_links.manage_token(reader),
        "more": _token(subscription_links.add_url(less, Following(authors=frozenset({world.alice.id})))).removeprefix(
            "follow-"
        ),
        "still": _token(subscription_links.still_url(reader)).removeprefix("still-"),
    }


def _mails(world: World, now: datetime) -> Places:
    """A busy day: retries, a mail that is uncertain, a letter that did not reach everyone, mail that is held."""
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
    factories.subscription("wen@example.org", state=SubscriptionState.LEFT)
    factories.subscription("a.very.long.address.indeed.without.a.place.to.break@subdomain.example.org")
    for hour in range(24):
        for number in range(3 + (hour * 7) % 11):
            due_at = now - timedelta(hours=hour, minutes=number)
            sent = _mail(f"{hour}:{number}", world.olive.email, Kind.REMINDER, State.SENT, due_at)
            sent.sent_at = due_at + timedelta(milliseconds=8 + 3 * number + (200 if hour == 9 else 0))
            if number == 2 and hour % 5 == 0:
                _attempt(sent, "rcpt", "later", 450, "4.2.1 mailbox busy", due_at)
    for number, state in enumerate((State.FAILED, State.QUEUED, State.CANCELLED, State.SUPPRESSED)):
        _mail(f"other {number}", world.alice.email, Kind.REMINDER, state, now - timedelta(hours=number))
    lost = _mail("lost", "tomas@example.org", Kind.DIGEST, State.UNCERTAIN, run.slot_at)
    lost.data_started_at = run.slot_at + timedelta(seconds=7.241)
    db.session.flush()
    lost.run_id = run.id
    ended = "the connection ended before an answer"
    _attempt(lost, "dot", "uncertain", None, ended, run.slot_at + timedelta(seconds=7))
    db.session.add(MailHold(kind=HoldKind.OPERATOR, reason="The relay is being moved.", placed_at=now))
    for part in ("worker", "worker celery@one", "beat"):
        ops.beat(part, now=now)
    return {"mail": lost.id, "run": run.id}


def _mail(key: str, address: str, kind: Kind, state: State, due_at: datetime) -> Delivery:
    made = ledger.enqueue(
        kind=kind,
        address=address,
        content=ledger.compose(subject=f"Water the fig, {key}", text="A word.\n", html="<p>A word.</p>"),
        dedupe_key=f"{kind}:{key}",
        now=due_at,
        dispatch=False,
    )
    assert made is not None
    made.created_at, made.state = due_at, state
    return made


def _attempt(mail: Delivery, phase: str, outcome: str, code: int | None, reply: str, at: datetime) -> None:
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


def _transfers(ada: Person, now: datetime) -> Places:
    """One import that is over and has something of everything to say, one that is half done, one that failed."""
    about = {"direction": "import", "system": "wordpress", "person_id": ada.id, "file": "/x.xml", "options": {}}
    counts = {"post": {"imported": 1200, "draft": 3, "skipped": 1, "failed": 1}, "nav_menu_item": {"skipped": 40}}
    name = "the-ferry-house.2026-11-01.xml"
    over = Transfer(**about, name=name, state=TransferState.DONE, counts=counts, ended_at=now)
    half = Transfer(**about, name="half.xml", state=TransferState.RUNNING, counts={}, done=40, total=120)
    error = "This is not an export of WordPress: the file ends in the middle of an item."
    failed = Transfer(**about, name="broken.xml", state=TransferState.FAILED, error=error, ended_at=now)
    out = {**about, "direction": "export", "system": "almanac"}
    export = Transfer(**out, name="almanac.zip", state=TransferState.DONE, counts={}, ended_at=now)
    db.session.add_all([over, half, failed, export])
    db.session.flush()
    address = "https://ferry.example/wp-content/uploads/2024/05/a-very-long-name-without-any-place-to-break-it.png"
    for nth, outcome in enumerate(("failed", "draft", "imported", "skipped", "unchanged")):
        reason = f"pictures that stay where they are: {address} (fetching was not allowed)"
        item = {"kind": "post", "title": f"Item {nth}", "outcome": outcome, "reason": reason}
        db.session.add(TransferEntry(transfer_id=over.id, nth=nth, **item))
    return {"over": over.id, "under_way": half.id, "broken": failed.id, "export": export.id}


def catch_mail(folder: Path) -> Places:
    """Mail in the inbox of a site that catches it: with HTML, and without."""
    inbox.make_folder(folder)
    for subject in ("Confirm your address", WEEKLY):
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"], mail["Subject"] = "almanac@example.org", "bob@example.org", subject
        mail["X-Almanac-Kind"] = "digest"
        mail.set_content("Go to http://127.0.0.1/confirm/abc now.\n")
        if subject == WEEKLY:
            mail.add_alternative("<p>Go <b>now</b>.</p>", subtype="html")
        inbox.keep(folder, sender="almanac@example.org", recipients=["bob@example.org"], content=mail.as_bytes())
    return {"caught": next(each.key for each in inbox.newest(folder, limit=2) if each.message["Subject"] == WEEKLY)}


def dead_letters() -> list[DeadLetter]:
    """What RabbitMQ would keep: one that was refused, one that cannot be read, one of another version."""
    at = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
    made = []
    for number, (task, body) in enumerate((("mail.deliver", b"[[7], {}, {}]"), ("x", b'{"half'), ("gone", b"[[1]]"))):
        death = {"count": 1, "reason": "rejected", "queue": "almanac.mail", "time": at, "exchange": "almanac"}
        headers = {"task": task, "id": f"4d{number}", "x-death": [death | {"routing-keys": ["0.1.almanac.mail"]}]}
        made.append(DeadLetter(body, pika.BasicProperties(headers=headers, correlation_id="4d"), "almanac.mail"))
    return made


def _token(link: str) -> str:
    return urlsplit(link).path.rpartition("/")[2]
