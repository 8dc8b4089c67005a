"""Every setting of Almanac, read once from the environment and checked before anything starts.

A setting is a field of :class:`Config`; its environment name is the field's name in capitals. A secret may also be
given as ``NAME_FILE``, the path of a file that holds it. `docs/operations.md` lists them all.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self, cast
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from dotenv import dotenv_values
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

LONGEST_ANNOUNCED = 12 * 60
"""Minutes for which a large letter is kept back: one that is two days late does not go out any more."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = {"en": "English", "zh-Hans": "简体中文"}
"""What Almanac speaks, each with its own name for itself."""

SHORTEST_SECRET = 32
PATIENCE_WITH_POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Seconds, the last one milliseconds: a server that vanished without a word is given up after a minute, not hours."""
PLACEHOLDER_SECRETS = frozenset({"change-me", "changeme", "secret", "dev", "development", "password"})


class SettingError(Exception):
    """A setting is missing or does not fit. The message is one line that names it."""


def load(environ: Mapping[str, str] | None = None) -> Config:
    """The configuration for this process, chosen by WEBAPP_ENV and filled from ``.env`` and the environment.

    The environment wins over ``.env``. Raises :class:`SettingError` on the first setting that does not fit.
    """
    if environ is None:
        from_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
        environ = {**from_file, **os.environ}
    chosen = environ.get("WEBAPP_ENV") or "dev"
    try:
        kind = KINDS[chosen]
    except KeyError:
        raise SettingError(f"WEBAPP_ENV is {chosen!r}: it must be one of {', '.join(KINDS)}") from None
    return kind.from_environ(environ)


def setting(parse: Callable[[str], Any], *, says: str, default: Any = MISSING, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "says": says, "secret": secret})


# How a setting is read. Each takes the text and returns a value, or raises ValueError with what it should have been.


def text(raw: str) -> str:
    if any(ord(character) < 32 for character in raw):
        raise ValueError("must be one line of text")
    return raw


def port(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or not 0 < int(raw) < 65536:
        raise ValueError("must be a port number from 1 to 65535")
    return int(raw)


def count(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or int(raw) > 1_000_000_000:
        raise ValueError("must be a whole number, zero or more")
    return int(raw)


def minutes_kept_back(raw: str) -> int:
    if count(raw) > LONGEST_ANNOUNCED:
        raise ValueError(f"must be a whole number of minutes, {LONGEST_ANNOUNCED} at most: late letters do not go out")
    return count(raw)


def site_url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an address such as https://blog.example.org")
    return raw.rstrip("/")


def timezone(raw: str) -> str:
    if raw not in available_timezones():
        raise ValueError("must be a zone name such as Asia/Shanghai")
    return raw


def language(raw: str) -> str:
    try:
        return next(each for each in LANGUAGES if each.lower() == raw.lower())
    except StopIteration:
        raise ValueError(f"must be one of {', '.join(LANGUAGES)}") from None


def database_url(raw: str) -> str:
    try:
        driver = make_url(raw).drivername
    except ArgumentError:
        driver = ""
    if driver not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    return raw


def broker_url(raw: str) -> str:
    if urlsplit(raw).scheme not in {"amqp", "amqps", "redis", "rediss", "filesystem"}:
        raise ValueError("must begin with amqp://, redis:// or filesystem://")
    return raw


def storage_url(raw: str) -> str:
    if urlsplit(raw).scheme not in {"memory", "redis", "rediss"}:
        raise ValueError("must begin with redis:// or be memory://")
    return raw


def search_url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://user:password@search.example.org:9200/almanac")
    if not re.fullmatch(r"(/[a-z0-9][a-z0-9_-]{0,100})?/?", parts.path):
        raise ValueError("must end in the name of an index: small letters, digits, - and _")
    return raw


def uploads_url(raw: str) -> str:
    parts = urlsplit(raw)
    endpoint = urlsplit(parse_qs(parts.query).get("endpoint", ["https://s3.amazonaws.com"])[0])
    if parts.scheme != "s3" or not parts.hostname or endpoint.scheme not in {"http", "https"} or not endpoint.hostname:
        raise ValueError("must be s3://KEY:SECRET@bucket/prefix?endpoint=https://store.example.org")
    return raw


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw.lower()

    return parse


def clock_time(raw: str) -> time:
    hours, colon, minutes = raw.partition(":")
    if colon and len(minutes) == 2 and (hours + minutes).isdecimal() and (hours + minutes).isascii():
        try:
            return time(int(hours), int(minutes))
        except ValueError:
            pass
    raise ValueError("must be a time of day such as 10:00")


def path(raw: str) -> Path:
    return Path(text(raw)).expanduser().resolve()


def switch(raw: str) -> bool:
    if raw.lower() not in {"on", "off"}:
        raise ValueError("must be on or off")
    return raw.lower() == "on"


def domain(raw: str) -> str:
    labels = raw.lower().rstrip(".").split(".")
    if len(raw) > 190 or not all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?", label) for label in labels):
        raise ValueError("must be a name such as mail.example.org")
    return ".".join(labels)


def private_key(raw: str) -> str:
    """A PEM block, whose line breaks may be written as a backslash and an n."""
    from dkim.crypto import parse_pem_private_key

    pem = raw.replace("\\n", "\n").strip() + "\n"
    try:
        parse_pem_private_key(pem.encode())
    except Exception:  # noqa: BLE001  # it raises what its parts raise
        raise ValueError("must be an RSA private key in PEM form") from None
    return pem


def words(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text(raw).split(",") if part.strip())


@dataclass(frozen=True, kw_only=True)
class Config:
    """What every environment shares."""

    name: ClassVar[str]
    debug: ClassVar[bool] = False
    testing: ClassVar[bool] = False

    secret_key: str = setting(text, secret=True, says="Signs sessions and links. At least 32 characters.")
    secret_key_fallbacks: tuple[str, ...] = setting(
        words, default=(), secret=True, says="Old secret keys that are still accepted, separated by commas."
    )
    site_url: str = setting(site_url, says="The address people use, without a slash at the end.")
    site_name: str = setting(text, default="Almanac", says="The name in the masthead and on every mail.")
    site_timezone: str = setting(timezone, default="UTC", says="The zone of the site's own clock.")
    site_language: str = setting(
        language,
        default="en",
        says="en or zh-Hans: for readers whose browser asks for neither, for mail to people who chose none, for feeds.",
    )
    trusted_hosts: tuple[str, ...] = setting(
        words, default=(), says="Further host names that are answered, separated by commas. SITE_URL's always is."
    )
    proxy_count: int = setting(count, default=0, says="How many proxies in front of the web process set X-Forwarded-*.")
    data_dir: Path = setting(path, default=Path("instance").resolve(), says="The folder for everything written here.")
    uploads_url: str = setting(
        uploads_url,
        default="",
        secret=True,
        says="A bucket for pictures, s3://KEY:SECRET@bucket/prefix?endpoint=https://…; empty: DATA_DIR/uploads.",
    )
    upload_limit_mb: int = setting(count, default=10, says="The largest picture that is taken, in MB.")
    upload_quota_mb: int = setting(count, default=1000, says="How much room each author's pictures have; 0: no limit.")
    site_instance: str = setting(
        text,
        default="",
        says="The name of this house, the same on all of its machines. One that has only one machine needs none.",
    )
    database_url: str = setting(
        database_url, secret=True, says="sqlite:///… or postgresql+psycopg://user:password@host/name."
    )
    celery_broker_url: str = setting(
        broker_url, secret=True, says="amqp://…, redis://…, or filesystem:///folder, the embedded one."
    )
    smtp_host: str = setting(text, says="The server that takes outgoing mail.")
    smtp_port: int = setting(port, default=25, says="Its port.")
    smtp_user: str = setting(text, default="", says="The name to sign in with; empty for none.")
    smtp_password: str = setting(text, default="", secret=True, says="The password to sign in with.")
    smtp_security: str = setting(one_of("none", "starttls", "tls"), default="none", says="none, starttls or tls.")
    mail_from: str = setting(text, says="The address every mail comes from.")
    bounce_domain: str = setting(
        domain,
        default="",
        says="The domain whose mail to bounce+… is given to `manage.py mail bounce`; empty for none.",
    )
    repeat_uncertain_reminders: bool = setting(
        switch,
        default=True,
        says="on: a reminder or welcome that may or may not have arrived goes once more, with the same Message-ID.",
    )
    reminders_per_person: int = setting(
        count, default=10_000, says="How many reminders to come one person may have; 0 for no limit."
    )
    reminders_per_hour: int = setting(
        count, default=10_000, says="How many reminders one person may set within an hour; 0 for no limit."
    )
    reminder_requests_per_day: int = setting(
        count, default=10, says="How many addresses one person may ask within a day to be reminded; 0 for no limit."
    )
    dkim_domain: str = setting(domain, default="", says="The domain that signs mail (DKIM); empty for no signature.")
    dkim_selector: str = setting(domain, default="", says="Names the key among the domain's DNS records.")
    dkim_key: str = setting(private_key, default="", secret=True, says="The private key to sign with, RSA, as PEM.")
    postal_address: str = setting(text, default="", says="The postal address in the footer of a digest.")
    digest_weekday: str = setting(one_of(*WEEKDAYS), default="sat", says="The day of the weekly digest.")
    digest_time: time = setting(clock_time, default=time(10), says="Its time of day, in SITE_TIMEZONE.")
    digest_announce_above: int = setting(
        count,
        default=0,
        says="A digest for more readers than this waits and editors are mailed how to stop it; 0: none waits.",
    )
    digest_announce_minutes: int = setting(
        minutes_kept_back, default=30, says=f"How long it waits; {LONGEST_ANNOUNCED} at most."
    )
    digest_ask_again_days: int = setting(
        count,
        default=0,
        says="After how many days without a sign of a reader they are asked whether they still want letters; 0: never.",
    )
    trash_days: int = setting(
        count, default=30, says="After how many days in the trash a post is deleted for good; 0 for never."
    )
    ratelimit_storage_url: str = setting(
        storage_url,
        default="memory://",
        secret=True,
        says="Where throttling counts: redis://… with several web processes.",
    )
    cache_url: str = setting(
        storage_url, default="memory://", secret=True, says="Where pages are kept for strangers: memory:// or redis://…"
    )
    search_url: str = setting(
        search_url,
        default="",
        secret=True,
        says="An Elasticsearch to search with, https://user:password@host:9200/index; empty: the database.",
    )
    metrics_token: str = setting(
        text, default="", secret=True, says="What a program elsewhere sends to read /metrics; empty: only this machine."
    )
    log_level: str = setting(one_of("debug", "info", "warning", "error"), default="info", says="How much is logged.")
    log_file: str = setting(text, default="", says="A file to log to as well; it rotates at 10 MB.")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        values = cls._parse(environ)
        cls._fill(values)
        for each in fields(cls):
            if each.name not in values and each.default is MISSING:
                raise SettingError(f"{each.name.upper()} is not set: {_lower_first(each.metadata['says'])}")
        signing = {name: values.get(name) for name in ("dkim_domain", "dkim_selector", "dkim_key")}
        if any(signing.values()) and not all(signing.values()):
            missing = next(name for name, value in signing.items() if not value)
            raise SettingError(f"{missing.upper()} is not set: signing needs a domain, a selector and a key")
        return cls(**values)

    @classmethod
    def _parse(cls, environ: Mapping[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for each in fields(cls):
            raw = _raw(each, environ)
            if raw:
                try:
                    values[each.name] = each.metadata["parse"](raw)
                except ValueError as error:
                    shown = "" if each.metadata["secret"] else f" is {raw!r}:"
                    raise SettingError(f"{each.name.upper()}{shown} {error}") from None
        return values

    @classmethod
    def _fill(cls, values: dict[str, Any]) -> None:
        """Lets an environment add what it can work out by itself."""

    @property
    def weekday(self) -> int:
        """The digest's weekday, Monday 0 to Sunday 6, as ``date.weekday()`` counts."""
        return WEEKDAYS.index(self.digest_weekday)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site_timezone)

    @property
    def catches_mail(self) -> bool:
        """Whether mail goes to the captured inbox of `make run`, which has a page."""
        return False

    @property
    def is_embedded(self) -> bool:
        """Whether the broker is the folder of files that needs no server."""
        return self.celery_broker_url.startswith("filesystem:")

    def flask(self) -> dict[str, Any]:
        """The mapping that Flask and its extensions read."""
        is_https = self.site_url.startswith("https:")
        return {
            "ALMANAC": self,
            "DEBUG": self.debug,
            "TESTING": self.testing,
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": list(self.secret_key_fallbacks),
            "TRUSTED_HOSTS": self._hosts(),
            "MAX_CONTENT_LENGTH": max(12, self.upload_limit_mb + 1) * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
            "SESSION_COOKIE_NAME": "__Host-almanac" if is_https else "almanac",
            "SESSION_COOKIE_SECURE": is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
            "REMEMBER_COOKIE_DURATION": timedelta(days=30),
            "REMEMBER_COOKIE_SECURE": is_https,
            "REMEMBER_COOKIE_HTTPONLY": True,
            "REMEMBER_COOKIE_SAMESITE": "Lax",
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            "CELERY_BROKER_URL": self.celery_broker_url,
            "BCRYPT_HANDLE_LONG_PASSWORDS": True,
            "BCRYPT_LOG_ROUNDS": 4 if self.testing else 12,
            "WTF_CSRF_TIME_LIMIT": None,
            "RATELIMIT_STORAGE_URI": self.ratelimit_storage_url,
            "RATELIMIT_HEADERS_ENABLED": True,
            "BABEL_DEFAULT_TIMEZONE": self.site_timezone,
        }

    def _hosts(self) -> list[str]:
        hosts = [cast(str, urlsplit(self.site_url).hostname), *self.trusted_hosts]
        return hosts if self.name == "prod" else [*hosts, "localhost", "127.0.0.1", "[::1]", "::1"]

    def _engine_options(self) -> dict[str, Any]:
        if self.database_url.startswith("sqlite"):
            return {"connect_args": {"timeout": 10}}
        return {"pool_pre_ping": True, "pool_size": 5, "connect_args": PATIENCE_WITH_POSTGRES}


class DevConfig(Config):
    """One machine, nothing to set: what is missing is chosen and kept under DATA_DIR."""

    name = "dev"

    @classmethod
    def _fill(cls, values: dict[str, Any]) -> None:
        folder: Path = values.setdefault("data_dir", Path("instance").resolve())
        running = _running(folder)
        values.setdefault("secret_key", _kept_secret(folder) if "secret_key" not in values else "")
        values.setdefault("database_url", running.get("database_url", f"sqlite:///{folder / 'almanac.db'}"))
        values.setdefault("celery_broker_url", running.get("celery_broker_url", f"filesystem://{folder / 'broker'}"))
        values.setdefault("site_url", running.get("site_url", "http://127.0.0.1:5000"))
        if "smtp_host" not in values:
            values["smtp_host"] = running.get("smtp_host", "127.0.0.1")
            values.setdefault("smtp_port", running.get("smtp_port", 1025))
        values.setdefault("mail_from", "almanac@localhost.example")

    @property
    def inbox_dir(self) -> Path:
        """The Maildir in which the captured inbox keeps mail."""
        return self.data_dir / "inbox"

    @property
    def catches_mail(self) -> bool:
        running = _running(self.data_dir)
        inbox = (running.get("smtp_host"), running.get("smtp_port"))
        return running.get("inbox") is True and inbox == (self.smtp_host, self.smtp_port)


class TestConfig(DevConfig):
    """For the test suite: cheap password hashes, and errors that reach the test."""

    __test__ = False  # not a test class, whatever its name suggests
    name = "test"
    testing = True


class ProdConfig(Config):
    """For real use: nothing is guessed and no secret has a default."""

    name = "prod"

    @classmethod
    def _fill(cls, values: dict[str, Any]) -> None:
        secret = values.get("secret_key")
        if secret is None:
            raise SettingError(
                "SECRET_KEY is not set: make one with python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if len(secret) < SHORTEST_SECRET or secret.lower() in PLACEHOLDER_SECRETS or len(set(secret)) < 8:
            raise SettingError(f"SECRET_KEY is a default or too short: it needs {SHORTEST_SECRET} characters or more")


KINDS: dict[str, type[Config]] = {"dev": DevConfig, "test": TestConfig, "prod": ProdConfig}


def _raw(each: Field[Any], environ: Mapping[str, str]) -> str | None:
    name = each.name.upper()
    value = environ.get(name)
    if not value and each.metadata["secret"] and (file := environ.get(f"{name}_FILE")):
        try:
            return Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"{name}_FILE cannot be read: {error}") from None
    return value


def _running(folder: Path) -> dict[str, Any]:
    """What `make run` wrote down about the site it last started in this folder."""
    try:
        found = json.loads((folder / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _kept_secret(folder: Path) -> str:
    """The development secret of this folder, made on the first call; two processes at once agree on one."""
    file = folder / "secret"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".secret-{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(draft, file)  # whole or not at all, and only the first one counts
        draft.unlink()
    return file.read_text().strip()


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
