"""The site's configuration, for code that is not told it and must not know Flask."""

from __future__ import annotations

from typing import cast

from flask import current_app

from config import Config


def config() -> Config:
    """The settings of the application this code runs in."""
    return cast(Config, current_app.config["ALMANAC"])
