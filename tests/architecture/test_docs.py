"""`docs/architecture.md` describes this program and not another one."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs" / "architecture.md").read_text()


def layers() -> list[set[str]]:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    return [{room for room in re.findall(r"[\w()]+", layer) if "(" not in room} for layer in contract["layers"]]


def test_the_picture_shows_every_room_in_the_order_of_the_contract():
    chain = next(line for line in DOC.splitlines() if line.strip().startswith("schedule --> "))
    drawn = [set(part.split(" & ")) for part in chain.strip().split(" --> ")]
    assert drawn == layers()


def test_every_room_is_there():
    inside = (ROOT / "webapp").iterdir()
    found = {path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__"} == set().union(*layers())


def test_every_signal_is_listed_and_no_other():
    code = "\n".join(file.read_text() for file in (ROOT / "webapp").rglob("*.py"))
    sent = set(re.findall(r"signal\(\"([\w.-]+)\"", code))
    listed = set(re.findall(r"^\| `([\w.-]+)` \| `", DOC, re.MULTILINE))
    assert listed == sent


def test_every_file_it_points_to_exists():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", DOC):
        assert (ROOT / "docs" / target).exists(), target
