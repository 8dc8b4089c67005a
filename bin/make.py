"""What a program started by `make` has to know about it, on Linux. Elsewhere all of this is silent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_with_it() -> None:
    """Asks the kernel for a SIGTERM when the `make` above us is killed; without one above us, nothing."""
    if sys.platform == "linux" and _is_above():
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def catches_interrupts() -> bool:
    """Whether a `make` above us would still act on a SIGINT.

    GNU make that is sent one alone, not with its whole group as Ctrl-C does, waits for us without telling us. All
    that can be seen from below is that it no longer catches the signal.
    """
    if not _is_above():
        return False
    try:
        lines = Path(f"/proc/{os.getppid()}/status").read_text().splitlines()
    except OSError:
        return False
    caught = next((int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:")), 0)
    return bool(caught >> (signal.SIGINT - 1) & 1)


def _is_above() -> bool:
    try:
        return Path(f"/proc/{os.getppid()}/comm").read_text().strip() in {"make", "gmake"}
    except OSError:
        return False
