"""What may be in a text when it is shown. Whatever the parser wrote, nothing else passes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import nh3

from webapp.core.markdown.autolinks import is_harmful
from webapp.core.markdown.parsing import SCHEMES
from webapp.core.markdown.pictures import is_ours

LANGUAGE = re.compile(r"language-\S+")


def clean(html: str, schemes: frozenset[str] = frozenset()) -> str:
    """What may be shown of ``html``. ``schemes`` are those of written-out addresses, allowed beside the usual ones."""
    cleaned: str = _cleaner(frozenset(each for each in schemes if not is_harmful(each))).clean(html)
    return cleaned


def _may_pass(element: str, attribute: str, value: str) -> str | None:
    """The cleaner asks about every attribute: a ``srcset`` leads to this host, a class of code names its language."""
    if attribute == "srcset":
        return value if is_ours(element, value) else None
    if element == "code" and attribute == "class":
        return value if LANGUAGE.fullmatch(value) else None
    return value


@lru_cache(maxsize=32)
def _cleaner(schemes: frozenset[str]) -> nh3.Cleaner:
    return nh3.Cleaner(**ALLOWED, url_schemes={*SCHEMES, *schemes})


ALLOWED: dict[str, Any] = {
    "tags": {
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
            "picture",
            "source",
        ),
    },
    "clean_content_tags": {"script", "style"},
    "attributes": {
        "code": {"class"},
        "a": {"href", "title", "rel", "id", "aria-label"},
        "img": {"src", "alt", "title", "width", "height"},
        "source": {"srcset", "sizes"},
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
    "tag_attribute_values": {
        "input": {"type": {"checkbox"}},
        "img": {"loading": {"lazy"}, "decoding": {"async"}},
        "source": {"type": {"image/avif", "image/webp"}},
        "th": {"scope": {"col"}},
        "div": {"tabindex": {"0"}, "role": {"region"}},
        "pre": {"tabindex": {"0"}},
    },
    "allowed_classes": {
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
    "attribute_filter": _may_pass,
    "link_rel": None,
}
