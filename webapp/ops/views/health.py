"""For whoever watches from outside."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from webapp.extensions import limiter
from webapp.ops import checks
from webapp.ops.views.blueprint import blueprint


@blueprint.get("/healthz")
@limiter.exempt
def healthz() -> ResponseReturnValue:
    """This process answers. Asks nobody else."""
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@blueprint.get("/readyz")
@limiter.exempt
def readyz() -> ResponseReturnValue:
    """Everything a request needs answers too. 503 when not."""
    found = checks.readiness()
    is_ready = all(each.ok for each in found)
    shown = [{"name": each.name, "ok": each.ok, "detail": each.detail} for each in found]
    return jsonify(ok=is_ready, checks=shown), 200 if is_ready else 503, {"Cache-Control": "no-store"}
