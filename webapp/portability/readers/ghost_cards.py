"""What Ghost's editors keep where there is no HTML: mobiledoc (since 1.0) and Lexical (since 5.0), as Markdown.

Mobiledoc is specified at https://github.com/bustle/mobiledoc-kit/blob/main/MOBILEDOC.md; Lexical is a tree of nodes
with a ``type`` and ``children``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from webapp.portability.converting import to_markdown

DEEPEST = 40
FORMATS = ((16, "code"), (1, "strong"), (2, "em"), (4, "s"))
MOBILE_TAGS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside", "ul", "ol", "pull-quote"})


def of_mobiledoc(raw: str, notes: list[str]) -> str:
    """A mobiledoc as Markdown; empty, with a remark, when it is none."""
    document = _json(raw, "mobiledoc", notes)
    pieces: list[Piece] = []
    cards, markups = _list(document, "cards"), _list(document, "markups")
    for section in _list(document, "sections"):
        match section:
            case [1, str(tag), list(markers)]:
                pieces.append(_block(tag, _markers(markers, markups, document)))
            case [2, str(source), *_]:
                pieces.append(picture(source, "", ""))
            case [3, str(tag), list(entries)]:
                listed = "".join(f"<li>{_markers(each, markups, document)}</li>" for each in entries)
                pieces.append(_block(tag, listed))
            case [10, int(index), *_] if 0 <= index < len(cards):
                match cards[index]:
                    case [str(name), dict(payload), *_]:
                        pieces.append(card(name, payload, notes))
    return _joined(pieces)


def of_lexical(raw: str, notes: list[str]) -> str:
    """A Lexical state as Markdown; empty, with a remark, when it is none."""
    document = _json(raw, "lexical", notes)
    root = document.get("root")
    nodes = _list(root, "children") if isinstance(root, Mapping) else []
    return _joined(_lexical_block(each, notes) for each in nodes if isinstance(each, Mapping))


Piece = str | tuple[str]
"""HTML, or in a tuple Markdown that stays as it is."""


def card(name: str, values: Mapping[str, Any], notes: list[str]) -> Piece:
    """One card of either editor."""
    name = name.removeprefix("card-")
    if name in CARDS:
        return CARDS[name](values)
    if name in FOR_MEMBERS:
        notes.append(f"a card for members or mail ({name}) was left out")
    else:
        notes.append(f"the card “{name}” was left out: we have nothing like it")
    return ""


def picture(source: str, alt: str, caption: str) -> str:
    """HTML of a picture with the words below it."""
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><img src="{escape(source)}" alt="{escape(alt)}">{below}</figure>' if source else ""


def _link(values: Mapping[str, Any]) -> str:
    metadata = values.get("metadata")
    inner = metadata if isinstance(metadata, Mapping) else {}
    address = next((found for name in ("url", "src", "buttonUrl", "productUrl") if (found := _str(values, name))), "")
    words = next((found for name in ("buttonText", "title", "fileTitle") if (found := _str(values, name))), "")
    words = words or _str(inner, "title") or address
    return f'<p><a href="{escape(address)}">{escape(words)}</a></p>' if address else ""


def _gallery(values: Mapping[str, Any]) -> str:
    shown = [each for each in _list(values, "images") if isinstance(each, Mapping)]
    return "".join(picture(_str(each, "src"), _str(each, "alt"), "") for each in shown)


def _code(values: Mapping[str, Any]) -> tuple[str]:
    fence = "```" if "```" not in _str(values, "code") else "````"
    return (f"{fence}{_str(values, 'language')}\n{_str(values, 'code')}\n{fence}",)


CARDS: dict[str, Callable[[Mapping[str, Any]], Piece]] = {
    "markdown": lambda values: (_str(values, "markdown"),),
    "html": lambda values: _str(values, "html"),
    "image": lambda values: picture(_str(values, "src"), _str(values, "alt"), _str(values, "caption")),
    "gallery": _gallery,
    "code": _code,
    "codeblock": _code,
    "hr": lambda _values: "<hr>",
    "horizontalrule": lambda _values: "<hr>",
    "callout": lambda values: f"<blockquote><p>{_str(values, 'calloutText')}</p></blockquote>",
    "toggle": lambda values: f"<p><strong>{_str(values, 'heading')}</strong></p>{_str(values, 'content')}",
    **dict.fromkeys(("embed", "bookmark", "video", "audio", "file", "button", "product"), _link),
}
FOR_MEMBERS = frozenset({"paywall", "email", "email-cta", "emailCta", "signup"})


def _block(tag: str, inner: str) -> str:
    tag = tag.lower() if tag.lower() in MOBILE_TAGS else "p"
    tag = {"aside": "blockquote", "pull-quote": "blockquote"}.get(tag, tag)
    return f"<{tag}>{inner}</{tag}>"


def _markers(markers: Any, markups: list[Any], document: Mapping[str, Any]) -> str:
    """A line of mobiledoc: pieces of text, each of which opens some markups and closes the innermost few."""
    written, opened = [], []
    atoms = _list(document, "atoms")
    for marker in markers if isinstance(markers, list) else []:
        match marker:
            case [int(kind), list(opening), int(closing), value]:
                for index in opening:
                    tag, start = _markup(markups, index)
                    opened.append(tag)
                    written.append(start)
                written.append(escape(str(value), quote=False) if kind == 0 else _atom(atoms, value))
                for _ in range(min(closing, len(opened))):
                    tag = opened.pop()
                    written.append(f"</{tag}>" if tag else "")
    return "".join(written)


def _markup(markups: list[Any], index: Any) -> tuple[str, str]:
    match markups[index] if isinstance(index, int) and 0 <= index < len(markups) else None:
        case ["a", [*attributes]]:
            pairs = dict(zip(map(str, attributes[::2]), map(str, attributes[1::2]), strict=False))
            return "a", f'<a href="{escape(pairs.get("href", ""))}">'
        case [str(tag), *_] if tag in {"strong", "b", "em", "i", "code", "s"}:
            return tag, f"<{tag}>"
    return "", ""


def _atom(atoms: list[Any], index: Any) -> str:
    match atoms[index] if isinstance(index, int) and 0 <= index < len(atoms) else None:
        case ["soft-return", *_]:
            return "<br>"
        case [_, str(text), *_]:
            return escape(text, quote=False)
    return ""


def _lexical_block(node: Mapping[str, Any], notes: list[str], depth: int = 0) -> Piece:
    kind = _str(node, "type").removeprefix("extended-")
    match kind:
        case "paragraph":
            return f"<p>{_lexical_line(node, depth)}</p>"
        case "heading":
            tag = _str(node, "tag")
            return _block(tag if tag in MOBILE_TAGS else "h2", _lexical_line(node, depth))
        case "quote" | "aside":
            return f"<blockquote><p>{_lexical_line(node, depth)}</p></blockquote>"
        case "list":
            return _lexical_list(node, depth)
    return card(kind, node, notes)


def _lexical_list(node: Mapping[str, Any], depth: int) -> str:
    tag = "ol" if _str(node, "listType") == "number" or _str(node, "tag") == "ol" else "ul"
    entries = "".join(f"<li>{_lexical_line(each, depth + 1)}</li>" for each in _nodes(node))
    return f"<{tag}>{entries}</{tag}>"


def _lexical_line(node: Mapping[str, Any], depth: int) -> str:
    return "" if depth > DEEPEST else "".join(_lexical_inline(each, depth + 1) for each in _nodes(node))


def _lexical_inline(node: Mapping[str, Any], depth: int) -> str:
    match _str(node, "type").removeprefix("extended-"):
        case "text" | "code-highlight":
            text, formats = escape(_str(node, "text"), quote=False), node.get("format")
            for bit, tag in FORMATS:
                if isinstance(formats, int) and formats & bit and text.strip():
                    text = f"<{tag}>{text}</{tag}>"
            return text
        case "linebreak":
            return "<br>"
        case "link" | "autolink":
            return f'<a href="{escape(_str(node, "url"))}">{_lexical_line(node, depth)}</a>'
        case "list":
            return _lexical_list(node, depth)
    return _lexical_line(node, depth)


def _joined(pieces: Iterable[Piece]) -> str:
    """HTML becomes Markdown, what is Markdown stays; remarks on HTML that is left out are made by the caller's file."""
    written = (piece[0] if isinstance(piece, tuple) else to_markdown(piece, []) for piece in pieces)
    return "\n\n".join(each.strip() for each in written if each.strip())


def _nodes(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in _list(node, "children") if isinstance(each, Mapping)]


def _json(raw: str, name: str, notes: list[str]) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, Mapping):
        return found
    notes.append(f"its {name} cannot be read, and nothing else holds its text")
    return {}


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    return value if isinstance(value, list) else []


def _str(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
