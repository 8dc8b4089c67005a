"""The settings of the site: what the administrator chooses holds on every page and in every mail, at once."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from sqlalchemy import event

from tests import factories
from tests.world import csrf, post_form, sign_in
from webapp.accounts.models import Role
from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.digests import operations as digests
from webapp.extensions import db
from webapp.images import storage
from webapp.images.storage.folder import Folder
from webapp.mail import message
from webapp.mail.models import Delivery
from webapp.settings import accent, choices
from webapp.settings.models import SiteSetting
from webapp.subscriptions import operations as subscriptions

CSS = (Path(__file__).parents[3] / "webapp/static/almanac.css").read_text()
PAGE = "/settings/site"


@pytest.fixture
def admin(client, world):
    """A client in which the administrator is signed in."""
    return sign_in(client, factories.person("Ada", role=Role.ADMIN))


@pytest.fixture
def change(admin):
    """A function that changes some of the settings and leaves the rest as the page shows it."""

    def change(**fields):
        form = BeautifulSoup(admin.get(PAGE).text, "html.parser").select_one("main form")
        typed = {each["name"]: each.get("value") or each.get_text().strip("\n") for each in form.select("[name]")}
        off = {each["name"] for each in form.select("[type=checkbox]") if not each.has_attr("checked")}
        typed = {name: value for name, value in typed.items() if name not in {"logo", "without_logo", *off}}
        return admin.post(PAGE, data={**typed, **fields}, content_type="multipart/form-data")

    return change


def error_of(answer, field: str) -> str:
    assert answer.status_code == 422, answer.status_code
    return BeautifulSoup(answer.text, "html.parser").select_one(f"#{field}-error").get_text()


def test_the_name_is_changed_everywhere_at_once(change, client, app, world):
    factories.post(world.alice, published_at=clock.now())
    assert change(name="The Walking Season").status_code == 303
    reader = app.test_client()
    for path in ("/", "/archive", "/login", "/nowhere", "/@alice"):
        page = BeautifulSoup(reader.get(path).text, "html.parser")
        assert page.title.get_text().endswith("· The Walking Season")
        assert page.select_one(".mark").get_text(strip=True) == "The Walking Season"
        assert "Almanac" not in page.get_text()
    assert reader.get("/feed.json").json["title"] == "The Walking Season"
    assert "<title>The Walking Season</title>" in reader.get("/feed.atom").text
    assert reader.get("/@alice/feed.json").json["title"].endswith("· The Walking Season")


def test_mails_come_from_the_new_name(change, app):
    change(name="Käse, Brot & Co")
    subscriptions.ask(email="reader@example.org", consent="Send it.", now=clock.now())
    row = db.session.query(Delivery).one()
    assert "Käse, Brot & Co" in row.content.subject
    assert "Käse, Brot & Co" in row.content.text
    assert "Käse, Brot &amp; Co" in row.content.html
    assert "Almanac" not in row.content.text
    sent = message.build(row, app.config["ALMANAC"]).decode()
    assert re.search(r"^From: =\?utf-8\?.*<almanac@example.org>", sent, re.MULTILINE)


def test_the_postal_address_stands_below_the_letter_in_one_line(change, world):
    change(postal_address="Harbour Road 1\r\n12345 Example Town")
    factories.post(world.alice, published_at=clock.now())
    reader = factories.subscription()
    found = digests.preview(reader, now=clock.now())
    assert "Harbour Road 1, 12345 Example Town" in found.text


def test_the_second_ink_of_mails_is_the_accent(change, world):
    change(accent_day="#004a99", accent_night="#99ccff")
    factories.post(world.alice, published_at=clock.now())
    html = digests.preview(factories.subscription(), now=clock.now()).html
    assert re.search(r'style="[^"]*color: #004a99', html)
    assert "#99ccff !important" in html
    assert "#b3261e" not in html


def test_the_description_is_for_machines(change, client):
    change(description="Slow news from the harbour")
    page = BeautifulSoup(client.get("/").text, "html.parser")
    assert page.select_one("meta[name=description]")["content"] == "Slow news from the harbour"
    assert client.get("/feed.json").json["description"] == "Slow news from the harbour"
    assert "<subtitle>Slow news from the harbour</subtitle>" in client.get("/feed.atom").text


def test_what_texts_may_have_beyond_commonmark_is_the_sites_choice(change, app, world):
    author = sign_in(app.test_client(), world.alice)
    typed = {"title": "Salt", "body": 'See https://example.org/ for "more".', "tags": "", "action": "save"}
    shown = {}
    for choice in ({}, {"bare_links": "y"}, {"curled_quotes": "y"}):
        assert change(**choice).status_code == 303
        made = author.post("/write/new", data={**typed, "csrf_token": csrf(author, "/write/new")})
        shown[*choice] = BeautifulSoup(author.get(made.location).text, "html.parser").select_one("#preview p")
    assert shown[()].a is None
    assert shown["bare_links",].a["href"] == "https://example.org/"
    assert '"more"' in shown[()].get_text()
    assert "“more”" in shown["curled_quotes",].get_text()


def test_links_stand_at_the_top_and_at_the_bottom(change, client):
    change(
        navigation="About us /posts/about\r\n\r\nThe code https://code.example.org/x?y=1#z",
        footer_links="Imprint /posts/imprint",
        footer="Written by <three> people\nand a cat.",
    )
    page = BeautifulSoup(client.get("/").text, "html.parser")
    top = {link.get_text(): link["href"] for link in page.select(".mast nav a")}
    assert top["About us"] == "/posts/about"
    assert top["The code"] == "https://code.example.org/x?y=1#z"
    bottom = {link.get_text(): link["href"] for link in page.select(".foot a")}
    assert bottom["Imprint"] == "/posts/imprint"
    assert "Written by <three> people and a cat." in page.select_one(".foot").get_text()


@pytest.mark.parametrize(
    "line",
    [
        "About javascript:alert(1)",
        "About JaVaScRiPt:alert(1)",
        "About data:text/html,x",
        "About //evil.example/",
        "About /\\evil.example",
        "About https:/evil",
        "About https://",
        "About http://me:you@evil.example/",
        "About http://[",
        "About mailto:x@example.org",
        "About posts/about",
        "/posts/about",
        "About",
        "x" * 41 + " /about",
        "About /" + "x" * 600,
        "\n".join(f"Link {number} /x" for number in range(11)),
        "A\0bout /x",
    ],
)
@pytest.mark.parametrize("field", ["navigation", "footer_links"])
def test_a_link_that_leads_nowhere_good_is_refused(change, field, line):
    assert error_of(change(**{field: line}), field)
    assert choices.here().navigation == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "two\u2028lines"),
        ("name", "a\x00b"),
        ("description", "x" * 201),
        ("footer", "x" * 501),
        ("postal_address", "x" * 301),
        ("accent_day", "red"),
        ("accent_day", "#12345"),
        ("accent_day", "#b3261e; } body { display: none"),
        ("accent_night", "url(x)"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_changes_nothing(change, field, value):
    before = choices.here()
    assert error_of(change(**{"footer_links": "Fine /x", field: value}), field)
    assert choices.here() == before


def test_what_was_typed_is_kept_when_something_does_not_fit(change):
    assert "A kind name" in change(name="A kind name", accent_day="pink").text


# The second ink


def test_the_grounds_are_those_of_the_stylesheet():
    for token, ground in (("paper", "the page"), ("wash", "a note")):
        day, night = re.search(rf"--{token}: light-dark\((#\w+), (#\w+)\)", CSS).groups()
        assert (accent.GROUNDS["day"][ground], accent.GROUNDS["night"][ground]) == (day, night)
    assert tuple(accent.RED.values()) == re.search(r"--red: light-dark\((#\w+), (#\w+)\)", CSS).groups()


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffffff", 1),
        ("#777777", "#ffffff", 4.478),
        ("#b3261e", "#fcfcfb", 6.37),
    ],
)
def test_contrast_is_what_wcag_says(first, second, ratio):
    assert accent.contrast(first, second) == pytest.approx(ratio, abs=0.05)
    assert accent.contrast(second, first) == pytest.approx(ratio, abs=0.05)


def test_the_accent_takes_the_place_of_red_by_a_stylesheet_of_its_own(change, client):
    assert "look.css" not in client.get("/").text
    assert client.get("/look.css").data == b""
    change(accent_day="#048", accent_night="#9CF")
    page = BeautifulSoup(client.get("/").text, "html.parser")
    link = next(each["href"] for each in page.select("link[rel=stylesheet]") if "look.css" in each["href"])
    answer = client.get(link)
    assert answer.mimetype == "text/css"
    assert "--red: light-dark(#004488, #99ccff);" in answer.text
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in client.get("/look.css?v=old").headers["Cache-Control"]


def test_only_the_mode_that_was_chosen_changes(change, client):
    change(accent_night="#99ccff")
    assert "light-dark(#b3261e, #99ccff)" in client.get("/look.css").text


def test_a_new_accent_has_a_new_address(change, client):
    def address():
        return re.search(r"/look\.css\?v=\w+", client.get("/").text)[0]

    change(accent_day="#004488")
    first = address()
    change(accent_day="#005500")
    assert address() != first


@pytest.mark.parametrize(
    ("field", "colour", "words"),
    [
        ("accent_day", "#ff8f80", ("By day", "the page", "2.", "darker")),
        ("accent_day", "#717171", ("By day", "a note", "4.3", "darker")),
        ("accent_night", "#b3261e", ("By night", "the page", "2.", "lighter")),
        ("accent_night", "#808080", ("By night", "a note", "4.", "lighter")),
    ],
)
def test_a_colour_that_cannot_be_read_is_refused_saying_where(change, field, colour, words):
    said = error_of(change(**{field: colour}), field)
    assert all(word in said for word in words), said


# The logo


def picture(kind="PNG", size=(600, 200)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "navy").save(stream, kind)
    return stream.getvalue()


def test_a_logo_stands_in_the_place_of_the_name(change, client, jobs):
    change(name="Harbour", logo=(io.BytesIO(picture()), "logo.png"))
    jobs.run()
    shown = BeautifulSoup(client.get("/").text, "html.parser").select_one(".mark img")
    assert shown["alt"] == "Harbour"
    assert (shown["width"], shown["height"]) == ("480", "160")
    assert client.get(shown["src"]).mimetype == "image/webp"


def test_a_logo_stays_until_it_is_taken_away(change, client):
    change(logo=(io.BytesIO(picture()), "logo.png"))
    change(name="Another name")
    assert 'class="logo"' in client.get("/").text
    change(without_logo="y")
    assert 'class="logo"' not in client.get("/").text


def test_a_logo_that_is_no_picture_is_refused(change, client):
    assert "no picture we can read" in error_of(change(logo=(io.BytesIO(b"<svg/>"), "logo.svg")), "logo")


def test_a_logo_that_cannot_be_kept_just_now_says_so(change, monkeypatch):
    def full(*_):
        raise storage.Unavailable("the disk is full")

    monkeypatch.setattr(Folder, "write", full)
    answer = change(name="Typed", logo=(io.BytesIO(picture(size=(61, 31))), "logo.png"))
    assert "in a minute" in error_of(answer, "logo")
    assert "Typed" in answer.text


def test_the_present_logo_cannot_be_deleted_among_the_pictures(change, admin):
    change(logo=(io.BytesIO(picture()), "logo.png"))
    key = choices.here().logo.key
    post_form(admin, f"/images/{key}/deletion", page="/images")
    assert "the head of every page" in admin.get("/images").text
    change(without_logo="y")
    post_form(admin, f"/images/{key}/deletion", page="/images")
    assert admin.get(f"/images/{key}").status_code == 404


# Who, and together with whom


@pytest.mark.parametrize("role", [Role.READER, Role.AUTHOR, Role.EDITOR, Role.OPERATOR])
def test_it_is_open_to_the_administrator_only(app, world, role):
    client = sign_in(app.test_client(), factories.person(role=role))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, data={"csrf_token": csrf(client, "/settings"), "name": "Mine"}).status_code == 403
    assert "/settings/site" not in client.get("/settings").text


def test_who_is_not_signed_in_is_asked_to(app, db):
    assert app.test_client().get(PAGE).status_code == 303


def test_without_the_token_nothing_changes(admin):
    assert admin.post(PAGE, data={"name": "Mine"}).status_code == 400


def test_a_change_is_written_down_with_the_old_and_the_new(change):
    change(name="The Walking Season", navigation="About /about")
    entry = db.session.query(AuditEntry).filter_by(action="site.changed").one()
    assert entry.actor == "ada@example.org"
    assert entry.detail == {"name": ["Almanac", "The Walking Season"], "navigation": [[], ["About /about"]]}


def test_saving_without_a_change_writes_nothing_down(change):
    change()
    assert db.session.query(AuditEntry).filter_by(action="site.changed").count() == 0


def test_two_administrators_do_not_overwrite_each_other(change, admin):
    form = BeautifulSoup(admin.get(PAGE).text, "html.parser").select_one("main form")
    seen = {name: form.select_one(f"[name={name}]")["value"] for name in ("csrf_token", "version")}
    change(name="Hers")
    answer = admin.post(PAGE, data={**seen, "name": "His"})
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("[name=name]")["value"] == "His"
    assert "Hers" in page.select_one("#theirs").parent.get_text()
    again = admin.post(PAGE, data={**seen, "name": "His", "version": page.select_one("[name=version]")["value"]})
    assert again.status_code == 303
    assert choices.here().name == "His"


# Several processes


def test_what_another_process_saved_is_seen_by_the_next_request(change, client, app):
    change(name="Before")
    assert "Before" in client.get("/").text
    database = app.config["ALMANAC"].database_url.removeprefix("sqlite:///")
    script = (
        "import json, sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10);"
        "v = json.loads(c.execute(\"SELECT value FROM site_settings WHERE name = 'choices'\").fetchone()[0]);"
        "v['name'] = 'From elsewhere'; v['version'] = 'other';"
        "c.execute(\"UPDATE site_settings SET value = ? WHERE name = 'choices'\", (json.dumps(v),)); c.commit()"
    )
    db.session.commit()
    subprocess.run([sys.executable, "-c", script, database], check=True)
    assert "From elsewhere" in client.get("/").text


def test_what_was_rolled_back_is_not_remembered(change):
    change(name="Kept")
    choices.save(choices.Choices(name="Dropped"), seen=choices.here().version)
    assert choices.here().name == "Dropped"
    db.session.rollback()
    assert choices.here().name == "Kept"


def test_a_transaction_asks_once_and_reads_only_what_is_new(change):
    change(name="Asked")
    choices.here()
    db.session.commit()
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for _ in range(3):
            assert choices.here().name == "Asked"
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert sum("site_settings" in statement for statement in statements) == 1


def test_the_page_for_a_fault_of_ours_knows_the_name_without_asking(change, app, client, monkeypatch):
    change(name="The Walking Season")
    client.get("/")

    def fail(*_):
        raise RuntimeError

    monkeypatch.setitem(app.view_functions, "look.choose_theme", fail)
    monkeypatch.setattr(choices, "_present", lambda: pytest.fail("it asked the database"))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        answer = client.post("/theme")
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = None
    assert answer.status_code == 500
    assert "The Walking Season" in answer.text


def test_a_row_of_an_older_program_is_read(db):
    db.session.add(SiteSetting(name="choices", value={"name": "Old", "version": "1", "gone": "x"}))
    db.session.commit()
    assert (choices.here().name, choices.here().navigation) == ("Old", ())
