"""A reader of Chinese finds no English on any page or in any mail but what somebody wrote in it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from babel.support import NullTranslations

from tests import factories
from tests.functional import untranslated
from tests.world import post_form, sign_in
from webapp.accounts.models import Role
from webapp.core import clock, words
from webapp.digests import opening
from webapp.digests import operations as digests
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, Kind, State
from webapp.ops import alarm
from webapp.posts.operations import writing
from webapp.reminders import firing
from webapp.reminders import operations as reminders
from webapp.reminders.models import Reminder, ReminderKind
from webapp.subscriptions import operations as subscriptions

CHINESE = {"Accept-Language": "zh-CN"}
TYPED = {"almanac", "alice", "bob", "carol", "olive", "ada", "werkzeug", "db", "upgrade", "utc", "english", "markdown"}
"""Names of people, of the site, of languages and formats: the same in every language."""

TECHNICAL = {"html", "openapi", "json", "api", "message", "id", "message-id", "sqlite", "worker", "beat", "atom", "rss"}
NO_PAGES = (
    "static",
    "api.",
    "feeds.",
    "ops.metrics",
    "ops.healthz",
    "ops.readyz",
    "ops.inbox_html",
    "api_reference.",
)


@pytest.fixture
def brackets(monkeypatch):
    """The Chinese catalogue with brackets in the place of its words."""
    marked = untranslated.Marked()
    monkeypatch.setattr(words, "translations", lambda locale: marked if locale == "zh_Hans" else NullTranslations())


@pytest.fixture
def ada(world):
    """An administrator, who may see every page."""
    return factories.person("Ada", role=Role.ADMIN, language="zh-Hans", zone="Asia/Shanghai")


@pytest.fixture
def places(world, ada):
    """What stands in the addresses, and something on every page."""
    now = clock.now()
    post = factories.post(
        ada, "霜降", published_at=now - timedelta(days=2), slug="frost", tags=("园子",), body="第一场霜。"
    )
    factories.post(ada, "草稿一篇", slug="draft")
    mine = [
        factories.reminder(ada, "浇花", due_at=now + timedelta(days=3), recurrence="FREQ=WEEKLY"),
        factories.reminder(ada, "交租", due_at=now + timedelta(days=1)),
    ]
    subscriptions.ask(email=ada.email, consent="page", now=now, person=ada, language="zh-Hans")
    mail = ledger.enqueue(
        kind=Kind.DIGEST,
        address=ada.email,
        content=ledger.compose(subject="周信", text="信。\n", html="<p>信。</p>"),
        dedupe_key="digest:1",
        now=now,
    )
    mail.state = State.UNCERTAIN
    run = opening.open_now(now=now)
    said = factories.comment(post, ada, "好文。")
    factories.comment(post, None, "再来。", state="pending", published_at=None, name="阿澄", language="zh-Hans")
    writing.edit(post, by=ada, version=post.version, title="霜降了", now=now)
    db.session.commit()
    return {
        "slug": "frost",
        "handle": ada.handle,
        "post_id": post.id,
        "reminder_id": mine[0].id,
        "delivery_id": mail.id,
        "run_id": run.id,
        "comment_id": said.id,
        "number": 1,
    }


def addresses(app, places):
    """Every page that can be asked for with what ``places`` holds."""
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.endpoint.startswith(NO_PAGES) and rule.arguments <= places.keys():
            values = places | ({"slug": "园子"} if rule.endpoint == "posts.tag" else {})
            yield rule.build({name: values[name] for name in rule.arguments})[1]


def found_on(client, path, typed=frozenset()):
    answer = client.get(path, headers=CHINESE)
    answer.close()
    if answer.mimetype != "text/html" or answer.status_code >= 300:
        return []
    return untranslated.on_page(answer.text, TYPED | TECHNICAL | typed)


@pytest.mark.parametrize("is_signed_in", [False, True], ids=["a stranger", "an administrator"])
def test_no_page_says_anything_in_english(app, client, brackets, places, ada, is_signed_in):
    if is_signed_in:
        sign_in(client, ada)
    paths = sorted(addresses(app, places))
    assert len(paths) > 20
    found = {path: left for path in paths if (left := found_on(client, path))}
    assert found == {}


@pytest.mark.parametrize("path", ["/nowhere", "/ops", "/posts/frost/edit"])
def test_no_error_page_says_anything_in_english(client, brackets, places, path):
    answer = client.get(path, headers=CHINESE)
    assert untranslated.on_page(answer.text, TYPED) == []


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("/reminders", {"text": "", "when": "blurb", "zone": "Nowhere", "repeat": "never"}),
        ("/reminders", {"text": "茶", "when": "2020-01-01 10:00", "zone": "上海", "repeat": "often"}),
        ("/settings", {"name": "", "zone": "", "language": "fr"}),
        ("/settings", {"name": "x" * 90, "zone": "上海"}),
        ("/subscribe", {"email": "茶"}),
        ("/write/new", {"action": "publish"}),
        ("/write/new", {"action": "schedule", "title": "茶", "body": "茶", "publish_at": "soon"}),
        ("/write/new", {"action": "save", "title": "茶", "body": "茶", "tags": "!"}),
    ],
)
def test_what_does_not_fit_is_said_in_no_english(client, brackets, places, ada, page, sent):
    sign_in(client, ada)
    typed = {word.casefold() for value in sent.values() for word in re.findall(r"[A-Za-z]+", value)}
    answer = post_form(client, page, **sent)
    assert answer.status_code == 422
    assert untranslated.on_page(answer.text, TYPED | typed) == []


def mails(of):
    """The newest mail to an address: subject, text, and what its HTML says."""
    db.session.expire_all()
    content = db.session.query(Delivery).filter_by(address=of).order_by(Delivery.id.desc()).first().content
    assert 'lang="zh-Hans"' in content.html
    body = re.sub(r"<style.*?</style>", "", content.html, flags=re.DOTALL)
    return "\n".join([content.subject, content.text, *untranslated.Page(body).said])


def left_in(mail, *typed):
    return untranslated.of_ours(re.sub(r"@@\w+:\w+@@", "", mail), TYPED | set(typed))


def test_no_mail_says_anything_in_english(client, session, brackets, smtp, ada, places):
    now = clock.now()
    factories.reminder(ada, "浇花", due_at=now - timedelta(hours=1))
    late = factories.reminder(ada, "喝茶", due_at=now - timedelta(hours=2), recurrence="FREQ=DAILY")
    db.session.commit()

    firing.fire(late.id, late.version)
    assert left_in(mails(ada.email)) == []

    reminders.welcome(person=ada, now=now)
    db.session.commit()
    welcome = session.query(Reminder).filter_by(kind=ReminderKind.WELCOME).one()
    firing.fire(welcome.id, welcome.version)
    assert "⟦Welcome, %(name)s.⟧".partition("%")[0] in mails(ada.email)
    assert left_in(mails(ada.email)) == []

    alarm.watch(now + timedelta(hours=1))
    db.session.commit()
    assert (
        left_in(mails(ada.email), "migrations", "worker", "dispatcher", "reminders", "upgrade", "manage", "py", "db")
        == []
    )

    post_form(client, "/reset", email=ada.email)
    assert left_in(mails(ada.email)) == []

    for path, sent in (("/register", {"name": "Bo", "password": "a long one"}), ("/subscribe", {})):
        page = client.get(path, headers=CHINESE)
        token = re.search(r'csrf_token" value="([^"]+)"', page.text)[1]
        client.post(path, data={"csrf_token": token, "email": f"new@{path[1:]}.example", **sent}, headers=CHINESE)
        assert left_in(mails(f"new@{path[1:]}.example"), "bo") == []

    for _ in digests.expand(places["run_id"], now=now):
        db.session.commit()
    assert left_in(mails(ada.email)) == []


def test_a_letter_is_written_once_for_each_language_and_says_dates_as_they_do(session, world):
    now = datetime(2026, 11, 28, 2, tzinfo=UTC)
    factories.post(world.alice, "Frost", published_at=now - timedelta(days=1))
    readers = [factories.subscription(language=language) for language in ("zh-Hans", "en", None, "zh-Hans")]
    run = opening.open_now(now=now)
    for _ in digests.expand(run.id, now=now):
        db.session.commit()
    letters = [session.query(Delivery).filter_by(reader_id=reader.id).one().content for reader in readers]
    assert letters[0].id == letters[3].id
    assert letters[1].id == letters[2].id != letters[0].id
    assert "11月28日 周六" in letters[0].text
    assert "Sat 28 Nov" in letters[1].text
    assert session.query(Delivery).filter_by(reader_id=readers[0].id).one().values["asked_on"] == "2026年1月1日"
