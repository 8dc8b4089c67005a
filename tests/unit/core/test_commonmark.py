"""CommonMark's own examples, all of them that need no raw HTML: https://spec.commonmark.org/0.31.2/."""

import json
import re
from itertools import chain, groupby
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Comment
from markdown_it import MarkdownIt

from tests.world import csrf, sign_in
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

OURS = {"a": ["rel"], "pre": ["tabindex"], "img": ["loading"]}


@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_example_that_needs_no_raw_html_comes_out_as_the_specification_says(section):
    wrong = {
        example["example"]: (example["markdown"], plain(render(example["markdown"]).html))
        for example in SECTIONS[section]
        if example["example"] not in NEED_RAW_HTML
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


def test_the_preview_of_the_editor_is_as_the_specification_says(client, world):
    """What an author sees while writing: the same renderer, through the public door."""
    sign_in(client, world.alice)
    token = csrf(client, "/write/new")
    wrong = []
    for example in EXAMPLES:
        if example["example"] in NEED_RAW_HTML or not example["html"]:
            continue
        typed = {"csrf_token": token, "action": "preview", "body": example["markdown"]}
        answer = client.post("/write/new", data=typed, headers={"HX-Request": "true"})
        shown = BeautifulSoup(answer.text, "html.parser")
        for counted in shown.select("[data-hx-swap-oob], .note"):
            counted.decompose()
        if plain(str(shown)) != plain(example["html"], is_reference=True):
            wrong.append(example["example"])
    assert wrong == []


def plain(html: str, *, is_reference: bool = False) -> str:
    """HTML without what Almanac adds on purpose, and the specification's as if it had moved headings as Almanac does.

    A page has its one ``h1`` already; listings can be reached by keyboard, and their keywords are marked.
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
    for each in page.select("pre span"):
        each.unwrap()
    page.smooth()
    return re.sub(r">\s*\n\s*<", "><", str(page)).strip()
