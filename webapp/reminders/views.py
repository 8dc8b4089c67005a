"""Setting, changing and cancelling reminders."""

from flask import Blueprint

blueprint = Blueprint("reminders", __name__, template_folder="templates")
