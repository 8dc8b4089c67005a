"""A mail's three templates, rendered once, with the styles put where mail programs look for them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

import css_inline
from flask import Flask, render_template
from markupsafe import Markup

from webapp.core import languages
from webapp.mail.wrapping import wrapped


@dataclass(frozen=True)
class Rendered:
    """A mail's subject, its plain text, and its HTML with styles inlined."""

    subject: str
    text: str
    html: str


def new_marker() -> str:
    """A marker for a content whose readers have values of their own; see :class:`~webapp.mail.models.MailContent`."""
    return secrets.token_hex(8)


def place(marker: str, name: str) -> Markup:
    """Where a reader's own value will stand, in a content or in one of its headers."""
    return Markup(f"@@{marker}:{name}@@")  # noqa: S704  # both parts are ours: hex digits and a word


def render(template: str, *, language: str | None, marker: str = "", **context: Any) -> Rendered:
    """Renders ``template.subject.txt``, ``template.txt`` and ``template.html`` in the recipient's language.

    Without a ``language`` it is the site's. In all three, ``slot("name")`` leaves a place for a reader's own
    value when there is a ``marker``.
    """

    def slot(name: str) -> Markup:
        if not marker:
            raise ValueError(f"{template} has a place for {name}, but no marker was given")
        return place(marker, name)

    context = {"slot": slot, **context}
    with languages.speaking(language):
        return Rendered(
            subject=" ".join(render_template(f"{template}.subject.txt", **context).split()),
            text=wrapped(render_template(f"{template}.txt", **context)),
            html=_inliner().inline(render_template(f"{template}.html", **context)),
        )


def compile_templates(app: Flask) -> None:
    """Makes every mail's templates ready, so that no process does it at the moment a mail is due."""
    for name in app.jinja_env.list_templates():
        if "mail/" in name:
            app.jinja_env.get_template(name)
    _inliner()


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
