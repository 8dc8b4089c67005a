"""Is this container's process well? `web` is asked for /healthz, the others for a sign of life.

Small on purpose: it runs every few seconds, so it does not load the application.
"""

from __future__ import annotations

import http.client
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

SILENT_AFTER = timedelta(seconds=120)


def main(part: str) -> int:
    problem = web() if part == "web" else sign_of_life(part)
    if problem:
        sys.stderr.write(f"{part}: {problem}\n")
    return int(bool(problem))


def web() -> str:
    host = urlsplit(os.environ["SITE_URL"]).netloc
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("WEB_PORT") or 8000), timeout=4)
    connection.request("GET", "/healthz", headers={"Host": host})
    status = connection.getresponse().status
    return "" if status == 200 else f"/healthz answered {status}"


def sign_of_life(part: str) -> str:
    import psycopg

    url = os.environ.get("DATABASE_URL") or Path(os.environ["DATABASE_URL_FILE"]).read_text().strip()
    with psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=4) as connection:
        row = connection.execute("SELECT seen_at FROM heartbeats WHERE name = %s", (part,)).fetchone()
    if row is None:
        return "has never shown a sign of life"
    silent = datetime.now(UTC) - row[0]
    return "" if silent <= SILENT_AFTER else f"silent for {silent.total_seconds():.0f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
