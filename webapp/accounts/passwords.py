"""What a password must be, and how it is kept: bcrypt over a digest of the whole password, however long."""

from __future__ import annotations

import unicodedata

from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import bcrypt

SHORTEST = 8
LONGEST = 500
UNUSABLE = "!"
"""Kept for someone who has chosen no password: nothing matches it."""


def hashed(password: str, *, field: str = "password") -> str:
    """How ``password`` is kept. Takes a quarter of a second, so hold no transaction meanwhile.

    Raises :class:`Refused` unless it has 8 to 500 characters; which ones is its owner's choice.
    """
    clean = _normal(password)
    if len(clean) < SHORTEST:
        raise Refused(field, _("Use at least %(least)s characters.", least=SHORTEST))
    if len(clean) > LONGEST:
        raise Refused(field, _("Use at most %(most)s characters.", most=LONGEST))
    try:
        kept: bytes = bcrypt.generate_password_hash(clean)
    except UnicodeEncodeError:
        raise Refused(field, _("It holds half a character. Type it again.")) from None
    return kept.decode()


def matches(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one that was kept. Without one it takes just as long to say no."""
    is_usable = kept is not None and kept != UNUSABLE
    try:
        is_same: bool = bcrypt.check_password_hash(kept if is_usable else _nobodys(), _normal(password))
    except UnicodeEncodeError:
        return False
    return is_usable and is_same


def demand(kept: str, password: str, *, field: str) -> None:
    """Refuses a ``password`` that is not the one that was kept."""
    if not matches(kept, password):
        raise Refused(field, _("That is not your present password."))


def _normal(password: str) -> str:
    """One keyboard types é as one character, another as two."""
    return unicodedata.normalize("NFC", password)


def _nobodys() -> str:
    """A hash of the present cost that no password has."""
    return f"$2b${bcrypt._log_rounds:02d}${'.' * 53}"  # noqa: SLF001  # it has no public name
