"""Takes the protections out, one after the other, of a copy of this tree, and runs the tests that must then fail.

The tree itself is never touched. See docs/faults.md.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.faults.protections import PROTECTIONS, Protection
from tests.faults.protections.kinds import ROOT, function_of

LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "node_modules", "*.db", "*.db-*")
SHORT = 150
UNUSED = ("cacheprovider", "playwright", "hypothesispytest", "schemathesis")
"""Plugins of pytest's that take half of the time in which it starts."""

_ticks = count(1)


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = _chosen()
    if not chosen:
        print("no protection of that name")
        return 2
    unseen = []
    with copy() as root:
        for each in chosen:
            began = time.monotonic()
            print(f"{each.name} ...", flush=True)
            for test, is_seen, said in seen_to_fail(each, root):
                print(f"  {'fails' if is_seen else 'DOES NOT FAIL'}: {test}\n      {said}", flush=True)
                if not is_seen:
                    unseen.append(f"{each.name}: {test}")
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(chosen)} protections taken out. ", end="")
    print("Each was missed." if not unseen else f"{len(unseen)} tests did not fail as they must:")
    for each in unseen:
        print(f"  {each}")
    return 1 if unseen else 0


def _chosen() -> list[Protection]:
    parser = argparse.ArgumentParser(prog="make protections ARGS=...", description=__doc__)
    parser.add_argument("words", nargs="*", help="only those in whose name or tests one of these stands")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="without those that take minutes")
    length.add_argument("--long", action="store_true", help="only those that take minutes")
    given = parser.parse_args()
    return [
        each
        for each in PROTECTIONS
        if not (each.is_long and given.quick)
        and (each.is_long or not given.long)
        and (not given.words or any(word in " ".join([each.name, *each.fails]) for word in given.words))
    ]


@contextmanager
def copy() -> Iterator[Path]:
    """This tree in another place, with the same Python."""
    with tempfile.TemporaryDirectory(prefix="almanac-protections-") as folder:
        root = Path(folder) / "almanac"
        shutil.copytree(ROOT, root, ignore=LEFT_BEHIND)
        yield root


def seen_to_fail(protection: Protection, root: Path) -> list[tuple[str, bool, str]]:
    """Each test, whether it failed for its reason, and what it said."""
    with taken_out(protection, root):
        report = root / "report.xml"
        report.unlink(missing_ok=True)
        without = [word for plugin in UNUSED for word in ("-p", f"no:{plugin}")]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *without,
            "--timeout=900",
            f"--junitxml={report}",
            "-o",
            "junit_family=xunit1",
        ]
        _run([*command, *protection.fails], root)
        cases = list(ET.parse(report).getroot().iter("testcase")) if report.exists() else []
    return [(test, *judged(test, reason, cases)) for test, reason in protection.fails.items()]


def _run(command: list[str], root: Path) -> None:
    """Whoever is interrupted lets the tests put away what they have started."""
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as running:
        try:
            running.wait()
        except BaseException:
            running.terminate()
            raise


@contextmanager
def taken_out(protection: Protection, root: Path) -> Iterator[None]:
    """The copy without it, in between."""
    before = {edit.file: (root / edit.file).read_text() for edit in protection.edits}
    try:
        for edit in protection.edits:
            _write(root / edit.file, edit.made_in(root))
        yield
    finally:
        for file, text in before.items():
            _write(root / file, text)


def _write(file: Path, text: str) -> None:
    """With a time of its own: Python knows by time and size whether it has to compile a file anew."""
    file.write_text(text)
    at = file.stat().st_mtime + 10 * next(_ticks)
    os.utime(file, (at, at))


def judged(test: str, reason: str, cases: list[ET.Element]) -> tuple[bool, str]:
    """Whether one of the cases of a test failed for this reason; and what it said, or what else happened."""
    said = "it did not run"
    for case in cases:
        if case.get("name") not in {name := test.rpartition("::")[2], None} and (
            "[" in name or function_of(case.get("name", "")) != name
        ):
            continue
        failure = case.find("failure")
        if failure is not None:
            lines = [line[1:].strip() for line in (failure.text or "").splitlines() if line.startswith("E ")]
            if re.search(reason, "\n".join(lines)):
                return True, _short(next((line for line in lines if re.search(reason, line)), lines[0]))
            said = f"it failed for another reason: {_short(' '.join(lines))}"
        elif case.find("error") is not None:
            said = f"it could not run: {_short(case.find('error').get('message') or '')}"
        elif case.find("skipped") is not None:
            said = f"it was left out: {_short(case.find('skipped').get('message') or '')}"
        elif said == "it did not run":
            said = "it passed"
    return False, said


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= SHORT else f"{words[: SHORT - 1]}…"


if __name__ == "__main__":
    sys.exit(main())
