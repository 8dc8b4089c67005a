"""Bringing posts in, in a browser: the bar moves by itself, and the report stands there."""

import threading
import time

import pytest

from tests import factories
from tests.unit.portability import exports
from webapp.accounts.models import Role
from webapp.portability.tasks import run


@pytest.fixture
def admin(world):
    return factories.person("Ada", role=Role.ADMIN)


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
