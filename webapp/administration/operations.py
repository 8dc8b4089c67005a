"""Deciding for the whole site, and writing down who did."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import Person
from webapp.audit import operations as audit
from webapp.images import addresses
from webapp.images.models import Format, Image
from webapp.settings import operations as settings
from webapp.settings.choices import Logo
from webapp.settings.operations import Wanted


def choose(wanted: Wanted, *, logo: Logo | None, by: Person, now: datetime) -> None:
    """Changes how the site presents itself. Raises Refused for a field that does not fit, or Conflict."""
    changes = settings.choose(wanted, logo=logo)
    if changes:
        audit.record("site.changed", "the site", now=now, actor=by.email, person_id=by.id, **changes)


def as_logo(image: Image) -> Logo:
    """A picture for the masthead, where it is a line high: its smallest copy is sharp enough."""
    width = image.widths[0]
    return Logo(
        key=image.key,
        address=addresses.path(image, f"{width}.{Format.WEBP.ending}"),
        width=width,
        height=max(1, round(image.height * width / image.width)),
    )
