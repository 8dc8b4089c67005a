"""Reading and writing posts."""

from flask import Blueprint

blueprint = Blueprint("posts", __name__, template_folder="templates")
