"""A digest in the browser."""

from flask import Blueprint

blueprint = Blueprint("digests", __name__, template_folder="templates")
