"""What others made and we serve: named, versioned, licensed, and unchanged since it was taken."""

import hashlib
import json
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "webapp" / "static"
MANIFEST = json.loads((STATIC / "vendor" / "manifest.json").read_text())
FILES = [(package, file) for package in MANIFEST for file in package["files"]]


@pytest.mark.parametrize(("package", "file"), FILES, ids=[file["path"] for _, file in FILES])
def test_a_vendored_file_is_the_one_that_was_taken(package, file):
    assert hashlib.sha256((STATIC / file["path"]).read_bytes()).hexdigest() == file["sha256"]


@pytest.mark.parametrize("package", MANIFEST, ids=[package["name"] for package in MANIFEST])
def test_a_vendored_package_has_a_version_and_its_licence_beside_it(package):
    assert package["version"][0].isdigit()
    assert package["licence"]
    assert (STATIC / package["licence_file"]).read_text().strip()


def test_nothing_lies_there_that_the_manifest_does_not_name():
    named = {file["path"] for _, file in FILES} | {package["licence_file"] for package in MANIFEST}
    found = {
        str(path.relative_to(STATIC))
        for folder in ("vendor", "fonts")
        for path in (STATIC / folder).rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == named
