"""flask-smorest's blueprint with the reading of this API, and with types that say what its decorators give back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import flask_smorest
from marshmallow import Schema

from webapp.api.parsing import Parser

View = TypeVar("View")
Schemas = Schema | type[Schema]

ID = "int(min=1, max=9223372036854775807)"
"""The converter of every id in a path: what no database could hold does not exist."""


class Blueprint(flask_smorest.Blueprint):
    """One resource of the API."""

    ARGUMENTS_PARSER = Parser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        decorate: Callable[[View], View] = super().route(rule, **options)
        return decorate

    def body(self, schema: Schemas, *, example: Mapping[str, Any], is_needed: bool = True) -> Callable[[View], View]:
        """Reads the JSON body into the view's next argument."""
        decorate: Callable[[View], View] = super().arguments(schema, required=is_needed, example=dict(example))
        return decorate

    def query(self, schema: Schemas) -> Callable[[View], View]:
        """Reads the query string into the view's next argument."""
        decorate: Callable[[View], View] = super().arguments(schema, location="query")
        return decorate

    def answers(self, status: int, schema: Schemas | None = None, *, says: str) -> Callable[[View], View]:
        """Says what comes back, and makes a response of what is not one yet."""
        decorate: Callable[[View], View] = super().response(status, schema, description=says)
        return decorate
