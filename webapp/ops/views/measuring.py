"""`/metrics`, for Prometheus on this machine or with the token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import abort, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from webapp.core import clock, site
from webapp.extensions import limiter
from webapp.ops import metrics as measured
from webapp.ops.views.blueprint import blueprint


@blueprint.get("/metrics")
@limiter.exempt
def metrics() -> ResponseReturnValue:
    if not (_has_token() or _is_from_here()):
        abort(403)
    return measured.exposition(clock.now()), {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"}


def _has_token() -> bool:
    token = site.config().metrics_token
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _is_from_here() -> bool:
    """Whether the caller is on this machine. One that a proxy here speaks for is not, whoever it says it is."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
