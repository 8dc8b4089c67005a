"""How fast a WordPress export comes in, rendered and sanitised, and how much memory that takes.

The command itself is measured, start and end included, on a database of its own. Posts a second is counted from the
first item to the last; the limit to reach is in `LIMIT`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from bench import wxr  # noqa: E402  # after the path

LIMIT = 500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    posts = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as folder:
        file = wxr.write(Path(folder) / "export.xml", posts)
        environ = {"PATH": os.environ["PATH"], "WEBAPP_ENV": "dev", "DATA_DIR": folder}
        if url := os.environ.get("DATABASE_URL"):
            environ["DATABASE_URL"] = url
        run(environ, "db", "upgrade")
        began = time.monotonic()
        run(environ, "--help")
        start = time.monotonic() - began
        began, worked = time.monotonic(), cpu()
        report = json.loads(run(environ, "import", "wordpress", str(file), "--json"))
        seconds = time.monotonic() - began - start
        worked = cpu() - worked
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        again = time.monotonic()
        repeated = json.loads(run(environ, "import", "wordpress", str(file), "--json"))
        again = time.monotonic() - again - start
    assert report["counts"]["post"] == {"imported": posts}, report["counts"]
    assert repeated["counts"]["post"] == {"unchanged": posts}, repeated["counts"]
    rate = posts / seconds
    print(f"import of {posts:,} posts: {rate:,.0f} posts/s (limit {LIMIT}), {seconds:.1f} s")
    most = posts * (os.cpu_count() or 1) / worked
    print(f"of the processor: {1000 * worked / posts:.2f} ms a post, so {most:,.0f} posts/s where nothing else runs")
    print(f"the largest process: {peak:,.0f} MB; the same file again: {again:.1f} s")
    return 0 if rate >= LIMIT else 1


def cpu() -> float:
    """Seconds that the commands have computed so far, those of their own children included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(environ: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / "manage.py"), *words],
        env=environ,
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
