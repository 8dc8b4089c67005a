"""Health, and the captured inbox."""

from flask import Blueprint

blueprint = Blueprint("ops", __name__, template_folder="templates")
