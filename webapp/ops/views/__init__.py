"""How the house is doing: for operators, for programs that watch, and the captured inbox."""

from webapp.ops.views import health, inbox, measuring, overview
from webapp.ops.views.blueprint import blueprint

__all__ = ["blueprint", "health", "inbox", "measuring", "overview"]
