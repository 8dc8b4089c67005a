"""The captured inbox of `make run`."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, make_response, render_template
from flask.typing import ResponseReturnValue

from config import DevConfig
from webapp.core import site
from webapp.core.headers import MAIL_POLICY
from webapp.mail import inbox
from webapp.ops.views.blueprint import blueprint

SHOWN = 200


@blueprint.get("/inbox/", endpoint="inbox")
def inbox_list() -> ResponseReturnValue:
    folder = _config().inbox_dir
    rows = [_row(each) for each in inbox.newest(folder, limit=SHOWN)]
    return render_template("ops/inbox.html", rows=rows, shown=SHOWN, folder=folder)


@blueprint.get("/inbox/<key>")
def inbox_mail(key: str) -> ResponseReturnValue:
    mail = _mail_or_404(key)
    return render_template(
        "ops/inbox_mail.html",
        mail=_row(mail),
        text=inbox.part(mail.message, "plain"),
        has_html=inbox.part(mail.message, "html") is not None,
        headers=inbox.headers(mail.message),
    )


@blueprint.get("/inbox/<key>/html")
def inbox_html(key: str) -> ResponseReturnValue:
    """The HTML part alone, for the frame on the mail's page."""
    html = inbox.part(_mail_or_404(key).message, "html")
    if html is None:
        abort(404)
    response = make_response(f'<base target="_blank">{html}')
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _config() -> DevConfig:
    """The configuration of a site that catches its mail; elsewhere there is no such page."""
    config = site.config()
    if not isinstance(config, DevConfig) or not config.catches_mail:
        abort(404)
    return config


def _mail_or_404(key: str) -> inbox.Kept:
    mail = inbox.read(_config().inbox_dir, key)
    if mail is None:
        abort(404)
    return mail


def _row(mail: inbox.Kept) -> dict[str, object]:
    return {
        "key": mail.key,
        "at": datetime.fromtimestamp(mail.received_at, UTC),
        "subject": inbox.header(mail.message, "Subject"),
        "to": inbox.header(mail.message, inbox.TO_HEADER) or inbox.header(mail.message, "To"),
        "kind": inbox.header(mail.message, "X-Almanac-Kind"),
    }
