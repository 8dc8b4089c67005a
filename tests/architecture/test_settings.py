"""The environment: what is accepted, what is refused with one line, and that all of it is written down."""

import re
import stat
from dataclasses import fields
from datetime import time
from pathlib import Path

import pytest
import yaml

import config
from config import SettingError

ROOT = Path(__file__).resolve().parents[2]
NAMES = [each.name.upper() for each in fields(config.Config)]

PRODUCTION = {
    "WEBAPP_ENV": "prod",
    "SECRET_KEY": "tSx9-Wm2_LqP7vRk4NzB8cYd3FgHj6Ts",
    "SITE_URL": "https://blog.example.org",
    "DATABASE_URL": "postgresql+psycopg://almanac@127.0.0.1/almanac",
    "CELERY_BROKER_URL": "amqp://almanac@127.0.0.1//",
    "SMTP_HOST": "mail.example.org",
    "MAIL_FROM": "almanac@example.org",
}

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMBsCAQACASECAQMCAQcCAQMCAQsCAQECAQcCAQI=\n-----END RSA PRIVATE KEY-----"
"""A key of six bits: the modulus is 33."""

PROMISED = """SECRET_KEY SITE_URL SITE_NAME SITE_TIMEZONE DATABASE_URL CELERY_BROKER_URL SMTP_HOST SMTP_PORT SMTP_USER
SMTP_PASSWORD SMTP_SECURITY MAIL_FROM CACHE_URL RATELIMIT_STORAGE_URL DIGEST_WEEKDAY DIGEST_TIME DATA_DIR LOG_LEVEL
LOG_FILE"""

REFUSED = [
    ("SITE_URL", "blog.example.org"),
    ("SITE_URL", "ftp://blog.example.org"),
    ("SITE_URL", "https://me@blog.example.org"),
    ("SITE_URL", "https://blog.example.org/?page=1"),
    ("SITE_NAME", "two\nlines"),
    ("SITE_TIMEZONE", "Mars/Olympus"),
    ("SITE_TIMEZONE", "../../etc/passwd"),
    ("SITE_LANGUAGE", "fr"),
    ("SITE_LANGUAGE", "zh"),
    ("DIGEST_ANNOUNCE_MINUTES", "721"),
    ("DIGEST_ANNOUNCE_MINUTES", "soon"),
    ("PROXY_COUNT", "-1"),
    ("PROXY_COUNT", "one"),
    ("DATABASE_URL", "mysql://root@127.0.0.1/blog"),
    ("DATABASE_URL", "postgresql://almanac@127.0.0.1/almanac"),
    ("DATABASE_URL", "not an address"),
    ("CELERY_BROKER_URL", "sqs://"),
    ("CELERY_BROKER_URL", "127.0.0.1"),
    ("SMTP_PORT", "0"),
    ("SMTP_PORT", "65536"),
    ("SMTP_PORT", "²"),
    ("SMTP_PORT", "twenty-five"),
    ("SMTP_SECURITY", "ssl"),
    ("DIGEST_WEEKDAY", "saturn"),
    ("DIGEST_TIME", "25:00"),
    ("DIGEST_TIME", "10:0"),
    ("DIGEST_TIME", "10"),
    ("DIGEST_TIME", "\u0661\u0660:\u0660\u0660"),
    ("RATELIMIT_STORAGE_URL", "memcached://127.0.0.1"),
    ("SEARCH_URL", "localhost:9200"),
    ("SEARCH_URL", "https://search.example.org/Almanac"),
    ("SEARCH_URL", "https://search.example.org/a/b"),
    ("LOG_LEVEL", "loud"),
    ("MAIL_FROM", "a@example.org\r\nBcc: b@example.org"),
    ("BOUNCE_DOMAIN", "bounces.example.org\r\nX: y"),
    ("BOUNCE_DOMAIN", "a@example.org"),
    ("DKIM_SELECTOR", "-"),
    ("DKIM_KEY", "swordfish"),
    ("DKIM_KEY", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
    ("REPEAT_UNCERTAIN_REMINDERS", "perhaps"),
    ("UPLOADS_URL", "/var/lib/pictures"),
    ("UPLOADS_URL", "s3:///pictures"),
    ("UPLOADS_URL", "s3://bucket?endpoint=ftp://store.example.org"),
    ("UPLOAD_LIMIT_MB", "ten"),
    ("UPLOAD_QUOTA_MB", "-1"),
]


@pytest.fixture
def dev(tmp_path):
    return {"WEBAPP_ENV": "dev", "DATA_DIR": str(tmp_path)}


@pytest.mark.parametrize(("name", "value"), REFUSED)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_value_that_does_not_fit_is_one_line_that_names_the_setting(environment, name, value, dev):
    environ = (dev if environment == "dev" else PRODUCTION) | {name: value}
    with pytest.raises(SettingError) as refusal:
        config.load(environ)
    said = str(refusal.value)
    assert said.startswith(name)
    assert "\n" not in said


def test_every_parser_has_a_value_that_it_refuses():
    lenient = {"words", "path"}  # a list may be empty, and any line of text may name a folder
    parsers = {each.metadata["parse"].__qualname__.partition(".")[0] for each in fields(config.Config)} - lenient
    tried = {
        each.metadata["parse"].__qualname__.partition(".")[0]
        for each in fields(config.Config)
        if each.name.upper() in {name for name, _ in REFUSED}
    }
    assert parsers <= tried


@pytest.mark.parametrize("environment", ["production", "DEV", "none"])
def test_an_unknown_environment_is_refused_with_the_choices(environment):
    with pytest.raises(SettingError, match="dev, test, prod"):
        config.load({"WEBAPP_ENV": environment})


@pytest.mark.parametrize("name", PROMISED.split())
def test_every_promised_name_is_a_setting(name):
    assert name in NAMES


def test_everything_may_be_set_at_once(dev):
    found = config.load(
        dev
        | PRODUCTION
        | {
            "WEBAPP_ENV": "prod",
            "SECRET_KEY_FALLBACKS": "one, two",
            "SITE_NAME": "The Walking Season",
            "SITE_TIMEZONE": "Asia/Shanghai",
            "SITE_LANGUAGE": "zh-hans",
            "TRUSTED_HOSTS": "www.example.org, blog.internal",
            "PROXY_COUNT": "1",
            "SMTP_PORT": "587",
            "SMTP_USER": "almanac",
            "SMTP_PASSWORD": "swordfish",
            "SMTP_SECURITY": "STARTTLS",
            "REPEAT_UNCERTAIN_REMINDERS": "off",
            "BOUNCE_DOMAIN": "Bounces.example.org",
            "POSTAL_ADDRESS": "1 Harbour Road, Example Town",
            "DIGEST_WEEKDAY": "Sun",
            "DIGEST_TIME": "07:30",
            "RATELIMIT_STORAGE_URL": "redis://127.0.0.1/3",
            "CACHE_URL": "redis://127.0.0.1/3",
            "LOG_LEVEL": "DEBUG",
            "LOG_FILE": "/var/log/almanac.log",
        }
    )
    assert isinstance(found, config.ProdConfig)
    assert found.secret_key_fallbacks == ("one", "two")
    assert found.trusted_hosts == ("www.example.org", "blog.internal")
    assert (found.smtp_port, found.smtp_security, found.log_level) == (587, "starttls", "debug")
    assert (found.digest_weekday, found.weekday, found.digest_time) == ("sun", 6, time(7, 30))
    assert (found.zone.key, found.site_language) == ("Asia/Shanghai", "zh-Hans")
    assert (found.repeat_uncertain_reminders, found.bounce_domain) == (False, "bounces.example.org")


def test_production_starts_with_what_it_needs():
    assert config.load(PRODUCTION).flask()["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "WEBAPP_ENV"])
def test_production_guesses_nothing(missing):
    with pytest.raises(SettingError, match=rf"^{missing} is not set"):
        config.load({name: value for name, value in PRODUCTION.items() if name != missing})


@pytest.mark.parametrize(
    "secret", ["change-me", "dev", "too short to be any good", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abab" * 12]
)
def test_production_refuses_a_default_or_weak_secret_without_printing_it(secret):
    with pytest.raises(SettingError) as refusal:
        config.load(PRODUCTION | {"SECRET_KEY": secret})
    assert secret not in str(refusal.value).removeprefix("SECRET_KEY is a default")


@pytest.mark.parametrize("name", [each.name.upper() for each in fields(config.Config) if each.metadata["secret"]])
def test_every_secret_may_lie_in_a_file(name, tmp_path):
    fitting = {
        "RATELIMIT_STORAGE_URL": "redis://127.0.0.1/3",
        "CACHE_URL": "redis://127.0.0.1/3",
        "SEARCH_URL": "https://u:p@127.0.0.1:9200/words",
        "DKIM_KEY": PEM,
        "UPLOADS_URL": "s3://key:secret@bucket",
    }
    value = (PRODUCTION | fitting).get(name, "swordfish")
    (tmp_path / "kept").write_text(value + "\n")
    others = PRODUCTION | {"DKIM_DOMAIN": "example.org", "DKIM_SELECTOR": "autumn", "DKIM_KEY": PEM}
    environ = {key: given for key, given in others.items() if key != name}
    found = getattr(config.load(environ | {f"{name}_FILE": str(tmp_path / "kept")}), name.lower())
    assert found in {value, (value,), value + "\n"}


@pytest.mark.parametrize("missing", ["DKIM_DOMAIN", "DKIM_SELECTOR", "DKIM_KEY"])
def test_signing_needs_all_of_its_settings(missing):
    signing = {"DKIM_DOMAIN": "example.org", "DKIM_SELECTOR": "autumn", "DKIM_KEY": PEM}
    with pytest.raises(SettingError, match=rf"^{missing} is not set"):
        config.load(PRODUCTION | {name: value for name, value in signing.items() if name != missing})


def test_a_key_may_stand_in_one_line():
    signing = {"DKIM_DOMAIN": "example.org", "DKIM_SELECTOR": "autumn", "DKIM_KEY": PEM.replace("\n", "\\n")}
    assert config.load(PRODUCTION | signing).dkim_key == PEM + "\n"


def test_a_secret_file_that_cannot_be_read_is_one_line(tmp_path):
    environ = {key: given for key, given in PRODUCTION.items() if key != "SECRET_KEY"}
    with pytest.raises(SettingError, match=r"^SECRET_KEY_FILE cannot be read"):
        config.load(environ | {"SECRET_KEY_FILE": str(tmp_path / "missing")})


def test_a_value_that_is_secret_is_never_printed(dev):
    with pytest.raises(SettingError) as refusal:
        config.load(dev | {"DATABASE_URL": "mysql://root:swordfish@127.0.0.1/blog"})
    assert "swordfish" not in str(refusal.value)


def test_the_development_secret_is_kept_and_private(dev, tmp_path):
    first = config.load(dev).secret_key
    assert len(first) >= config.SHORTEST_SECRET
    assert config.load(dev).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_the_environment_wins_over_the_env_file(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text('SITE_NAME="From the file"\nMAIL_FROM=file@example.org\n')
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEBAPP_ENV", "dev")
    monkeypatch.setenv("SITE_NAME", "From the environment")
    found = config.load()
    assert (found.site_name, found.mail_from) == ("From the environment", "file@example.org")


@pytest.mark.parametrize("name", [*NAMES, "WEBAPP_ENV"])
def test_every_setting_is_explained(name):
    assert re.search(rf"`{name}`", (ROOT / "docs/operations.md").read_text())


def test_the_containers_are_given_every_setting_and_an_empty_one_means_its_default():
    given = yaml.safe_load((ROOT / "compose.yaml").read_text())["x-settings"]
    assert {*NAMES, "WEBAPP_ENV"} - set(given) == {"DATA_DIR"}  # the image says that
    unset = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in given.items()}
    filled = {
        name: re.sub(r"\$\{(\w+):\?.*\}", lambda found: PRODUCTION.get(found[1], "x"), value)
        for name, value in unset.items()
    }
    assert config.load(filled).digest_time == time(10)


def test_the_example_file_names_no_setting_that_does_not_exist():
    named = re.findall(r"^#?\s?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    run_only = {"WEBAPP_ENV", "HOST", "PORT"}  # read by `make run` or before any setting
    assert named
    assert {name.removesuffix("_FILE") for name in named} <= {*NAMES, *run_only}
