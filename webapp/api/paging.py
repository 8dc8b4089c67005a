"""Lists: a page of items, how many there are in all, and Link headers (RFC 8288) to the pages around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from sqlalchemy import Select, func, select

from webapp.core import urls
from webapp.extensions import db

LARGEST_PAGE = 100
USUAL_PAGE = 20
LAST_PAGE = 100_000
"""A page number beyond this is a mistake."""


def page(rows: Select[Any], query: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The page of ``rows`` that ``query`` asks for, as ``{"items": …, "total": …}``, and its headers."""
    number, limit = query["page"], query["limit"]
    total = db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    items = db.session.scalars(rows.limit(limit).offset((number - 1) * limit)).all()
    return shown(items, total, query)


def shown(items: Sequence[Any], total: int, query: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A page that was found in another way: ``items`` of it, and how many there are in all."""
    last = max(1, -(-total // query["limit"]))
    return {"items": items, "total": total}, {"Link": _links(query, query["page"], last=last)}


def _links(query: Mapping[str, Any], number: int, *, last: int) -> str:
    pages = {"first": 1, "last": last}
    if number > 1:
        pages["prev"] = min(number - 1, last)
    if number < last:
        pages["next"] = number + 1
    around = request.view_args or {}
    return ", ".join(
        f'<{urls.absolute(str(request.endpoint), **{**around, **query, "page": other})}>; rel="{name}"'
        for name, other in pages.items()
    )
