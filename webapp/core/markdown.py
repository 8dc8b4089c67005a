"""Markdown to HTML that is safe to show as it is: rendered once, when a text is saved.

CommonMark with tables, strikethrough, footnotes, task lists and bare links. Raw HTML is text. What comes out has no
style attributes, fits a strict Content-Security-Policy and hangs together on a page that already has its one ``h1``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Operator, String
from slugify import slugify

from webapp.core.errors import Refused
from webapp.core.language import IDEOGRAPH, of

LONGEST = 200_000
"""Characters in one text, some 30,000 words. Rendering is linear: at its most hostile it takes seconds."""
DEEPEST = 24
"""Levels of lists, quotes and brackets; what is nested deeper is left out. The worst text costs time by it."""
EXCERPT = 220
"""Characters of an excerpt, about three lines in a list."""
LONGEST_LISTING = 20_000
"""Characters of one code block that are still coloured."""
LANGUAGES = frozenset(
    (
        *("bash", "c", "console", "cpp", "csharp", "css", "diff", "docker", "dockerfile", "go", "html", "ini", "java"),
        *("javascript", "js", "json", "kotlin", "lua", "make", "makefile", "nginx", "php", "py", "python", "rb", "rs"),
        *("ruby", "rust", "sh", "shell", "sql", "swift", "toml", "ts", "typescript", "xml", "yaml", "yml", "zsh"),
    )
)
"""The languages that are coloured: common ones, whose lexers are known to be quick on any input."""

WORDS_A_MINUTE = 230
IDEOGRAPHS_A_MINUTE = 400

SCHEMES = frozenset({"http", "https", "mailto"})
SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

HANGING = " ,;:-–—，、；："  # noqa: RUF001  # what looks forlorn before an ellipsis, in both scripts


@dataclass(frozen=True)
class Rendered:
    """``html`` is sanitised. ``excerpt`` is plain text. ``words`` counts an ideograph as a word."""

    html: str
    excerpt: str
    words: int
    minutes: int


def render(source: str) -> Rendered:
    """Renders a text. Raises :class:`Refused` for the field ``body`` when it is longer than :data:`LONGEST`."""
    if len(source) > LONGEST:
        raise Refused("body", f"Keep it under {LONGEST:,} characters.")
    env: dict[str, str] = {"language": of(source)}
    tokens = PARSER.parse(source, env)
    html = CLEANER.clean(PARSER.renderer.render(tokens, PARSER.options, env))
    text = " ".join(_passages(tokens))
    ideographs = len(IDEOGRAPH.findall(text))
    words = len(WORD.findall(IDEOGRAPH.sub(" ", text)))
    minutes = max(1, round(words / WORDS_A_MINUTE + ideographs / IDEOGRAPHS_A_MINUTE))
    return Rendered(html, shorten(" ".join(_paragraphs(tokens)) or text, EXCERPT), words + ideographs, minutes)


def shorten(text: str, longest: int) -> str:
    """``text`` on one line, cut before the word that would pass ``longest`` characters."""
    text = " ".join(text[: longest * 50].split())
    if len(text) <= longest:
        return text
    cut = text[:longest]
    if not IDEOGRAPH.match(text[longest]):
        head, space, _tail = cut.rpartition(" ")
        cut = head if space and len(head) > longest // 2 else cut
    return cut.rstrip(HANGING) + "…"


# What is said, for excerpts and for counting


def _passages(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield _words(token)


def _paragraphs(tokens: Sequence[Token]) -> Iterator[str]:
    """The running text: no headings, tables or notes."""
    inside = 0
    for token in tokens:
        if token.type in {"table_open", "footnote_block_open", "heading_open"}:
            inside += 1
        elif token.type in {"table_close", "footnote_block_close", "heading_close"}:
            inside -= 1
        elif token.type == "inline" and not inside:
            yield _words(token)


def _words(token: Token) -> str:
    said = (
        child.content if child.type in {"text", "code_inline", "text_special"} else " " if "break" in child.type else ""
        for child in token.children or ()
    )
    return "".join(said)


# The parser, and the rules of ours that work on its tokens


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": DEEPEST, "highlight": _listing})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.use(footnote_plugin, inline=False).use(tasklists_plugin, label=True)
    if parser.linkify:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.validateLink = _may_lead_to  # type: ignore[method-assign,assignment]
    parser.core.ruler.push("headings", _headings)
    parser.core.ruler.push("tables", _tables)
    parser.core.ruler.push("links", _links)
    for name, rule in RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def _may_lead_to(target: str) -> bool:
    """Whether a link or a picture may have this address; otherwise its source is shown as it was typed."""
    scheme = SCHEME.match(target)
    return scheme is None or scheme[1].lower() in SCHEMES


def _headings(state: StateCore) -> None:
    """Moves headings so that the highest is an ``h2``, and gives each an address."""
    opening = [index for index, token in enumerate(state.tokens) if token.type == "heading_open"]
    lift = 2 - min((int(state.tokens[index].tag[1]) for index in opening), default=2)
    seen: dict[str, int] = {}
    for index in opening:
        heading, inline, closing = state.tokens[index : index + 3]
        heading.tag = closing.tag = f"h{min(int(heading.tag[1]) + lift, 6)}"
        name = slugify(_words(inline)[:100], max_length=60, word_boundary=True) or "section"
        seen[name] = seen.get(name, 0) + 1
        # the prefix keeps a heading called "Main" from taking the address of the page's own parts
        heading.attrs["id"] = f"s-{name}" if seen[name] == 1 else f"s-{name}-{seen[name]}"


def _tables(state: StateCore) -> None:
    """Names each table by its head, and says by class what Markdown's alignment says by style."""
    head: list[str] | None = None
    table: Token | None = None
    for index, token in enumerate(state.tokens):
        if token.type == "table_open":
            table, head = token, []
        elif token.type in {"th_open", "td_open"}:
            if "right" in str(token.attrs.pop("style", "")):
                token.attrs["class"] = "num"
            if token.type == "th_open":
                token.attrs["scope"] = "col"
                if head is not None:
                    head.append(_words(state.tokens[index + 1]))
        elif token.type == "thead_close" and table is not None:
            table.meta["label"] = shorten(", ".join(filter(None, head or ())), 80) or "Table"


def _links(state: StateCore) -> None:
    """Tells search engines not to follow what leads away from here, and readers' browsers to load pictures late."""
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "link_open" and _leads_away(str(child.attrs.get("href", ""))):
                child.attrs["rel"] = "nofollow noopener"
            elif child.type == "image":
                child.attrs["loading"] = "lazy"


def _leads_away(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return True
    return bool(parts.netloc) or parts.scheme in {"http", "https"}


def _listing(code: str, language: str, _attributes: str) -> str:
    """Code with its keywords and comments marked: the page sets them by weight and slant, not by colour."""
    if language.lower() not in LANGUAGES or len(code) > LONGEST_LISTING:
        return ""
    parts = []
    for kind, text in get_lexer_by_name(language.lower()).get_tokens(code):
        if kind in Keyword or kind in Operator.Word:
            parts.append(f'<span class="k">{escape(text)}</span>')
        elif kind in Comment or kind in String.Doc:
            parts.append(f'<span class="c">{escape(text)}</span>')
        else:
            parts.append(escape(text))
    return "".join(parts)


# How single tokens are written


def _fence(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    """A listing scrolls inside itself, so the keyboard has to reach it."""
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
    code = _listing(token.content, language, "") or escape(token.content)
    return f'<pre tabindex="0"><code>{code}</code></pre>\n'


def _table_open(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    label = escape(tokens[index].meta.get("label", "Table"))
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"


NOTES = {
    "en": {"note": "Note", "notes": "Notes", "back": "Back", "back to": "Back to the text"},
    "zh-Hans": {"note": "注", "notes": "注释", "back": "返回", "back to": "返回正文"},
}
"""The words that notes need, in the language of the text around them."""


def _note_words(env: object) -> dict[str, str]:
    language = env.get("language", "en") if isinstance(env, dict) else "en"
    return NOTES.get(language, NOTES["en"])


def _note_mark(_renderer: object, tokens: Sequence[Token], index: int, _options: object, env: object) -> str:
    number, place = _note(tokens[index])
    label = f"{_note_words(env)['note']} {number}"
    return f'<sup><a href="#n{number}" id="r{place}" aria-label="{label}">{number}</a></sup>'


def _notes_open(_renderer: object, _tokens: Sequence[Token], _index: int, _options: object, env: object) -> str:
    return f'<section class="notes" aria-label="{_note_words(env)["notes"]}"><hr>\n<ol>\n'


def _notes_close(*_: object) -> str:
    return "</ol>\n</section>\n"


def _note_open(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    return f'<li id="n{_note(tokens[index])[0]}">'


def _note_close(*_: object) -> str:
    return "</li>\n"


def _way_back(_renderer: object, tokens: Sequence[Token], index: int, _options: object, env: object) -> str:
    words = _note_words(env)
    return f' <a href="#r{_note(tokens[index])[1]}" aria-label="{words["back to"]}">{words["back"]}</a>'


def _note(token: Token) -> tuple[str, str]:
    """A note's number, and that of the place in the text: a note may be called several times."""
    number = str(token.meta["id"] + 1)
    again = token.meta.get("subId", 0)
    return number, f"{number}-{again + 1}" if again > 0 else number


RULES: dict[str, Callable[..., str]] = {
    "fence": _fence,
    "code_block": _fence,
    "table_open": _table_open,
    "table_close": _table_close,
    "footnote_ref": _note_mark,
    "footnote_block_open": _notes_open,
    "footnote_block_close": _notes_close,
    "footnote_open": _note_open,
    "footnote_close": _note_close,
    "footnote_anchor": _way_back,
}
PARSER = _parser()
CLEANER = nh3.Cleaner(
    tags={
        *(
            "p",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "em",
            "strong",
            "s",
            "a",
            "img",
            "code",
            "pre",
            "span",
            "blockquote",
            "ul",
        ),
        *(
            "ol",
            "li",
            "hr",
            "br",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "div",
            "section",
            "sup",
            "label",
            "input",
        ),
    },
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href", "title", "rel", "id", "aria-label"},
        "img": {"src", "alt", "title"},
        "h2": {"id"},
        "h3": {"id"},
        "h4": {"id"},
        "h5": {"id"},
        "h6": {"id"},
        "li": {"id"},
        "ol": {"start"},
        "section": {"aria-label"},
        "div": {"aria-label"},
        "input": {"checked", "disabled"},
    },
    tag_attribute_values={
        "input": {"type": {"checkbox"}},
        "img": {"loading": {"lazy"}},
        "th": {"scope": {"col"}},
        "div": {"tabindex": {"0"}, "role": {"region"}},
        "pre": {"tabindex": {"0"}},
    },
    allowed_classes={
        "div": {"scroll"},
        "section": {"notes"},
        "span": {"k", "c"},
        "th": {"num"},
        "td": {"num"},
        "ul": {"contains-task-list"},
        "ol": {"contains-task-list"},
        "li": {"task-list-item"},
        "input": {"task-list-item-checkbox"},
    },
    url_schemes=set(SCHEMES),
    link_rel=None,
)
