"""Is all well? One list of answers for `doctor`, `/readyz` and whoever watches from outside."""

from __future__ import annotations

import os
import smtplib
import ssl
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from webapp.core import clock, site
from webapp.core.broker import DEAD_QUEUE
from webapp.core.words import _, kept, later, ngettext
from webapp.extensions import db
from webapp.mail import guard, holds
from webapp.mail.models import HoldKind
from webapp.ops import broker, migrations, queries
from webapp.ops.backups import making
from webapp.ops.lateness import ALARM_AFTER, lateness
from webapp.search import operations as search
from webapp.search.engines import Unreachable

SILENT_AFTER = timedelta(seconds=120)
SMTP_SECONDS = 5
LEAST_FREE_BYTES = 100 * 1024 * 1024
NAMES = {
    "database": later("Database"),
    "migrations": later("Tables"),
    "broker": later("Broker"),
    "worker": later("Worker"),
    "beat": later("Beat"),
    "dispatcher": later("Dispatcher"),
    "holds": later("Holds"),
    "reminders": later("Reminders"),
    "mail": later("Mail"),
    "backup": later("Backup"),
    "search": later("Search"),
    "queues": later("Queues"),
    "smtp": later("Mail server"),
    "disk": later("Disk"),
}


@dataclass(frozen=True)
class Check:
    """One answer. ``detail`` may be shown to anybody; ``fix`` says what to do, and is empty when all is well."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    @property
    def title(self) -> str:
        """What people call it; ``name`` is for programs."""
        return checked(self.name)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def checked(name: str) -> str:
    """What people call the part of the house that a check of this name is about."""
    return str(NAMES.get(name, name.capitalize()))


def all_checks(now: datetime | None = None) -> list[Check]:
    """Everything, in the order in which one would look. Takes seconds when something does not answer."""
    now = now or clock.now()
    found = [_database(), _migrations(), *_broker()]
    if found[0].ok and found[1].ok:
        found += [
            _guarded(each, now) for each in (_worker, _beat, _dispatcher, _holds, _reminders, _mail, _search, _backup)
        ]
    else:
        found += [Check(name, False, _("not known without the database")) for name in LIVING]
    return [*found, _smtp(), _folder()]


def readiness(now: datetime | None = None) -> list[Check]:
    """What must be well before requests are let in: the database, its tables, the broker, and nothing late."""
    now = now or clock.now()
    found = [_database(), _migrations(), _broker_answers()]
    if found[0].ok and found[1].ok:
        found += [_guarded(each, now) for each in (_reminders, _mail)]
    return found


def _database() -> Check:
    try:
        queries.answers()
    except SQLAlchemyError as error:
        return Check(
            "database",
            False,
            _("does not answer"),
            _("%(cause)s. See %(setting)s.", cause=_cause(error), setting="DATABASE_URL"),
        )
    finally:
        db.session.rollback()
    return Check("database", True, db.engine.dialect.name)


def _migrations() -> Check:
    try:
        present, wanted = migrations.present(), migrations.wanted()
    except (SQLAlchemyError, migrations.Unreadable) as error:
        return Check("migrations", False, _("not known"), _cause(error))
    if present == wanted:
        return Check("migrations", True, _("at %(version)s", version=present))
    return Check(
        "migrations",
        False,
        _("the tables are at %(present)s, not %(wanted)s", present=present or _("nothing"), wanted=wanted),
        "./manage.py db upgrade",
    )


def _broker() -> Iterable[Check]:
    answer = _broker_answers()
    yield answer
    url = site.config().celery_broker_url
    if answer.ok and broker.kind(url) == "rabbitmq":
        yield _queues(url)


def _broker_answers() -> Check:
    config = site.config()
    if config.is_embedded:
        return _can_write(
            str(broker.folder()), "broker", _("a folder"), _("see %(setting)s", setting="CELERY_BROKER_URL")
        )
    try:
        broker.ping(config.celery_broker_url)
    except broker.Unreachable as error:
        return Check(
            "broker",
            False,
            _("does not answer"),
            _("%(cause)s. See %(setting)s.", cause=error, setting="CELERY_BROKER_URL"),
        )
    return Check("broker", True, broker.kind(config.celery_broker_url))


def _queues(url: str) -> Check:
    try:
        found = broker.queues(url)
    except broker.Unreachable as error:
        return Check("queues", False, _("the broker does not answer"), str(error))
    missing = [name for name, facts in found.items() if facts is None]
    if missing:
        return Check(
            "queues",
            False,
            _("missing: %(names)s", names=", ".join(missing)),
            _("start the worker, which declares them"),
        )
    facts = {name: each for name, each in found.items() if each is not None}
    dead = facts.pop(DEAD_QUEUE)[0]
    unheard = [name for name, (_waiting, listening) in facts.items() if not listening]
    detail = _(
        "%(waiting)s waiting, %(dead)s dead", waiting=sum(waiting for waiting, _listening in facts.values()), dead=dead
    )
    if dead:
        detail = _("%(detail)s, see ./manage.py dead list", detail=detail)
    if unheard:
        silent = _("%(detail)s; nobody listens to %(names)s", detail=detail, names=", ".join(unheard))
        return Check("queues", False, silent, _("start the worker"))
    return Check("queues", True, detail)


def _worker(now: datetime) -> Check:
    return _alive("worker", now, _("look at the logs of worker and beat: it is a task that beat sends every 30 s"))


def _beat(now: datetime) -> Check:
    return _alive(
        "beat", now, _("look at the log of beat, and whether the broker answers; start it if it is not there")
    )


def _dispatcher(now: datetime) -> Check:
    return _alive("dispatcher", now, _("look at the log of `./manage.py sweep --forever`; start it if it is not there"))


def _alive(name: str, now: datetime, fix: str) -> Check:
    seen = queries.last_seen(name)
    if seen is None:
        return Check(name, False, _("has never shown a sign of life"), fix)
    silent = now - seen
    detail = _("seen %(span)s ago", span=_ago(silent))
    return Check(name, True, detail) if silent <= SILENT_AFTER else Check(name, False, detail, fix)


def _holds(now: datetime) -> Check:
    """Whether mail may go out at all, with the doubt about the database that no process has met yet."""
    held = [(each.kind, each.reason, each.placed_at) for each in holds.active()]
    if not held and (doubt := guard.why()) is not None:
        held = [(HoldKind.COPY, doubt, now)]
    if not held:
        return Check("holds", True, _("mail goes out"))
    since = _ago(now - min(each[2] for each in held))
    kinds = ", ".join(each[0] for each in held)
    reasons = [kept(each[1]) for each in held]
    why = _(". ").join(reason[:1].upper() + reason[1:] for reason in reasons)
    return Check(
        "holds",
        False,
        _("no mail goes out (%(kinds)s, for %(span)s)", kinds=kinds, span=since),
        _(". ").join([why, _what_to_do(held[0][0])]),
    )


def _what_to_do(kind: HoldKind) -> str:
    if kind is HoldKind.COPY:
        return _(
            "If this database is the one that should mail, say so: ./manage.py mail release. If it is a copy, leave it"
        )
    if kind is HoldKind.SIGN_IN:
        return _("Correct SMTP_USER and SMTP_PASSWORD, start again, then ./manage.py mail release")
    return _("When mail may go again: ./manage.py mail release")


def _reminders(now: datetime) -> Check:
    return _punctual("reminders", lateness(now).reminders, now)


def _mail(now: datetime) -> Check:
    late = _punctual("mail", lateness(now).mail, now)
    uncertain = queries.uncertain_mails()
    if late.ok and uncertain:
        return Check("mail", True, _("on time; %(count)s uncertain, see ./manage.py mail list", count=uncertain))
    return late


def _punctual(name: str, since: datetime | None, now: datetime) -> Check:
    if since is None or now - since <= ALARM_AFTER:
        return Check(name, True, _("on time"))
    return Check(
        name,
        False,
        _("the oldest is %(span)s late", span=_ago(now - since)),
        _("see the checks above, then the dispatcher's log"),
    )


LIVING = ("worker", "beat", "dispatcher", "holds", "reminders", "mail", "search", "backup")


def _search(_now: datetime) -> Check:
    """Whether the index of all words holds the posts that are published, and no others."""
    fix = "./manage.py search reindex"
    try:
        name, count, missing = search.compare()
    except Unreachable as error:
        return Check(
            "search", False, _("the engine elsewhere does not answer; the database answers for it"), str(error)
        )
    if missing:
        return Check(
            "search",
            False,
            _("the index is no longer kept: %(names)s is missing", names=", ".join(sorted(missing))),
            fix,
        )
    if count.missing or count.left_over:
        detail = _(
            "%(name)s: %(missing)s posts are not in the index, %(left_over)s in it are not published",
            name=name,
            missing=count.missing,
            left_over=count.left_over,
        )
        return Check("search", False, detail, fix)
    return Check(
        "search", True, ngettext("%(name)s, %(num)s post", "%(name)s, %(num)s posts", count.entries, name=name)
    )


def _backup(now: datetime) -> Check:
    last = making.last()
    if last is None:
        return Check("backup", True, _("none was made from here"))
    return Check("backup", True, _("made %(span)s ago: %(file)s", span=_ago(now - last.at), file=last.file))


def _guarded(check: Callable[[datetime], Check], now: datetime) -> Check:
    try:
        return check(now)
    except SQLAlchemyError as error:
        return Check(check.__name__.strip("_"), False, _("not known"), _cause(error))
    finally:
        db.session.rollback()


def _smtp() -> Check:
    """Greets the mail server as the transport does, up to the proof of its name, but does not sign in."""
    config = site.config()
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(config.smtp_host, config.smtp_port, timeout=SMTP_SECONDS, context=context)
            if config.smtp_security == "tls"
            else smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=SMTP_SECONDS)
        ) as server:
            if config.smtp_security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
    except ssl.SSLCertVerificationError as error:
        return Check(
            "smtp",
            False,
            _("nobody vouches for the mail server's certificate"),
            _("%(cause)s. See %(setting)s.", cause=error.verify_message, setting="SMTP_HOST, SSL_CERT_FILE"),
        )
    except smtplib.SMTPNotSupportedError as error:
        return Check(
            "smtp",
            False,
            _("the mail server offers no TLS"),
            _("%(cause)s. See %(setting)s.", cause=_cause(error), setting="SMTP_SECURITY"),
        )
    except (OSError, smtplib.SMTPException) as error:
        return Check(
            "smtp",
            False,
            _("the mail server does not answer"),
            _("%(cause)s. See %(setting)s.", cause=_cause(error), setting="SMTP_HOST, SMTP_PORT"),
        )
    return Check("smtp", True, _("answers"))


def _folder() -> Check:
    folder = str(site.config().data_dir)
    written = _can_write(folder, "disk", _("DATA_DIR can be written to"), _("see %(setting)s", setting="DATA_DIR"))
    if not written.ok:
        return written
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if free < LEAST_FREE_BYTES:
        return Check(
            "disk", False, _("only %(count)s MB are free", count=free // 1024 // 1024), _("make room where DATA_DIR is")
        )
    return written


def _can_write(folder: str, name: str, detail: str, fix: str) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"can this be written?")
            file.flush()
    except OSError as error:
        return Check(name, False, _("cannot be written to"), f"{_cause(error)}; {fix}")
    return Check(name, True, detail)


def _ago(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds >= 2 * 86_400:
        return ngettext("%(num)s day", "%(num)s days", seconds // 86_400)
    if seconds >= 2 * 3_600:
        return ngettext("%(num)s hour", "%(num)s hours", seconds // 3_600)
    if seconds >= 2 * 60:
        return ngettext("%(num)s minute", "%(num)s minutes", seconds // 60)
    return _("%(number)s s", number=seconds)


def _cause(error: BaseException) -> str:
    """The reason in one line: the driver's own, without the statement that SQLAlchemy adds."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    return (said or type(error).__name__)[:300].rstrip(".")
