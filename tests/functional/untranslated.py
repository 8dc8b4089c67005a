"""Finds what a page or a mail says without asking the catalogue.

With :class:`Marked` in the place of the Chinese catalogue each sentence comes out between brackets. What stands
outside of them, in text or in an attribute that is read out, and is neither a number nor what somebody typed, was never
looked up.
"""

import re
from html.parser import HTMLParser

from babel.support import NullTranslations

from webapp.core import words

READ_OUT = {"title", "alt", "placeholder", "aria-label", "aria-description"}
VOID = {"meta", "link", "input", "br", "hr", "img", "source", "path", "circle", "rect", "polyline", "col", "wbr"}
NOT_OURS = {"datalist", "kbd", "code", "pre", "script", "style", "svg", "textarea"}
"""What stands in these is data, or for programs."""

INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")
ADDRESS = re.compile(r"[^\s⟦⟧]+@[^\s⟦⟧]+|https?://[^\s⟦⟧]+|/[^\s⟦⟧]+")
WORD = re.compile(r"[A-Za-z]{2,}")


class Marked(NullTranslations):
    """Puts brackets around every sentence that is looked up and found."""

    def __init__(self):
        super().__init__()
        self.known = set(words.translations("zh_Hans")._catalog)

    def ugettext(self, message):
        return f"⟦{message}⟧" if message in self.known else message

    def upgettext(self, context, message):
        return f"⟦{message}⟧" if f"{context}\x04{message}" in self.known else message

    def ungettext(self, one, many, number):
        return f"⟦{one if number == 1 else many}⟧"


class Page(HTMLParser):
    """Gathers what a reader of Chinese reads or hears: not what is marked as being in another language."""

    def __init__(self, html):
        super().__init__()
        self.said, self._open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        is_left_out = (
            self._is_left_out
            or tag in NOT_OURS
            or (attributes.get("lang") or "zh-Hans") != "zh-Hans"
            or "prose" in (attributes.get("class") or "").split()
        )
        if not is_left_out:
            self.said += [value for name, value in attributes.items() if name in READ_OUT and value]
        if tag not in VOID:
            self._open.append((tag, is_left_out))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not self._is_left_out:
            self.said.append(data)

    @property
    def _is_left_out(self):
        return bool(self._open) and self._open[-1][1]


def of_ours(text, typed):
    """The words of ours that were not looked up; ``typed`` holds those that somebody typed or that name something."""
    text = ADDRESS.sub(" ", text)
    while INNERMOST.search(text):
        text = INNERMOST.sub(" ", text)
    return [word for word in WORD.findall(text) if word.casefold() not in typed]


def on_page(html, typed):
    """The same for what a page says."""
    return of_ours("\n".join(Page(html).said), typed)
