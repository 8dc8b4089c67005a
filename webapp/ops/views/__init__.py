"""How the house is doing: for operators, for programs that watch, and the captured inbox."""

from webapp.ops.views import dead, explaining, foresight, health, inbox, ledger, measuring, overview, runs
from webapp.ops.views.blueprint import blueprint

__all__ = ["blueprint", "dead", "explaining", "foresight", "health", "inbox", "ledger", "measuring", "overview", "runs"]
