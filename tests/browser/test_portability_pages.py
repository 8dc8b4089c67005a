"""Bringing posts in, in a browser: the bar moves by itself, the report stands there, by day, by night, on a phone."""

import threading
import time
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import factories
from tests.browser.test_pages import too_small, too_wide
from tests.unit.portability import exports
from webapp.accounts.models import Role
from webapp.extensions import db
from webapp.portability.models import Transfer, TransferEntry, TransferState
from webapp.portability.tasks import run

PATHS = ["/settings/import", "/settings/export", "/settings/transfers/{over}", "/settings/transfers/{under_way}"]


@pytest.fixture
def admin(world):
    return factories.person("Ada", role=Role.ADMIN)


@pytest.fixture
def places(admin):
    """One import that is over and has something of everything to say, and one that is half done."""
    now = datetime.now(UTC)
    about = {"direction": "import", "system": "wordpress", "person_id": admin.id, "file": "/x.xml", "options": {}}
    counts = {"post": {"imported": 1200, "draft": 3, "skipped": 1, "failed": 1}, "nav_menu_item": {"skipped": 40}}
    over = Transfer(
        **about, name="the-ferry-house.2026-11-01.xml", state=TransferState.DONE, counts=counts, ended_at=now
    )
    half = Transfer(**about, name="half.xml", state=TransferState.RUNNING, counts={}, done=40, total=120)
    db.session.add_all([over, half])
    db.session.flush()
    address = "https://ferry.example/wp-content/uploads/2024/05/a-very-long-name-without-any-place-to-break-it.png"
    for nth, outcome in enumerate(("failed", "draft", "imported", "skipped", "unchanged")):
        reason = f"pictures that stay where they are: {address} (fetching was not allowed)"
        db.session.add(
            TransferEntry(
                transfer_id=over.id, nth=nth, kind="post", title=f"Item {nth}", outcome=outcome, reason=reason
            )
        )
    db.session.commit()
    return {"over": over.id, "under_way": half.id}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible(path, scheme, window, admin, places, client):
    page = window(admin, client, color_scheme=scheme, bypass_csp=True)
    page.goto(path.format(**places))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_the_narrowest_phone(path, window, admin, places, client):
    page = window(admin, client, viewport={"width": 320, "height": 700})
    page.goto(path.format(**places))
    assert too_wide(page) == []
    assert too_small(page) == []


def test_a_file_is_tried_watched_and_imported(window, admin, client, app, tmp_path):
    file = exports.ferry_house(tmp_path / "ferry.xml")
    page = window(admin, client)
    page.goto("/settings/import")
    page.get_by_label("The file").set_input_files(file)
    page.get_by_role("button", name="Read the file").press("Enter")
    page.get_by_text("It waits for a worker.").wait_for()
    work(app, page.url)
    page.get_by_text("Nothing was changed.").wait_for()  # the page found out by itself
    page.get_by_role("button", name="Import it now").press("Enter")
    page.get_by_text("It waits for a worker.").wait_for()
    work(app, page.url)
    page.get_by_text("It is here. Nobody was mailed.").wait_for()
    page.get_by_role("heading", name="What to look at").wait_for()
    page.goto("/posts/about")
    page.get_by_role("heading", name="About us", level=1).wait_for()


def work(app, address: str) -> None:
    """Is the worker for one run."""

    def carry_out() -> None:
        with app.app_context():
            time.sleep(0.1)
            run.apply(args=(int(address.rpartition("/")[2]),), throw=True)

    worker = threading.Thread(target=carry_out)
    worker.start()
    worker.join()
