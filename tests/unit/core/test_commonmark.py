"""CommonMark's own examples, all of them that need no raw HTML: https://spec.commonmark.org/0.31.2/."""

import json
import re
from itertools import chain, groupby
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Comment
from markdown_it import MarkdownIt

from webapp.core.markdown import render

EXAMPLES = json.loads((Path(__file__).parent / "commonmark" / "spec-0.31.2.json").read_text())
SECTIONS = {name: list(group) for name, group in groupby(EXAMPLES, key=lambda example: example["section"])}

NEED_RAW_HTML = frozenset(
    chain(
        (21, 31),
        range(148, 192),  # HTML blocks
        (201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536),
        (*range(613, 618), 623, *range(625, 632)),  # raw HTML in a line
        (642, 643),
    )
)
"""What is HTML in these examples, Almanac shows as it was typed."""

LEADS_ELSEWHERE = {
    596: "&lt;irc://foo.bar:2233/baz&gt;",
    598: "&lt;a+b+c:d&gt;",
    599: "&lt;made-up-scheme://foo,bar&gt;",
    601: "&lt;localhost:5001/foo&gt;",
}
"""A link of ours leads to http, https or mailto, and to nothing else; these stay text."""

LINKED_ALTHOUGH_BARE = {602: "https://foo.bar/baz", 608: "https://foo.bar", 611: "https://example.com"}
"""An address in the text is a link without being marked as one: an addition of ours, as in GitHub's Markdown."""

OURS = {"a": ["rel"], "pre": ["tabindex"], "img": ["loading"]}


@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_example_that_needs_no_raw_html_comes_out_as_the_specification_says(section):
    apart = NEED_RAW_HTML | LEADS_ELSEWHERE.keys() | LINKED_ALTHOUGH_BARE.keys()
    wrong = {
        example["example"]: (example["markdown"], plain(render(example["markdown"]).html))
        for example in SECTIONS[section]
        if example["example"] not in apart
        and plain(render(example["markdown"]).html) != plain(example["html"], is_reference=True)
    }
    assert wrong == {}


def test_nothing_is_left_out_but_what_needs_raw_html():
    without_html = MarkdownIt("commonmark", {"html": False})
    assert len(EXAMPLES) == 652
    needing = {
        example["example"]
        for example in EXAMPLES
        if plain(without_html.render(example["markdown"]), is_reference=True)
        != plain(example["html"], is_reference=True)
    }
    assert needing == NEED_RAW_HTML


@pytest.mark.parametrize("number", sorted(NEED_RAW_HTML))
def test_raw_html_is_text(number):
    """No element that was typed gets through, and nothing that could run."""
    html = render(EXAMPLES[number - 1]["markdown"]).html
    written = {"p", "span", "em", "strong", "code", "pre", "ul", "ol", "li", "a", "br", "blockquote", "h2", "hr"}
    assert {each.name for each in BeautifulSoup(html, "html.parser").find_all()} <= written
    assert not BeautifulSoup(html, "html.parser").find_all(string=lambda text: isinstance(text, Comment))


@pytest.mark.parametrize("number", LEADS_ELSEWHERE)
def test_a_link_to_another_scheme_stays_text(number):
    assert render(EXAMPLES[number - 1]["markdown"]).html == f"<p>{LEADS_ELSEWHERE[number]}</p>\n"


@pytest.mark.parametrize("number", LINKED_ALTHOUGH_BARE)
def test_a_bare_address_is_linked_and_the_rest_is_as_the_specification_says(number):
    page = BeautifulSoup(render(EXAMPLES[number - 1]["markdown"]).html, "html.parser")
    assert [link["href"] for link in page.select("a")] == [LINKED_ALTHOUGH_BARE[number]]
    for link in page.select("a"):
        link.unwrap()
    page.smooth()
    assert str(page).strip() == EXAMPLES[number - 1]["html"].strip()


def plain(html: str, *, is_reference: bool = False) -> str:
    """HTML without what Almanac adds on purpose, and the specification's as if it had moved headings as Almanac does.

    A page has its one ``h1`` already; quotes are curled; listings can be reached by keyboard, and have spans in the
    place of a language's name.
    """
    page = BeautifulSoup(html, "html.parser")
    headings = page.select("h1, h2, h3, h4, h5, h6")
    lift = 2 - min((int(each.name[1]) for each in headings), default=2) if is_reference else 0
    for each in headings:
        each.name = f"h{min(int(each.name[1]) + lift, 6)}"
        each.attrs.pop("id", None)
    for name, attributes in OURS.items():
        for each in page.select(name):
            for attribute in attributes:
                each.attrs.pop(attribute, None)
    for each in page.select("pre code"):
        each.attrs.pop("class", None)
    for each in page.select("pre span"):
        each.unwrap()
    page.smooth()
    straight = str(page).translate(str.maketrans("“”‘’", "\"\"''"))  # noqa: RUF001  # that is what it is about
    return re.sub(r">\s*\n\s*<", "><", straight).strip()
