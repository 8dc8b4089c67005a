"""What `make protections` takes out is still there, and every fault of `docs/faults.md` has something to take out."""

import ast
import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from tests.faults.protections import PROTECTIONS
from tests.faults.protections.__main__ import judged, taken_out
from tests.faults.protections.kinds import ROOT, Edit, Protection

ROWS = re.findall(r"\[(test_\w+)\]\(\.\./([\w/]+\.py)\)", (ROOT / "docs" / "faults.md").read_text())


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda each: each.name)
def test_what_is_taken_out_stands_once_in_its_file_and_leaves_python_behind(protection):
    assert protection.edits
    for edit in protection.edits:
        ast.parse(edit.made_in(ROOT))


def test_every_row_of_the_faults_has_a_protection():
    taken = {test.partition("[")[0] for protection in PROTECTIONS for test in protection.fails}
    assert [name for name, file in ROWS if f"{file}::{name}" not in taken] == []


def test_every_test_that_must_fail_exists():
    for test in {test.partition("[")[0] for protection in PROTECTIONS for test in protection.fails}:
        file, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{name}"


def test_every_protection_has_a_name_of_its_own():
    assert [name for name, times in Counter(each.name for each in PROTECTIONS).items() if times > 1] == []


def test_a_text_that_is_gone_or_there_twice_is_noticed(tmp_path):
    (tmp_path / "a.py").write_text("once = 1\ntwice = 2\ntwice = 2\n")
    for text in ("gone", "twice = 2\n"):
        with pytest.raises(ValueError, match="not once"):
            Edit("a.py", text).made_in(tmp_path)


def test_what_was_taken_out_is_put_back(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("guard()\ngo()\n")
    with taken_out(Protection("a guard", (Edit("a.py", "guard()\n"), Edit("a.py", "go()", "stay()"))), tmp_path):
        assert file.read_text() == "stay()\n"
    assert file.read_text() == "guard()\ngo()\n"


FAILED = "<failure>def test_it():\n&gt;  assert mails == 1\nE  assert 2 == 1</failure>"


@pytest.mark.parametrize(
    ("inside", "is_seen", "said"),
    [
        (FAILED, True, "assert 2 == 1"),
        (FAILED.replace("assert 2", "KeyError: 2"), False, "another reason"),
        ("", False, "it passed"),
        ('<skipped message="no RabbitMQ"/>', False, "left out: no RabbitMQ"),
        ('<error message="no house"/>', False, "could not run: no house"),
    ],
)
def test_only_a_failure_for_its_reason_counts(inside, is_seen, said):
    cases = ET.fromstring(f'<a><b name="test_it[one]">{inside}</b><b name="test_other">{FAILED}</b></a>').findall("b")
    for test in ("tests/test_a.py::test_it", "tests/test_a.py::test_it[one]"):
        found = judged(test, "assert 2 == 1", cases)
        assert found[0] is is_seen
        assert said in found[1]
    assert judged("tests/test_a.py::test_it[two]", "assert 2 == 1", cases) == (False, "it did not run")
