"""The OpenAPI document as a person reads it: sections, operations, their fields, and a command to try each with."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """A field of an object, or a parameter of a query."""

    name: str
    kind: str
    is_needed: bool
    says: str


@dataclass(frozen=True)
class Operation:
    """One method on one address. ``statuses`` are the answers, good and bad."""

    anchor: str
    method: str
    path: str
    title: str
    says: str
    scope: str
    query: Sequence[Value]
    body: Sequence[Value]
    curl: str
    statuses: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """The operations on one sort of object, and the fields such an object has."""

    name: str
    says: str
    operations: Sequence[Operation]
    fields: Sequence[Value]


def read(document: Document) -> Sequence[Section]:
    """The sections of an OpenAPI document, in its order."""
    found = list(_operations(document))
    return [
        Section(
            name=tag["name"],
            says=tag["description"],
            operations=[operation for name, operation in found if name == tag["name"]],
            fields=_values(document, document["components"]["schemas"][tag["name"].removesuffix("s")]),
        )
        for tag in document["tags"]
    ]


def _operations(document: Document) -> Iterator[tuple[str, Operation]]:
    for path, item in document["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                yield item[method]["tags"][0], _operation(document, path, method, item[method])


def _operation(document: Document, path: str, method: str, detail: Mapping[str, Any]) -> Operation:
    bodies = detail.get("requestBody", {}).get("content", {})
    content = bodies.get("application/json", {})
    query = [
        Value(each["name"], _kind(document, each["schema"]), each.get("required", False), each.get("description", ""))
        for each in detail.get("parameters", [])
        if each.get("in") == "query"
    ]
    return Operation(
        anchor=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        title=detail["summary"],
        says=detail.get("description", ""),
        scope=detail["security"][0]["token"][0],
        query=query,
        body=_values(document, content["schema"]) if content else [],
        curl=_curl(
            document["servers"][0]["url"] + path, method, content.get("example"), takes_file="image/jpeg" in bodies
        ),
        statuses=[(status, _says(document, answer)) for status, answer in _by_status(detail["responses"])],
    )


def _by_status(responses: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted((status, answer) for status, answer in responses.items() if status.isdigit())


def _values(document: Document, schema: Mapping[str, Any]) -> list[Value]:
    schema = _resolved(document, schema)
    needed = schema.get("required", [])
    return [
        Value(name, _kind(document, each), name in needed, each.get("description", ""))
        for name, each in schema["properties"].items()
    ]


def _kind(document: Document, schema: Mapping[str, Any]) -> str:
    """``text``, ``list of text``, ``draft | published`` … in a word or two."""
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " | ".join(str(choice) for choice in schema["enum"] if choice is not None)
    names = schema.get("type", "object")
    names = [names] if isinstance(names, str) else names
    kinds = ["instant" if schema.get("format") == "date-time" and name == "string" else WORDS[name] for name in names]
    if "array" in names:
        kinds[0] = f"list of {_kind(document, schema.get('items', {}))}"
    return " or ".join(kinds)


WORDS = {
    "string": "text",
    "integer": "whole number",
    "object": "object",
    "array": "list",
    "boolean": "true or false",
    "null": "null",
    "number": "number",
}


def _resolved(document: Document, part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a ``$ref`` points to, or the part itself."""
    while "$ref" in part:
        found: Mapping[str, Any] = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _says(document: Document, answer: Mapping[str, Any]) -> str:
    return str(_resolved(document, answer)["description"])


def _curl(url: str, method: str, example: Mapping[str, Any] | None, *, takes_file: bool = False) -> str:
    """A command to try an operation with; the token stands in a variable of the shell."""
    url = re.sub(r"\{(\w+_id|number)\}", "1", url).replace("{handle}", "mira")
    lines = [f"curl {url}" if method == "get" else f"curl -X {method.upper()} {url}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if example is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(dict(example)))}")
    if takes_file:
        lines.append("-H 'Content-Type: image/jpeg' --data-binary @frost.jpg")
    return " \\\n  ".join(lines)
