"""What a rule says when it will not do a thing."""

from __future__ import annotations


class Refused(Exception):
    """Input that a rule does not accept.

    ``field`` names the part of the input it is about (``""`` for the whole), ``message`` is one sentence for the
    person who sent it, in their language (:mod:`webapp.core.words`). A page
    shows it beside the field, the API answers 422, the command line exits with 1.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = str(message)


class Conflict(Exception):
    """The thing has changed since the sender last saw it. A page answers 409, the API 412."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = str(message)
