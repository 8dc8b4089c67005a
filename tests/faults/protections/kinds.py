"""What a protection is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Edit:
    """How a piece of a protection is taken out: the exact text, which stands once in the file, and what replaces it."""

    file: str
    text: str
    instead: str = ""

    def made_in(self, root: Path) -> str:
        """The file's new text. Raises :class:`ValueError` when the old one is not there exactly once."""
        written = (root / self.file).read_text()
        if (times := written.count(self.text)) != 1:
            raise ValueError(f"{self.file} has this {times} times, not once:\n{self.text}")
        return written.replace(self.text, self.instead)


@dataclass(frozen=True)
class Protection:
    """Something that keeps a fault from doing harm.

    ``fails`` names the tests that must fail without it, as pytest does, with or without one case in brackets, and what
    has to stand in the lines of the failure. Where several things cover the same fault, so that one may go unnoticed,
    all are taken out together, and a comment says so. ``is_long``: it takes minutes or services of its own.
    """

    name: str
    edits: tuple[Edit, ...]
    fails: dict[str, str] = field(default_factory=dict)
    is_long: bool = False

    @property
    def tests(self) -> set[str]:
        """The names of the functions."""
        return {function_of(test) for test in self.fails}


def function_of(test: str) -> str:
    """``test_it`` for ``tests/faults/test_file.py::test_it[case]``."""
    return test.rpartition("::")[2].partition("[")[0]
