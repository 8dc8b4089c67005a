"""Addresses in angle brackets, which CommonMark links whatever their scheme: https://spec.commonmark.org/0.31.2/#autolinks.

The reader sees where such a link leads. So everything is allowed here but what could do harm by being followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

ADDRESS = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}):[^\x00-\x20\x7f<>]*>")
MAIL = re.compile(
    r"<[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*>"
)

HARMFUL = frozenset(
    (
        *("javascript", "vbscript", "livescript", "mocha", "data", "blob", "filesystem", "about"),  # runs in the page
        *("jar", "view-source", "feed", "mhtml", "mk", "wyciwyg"),  # holds another address
        *("file", "res", "resource", "smb", "nfs"),  # reads from the reader's own machine or network
        *("shell", "search", "intent", "android-app", "itms-services", "chrome", "edge", "opera"),  # starts something
        *(
            "vscode",
            "vscode-insiders",
            "zoommtg",
            "zoomus",
            "steam",
            "ssh",
            "telnet",
            "rdp",
        ),  # with arguments of its own
    )
)
HARMFUL_FAMILY = re.compile(r"(ms-|microsoft|search-ms|vnd\.|x-apple|chrome-|moz-|safari-|ldap)")
"""Families of schemes that hand an address to a program of the system, with whatever stands in it."""


def rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # as the parser calls it
    """The parser's rule. What may not be linked stays text."""
    if state.src[state.pos] != "<":
        return False
    found = ADDRESS.match(state.src, state.pos, state.posMax) or MAIL.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    shown = found[0][1:-1]
    if found.re is ADDRESS and is_harmful(found[1]):
        return False
    if not silent:
        _link(state, shown if found.re is ADDRESS else f"mailto:{shown}", shown)
    state.pos = found.end()
    return True


def is_harmful(scheme: str) -> bool:
    """Whether following an address of this scheme could do more than show something."""
    scheme = scheme.lower()
    return scheme in HARMFUL or HARMFUL_FAMILY.match(scheme) is not None


def schemes_in(tokens: Sequence[Token]) -> Iterator[str]:
    """The schemes of all addresses that the rule has linked."""
    for token in tokens:
        if token.type == "link_open" and token.info == "auto":
            yield str(token.attrs["href"]).partition(":")[0].lower()
        elif token.children:
            yield from schemes_in(token.children)


def _link(state: StateInline, target: str, shown: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": state.md.normalizeLink(target)}
    text = state.push("text", "", 0)
    text.content = state.md.normalizeLinkText(shown)
    closing = state.push("link_close", "a", -1)
    for token in (opening, closing):
        token.markup, token.info = "autolink", "auto"
