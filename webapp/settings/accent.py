"""The second ink. It says what is now, late or wrong, so it must be read on every ground it may stand on."""

from __future__ import annotations

import re
from typing import Literal

from webapp.core.errors import Refused
from webapp.core.words import _, later, mark

Mode = Literal["day", "night"]

GROUNDS: dict[Mode, dict[str, str]] = {
    "day": {mark("the page"): "#fcfcfb", mark("a note"): "#f1f3f1"},
    "night": {mark("the page"): "#121615", mark("a note"): "#1c2220"},
}
"""What text stands on: `--paper` and `--wash` of almanac.css."""
RED: dict[Mode, str] = {"day": "#b3261e", "night": "#ff8f80"}
TOO_LIGHT = later(
    "By day it has a contrast of %(floored)s on %(ground)s, and reading takes %(least)s. Choose a darker one."
)
TOO_DARK = later(
    "By night it has a contrast of %(floored)s on %(ground)s, and reading takes %(least)s. Choose a lighter one."
)
LEAST = 4.5
"""WCAG 2.2, 1.4.3."""
COLOUR = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


def checked(raw: str, mode: Mode, *, field: str) -> str:
    """A colour as ``#rrggbb``, empty for none. Raises :class:`Refused` where it could not be read well."""
    raw = raw.strip()
    if not raw:
        return ""
    found = COLOUR.fullmatch(raw)
    if found is None:
        raise Refused(field, _("Write it as six digits after #, such as %(red)s.", red=RED[mode]))
    digits = found[1].lower()
    colour = "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
    for ground, its_colour in GROUNDS[mode].items():
        ratio = contrast(colour, its_colour)
        if ratio < LEAST:
            say = TOO_LIGHT if mode == "day" else TOO_DARK
            raise Refused(field, str(say) % {"floored": _floored(ratio), "ground": _(ground), "least": LEAST})
    return colour


def contrast(first: str, second: str) -> float:
    """From 1, no difference, to 21, black on white: the contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)


def _floored(ratio: float) -> str:
    """Rounded down: 4.49 must not read as what it falls short of."""
    return f"{int(ratio * 10) / 10:.1f}"
