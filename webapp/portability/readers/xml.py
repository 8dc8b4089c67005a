"""XML from somebody else: streamed, and refused when it is broken or builds something larger than itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # the types alone; parsing is defusedxml's
from xml.sax import ContentHandler, SAXException  # likewise

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException, sax

from webapp.portability.items import BadSource

WHAT_IS_WRONG = {
    "no element found": "it is cut short",
    "unclosed token": "it is cut short",
    "unclosed CDATA section": "it is cut short",
    "not well-formed (invalid token)": "it is broken, or in another encoding than it says",
    "mismatched tag": "its tags do not match",
    "undefined entity": "it names an entity that it does not define",
}


class Counting(ContentHandler):
    """Counts elements by the end of their name, and notes the outermost."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.counts = dict.fromkeys(names, 0)
        self.root = ""

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: ARG002, N802  # SAX's own name
        self.root = self.root or name
        if name in self.counts:
            self.counts[name] += 1


def read_once(path: Path, counting: Counting) -> None:
    """Reads all of a file, and counts. Raises :class:`BadSource` when it is not whole XML."""
    parser = sax.make_parser()
    parser.setContentHandler(counting)
    try:
        with path.open("rb") as stream:
            parser.parse(stream)
    except DefusedXmlException:
        raise BadSource("The file declares entities, which no export does. It is not read.") from None
    except SAXException as error:
        raise BadSource(broken(error)) from None
    except (OSError, ValueError, LookupError) as error:
        raise BadSource(f"The file cannot be read: {error}.") from None


def elements(path: Path, *names: str) -> Iterator[Element]:
    """The elements called so, one at a time, each forgotten when the next is asked for."""
    try:
        with path.open("rb") as stream:
            ancestors: list[Element] = []
            for event, element in SafeTree.iterparse(stream, events=("start", "end")):
                if event == "start":
                    ancestors.append(element)
                    continue
                ancestors.pop()
                if local(element.tag) in names:
                    yield element
                    if ancestors:
                        ancestors[-1].remove(element)
    except DefusedXmlException:
        raise BadSource("The file declares entities, which no export does. It is not read.") from None
    except (ParseError, ValueError, LookupError) as error:
        raise BadSource(broken(error)) from None


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def broken(error: Exception) -> str:
    """What is wrong with a file, and where."""
    said = error.getMessage() if isinstance(error, SAXException) else str(error)
    why = next((words for sign, words in WHAT_IS_WRONG.items() if sign in said), said)
    line = getattr(error, "getLineNumber", lambda: getattr(error, "position", (None,))[0])()
    return f"The file is not whole: {why}{f', in line {line:,}' if line else ''}. Nothing was imported."
