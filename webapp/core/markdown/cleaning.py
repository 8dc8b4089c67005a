"""What may be in a text when it is shown. Whatever the parser wrote, nothing else passes."""

from __future__ import annotations

import nh3

from webapp.core.markdown.parsing import SCHEMES
from webapp.core.markdown.pictures import may_pass

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
            "picture",
            "source",
        ),
    },
    clean_content_tags={"script", "style"},
    attributes={
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
    tag_attribute_values={
        "input": {"type": {"checkbox"}},
        "img": {"loading": {"lazy"}, "decoding": {"async"}},
        "source": {"type": {"image/avif", "image/webp"}},
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
    attribute_filter=may_pass,
    url_schemes=set(SCHEMES),
    link_rel=None,
)
