"""What stands in WordPress' texts besides HTML: paragraphs made of empty lines, blocks in comments, shortcodes."""

from __future__ import annotations

import html as entities
import re

BLOCK = re.compile(r"<!--\s*(/?)wp:([\w/-]+)\s*(\{.*?\})?\s*(/?)-->", re.DOTALL)
SHORTCODE = re.compile(
    r"\[(/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'\]]+)|\s+\"[^\"]*\"|\s+https?://[^\s\]]+)*)\s*(/?)\]"
)
ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'\]]+))")
EMBED = re.compile(r"(<div class=\"wp-block-embed__wrapper\">)\s*(https?://\S+?)\s*(</div>)")
CODE = frozenset({"code", "sourcecode", "source", "php", "python", "js", "javascript", "css", "html", "bash", "sql"})
BLOCK_TAG = re.compile(
    r"</?(?:p|div|h[1-6]|ul|ol|li|table|thead|tbody|tr|td|th|blockquote|pre|figure|figcaption|hr|section|article|dl|dt|dd"
    r"|form|iframe|video|audio|address|aside|details)\b",
    re.IGNORECASE,
)
PRE = re.compile(r"(<pre\b.*?</pre\s*>)", re.IGNORECASE | re.DOTALL)


def expand(content: str, notes: list[str]) -> str:
    """Plain HTML of what WordPress keeps, as its theme would have written it. What cannot be shown is named."""
    is_of_blocks = "<!-- wp:" in content
    if is_of_blocks:
        for closing, name, _attributes, alone in BLOCK.findall(content):
            if alone and not closing:
                notes.append(f"the block “{name}” was left out: its content is made when it is read")
        content = EMBED.sub(r'<p><a href="\2">\2</a></p>', content)
    if "[" in content:
        content = _shortcodes(content, notes)
    return content if is_of_blocks else paragraphs(content)


def paragraphs(content: str) -> str:
    """What stands between empty lines is a paragraph, a line end is a line end; not inside of what is set as it is."""
    if "\n" not in content.strip():
        return content if BLOCK_TAG.match(content.strip()) else f"<p>{content.strip()}</p>"
    parts = PRE.split(content.replace("\r\n", "\n"))
    return "".join(part if index % 2 else _paragraphs(part) for index, part in enumerate(parts))


def _paragraphs(part: str) -> str:
    chunks = (chunk.strip() for chunk in re.split(r"\n\s*\n", part))
    return "\n".join(
        chunk if BLOCK_TAG.match(chunk) else f"<p>{chunk.replace(chr(10), '<br>')}</p>" for chunk in chunks if chunk
    )


def _shortcodes(content: str, notes: list[str]) -> str:
    """The shortcodes of WordPress itself become what they show; of others what they enclose is kept."""
    content = re.sub(
        r"\[(" + "|".join(sorted(CODE, key=len, reverse=True)) + r")\b([^\]]*)\](.*?)\[/\1\]",
        lambda match: _code(match[1], match[2], match[3]),
        content,
        flags=re.DOTALL,
    )
    content = re.sub(
        r"\[caption\b([^\]]*)\](.*?)\[/caption\]", lambda match: _caption(match[1], match[2]), content, flags=re.DOTALL
    )
    content = re.sub(
        r"\[(embed|video|audio|youtube|vimeo|twitter)\b([^\]]*)\](?:\s*(https?://[^\s\[\]]+)\s*\[/\1\])?",
        lambda match: _embed(match[2], match[3]),
        content,
    )
    parts = re.split(r"(<pre\b.*?</pre\s*>|<code\b.*?</code\s*>)", content, flags=re.IGNORECASE | re.DOTALL)
    return "".join(part if index % 2 else _others(part, notes) for index, part in enumerate(parts))


def _code(name: str, attributes: str, code: str) -> str:
    values = _values(attributes)
    language = (
        values.get("language") or values.get("lang") or ("" if name in {"code", "sourcecode", "source"} else name)
    )
    shown = entities.escape(entities.unescape(code.strip("\r\n")), quote=False)
    return f'<pre><code class="language-{entities.escape(language)}">{shown}</code></pre>'


def _caption(attributes: str, inner: str) -> str:
    values = _values(attributes)
    picture = re.search(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", inner)
    words = values.get("caption") or (inner.replace(picture[0], "") if picture else inner)
    return f"<figure>{picture[0] if picture else ''}<figcaption>{words.strip()}</figcaption></figure>"


def _embed(attributes: str, address: str | None) -> str:
    values = _values(attributes)
    bare = re.search(r"https?://[^\s\"'\]]+", attributes)
    address = address or values.get("src") or values.get("mp4") or values.get("mp3") or (bare[0] if bare else None)
    shown = entities.escape(address or "")
    return f'<p><a href="{shown}">{shown}</a></p>' if address else ""


def _others(part: str, notes: list[str]) -> str:
    """A bracket is a shortcode when it has attributes or is closed again; ``[sic]`` is what somebody wrote."""
    closed = set(re.findall(r"\[/([\w-]+)\]", part))

    def place(match: re.Match[str]) -> str:
        closing, name, attributes, alone = match.groups()
        is_one = bool(closing or attributes.strip() or alone or name in closed or name in {"gallery", "playlist"})
        if not is_one or part[match.end() : match.end() + 1] == "(":
            return match[0]
        if not closing:
            kept = ": what it encloses is kept" if name in closed else ""
            notes.append(f"the shortcode [{name}] was left out{kept}")
        return ""

    return SHORTCODE.sub(place, part)


def _values(attributes: str) -> dict[str, str]:
    found = ATTRIBUTE.findall(attributes)
    return {name.lower(): entities.unescape(first or second or third) for name, first, second, third in found}
