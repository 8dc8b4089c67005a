"""The pages of imports and exports, and what the API says of them."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.unit.portability import exports
from tests.world import csrf, sign_in
from webapp.accounts.models import Role, Scope
from webapp.portability.models import Transfer, TransferState
from webapp.portability.views import remarks
from webapp.posts.models import Post


@pytest.fixture
def admin(db, client, world):
    person = factories.person("Ada", role=Role.ADMIN)
    db.session.commit()
    sign_in(client, person)
    return person


def upload(client, path, **fields):
    page = "/settings/import"
    values = {"csrf_token": csrf(client, page), "system": "wordpress", "author": None, "dry_run": "y", **fields}
    values["file"] = (io.BytesIO(path.read_bytes()), path.name)
    return client.post(
        page,
        data={name: value for name, value in values.items() if value is not None},
        content_type="multipart/form-data",
    )


def test_a_file_is_tried_and_then_imported(client, admin, tmp_path, jobs, db):
    answer = upload(client, exports.ferry_house(tmp_path / "ferry.xml"), author=str(admin.id))
    assert answer.status_code == 303
    assert "It waits for a worker." in client.get(answer.location).text
    jobs.run()
    page = client.get(answer.location).text
    assert "This is what would happen. Nothing was changed." in page
    assert "it was protected by a password" in page
    assert db.session.scalar(select(func.count(Post.id))) == 0
    answer = client.post(f"{answer.location}/in-earnest", data={"csrf_token": csrf(client, answer.location)})
    jobs.run()
    page = client.get(answer.location).text
    assert "It is here. Nobody was mailed." in page
    assert db.session.scalar(select(func.count(Post.id))) == 11
    assert client.get(f"{answer.location}/report.json").get_json()["counts"]["post"]["imported"] == 6


def test_a_file_that_is_none_says_so_on_the_page(client, admin, tmp_path, jobs):
    (tmp_path / "a.xml").write_text("not XML")
    answer = upload(client, tmp_path / "a.xml", author=str(admin.id))
    jobs.run()
    assert "The file is not whole" in client.get(answer.location).text


def test_a_form_without_a_file_is_refused(client, admin):
    answer = client.post("/settings/import", data={"csrf_token": csrf(client, "/settings/import"), "author": admin.id})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_a_run_under_way_asks_again_by_itself(client, admin, db):
    run = transfer(db, admin, state=TransferState.RUNNING, done=3, total=12)
    page = client.get(f"/settings/transfers/{run.id}").text
    assert 'hx-trigger="every 2s"' in page
    assert '<progress value="3" max="12"' in page
    run.state = TransferState.DONE
    db.session.commit()
    assert "hx-trigger" not in client.get(f"/settings/transfers/{run.id}").text


@pytest.mark.parametrize("address", ["/settings/import", "/settings/transfers/1/file"])
def test_only_an_administrator_imports(client, world, address):
    sign_in(client, world.alice)
    assert client.get(address).status_code == 403


def test_a_reader_takes_nothing_out(client, world):
    sign_in(client, world.bob)
    assert client.get("/settings/export").status_code == 403


def test_another_persons_run_does_not_exist(client, world, db, admin):
    run = transfer(db, admin)
    other = client.application.test_client()
    sign_in(other, world.alice)
    assert other.get(f"/settings/transfers/{run.id}").status_code == 404
    assert client.get("/settings/transfers/99999999999999999999").status_code == 404


def test_an_author_takes_out_their_own_posts_and_no_others(client, world, db):
    at = datetime.now(UTC) - timedelta(days=2)
    factories.post(world.alice, "Mine", slug="mine", published_at=at, body="All *mine*.")
    factories.post(world.alice, "A draft", slug="a-draft")
    factories.post(world.carol, "Hers", slug="hers", published_at=at)
    db.session.commit()
    sign_in(client, world.alice)
    assert "Download your posts" in client.get("/settings/export").text
    with client.get("/settings/export/posts.zip") as answer, zipfile.ZipFile(io.BytesIO(answer.data)) as found:
        assert sorted(found.namelist()) == ["about.json", f"posts/{at:%Y-%m-%d}-mine.md", "posts/a-draft.md"]
        assert "All *mine*." in found.read(f"posts/{at:%Y-%m-%d}-mine.md").decode()


def test_an_administrator_makes_an_archive(client, admin, jobs, db):
    factories.post(admin, "Kept", published_at=datetime.now(UTC))
    answer = client.post("/settings/export", data={"csrf_token": csrf(client, "/settings/export")})
    jobs.run()
    page = client.get(answer.location).text
    assert "The archive is ready." in page
    with client.get(f"{answer.location}/file") as found, zipfile.ZipFile(io.BytesIO(found.data)) as archive:
        assert b'"Kept"' in archive.read("tables/posts.jsonl")
        assert b"password_hash" not in archive.read("tables/people.jsonl")


def test_the_api_says_how_far_a_job_is(client, world, db, admin):
    run = transfer(db, admin, state=TransferState.RUNNING, done=3, total=12)
    _row, secret = factories.api_token(admin, Scope.POSTS_READ)
    _row, hers = factories.api_token(world.alice, Scope.POSTS_READ)
    _row, without = factories.api_token(admin, Scope.REMINDERS_READ)
    db.session.commit()
    program = client.application.test_client()

    def get(token: str):
        return program.get(f"/api/v1/jobs/{run.id}", headers={"Authorization": f"Bearer {token}"})

    found = get(secret).get_json()
    assert (found["state"], found["done"], found["total"], found["direction"]) == ("running", 3, 12, "import")
    assert get(hers).status_code == 404
    assert get(without).status_code == 403


def transfer(db, person, **values) -> Transfer:
    made = Transfer(
        **{
            "direction": "import",
            "system": "wordpress",
            "person_id": person.id,
            "file": "/nowhere.xml",
            "name": "ferry.xml",
            "options": {},
            "counts": {},
        }
        | values
    )
    db.session.add(made)
    db.session.commit()
    return made


def test_every_remark_that_can_be_translated_is_one_that_a_report_makes():
    room = Path(remarks.__file__).parents[1]
    said = "\n".join(file.read_text() for file in room.rglob("*.py") if file.name != "remarks.py")
    assert [each for each in remarks.REMARKS if f'"{each}' not in said] == []


def test_a_remark_that_names_something_of_the_file_stays_as_it_is(app):
    with app.test_request_context():
        assert remarks.remark("it has no date; the tag “x” was left out") == "it has no date; the tag “x” was left out"
        assert (remarks.kind("post"), remarks.kind("nav_menu_item")) == ("post", "nav menu item")
