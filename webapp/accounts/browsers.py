"""What to call a browser, from what it says of itself: enough to recognise one's own."""

from __future__ import annotations

from webapp.core.words import _

# Most say they are several; the first that is named here is the one they are.
PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def name(user_agent: str) -> str:
    """``Firefox on Linux``, ``Safari on iPhone``, or as much of it as can be told."""
    program = next((called for sign, called in PROGRAMS if sign in user_agent), "")
    system = next((called for sign, called in SYSTEMS if sign in user_agent), "")
    if not program:
        return user_agent[:60] or _("A browser that does not say its name")
    return _("%(program)s on %(system)s", program=program, system=system) if system else program
