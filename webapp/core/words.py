"""The words of the house, in the language of whoever reads them.

English stands in the code and is the key; every other language is a catalogue below `webapp/translations`. A catalogue
is read as it is edited, so there is nothing to compile and nothing that could be older than the words.

Rules that know no Flask say things with what is here. The language is that of the request, or of the recipient of the
mail that is being written; commands and logs, which have neither, speak English.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_babel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parent.parent / "translations"


def _(message: str, **values: Any) -> str:
    """The message in the present language, with ``%(name)s`` filled in."""
    return str(flask_babel.gettext(message, **values))


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """The form of the message for a number, which it may show as ``%(num)s``."""
    return str(flask_babel.ngettext(one, many, number, **values))


def later(message: str, **values: Any) -> Any:
    """A message for a constant: it becomes words each time it is shown."""
    return flask_babel.lazy_gettext(message, **values)


def mark(message: str) -> str:
    """Returns the English as it is, for what is kept in a row; whoever shows it translates it, see :func:`kept`."""
    return message


def kept(message: object) -> str:
    """What a row holds, in the present language if it is a sentence of ours, else as it is."""
    return _(str(message)) if message else ""


def sentences(said: Iterable[object]) -> str:
    """Sentences one after the other; Chinese puts no space between them."""
    is_spaced = str(flask_babel.get_locale() or "en")[:2] != "zh"
    return (" " if is_spaced else "").join(str(each) for each in said)


class Catalogue(flask_babel.Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Where Flask-Babel finds the words."""

    def get_translations(self) -> NullTranslations:
        """Those of the present language; English needs none."""
        return translations(str(flask_babel.get_locale() or "en"))


class Babel(flask_babel.Babel):  # type: ignore[misc]  # likewise
    """Flask-Babel with our catalogue."""

    domain_instance = Catalogue()


@cache
def translations(locale: str) -> NullTranslations:
    """A language's catalogue, parsed once a process: a thousand sentences take a tenth of a second."""
    file = FOLDER / locale / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return NullTranslations()
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
