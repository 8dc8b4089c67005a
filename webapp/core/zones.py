"""Time zones by the name people have for them: a city, in the language they read."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import available_timezones

import tzdata
from babel import Locale
from babel.core import get_global
from flask_babel import get_locale

from config import LANGUAGES

LARGE_CITIES = {
    "Beijing": "Asia/Shanghai", "北京": "Asia/Shanghai", "Shenzhen": "Asia/Shanghai", "深圳": "Asia/Shanghai",
    "Guangzhou": "Asia/Shanghai", "广州": "Asia/Shanghai", "Hangzhou": "Asia/Shanghai", "杭州": "Asia/Shanghai",
    "Delhi": "Asia/Kolkata", "New Delhi": "Asia/Kolkata", "Mumbai": "Asia/Kolkata", "Bangalore": "Asia/Kolkata",
    "Osaka": "Asia/Tokyo", "Kyoto": "Asia/Tokyo", "Hanoi": "Asia/Bangkok", "Abu Dhabi": "Asia/Dubai",
    "San Francisco": "America/Los_Angeles", "Seattle": "America/Los_Angeles", "San Diego": "America/Los_Angeles",
    "Boston": "America/New_York", "Washington": "America/New_York", "Miami": "America/New_York",
    "Atlanta": "America/New_York", "Houston": "America/Chicago", "Dallas": "America/Chicago",
    "Austin": "America/Chicago", "Montreal": "America/Toronto", "Ottawa": "America/Toronto",
    "Rio de Janeiro": "America/Sao_Paulo", "Brasilia": "America/Sao_Paulo", "Munich": "Europe/Berlin",
    "Hamburg": "Europe/Berlin", "Frankfurt": "Europe/Berlin", "Cologne": "Europe/Berlin", "Geneva": "Europe/Zurich",
    "Milan": "Europe/Rome", "Naples": "Europe/Rome", "Barcelona": "Europe/Madrid", "Lyon": "Europe/Paris",
    "Edinburgh": "Europe/London", "Manchester": "Europe/London", "Rotterdam": "Europe/Amsterdam",
    "Saint Petersburg": "Europe/Moscow", "Canberra": "Australia/Sydney", "Wellington": "Pacific/Auckland",
    "Cape Town": "Africa/Johannesburg", "Abuja": "Africa/Lagos", "Tel Aviv": "Asia/Jerusalem",
}  # fmt: skip
"""Cities that people look for and that give no zone its name."""


def city(zone: str) -> str:
    """The city of a zone: ``New York`` or ``纽约`` for ``America/New_York``, ``UTC`` for ``UTC``."""
    return _cities(_language()).get(zone) or _last_part(zone)


def named(words: str) -> str | None:
    """The zone that ``words`` mean: a city in any language of ours or a zone's own name, in any case; None for none."""
    return _by_name().get(" ".join(words.replace("_", " ").split()).casefold())


def choices() -> Sequence[tuple[str, str]]:
    """Each city to choose from with its zone, by city: one for each region the tz database tells apart today."""
    return _choices(_language())


@cache
def _choices(language: str) -> Sequence[tuple[str, str]]:
    cities = _cities(language)
    return [(cities.get(zone) or _last_part(zone), zone) for zone in sorted(_regions(), key=_last_part)]


@cache
def _regions() -> frozenset[str]:
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    return frozenset(
        {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")} | {"UTC"}
    )


@cache
def _cities(language: str) -> Mapping[str, str]:
    """What a language other than English calls the cities. Unicode's tables know some zones by an older name only."""
    if language == "en":
        return {}
    known = {zone: facts["city"] for zone, facts in Locale.parse(language).time_zones.items() if "city" in facts}
    for older, today in get_global("zone_aliases").items():
        if older in known:
            known.setdefault(today, known[older])
    return known


@cache
def _by_name() -> dict[str, str]:
    """Every spelling that is understood. A zone's own name wins over a city, today's cities over older names."""
    # without what names no place: "localtime", "posixrules", "Factory"
    zones = sorted(zone for zone in available_timezones() if zone[0].isupper() and zone != "Factory")
    names: dict[str, str] = {}
    for spelling, zone in (
        *((zone, zone) for zone in zones),
        *(each for language in LANGUAGES for each in _choices(language.replace("-", "_"))),
        *((_last_part(zone), zone) for zone in zones),
        *LARGE_CITIES.items(),
    ):
        names.setdefault(spelling.replace("_", " ").casefold(), zone)
    return names


def version() -> str:
    """Which zone data this process reads times with: where it lies and which release it is.

    Python looks in the system's folders first and takes its own package where there is none.
    """
    for folder in zoneinfo.TZPATH:
        data = Path(folder, "tzdata.zi")
        if data.is_file():
            with data.open(encoding="utf-8") as lines:
                return f"{folder} {next(lines, '').removeprefix('# version').strip()}"
    return f"tzdata {tzdata.IANA_VERSION}"


def _last_part(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _language() -> str:
    return str(get_locale() or "en")
