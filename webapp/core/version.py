"""Which Almanac this is. It does not ask git, which an installed copy has not got."""

VERSION = "0.1.0"
"""That of pyproject.toml; a test holds the two together."""
