"""Brings the Nu Html Checker for the tests: its makers' own package, the version and the hash that stand here.

`python3 bin/checker.py` asks npm for it once and prints where it is. Standard library only. It is run by Java and never
served, so it is in no lock of ours; what is not the file of this hash is thrown away.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "26.9.27"
SHA256 = "22f15dd39a33bed929d2a5c0cddf5946849a647eca9272bf4d5d00bc7e7a4d47"
MEMBER = "package/build/dist/vnu.jar"
JAR = Path(__file__).resolve().parent.parent / ".venv" / "share" / f"vnu-{VERSION}.jar"
PATIENCE = 300


def bring() -> Path:
    """Where the checker is. Ends the program with one line if it cannot be had."""
    if not JAR.exists():
        npm = shutil.which("npm")
        if npm is None:
            stop("the Nu Html Checker comes from npm, and there is none here; or name its jar as TEST_VNU_JAR")
        JAR.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=JAR.parent) as folder:  # beside it, so that it comes whole or not at all
            _fetched(npm, Path(folder)).replace(JAR)
    return JAR


def _fetched(npm: str, folder: Path) -> Path:
    command = [npm, "pack", "--silent", "--ignore-scripts", f"vnu-jar@{VERSION}", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        stop(f"npm did not bring vnu-jar within {PATIENCE} s")
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode or packed is None:
        stop(f"npm did not bring vnu-jar: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    jar = folder / "vnu.jar"
    with tarfile.open(packed) as archive, jar.open("wb") as file:
        shutil.copyfileobj(archive.extractfile(MEMBER), file)
    if hashlib.sha256(jar.read_bytes()).hexdigest() != SHA256:
        stop(f"vnu-jar {VERSION} is not the file it was")
    return jar


def stop(line: str) -> None:
    print(f"{Path(sys.argv[0]).name}: {line}", file=sys.stderr, flush=True)
    sys.exit(1)


if __name__ == "__main__":
    print(bring())
