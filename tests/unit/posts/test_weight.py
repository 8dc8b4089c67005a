"""What a reader's page weighs, with all that it really asks for: it should be fast on a slow phone."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from tests import factories
from webapp.core import markdown
from webapp.extensions import db

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
KILOBYTE = 1000
HEAVIEST = 30 * KILOBYTE
CODE = "## One\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"
ELSEWHERE = re.compile(rb"""(url\(|@import|from|fetch\(|import\()\s*["'`]?(https?:)?//""")
PAGES = ["/", "/@alice", "/tags/garden", "/archive", "/posts/p0", "/search?q=garden", "/nowhere"]

pytestmark = pytest.mark.parametrize("path", PAGES)


@pytest.fixture(autouse=True)
def _ten(world):
    """Ten posts with long names and everything that a list shows of a post, and one more, so that there is a pager."""
    shown = markdown.render(CODE).html
    for number in range(11):
        factories.post(
            world.alice,
            f"{number}: a title that is about as long as titles are, and then a little longer",
            slug=f"p{number}",
            published_at=NOW - timedelta(days=number),
            excerpt="About two lines of a text that begins quietly and in which nothing much happens. " * 2,
            html=shown,
            tags=("garden", "the second of its tags", f"tag {number}"),
            with_others=[world.carol],
        )
    db.session.commit()


def linked(client, path):
    """What the page makes a browser fetch before it is whole, without pictures: address and content."""
    page = BeautifulSoup(client.get(path).text, "html.parser")
    asked = [each["href"] for each in page.select("link[rel=stylesheet], link[rel=modulepreload], link[rel=preload]")]
    asked += [each["src"] for each in page.select("script[src], iframe[src]")]
    found = {}
    for address in asked:
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            found[address] = answer.data
    return found


def test_the_html_is_under_thirty_kilobytes_before_it_is_compressed(client, path):
    assert len(client.get(path).data) < HEAVIEST


def test_styles_and_scripts_are_under_thirty_kilobytes_compressed(client, path):
    sizes = {address: len(gzip.compress(data)) for address, data in linked(client, path).items()}
    assert any("almanac.css" in address for address in sizes)
    assert sum(sizes.values()) < HEAVIEST, sizes


def test_nothing_is_fetched_from_elsewhere(client, path):
    page = BeautifulSoup(client.get(path).text, "html.parser")
    for each in page.select("link[href]:not([rel=canonical], [rel=me]), script[src], img[src], source, iframe[src]"):
        address = each.get("href") or each.get("src") or ""
        assert not urlsplit(address).netloc, each
    for address, data in linked(client, path).items():
        assert not ELSEWHERE.search(data), address
