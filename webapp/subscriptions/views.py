"""Asking for the letter, confirming, leaving."""

from flask import Blueprint

blueprint = Blueprint("subscriptions", __name__, template_folder="templates")
