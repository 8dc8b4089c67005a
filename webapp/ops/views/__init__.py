"""How the house is doing: for operators, for programs that watch, and the captured inbox."""

from webapp.ops.views import foresight, health, inbox, measuring, overview
from webapp.ops.views.blueprint import blueprint

__all__ = ["blueprint", "foresight", "health", "inbox", "measuring", "overview"]
