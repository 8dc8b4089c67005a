"""What static site generators allow in Markdown and we do not: their tags, and HTML. Code stays as it is."""

from __future__ import annotations

import re
from html import unescape
from pathlib import PurePosixPath

FENCED = re.compile(r"(^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)[`~]*[ \t]*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
HIGHLIGHT = re.compile(r"\{%-?\s*highlight\s+([\w+#-]+)[^%]*%\}(.*?)\{%-?\s*endhighlight\s*-?%\}", re.DOTALL)
HUGO_CODE = re.compile(
    r"\{\{[<%]\s*highlight\s+([\w+#-]+)[^>%]*[>%]\}\}(.*?)\{\{[<%]\s*/\s*highlight\s*[>%]\}\}", re.DOTALL
)
FIGURE = re.compile(r"\{\{[<%]\s*figure\s+(.*?)\s*/?[>%]\}\}", re.DOTALL)
POST_URL = re.compile(r"\{%-?\s*(?:post_url|link)\s+(?:\S*/)?(?:\d{4}-\d+-\d+-)?([\w-]+)(?:\.\w+)?\s*-?%\}")
FILM = re.compile(r"\{\{[<%]\s*(youtube|vimeo)\s+\"?(?:id=\"?)?([\w-]+)\"?[^>%]*[>%]\}\}")
BASE = re.compile(r"\{\{-?\s*(?:site\.(?:baseurl|url)|\.Site\.BaseURL)\s*-?\}\}")
RELATIVE = re.compile(r"\{\{-?\s*[\"']([^\"']+)[\"']\s*\|\s*(?:relative_url|absolute_url)\s*-?\}\}")
OTHER_TAG = re.compile(r"\{%-?\s*(\w+)[^%]*%\}|\{\{[<%]\s*/?\s*([\w/-]+)[^>%]*[>%]\}\}")
BLANK_LINES = re.compile(r"\n{3,}")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
UNSHOWN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
IMAGE = re.compile(r"<img\b([^>]*)>", re.IGNORECASE)
LINK = re.compile(r"<a\b([^>]*)>(.*?)</a\s*>", re.IGNORECASE | re.DOTALL)
FRAME = re.compile(r"<(iframe|video|audio|embed)\b([^>]*)>(?:.*?</\1\s*>)?", re.IGNORECASE | re.DOTALL)
BREAK = re.compile(r"<br\s*/?>[ \t]*\n?", re.IGNORECASE)
STRONG = re.compile(r"</?(?:strong|b)>", re.IGNORECASE)
EMPHASIS = re.compile(r"</?(?:em|i)>", re.IGNORECASE)
TAG = re.compile(r"</?([a-z][a-z0-9]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
LEFT_OUT = re.compile(
    r"p|div|span|center|section|article|aside|header|footer|figure|figcaption|details|summary|small|"
    r"big|sub|sup|u|mark|kbd|abbr|font|table|thead|tbody|tfoot|tr|td|th|ul|ol|li|dl|dt|dd|blockquote|"
    r"pre|h1|h2|h3|h4|h5|h6|hr|nav|main|source|ins|del|cite|q|var|samp|tt|form|input|button|label"
)
"""Tags whose words are kept."""
PICTURE = re.compile(r"(!\[[^\]\n]*\]\()(<?)([^)\s>]+)")
LINKED = re.compile(r"(\]\()(<?)([^)\s>]+\.(?:jpe?g|png|gif|webp|avif))(?=[)\s>])", re.IGNORECASE)
"""A link to a picture, as one that leads to its large version."""
KRAMDOWN = re.compile(r"^\{:\s*[^}\n]*\}[ \t]*$|\{:\s*[.#][^}\n]*\}", re.MULTILINE)


def plain_markdown(source: str, notes: list[str], *, folder: PurePosixPath) -> str:
    """Markdown without a generator's tags and without HTML; what was left out is named in ``notes``.

    Pictures that lie beside the text in ``folder`` get their full path in the site.
    """
    source = HIGHLIGHT.sub(_fence, HUGO_CODE.sub(_fence, source))
    written, at = [], 0
    for code in FENCED.finditer(source):
        written += [_outside(source[at : code.start()], notes, folder), code[0]]
        at = code.end()
    written.append(_outside(source[at:], notes, folder))
    return "".join(written)


def _outside(part: str, notes: list[str], folder: PurePosixPath) -> str:
    """What is not code."""
    part = BLANK_LINES.sub("\n\n", part)
    if "{" in part:
        part = _tags(part, notes)
    if "<" in part:
        part = _html(part, notes)
    if "](" in part:
        for shown in (PICTURE, LINKED):
            part = shown.sub(lambda match: f"{match[1]}{match[2]}{full(match[3], folder)}", part)
    return part


def _tags(part: str, notes: list[str]) -> str:
    part = BASE.sub("", RELATIVE.sub(r"\1", part))
    part = POST_URL.sub(r"/posts/\1", part)
    part = FILM.sub(_film, FIGURE.sub(_figure, part))
    part = KRAMDOWN.sub("", part)

    def leave_out(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if not name.startswith("end"):
            notes.append(f"the tag “{name}” was left out")
        return ""

    return OTHER_TAG.sub(leave_out, part)


def _html(part: str, notes: list[str]) -> str:
    part = UNSHOWN.sub("", COMMENT.sub("", part))
    part = IMAGE.sub(lambda match: _picture(match[1]), part)
    part = FRAME.sub(lambda match: _frame(match[2] + match[0], notes), part)
    part = LINK.sub(lambda match: _anchor(match[1], match[2]), part)
    part = EMPHASIS.sub("*", STRONG.sub("**", BREAK.sub("\\\\\n", part)))
    left_out: dict[str, None] = {}

    def strip(match: re.Match[str]) -> str:
        if not LEFT_OUT.fullmatch(match[1].lower()):
            return match[0]
        left_out.setdefault(match[1].lower(), None)
        return ""

    part = TAG.sub(strip, part)
    if left_out:
        notes.append(f"HTML was left out around its words: {', '.join(left_out)}")
    return part


def _fence(match: re.Match[str]) -> str:
    return "\n```{}\n{}\n```\n".format(match[1], match[2].strip("\n"))


def _film(match: re.Match[str]) -> str:
    address = "https://www.youtube.com/watch?v=" if match[1] == "youtube" else "https://vimeo.com/"
    return f"<{address}{match[2]}>"


def _figure(match: re.Match[str]) -> str:
    caption = _attribute(match[1], "caption") or _attribute(match[1], "title")
    return _picture(match[1]) + (f"\n\n*{caption}*" if caption else "")


def _picture(attributes: str) -> str:
    source = _attribute(attributes, "src")
    return f"![{_attribute(attributes, 'alt')}](<{source}>)" if source else ""


def _anchor(attributes: str, words: str) -> str:
    address = _attribute(attributes, "href")
    return f"[{words}](<{address}>)" if address else words


def _frame(attributes: str, notes: list[str]) -> str:
    address = _attribute(attributes, "src")
    notes.append(f"what was embedded is a link now: {address}" if address else "something embedded was left out")
    return f"<{'https:' if address.startswith('//') else ''}{address}>" if "//" in address else ""


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf"\b{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", attributes)
    return unescape(next(filter(None, found.groups()), "")).strip() if found else ""


def full(address: str, folder: PurePosixPath) -> str:
    """A picture's path from the root of the site, for one that is named beside its text."""
    if re.match(r"[a-z][a-z0-9+.-]*:|/|#", address, re.IGNORECASE):
        return address
    parts: list[str] = []
    for part in (*folder.parts, *PurePosixPath(address).parts):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/" + "/".join(parts)
