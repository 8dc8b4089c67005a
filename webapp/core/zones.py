"""Time zones by the name people have for them: a city."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import available_timezones

import tzdata
from babel import Locale

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
    """The city of a zone: ``New York`` for ``America/New_York``, ``UTC`` for ``UTC``."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def named(words: str) -> str | None:
    """The zone that ``words`` mean, a city or a zone's own name in any case; None when there is no such zone."""
    return _by_name().get(" ".join(words.replace("_", " ").split()).casefold())


@cache
def choices() -> Sequence[tuple[str, str]]:
    """Each city to choose from with its zone, by city: one for each region the tz database tells apart today."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    zones = {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}
    return sorted((city(zone), zone) for zone in {*zones, "UTC"})


@cache
def _by_name() -> dict[str, str]:
    """Every spelling that is understood. A zone's own name wins over a city, today's cities over older names."""
    # without what names no place: "localtime", "posixrules", "Factory"
    zones = sorted(zone for zone in available_timezones() if zone[0].isupper() and zone != "Factory")
    names: dict[str, str] = {}
    for spelling, zone in (
        *((zone, zone) for zone in zones),
        *choices(),
        *((city(zone), zone) for zone in zones),
        *LARGE_CITIES.items(),
        *_in_chinese(),
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


def _in_chinese() -> Sequence[tuple[str, str]]:
    """Each city's name in Chinese, from the Unicode CLDR."""
    named = Locale.parse("zh_Hans").time_zones
    return [(names["city"], zone) for zone, names in named.items() if "city" in names and zone in available_timezones()]
