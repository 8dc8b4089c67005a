"""Text that people type, made safe to keep on one line or in a mail header."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from webapp.core.errors import Refused
from webapp.core.words import _, later

LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

IN_NO_URL = frozenset('"<>\\^`{|}')
LONGEST_URL = 2000
NOT_AN_URL = later("Give a full address that begins with https:// or http://.")


def one_line(raw: str, *, field: str, longest: int, required: bool = True) -> str:
    """A name or a title: NFC, trimmed, one line, nothing invisible that could forge a header or turn text around.

    Raises :class:`Refused` when it is empty though required, longer than ``longest`` characters, or holds a line
    break, a control character or a lone surrogate.
    """
    clean = unicodedata.normalize("NFC", raw).strip()
    clean = "".join(character for character in clean if character not in DIRECTION_MARKS)
    if any(character in LINE_BREAKS for character in clean):
        raise Refused(field, _("Write it on one line."))
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in clean):
        raise Refused(field, _("It holds a character that cannot be shown."))
    if required and not clean:
        raise Refused(field, _("Write something here."))
    if len(clean) > longest:
        raise Refused(field, _("Keep it under %(most)s characters.", most=longest))
    return clean


def many_lines(raw: str, *, field: str, longest: int) -> str:
    """A longer text: line ends become a newline; control characters other than tab are refused."""
    clean = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n"))
    if any(unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t" for character in clean):
        raise Refused(field, _("It holds a character that cannot be shown."))
    if len(clean) > longest:
        raise Refused(field, _("Keep it under %(most)s characters.", most=f"{longest:,}"))
    return clean


def address(raw: str, *, field: str = "email") -> str:
    """One mail address, normalised: lower case, an ASCII domain (RFC 5891 for names of other scripts).

    Raises :class:`Refused` for a list, a display name, an IP literal, or anything RFC 5321 would not deliver to.
    """
    try:
        found = validate_email(
            raw.strip(), strict=True, allow_smtputf8=False, check_deliverability=False, test_environment=True
        )
    except (EmailNotValidError, UnicodeError):
        raise Refused(field, _("That is not a mail address we can write to.")) from None
    normal = (found.ascii_email or found.normalized).lower()
    if "\0" in normal or len(normal) > 254:
        raise Refused(field, _("That is not a mail address we can write to."))
    return normal


def web_address(raw: str, *, field: str) -> str:
    """A full http or https address as typed, or nothing. Raises :class:`Refused` for anything else."""
    url = one_line(raw, field=field, longest=LONGEST_URL, required=False)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        is_fit = False
    if not is_fit or any(character.isspace() or character in IN_NO_URL for character in url):
        raise Refused(field, NOT_AN_URL)
    return url
