"""A post's comments as a tree: nested two levels deep, and flat from there on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

NESTED = 2
"""How many levels are drawn below a comment that answers the post itself."""


@dataclass(eq=False)
class Node:
    """A comment by its id. ``is_shown`` is false where one stood that was answered and is gone.

    ``replies`` are in the order they were said. ``answers`` is what a reply on the last level answers, when that is
    not the comment above it.
    """

    id: int
    parent_id: int | None
    is_shown: bool
    depth: int = 0
    replies: list[Node] = field(default_factory=list)
    answers: int | None = None


def grow(rows: Iterable[Sequence[Any]]) -> list[Node]:
    """The threads of (id, parent_id, is_shown) in the order they were said. What is gone and unanswered is left out."""
    nodes = {id_: Node(id_, parent_id, is_shown) for id_, parent_id, is_shown in rows}
    _prune(nodes)
    children: dict[int | None, list[Node]] = {}
    for node in nodes.values():
        children.setdefault(node.parent_id if node.parent_id in nodes else None, []).append(node)
    said = {id_: number for number, id_ in enumerate(nodes)}
    roots = children.get(None, [])
    for root in roots:
        _nest(root, children, said)
    return roots


def ids(nodes: Iterable[Node]) -> list[int]:
    """Every comment in some threads."""
    found, waiting = [], list(nodes)
    while waiting:
        node = waiting.pop()
        found.append(node.id)
        waiting.extend(node.replies)
    return found


def _prune(nodes: dict[int, Node]) -> None:
    """Leaves out what neither is shown nor stands above something that is."""
    needed: set[int] = set()
    for node in nodes.values():
        if node.is_shown:
            above: Node | None = node
            while above is not None and above.id not in needed:
                needed.add(above.id)
                above = nodes.get(above.parent_id) if above.parent_id is not None else None
    for gone in nodes.keys() - needed:
        del nodes[gone]


def _nest(root: Node, children: dict[int | None, list[Node]], said: dict[int, int]) -> None:
    """Hangs everything below a root on it. Without recursion: a thread may be as long as people like."""
    holders = {root.id: root}
    for node in _below(root, children):
        holder = holders[node.id]
        for child in children.get(node.id, []):
            child.depth = min(node.depth + 1, NESTED)
            if holder.depth == NESTED - 1 and node is not holder:
                child.answers = node.id
            holder.replies.append(child)
            holders[child.id] = child if child.depth < NESTED else holder
    for holder in {holder.id: holder for holder in holders.values()}.values():
        if holder.depth == NESTED - 1:
            holder.replies.sort(key=lambda reply: said[reply.id])


def _below(root: Node, children: dict[int | None, list[Node]]) -> list[Node]:
    """A root and everything below it, each after what it answers."""
    found = [root]
    for node in found:
        found.extend(children.get(node.id, []))
    return found
