"""The captured inbox: what its server keeps, and the pages that show it."""

import json
import smtplib
import socket
from email import policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from bs4 import BeautifulSoup

from tests.mailbox import free_port
from webapp.core import site
from webapp.mail import inbox


@pytest.fixture
def folder(app, db, data_dir):
    """The folder of a site that catches its mail, as `make run` notes it."""
    with app.app_context():
        config = site.config()
    note = data_dir / "run.json"
    note.write_text(json.dumps({"inbox": True, "smtp_host": config.smtp_host, "smtp_port": config.smtp_port}))
    yield config.inbox_dir
    note.unlink()
    for file in config.inbox_dir.rglob("*"):
        if file.is_file():
            file.unlink()


def mail(subject="Hello", text="Go to http://127.0.0.1/confirm/abc now.\n", html="<p>Go <b>now</b>.</p>"):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "almanac@example.org", "bob@example.org", subject
    made["X-Almanac-Kind"] = "test"
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    return made.as_bytes(policy=policy.SMTP)


def keep(folder, **parts):
    inbox.make_folder(folder)
    return inbox.keep(folder, sender="almanac@example.org", recipients=["bob@example.org"], content=mail(**parts))


def test_what_is_sent_lies_in_a_maildir_with_its_envelope(tmp_path):
    inbox.make_folder(tmp_path)
    controller = Controller(inbox.Keeper(tmp_path), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", controller.port) as server:
            server.sendmail("a@example.org", ["b@example.org", "c@example.org"], mail(text="One.\n.\n..two\n"))
    finally:
        controller.stop()
    (file,) = (tmp_path / "new").iterdir()
    assert list((tmp_path / "tmp").iterdir()) == []
    kept = inbox.read(tmp_path, file.name).message
    assert kept["X-Mail-From"] == "a@example.org"
    assert kept.get_all("X-Rcpt-To") == ["b@example.org", "c@example.org"]
    assert inbox.part(kept, "plain") == "One.\n.\n..two\n"


def test_an_inbox_that_was_deleted_is_made_again(tmp_path):
    keep(tmp_path / "inbox")
    for file in sorted((tmp_path / "inbox").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    key = inbox.keep(tmp_path / "inbox", sender="", recipients=["b@example.org"], content=mail())
    assert inbox.read(tmp_path / "inbox", key)


def test_the_newest_mail_stands_first(client, folder):
    for subject in ("First", "Second", "Third"):
        keep(folder, subject=subject)
    page = BeautifulSoup(client.get("/inbox/").data, "html.parser")
    assert [each.get_text() for each in page.select("main h2")] == ["Third", "Second", "First"]
    assert "to bob@example.org" in page.get_text()


def test_an_empty_inbox_says_what_to_do(client, folder):
    assert "No mail yet." in client.get("/inbox/").text


def test_a_mail_shows_text_html_and_headers(client, folder):
    key = keep(folder, subject="Walk & talk")
    page = BeautifulSoup(client.get(f"/inbox/{key}").data, "html.parser")
    assert page.h1.get_text() == "Walk & talk"
    assert page.select_one("pre a")["href"] == "http://127.0.0.1/confirm/abc"
    assert "X-Almanac-Kind" in page.select_one("table").get_text()
    frame = page.select_one("iframe")
    assert "allow-scripts" not in frame["sandbox"]
    assert "allow-same-origin" not in frame["sandbox"]
    assert "<b>now</b>" in client.get(frame["src"]).text


def test_the_html_of_a_mail_may_run_and_load_nothing(client, folder):
    key = keep(folder, html="<script>alert(1)</script>")
    policy = client.get(f"/inbox/{key}/html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy


def test_markup_in_a_subject_or_a_text_stays_text(client, folder):
    key = keep(folder, subject="<script>x</script>", text="<img src=x onerror=alert(1)>\n", html="")
    for address in ("/inbox/", f"/inbox/{key}"):
        assert "<script>x" not in client.get(address).text
        assert "<img" not in client.get(address).text
    assert client.get(f"/inbox/{key}/html").status_code == 404


@pytest.mark.parametrize(
    "key", ["../run.json", "..", "x", "1.M1P1Q1.h/../../run.json", "%00", "1.M1P1Q1.host", "1.M1P1Q1.host:2,../S"]
)
def test_a_key_never_leads_out_of_the_inbox(client, folder, key):
    keep(folder)
    assert client.get(f"/inbox/{quote(key, safe='')}").status_code == 404
    assert inbox.read(folder, key) is None


def test_a_damaged_mail_is_shown_as_far_as_it_goes(client, folder):
    inbox.make_folder(folder)
    damaged = b"Subject: =?utf-8?b?////?=\nContent-Type: text/plain; charset=none-such\nTo: <<>\n\nwords \xff\n"
    key = inbox.keep(folder, sender="", recipients=["b@example.org"], content=damaged)
    assert client.get("/inbox/").status_code == 200
    assert client.get(f"/inbox/{key}").status_code == 200


def test_there_is_no_inbox_page_when_mail_goes_elsewhere(client, data_dir):
    key = keep(data_dir / "inbox")
    assert client.get("/inbox/").status_code == 404
    assert client.get(f"/inbox/{key}").status_code == 404
    (data_dir / "run.json").write_text(json.dumps({"inbox": True, "smtp_host": "127.0.0.1", "smtp_port": 1}))
    assert client.get("/inbox/").status_code == 404
    (data_dir / "run.json").unlink()


def test_production_has_no_inbox_page():
    import config

    assert config.ProdConfig.catches_mail.fget(object.__new__(config.ProdConfig)) is False


def test_the_keys_are_file_names_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "a host/with:odd.parts")
    assert inbox.KEY.fullmatch(keep(tmp_path))
    assert Path(tmp_path / "new").exists()
