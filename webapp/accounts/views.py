"""Signing in and out, and everything about one's account."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__, template_folder="templates")
