"""`make messages`: what the code says, written into the catalogues; what they lack is listed, and fails the tests.

A new sentence arrives empty and one that is gone goes: nothing is guessed from what looks alike.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "webapp" / "translations"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "later": None, "mark": None}
HEADER = "# What Almanac says, in another language. How: CONTRIBUTING.md. With which words: docs/glossary.md.\n#"
PLACE = re.compile(r"%(?:\(\w+\))?[a-zA-Z%]")


def said() -> Catalog:
    """Everything the code says."""
    with (FOLDER / "babel.cfg").open() as file:
        mapping, options = parse_mapping_cfg(file)
    found = Catalog(project="Almanac", charset="utf-8")
    rows = extract_from_dir(ROOT / "webapp", mapping, options, KEYWORDS, comment_tags=("translators:",))
    for file, line, message, comments, context in sorted(rows, key=lambda row: (row[0], row[1])):
        found.add(message, None, [(f"webapp/{file}", line)], auto_comments=comments, context=context)
    return found


def catalogues() -> dict:
    """The catalogue of each language, by its file."""
    found = {}
    for file in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        with file.open("rb") as stream:
            found[file] = read_po(stream, locale=file.parts[-3])
    return found


def faults(catalogue: Catalog, wanted: Catalog) -> list:
    """What is wrong with a catalogue, a line for each: missing, unsure, other placeholders, or said no more."""
    found = []
    for message in wanted:
        if not message.id:
            continue
        own = catalogue.get(message.id, message.context)
        key = message.id if isinstance(message.id, str) else message.id[0]
        if own is None or not all(_forms(own.string)):
            found.append(f"not translated: {key}")
        elif own.fuzzy:
            found.append(f"not sure: {key}")
        elif any(not _places(form) <= _places(message.id) for form in _forms(own.string)):
            found.append(f"has a place the English has not: {key}")
        elif isinstance(message.id, str) and _places(own.string) != _places(message.id):
            found.append(f"lost a place of the English: {key}")
    found += [f"said no more: {each.id}" for each in catalogue if each.id and wanted.get(each.id, each.context) is None]
    return found


def update() -> int:
    """Writes the catalogues anew; returns how many sentences are left to translate."""
    wanted, left = said(), 0
    for file, catalogue in catalogues().items():
        since = catalogue.creation_date
        catalogue.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.creation_date = since  # a file that says the same stays the same
        catalogue.header_comment = HEADER
        catalogue.obsolete.clear()
        with file.open("wb") as stream:
            write_po(stream, catalogue, width=120, include_lineno=False, sort_by_file=True)
        missing = faults(catalogue, wanted)
        print(f"{file.relative_to(ROOT)}: {len(catalogue)} sentences, {len(missing)} to do")
        for line in missing:
            print(f"  {line}")
        left += len(missing)
    return left


def _forms(string: str | tuple) -> tuple:
    return string if isinstance(string, tuple) else (string,)


def _places(text: str | tuple) -> set:
    return {place for form in _forms(text) for place in PLACE.findall(form)}


if __name__ == "__main__":
    update()
    sys.exit(0)
