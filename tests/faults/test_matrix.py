"""`docs/faults.md` names tests that exist, and every row has one."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if line.startswith("| ")][1:]


def test_every_row_links_to_a_test_that_exists():
    assert ROWS
    for row in ROWS:
        (link,) = re.findall(r"\[(test_\w+)\]\(\.\./([\w/]+\.py)\)", row)
        name, file = link
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), row
