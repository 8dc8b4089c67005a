"""Time zones by the name people have for them: a city."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import available_timezones

import tzdata


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
