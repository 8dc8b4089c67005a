"""For editors: what goes out, a letter as any reader would get it, a test to oneself, and what became of each run."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from tests import factories
from tests.unit.digests.conftest import SLOT
from tests.world import post_form, sign_in
from webapp.accounts.models import Role
from webapp.digests.models import DigestRun
from webapp.extensions import db
from webapp.mail.models import Delivery, State
from webapp.subscriptions.models import Subscription

HOUR = timedelta(hours=1)
WHY_NOT = "That is not a mail address we can write to."


@pytest.fixture
def editor(site, client):
    site.at(SLOT - HOUR)
    edith = factories.person("Edith", role=Role.EDITOR)
    site.reader(covered_until=SLOT - timedelta(days=7))
    site.publish("Salt", SLOT - 2 * HOUR)
    return sign_in(client, edith)


def test_page_says_what_goes_out_next_and_to_how_many(editor):
    page = editor.get("/letters").text

    assert "1 reader gets letters." in page
    assert page.index("Sat 28 Nov, 10:00") < page.index("“Salt”")


@pytest.mark.parametrize("path", ["/letters", "/letters/preview?reader=bob@example.org", "/letters/1"])
def test_who_is_no_editor_does_not_see_it(site, client, path):
    assert client.get(path).status_code in {302, 303}
    assert sign_in(client, factories.person("Ada", role=Role.AUTHOR)).get(path).status_code == 403


def test_preview_is_the_letter_of_that_reader_and_writes_nothing(editor):
    before = db.session.query(Subscription).one().covered_until
    page = editor.get("/letters/preview?reader=Bob@Example.org")
    frame = editor.get("/letters/preview.html?reader=bob@example.org")

    assert "Salt" in page.text
    assert "Salt" in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert db.session.query(Delivery).count() == 0
    assert db.session.query(Subscription).one().covered_until == before


@pytest.mark.parametrize(
    ("reader", "why"),
    [
        ("nobody@example.org", "nobody@example.org gets no letters."),
        ("", WHY_NOT),
        ("a,b@example.org", WHY_NOT),
        ("edith\0@example.org", WHY_NOT),
    ],
)
def test_who_gets_no_letters_has_no_preview(editor, reader, why):
    answer = editor.get("/letters/preview", query_string={"reader": reader}, follow_redirects=True)

    assert answer.status_code == 200
    notes = BeautifulSoup(answer.text, "html.parser").select(".note")
    assert [" ".join(note.get_text().split()) for note in notes] == [why]
    assert editor.get("/letters/preview.html", query_string={"reader": reader}).status_code == 404


def test_links_of_a_preview_and_of_a_test_are_nobodys(editor, client, site):
    page = BeautifulSoup(editor.get("/letters/preview?reader=bob@example.org").data, "html.parser")
    frame = editor.get("/letters/preview.html?reader=bob@example.org")
    post_form(editor, "/letters/test", page="/letters/preview?reader=bob@example.org", reader="bob@example.org")
    site.jobs.run()
    mail = site.smtp.only("edith@example.org", "test")

    for text in (page.select_one("pre").get_text(), frame.text, mail.text, mail.html):
        assert "/unsubscribe/" not in text
        assert "/subscribe/settings" not in text
        assert text.count("http://localhost/digests/links") == 2
    assert mail.message["List-Unsubscribe"] is None
    assert mail.message["List-Unsubscribe-Post"] is None
    assert "Here it does nothing." in client.get("/digests/links").text


def test_a_test_goes_to_the_editor_and_leaves_the_reader_where_they_are(editor, site):
    before = db.session.query(Subscription).one().covered_until
    answer = post_form(
        editor, "/letters/test", page="/letters/preview?reader=bob@example.org", reader="bob@example.org", to="x@y.org"
    )
    site.jobs.run()

    assert answer.status_code == 303
    assert [mail.recipients for mail in site.smtp.received] == [("edith@example.org",)]
    assert site.smtp.only("edith@example.org", "test").subject.endswith("Salt")
    assert db.session.query(Subscription).one().covered_until == before

    site.at(SLOT)
    site.beat()
    assert len(site.letters()) == 1


def test_report_says_what_was_sent_and_why_the_others_were_not(editor, site):
    for name in ("carol", "dora", "emil"):
        site.reader(f"{name}@example.org", covered_until=SLOT - timedelta(days=7))
    site.reader("fritz@example.org", covered_until=SLOT + HOUR)
    site.at(SLOT)
    site.beat()
    rows = db.session.query(Delivery).filter(Delivery.run_id.is_not(None)).order_by(Delivery.id).all()
    rows[0].state, rows[0].smtp_reply = State.FAILED, "5.7.1 no thanks"
    rows[1].state = State.UNCERTAIN
    rows[2].state, rows[2].skip_reason = State.CANCELLED, "the reader left"
    db.session.commit()
    run = db.session.query(DigestRun).filter_by(slot_at=SLOT).one()

    page = editor.get(f"/letters/{run.id}").text

    figures = page[page.index("<dl") : page.index("</dl>")].split()
    assert [word for word in "".join(figures).replace("<", " <").replace(">", "> ").split() if word.isdigit()] == [
        "1", "0", "1", "1", "1"
    ]  # fmt: skip
    for why in ("5.7.1 no thanks", "the reader left", "uncertain"):
        assert why in page
    assert f'href="/letters/{run.id}"' in editor.get("/letters").text
    assert editor.get("/letters/999999").status_code == 404
