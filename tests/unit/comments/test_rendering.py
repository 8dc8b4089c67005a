"""The Markdown of a comment, and what it keeps out."""

import time

import pytest

from webapp.comments import rendering
from webapp.core.errors import Refused

KEPT = {
    "*a* **b** ~~c~~ `d`": "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>",
    "> quoted": "<blockquote>\n<p>quoted</p>\n</blockquote>",
    "- one\n- two": "<ul>\n<li>one</li>\n<li>two</li>\n</ul>",
    "one\ntwo": "<p>one<br>\ntwo</p>",
    "# no heading": "<p># no heading</p>",
    "1 < 2 & 3": "<p>1 &lt; 2 &amp; 3</p>",
}


@pytest.mark.parametrize(("source", "html"), KEPT.items())
def test_what_a_comment_may_look_like(source, html):
    assert rendering.html(source).strip() == html


@pytest.mark.parametrize("source", ["[here](https://example.org)", "https://example.org", "<https://example.org>"])
def test_a_link_is_marked_as_somebody_elses(source):
    assert 'href="https://example.org" rel="nofollow ugc noopener"' in rendering.html(source)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://example.org/tracker.png)",
    "![x](data:image/png;base64,AAAA)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>)",
    "[x](vbscript:x)",
    '[x](https://a.example "onmouseover=alert(1)")',
    "<svg/onload=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "## Heading\n\nTitle\n===\n\n---",
    "| a |\n|---|\n| b |",
    "[ref]: javascript:alert(1)\n\n[ref]",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_hostile_comes_through(source):
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(rendering.html(source), "html.parser")
    assert {tag.name for tag in soup.find_all()} <= {"p", "a", "br", "em", "code", "blockquote"}
    for tag in soup.find_all():
        assert set(tag.attrs) <= {"href", "title", "rel"}
        assert not tag.get("href") or tag["href"].startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize(
    "source", [">" * 10_000, "[" * 10_000, "*" * 10_000, "- " * 5_000, "`" * 9_999, "<" * 10_000, "![" * 5_000]
)
def test_the_worst_text_takes_little_time(source):
    began = time.monotonic()
    rendering.html(source)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("source", ["", "  \n ", "a\0b", "a\x1bb", "x" * 10_001, "\ud800"])
def test_what_cannot_be_kept_is_refused(source):
    with pytest.raises(Refused) as refused:
        rendering.body(source)
    assert refused.value.field == "body"


def test_the_same_words_are_known_by_capitals_and_spaces_whatever():
    assert rendering.words_hash("Buy  this\nNOW") == rendering.words_hash("buy this now")
    assert rendering.words_hash("Buy this") != rendering.words_hash("Buy that")
