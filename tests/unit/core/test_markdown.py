"""What people type becomes HTML that is safe, well formed and quick to make."""

import time

import pytest
from bs4 import BeautifulSoup

from webapp.core.errors import Refused
from webapp.core.language import of
from webapp.core.markdown import LONGEST, Additions, render
from webapp.core.markdown.excerpts import shorten

LENGTH = 30_000
SECONDS = 8
"""Of processor time, for the most hostile text of that length; the slowest takes about one. Rendering is linear."""


def soup(source: str) -> BeautifulSoup:
    return BeautifulSoup(render(source).html, "html.parser")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=)",
    "![x](javascript:alert(1))",
    '![x](x "onerror=alert(1)")',
    '![" onerror="alert(1)](x)',
    "<javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>@import 'https://example.org/x.css'</style>",
    "<form action=https://example.org><input name=password></form>",
    "<base href=https://example.org/>",
    "<details open ontoggle=alert(1)>",
    '```"><script>alert(1)</script>\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    "| <script>alert(1)</script> |\n|-|\n| <img src=x onerror=alert(1)> |",
    "# <script>alert(1)</script>",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    '[x]: javascript:alert(1) "t"\n\n[x]',
    "- [ ] <input autofocus onfocus=alert(1)>",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_markdown_is_inert(source):
    found = soup(source)
    allowed = {"a", "p", "img", "pre", "code", "span", "h2", "table", "thead", "tbody", "tr", "th", "td", "div", "ul"}
    allowed |= {"li", "input", "label", "sup", "section", "hr", "ol"}
    for tag in found.find_all(True):
        assert tag.name in allowed
        assert not any(name.startswith("on") or name == "style" for name in tag.attrs), tag
        for name in ("href", "src"):
            scheme = str(tag.get(name, "")).strip().lower().partition(":")[0]
            assert scheme not in {"javascript", "vbscript", "data"}, tag
    assert all(tag.get("type") == "checkbox" for tag in found.select("input"))


def test_raw_html_is_shown_as_it_was_typed():
    assert "<b>not bold</b>" in soup("<b>not bold</b>").get_text()


def test_a_post_starts_at_the_second_level_so_that_a_page_has_one_title():
    assert [tag.name for tag in soup("# One\n\n## Two\n\n### Three").select("h1, h2, h3, h4")] == ["h2", "h3", "h4"]
    assert [tag.name for tag in soup("## One\n\n### Two").select("h1, h2, h3, h4")] == ["h2", "h3"]
    assert [tag.name for tag in soup("### One").select("h1, h2, h3, h4")] == ["h2"]


def test_every_heading_has_an_address_of_its_own():
    ids = [tag["id"] for tag in soup("# Salt & *pepper*\n\n# Salt & pepper\n\n# 盐\n\n# ☃").select("h2")]
    assert ids == ["s-salt-pepper", "s-salt-pepper-2", "s-yan", "s-section"]


def test_a_heading_cannot_take_the_address_of_a_part_of_the_page():
    assert soup("# main").select_one("#main") is None


def test_a_table_scrolls_inside_a_region_named_by_its_head():
    found = soup("| day | grams |\n|-----|------:|\n| Mon | 0.4 |")
    region = found.select_one("div.scroll[role=region][tabindex='0']")
    assert region["aria-label"] == "day, grams"
    assert [cell.get("class") for cell in region.select("th")] == [None, ["num"]]
    assert region.select_one("td.num").text == "0.4"
    assert {cell["scope"] for cell in region.select("th")} == {"col"}


def test_code_is_marked_by_class_names_and_reachable_by_keyboard():
    found = soup("```python\ndef f():  # why\n    return 1 < 2\n```")
    assert found.pre["tabindex"] == "0"
    assert [tag.text for tag in found.select("span.k")] == ["def", "return"]
    assert found.select_one("span.c").text == "# why"
    assert found.pre.text == "def f():  # why\n    return 1 < 2\n"


def test_code_in_an_unknown_language_is_kept_plain():
    found = soup("```klingon\n<b>Qapla'</b>\n```")
    assert found.pre.text == "<b>Qapla'</b>\n"
    assert not found.select("span")


def test_a_footnote_leads_there_and_back():
    found = soup("Salt.[^a] Again.[^a]\n\n[^a]: Off by a gram.")
    first, second = found.select("sup a")
    note = found.select_one(f"li{first['href']}")
    assert "Off by a gram." in note.text
    assert [link["href"] for link in note.select("a")] == [f"#{first['id']}", f"#{second['id']}"]
    assert found.select_one("section.notes")["aria-label"] == "Notes"


def test_the_words_of_a_footnote_are_in_the_language_of_the_text():
    assert "返回" in render("被子翻个面。[^a]\n\n[^a]: 只翻被子。").html


def test_a_task_list_has_labelled_boxes_that_cannot_be_ticked():
    found = soup("- [x] leaves\n- [ ] straw")
    assert [(box.has_attr("checked"), box.has_attr("disabled")) for box in found.select("label input")] == [
        (True, True),
        (False, True),
    ]


def test_a_link_that_leads_away_says_so_and_one_within_the_site_does_not():
    found = soup(
        "[away](https://example.org/) [near](/archive) [there](#s-x) [also away](//example.org) <a@example.org>"
    )
    rels = {link.text: link.get("rel") for link in found.select("a")}
    away = ["nofollow", "noopener"]
    assert rels == {"away": away, "near": None, "there": None, "also away": away, "a@example.org": None}


def test_a_bare_address_is_text_unless_the_site_wants_it_linked():
    source = "See https://example.org/a_b and README.md."
    assert soup(source).a is None
    found = BeautifulSoup(render(source, additions=Additions(bare_links=True)).html, "html.parser")
    assert [link["href"] for link in found.select("a")] == ["https://example.org/a_b"]


@pytest.mark.parametrize(
    "address",
    ["tel:+86-10-5550-0199", "irc://irc.example.org/salt", "geo:39.9,116.4", "xmpp:a@example.org", "MATRIX:r/x:e.org"],
)
def test_an_address_that_is_written_out_may_have_any_harmless_scheme(address):
    link = soup(f"Ask <{address}>.").a
    assert (link["href"], link.get_text()) == (address, address)


@pytest.mark.parametrize(
    "scheme",
    [
        "javascript",
        "JavaScript",
        "vbscript",
        "data",
        "file",
        "blob",
        "about",
        "view-source",
        "ms-msdt",
        "search-ms",
        "vscode",
        "ssh",
    ],
)
def test_an_address_that_could_do_harm_stays_text(scheme):
    found = soup(f"Do not <{scheme}:alert(1)>.")
    assert found.a is None
    assert f"<{scheme}:alert(1)>" in found.get_text()


def test_words_lead_to_the_web_and_to_mail_only_whatever_else_the_text_links():
    """Here the address is out of sight."""
    found = soup("[Talk](irc://irc.example.org/salt) or <irc://irc.example.org/salt> ![](irc://irc.example.org/x.png)")
    assert [link.get_text() for link in found.select("a")] == ["irc://irc.example.org/salt"]
    assert found.img is None


def test_code_is_called_by_its_language_and_by_nothing_else():
    assert soup("```python\npass\n```").code["class"] == ["language-python"]
    assert soup("```mast note\npass\n```").code["class"] == ["language-mast"]
    assert not soup("```\npass\n```").code.has_attr("class")


def test_a_picture_loads_late_and_keeps_its_description():
    picture = soup('![A quay](/quay.png "At dusk")').img
    assert (picture["loading"], picture["alt"], picture["src"]) == ("lazy", "A quay", "/quay.png")


def test_straight_quotes_are_curled_in_text_where_the_site_wants_it_and_never_in_code():
    source = '"It\'s" `"it\'s"`'
    assert soup(source).get_text().strip() == '"It\'s" "it\'s"'
    html = render(source, additions=Additions(quotes=True)).html
    assert "\u201cIt\u2019s\u201d" in html
    assert '<code>"it\'s"</code>' in html


def test_the_excerpt_is_the_beginning_of_the_text_without_markup():
    rendered = render("# Head\n\nSome *bold* [words](/x) and `code`.\n\n| t |\n|-|\n| u |\n\n[^1]\n\n[^1]: Note.")
    assert rendered.excerpt == "Some bold words and code."


def test_a_text_of_one_heading_still_has_an_excerpt():
    assert render("# Only this").excerpt == "Only this"


def test_an_excerpt_ends_with_a_sentence_or_else_between_words():
    assert shorten("One two three. Four five six seven", 20) == "One two three."
    assert shorten("One two three four five six seven", 20) == "One two three four…"
    assert shorten("一二三四。五六七八九十", 14) == "一二三四。"
    assert shorten("一二三四五六七八九十", 8) == "一二三四…"
    assert shorten("short enough", 20) == "short enough"


def test_reading_time_counts_words_and_chinese_characters():
    assert render("word " * 690).minutes == 3
    assert render("字" * 1200).minutes == 3
    assert render("字" * 10).words == 10
    assert render("It's two").words == 2
    assert render("").minutes == 1


def test_a_language_is_told_by_its_letters():
    assert of("Hello there") == "en"
    assert of("小雪, 写给 Almanac 的提醒") == "zh-Hans"
    assert of("The word 小 is Chinese for small, as everybody knows") == "en"
    assert of("これはペンです") == "ja"
    assert of("안녕하세요") == "ko"
    assert of("") == "en"


def test_a_text_that_is_too_long_is_refused():
    render("a " * (LONGEST // 2))
    with pytest.raises(Refused, match="Keep it under 200,000 characters") as refused:
        render("a" * (LONGEST + 1))
    assert refused.value.field == "body"


@pytest.mark.parametrize(
    "source",
    [
        ">" * 10_000 + " deep",
        "\n".join(" " * (2 * level) + "- a" for level in range(170)),
        "[" * LENGTH,
        "![" * (LENGTH // 2),
        "*a _b " * (LENGTH // 6),
        "`" * LENGTH,
        "".join("`" * count + " " for count in range(1, 240)),
        "|" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "x\n" * 10_000,
        "http://a(" * (LENGTH // 9),
        "<ab:" * (LENGTH // 4),
        "<a@" + "a." * (LENGTH // 2),
        "".join(f"<a{number}:x>" for number in range(LENGTH // 9)),
        "<![CDATA[" * (LENGTH // 9),
        "".join(f"[^{number}]" for number in range(1_500)) + "\n\n" + "".join(f"[^{n}]: x\n\n" for n in range(1_500)),
        "# a\n" * (LENGTH // 4),
        "\"'" * (LENGTH // 2),
        "```python\n" + "(" * 19_000 + "\n```",
        "```yaml\n" + "- " * 9_000 + "\n```",
    ],
    ids=lambda source: repr(source[:12]),
)
def test_hostile_text_takes_bounded_time(source):
    begun = time.process_time()
    render(source, additions=Additions(bare_links=True, quotes=True))
    assert time.process_time() - begun < SECONDS
