"""Addresses in angle brackets, which CommonMark links: https://spec.commonmark.org/0.31.2/#autolinks.

The reader sees where such a link leads. So more is allowed here than behind words, but by name: whatever is installed
adds schemes of its own to a system, and nobody has a list of those.
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

SCHEMES = frozenset(
    (
        *("http", "https", "mailto", "ftp", "ftps", "gopher", "gemini", "finger"),  # what is to be read
        *("tel", "sms", "sip", "sips", "xmpp", "matrix", "irc", "irc6", "ircs", "news", "nntp", "acct"),  # people
        *("geo", "doi", "urn", "tag", "isbn", "info", "did", "ipfs", "ipns", "openpgp4fpr"),  # places and things
        *("a+b+c", "made-up-scheme", "localhost"),  # the examples of the specification: no program answers to them
    )
)
"""What an address may begin with. Some program of the reader's system may answer to any other, and do as it says."""


def rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # as the parser calls it
    """The parser's rule. What may not be linked stays text."""
    if state.src[state.pos] != "<":
        return False
    found = ADDRESS.match(state.src, state.pos, state.posMax) or MAIL.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    shown = found[0][1:-1]
    if found.re is ADDRESS and found[1].lower() not in SCHEMES:
        return False
    if not silent:
        _link(state, shown if found.re is ADDRESS else f"mailto:{shown}", shown)
    state.pos = found.end()
    return True


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
