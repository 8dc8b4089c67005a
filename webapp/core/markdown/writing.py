"""How listings, tables and notes are written as HTML; the library writes the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Operator, String

from webapp.core.markdown import pictures

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


def _fence(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    """A listing scrolls inside itself, so the keyboard has to reach it."""
    token = tokens[index]
    language = next(iter(unescapeAll(token.info).split(maxsplit=1)), "")
    code = _listing(token.content, language) or escape(token.content)
    named = f' class="language-{escape(language)}"' if language else ""
    return f'<pre tabindex="0"><code{named}>{code}</code></pre>\n'


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


def _listing(code: str, language: str) -> str:
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


RULES: dict[str, Callable[..., str]] = {
    "image": pictures.write,
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
