"""Time zones by the name people have for them: a city, in the language they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from flask_babel import get_locale

from config import LANGUAGES


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
    ):
        names.setdefault(spelling.replace("_", " ").casefold(), zone)
    return names


def _last_part(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _language() -> str:
    return str(get_locale() or "en")
