"""Every test here needs Chromium: real pages from a real server, and nobody else on the network."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Error, Page, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from tests.house import needed
from tests.mailbox import free_port
from tests.world import sign_in

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except Error as error:
            needed("Chromium", error)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(app):
    """Where the application of this process listens."""
    server = make_server("127.0.0.1", free_port(), _closed(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def _closed(app):
    """Closes an answer before it is sent: werkzeug's server does not when the browser goes away in the midst of it."""

    def answer(environ, start_response):
        with closing(ClosingIterator(app(environ, start_response))) as pieces:
            return list(pieces)

    return answer


@pytest.fixture(autouse=True)
def _unlocked(db):
    """What a test holds stays as it was: reading it anew would take the lock that the server needs to write."""
    db.session().expire_on_commit = False


class Browser:
    """Opens windows, and remembers what went wrong in any of them."""

    def __init__(self, chromium, address: str) -> None:
        self.chromium, self.address = chromium, address
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []
        self.expected: tuple[str, ...] = ()

    def window(self, *, client=None, **options) -> Page:
        """A window of its own; ``client`` is a test client whose cookies it takes over."""
        context = self.chromium.new_context(
            base_url=self.address, **{"viewport": {"width": 1280, "height": 900}} | options
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        if client is not None:
            context.add_cookies(
                [{"name": each.key, "value": each.value, "url": self.address} for each in client._cookies.values()]
            )
        page = context.new_page()
        page.on("console", lambda said: self._console(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", lambda request: self._request(request.url))
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(words in text for words in self.expected):
            self.complaints.append(f"console: {text}")

    def _request(self, url: str) -> None:
        if urlsplit(url).scheme in {"http", "https", "ws"} and not url.startswith(self.address + "/"):
            self.complaints.append(f"request to {url}")


@pytest.fixture
def browser(chromium, address, db):
    """Windows on a clean site. Fails when a page complains on the console or fetches anything from elsewhere."""
    made = Browser(chromium, address)
    db.session.commit()
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def window(browser):
    """A function that opens a window, signed in as someone if one is given."""

    def open_as(person=None, client=None, **options):
        return browser.window(client=sign_in(client, person) if person else None, **options)

    return open_as
