"""Atom, sitemap, robots."""

from flask import Blueprint

blueprint = Blueprint("feeds", __name__, template_folder="templates")
