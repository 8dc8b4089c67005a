"""What the letter looks like in a mailbox, and in the browser."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from tests.factories import INSTALLED_AT
from tests.unit.digests.conftest import SLOT, WEEK
from webapp.core import tokens, week, weekly
from webapp.digests import links
from webapp.posts import operations as posts

HOUR = timedelta(hours=1)
CHINESE = "小雪，写给不催人的提醒"  # noqa: RUF001
HOSTILE = 'Salt & <b>"pepper"</b>'


@pytest.fixture
def letter(site):
    """A letter of four posts, one of them in Chinese, one meant to break the HTML."""
    site.reader()
    for days, title in enumerate(("The tide table", "An hour", CHINESE, HOSTILE)):
        made = site.publish(title, SLOT - timedelta(days=5 - days))
        made.excerpt = "每一份只说一件事。" if title is CHINESE else "The heights are a promise about the moon. " * 3
        made.minutes = 3
    site.beat()
    (received,) = site.letters()
    return received


def test_subject_names_the_first_post_and_counts_the_others(letter):
    assert letter.subject == "The tide table, and 3 more"


def test_long_title_is_cut_in_the_subject_only(site):
    site.reader()
    site.publish("A long title " * 15, SLOT - HOUR)
    site.beat()

    (received,) = site.letters()
    assert len(received.subject) <= 101
    assert ("A long title " * 15).strip() in " ".join(received.text.split())


def test_both_parts_hold_each_title_once_with_its_address(letter):
    titles = [cell.get_text(strip=True) for cell in BeautifulSoup(letter.html, "html.parser").select("h2 a")]

    assert titles == ["The tide table", "An hour", CHINESE, HOSTILE]
    assert [line for line in letter.text.splitlines() if line in titles] == titles
    assert len(letter.links("/posts/")) == 4


def test_first_link_is_the_first_post(letter):
    assert "/posts/the-tide-table" in letter.links()[0]


def test_every_address_is_absolute(letter):
    anchors = BeautifulSoup(letter.html, "html.parser").select("[href], [src]")

    assert anchors
    assert [str(each) for each in anchors if not each.get("href", "").startswith("http://localhost/")] == []


def test_text_part_is_72_columns_wide_but_for_addresses(letter):
    lines = [line for line in letter.text.splitlines() if "http" not in line and line.isascii()]

    assert max(map(len, lines)) <= 72


def test_preheader_holds_titles_and_minutes_and_is_hidden(letter):
    hidden = BeautifulSoup(letter.html, "html.parser").body.div

    assert hidden.get_text().startswith("The tide table, An hour, ")
    assert "12 minutes in all" in hidden.get_text()
    assert "display: none" in hidden["style"]


def test_styles_are_written_into_the_elements_and_kept_for_the_dark(letter):
    soup = BeautifulSoup(letter.html, "html.parser")

    assert all(cell.get("style") for cell in soup.select("td"))
    assert "prefers-color-scheme: dark" in letter.html
    assert {table["role"] for table in soup.select("table")} == {"presentation"}
    assert soup.html["lang"] == "en"
    assert soup.select_one('[lang="zh-Hans"]')
    assert soup.select_one('meta[name="color-scheme"]')


def test_headers_let_a_mail_program_leave_with_one_click(letter):
    raw = letter.raw.partition(b"\r\n\r\n")[0].decode("ascii")

    assert re.search(r"^List-Unsubscribe: <http://localhost/unsubscribe/[\w.-]+>\r?$", raw, re.MULTILINE)
    assert re.search(r"^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$", raw, re.MULTILINE)
    assert letter.message["List-Id"] == "<letter.localhost>"
    assert letter.kind == "digest"


def test_no_place_is_left_unfilled(letter):
    assert "@@" not in letter.text + letter.html + str(letter.message["List-Unsubscribe"])


@pytest.mark.parametrize("part", ["text", "html"])
def test_footer_says_why_what_it_covers_and_when_the_next_comes(letter, part):
    words = " ".join(BeautifulSoup(getattr(letter, part), "html.parser").get_text().split())

    assert "You get this because you asked for it on 1 January 2026." in words
    assert "It covers Sat 21 Nov, 10:00 to Sat 28 Nov, 10:00." in words
    assert "The next letter comes on Sat 5 Dec, 10:00, if there is something new." in words


def test_margin_shows_the_weekday_and_in_a_longer_letter_the_month(site):
    site.reader(covered_until=SLOT - 3 * WEEK)
    site.publish("Salt", SLOT - 2 * WEEK)
    site.beat()

    (received,) = site.letters()
    margin = BeautifulSoup(received.html, "html.parser").select_one("td.day").get_text(" ", strip=True)
    assert margin == "14 November"


def test_browser_shows_the_same_posts_in_the_sites_layout(client, letter):
    page = client.get(letter.link("/digests/").removeprefix("http://localhost"))

    assert page.status_code == 200
    soup = BeautifulSoup(page.data, "html.parser")
    assert [title.get_text() for title in soup.select("main h2")][-1] == HOSTILE
    assert len(soup.select("main h2")) == 4
    assert "style=" not in page.text
    assert "/unsubscribe/" not in page.text


def test_browser_leaves_out_what_was_taken_back(client, site):
    site.reader()
    post = site.publish("Regret", SLOT - HOUR)
    site.beat()
    address = site.letters()[0].link("/digests/").removeprefix("http://localhost")
    posts.unpublish(post, by=site.author, now=SLOT)

    page = client.get(address)

    assert page.status_code == 200
    assert "Regret" not in page.text


@pytest.mark.parametrize("token", ["nonsense", "WzEsMl0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "%00"])
def test_forged_address_of_a_letter_is_no_page(client, token):
    assert client.get(f"/digests/{token}").status_code == 404


def test_address_of_a_letter_from_before_letters_had_rows_still_works(client, site):
    site.publish("Salt", SLOT - HOUR)
    window = [int((each - links.EPOCH) / links.MICROSECOND) for each in (SLOT - WEEK, SLOT)]

    page = client.get(f"/digests/{tokens.sign(links.PURPOSE, window)}")

    assert "Salt" in page.text


def test_week_strip_shows_the_letter_to_come_and_the_one_that_went_out(app, site):
    def letter_on(day):
        with app.test_request_context():
            found = week.entries(day, day + timedelta(days=1))
        return [entry.state for entry in found if entry.label.startswith("The digest")]

    site.reader()
    site.publish("Salt", SLOT - HOUR)
    site.at(SLOT - HOUR)
    assert letter_on(SLOT.date()) == ["coming"]

    site.at(SLOT)
    site.beat()
    assert letter_on(SLOT.date()) == ["past"]
    assert letter_on(weekly.letter().after(SLOT).date()) == ["coming"]


def test_week_strip_says_nothing_of_a_slot_without_a_letter(site):
    site.beat()

    assert week.entries(SLOT.date(), SLOT.date() + timedelta(days=1)) == []


def test_week_strip_promises_no_letter_from_before_the_site(site):
    site.at(INSTALLED_AT)
    earlier = weekly.letter().latest(INSTALLED_AT).date()

    assert week.entries(earlier, earlier + timedelta(days=1)) == []
