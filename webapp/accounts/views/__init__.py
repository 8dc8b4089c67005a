"""Signing in and out, and everything about one's account."""

from webapp.accounts.views import joining, language, resetting, settings, signing_in
from webapp.accounts.views.blueprint import blueprint

__all__ = ["blueprint", "joining", "language", "resetting", "settings", "signing_in"]
