"""Showing a picture to whoever knows its address.

An address holds 80 random bits and its file never changes, so it may be kept for ever by anyone. There is no further
check: a picture is as public as its address, also while the text around it is a draft.
"""

from __future__ import annotations

import re

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from webapp.core.headers import ONE_YEAR
from webapp.extensions import db
from webapp.images import addresses, queries, storage
from webapp.images.models import COPIES, Format, Image
from webapp.images.views.blueprint import blueprint

COPY = re.compile(r"([1-9][0-9]{0,4})\.(avif|webp)")
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Opened by itself, a picture is a picture and nothing else."""


@blueprint.get("/images/<key>/<name>")
def show(key: str, name: str) -> ResponseReturnValue:
    image = queries.by_key(key) or abort(404)
    if name == image.name:
        return _answer(image.file, image.format)
    found = COPY.fullmatch(name)
    width, kind = (int(found[1]), Format(found[2])) if found else (0, None)
    if kind not in COPIES or width not in image.widths:
        abort(404)
    if not queries.has_copy(image, width, kind):
        return _meanwhile(image)
    return _answer(f"{image.key}/{name}", kind)


def _answer(file: str, kind: Format) -> Response:
    db.session.rollback()  # the file may come from far away
    try:
        data = storage.here().read(file)
    except storage.Missing:
        abort(404)
    except storage.Unavailable:
        raise ServiceUnavailable(retry_after=5) from None
    response = Response(data, mimetype=kind.mimetype)
    response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a feed is read elsewhere
    response.set_etag(file.replace("/", "-"))
    response.make_conditional(request)
    return response


def _meanwhile(image: Image) -> ResponseReturnValue:
    """A copy that is still being made: the picture itself stands in, and nobody remembers that it did."""
    response = redirect(addresses.path(image), 302)
    response.headers["Cache-Control"] = "no-store"
    return response
