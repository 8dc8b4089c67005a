"""How long it was from one instant to another, reckoned by the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class seconds_between(GenericFunction[float]):  # noqa: N801  # it is written like a function
    """``seconds_between(earlier, later)``, to the millisecond."""

    type = Float()
    inherit_cache = True


class hours_between(GenericFunction[int]):  # noqa: N801
    """``hours_between(earlier, later)``: the whole hours that have gone by; ``later`` is the later of the two."""

    type = Integer()
    inherit_cache = True


@compiles(seconds_between, "sqlite")
def _seconds_on_sqlite(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(seconds_between)
def _seconds(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(extract(epoch FROM ({later}) - ({earlier})) AS double precision)"


@compiles(hours_between, "sqlite")
def _hours_on_sqlite(element: hours_between, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"((CAST(strftime('%s', {later}) AS INTEGER) - CAST(strftime('%s', {earlier}) AS INTEGER)) / 3600)"


@compiles(hours_between)
def _hours(element: hours_between, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(floor(extract(epoch FROM ({later}) - ({earlier})) / 3600) AS integer)"
