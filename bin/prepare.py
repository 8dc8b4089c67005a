"""Makes `.venv` hold exactly what the lock says. Standard library only, for the Python that the system has.

`python3 bin/prepare.py` is for running, `python3 bin/prepare.py dev` adds what the checks need. When nothing has
changed since the last time it costs one hash of the lock.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
OLDEST = (3, 11)
NEWER_NAMES = [f"python3.{minor}" for minor in range(19, 10, -1)]


def prepare(purpose: str = "run") -> Path:
    """The Python of `.venv`, which is made or brought up to date first. Ends the program with one line if it cannot."""
    marker = VENV / f".almanac-{purpose}"
    wanted = _fingerprint(LOCKS[purpose])
    if _text(marker) != wanted or not PYTHON.exists():
        _make_venv()
        _install(LOCKS[purpose])
        for each, locks in LOCKS.items():
            if set(locks) <= set(LOCKS[purpose]):
                (VENV / f".almanac-{each}").write_text(_fingerprint(locks))
    return PYTHON


def _make_venv() -> None:
    if _works(str(PYTHON)):
        return
    base = sys.executable if sys.version_info >= OLDEST else _newer_python()
    say(f"Making .venv with {base}")
    made = subprocess.run([base, "-m", "venv", "--clear", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode:
        stop(f"cannot make .venv: {_last_line(made)} (on Debian and Ubuntu: apt install python3-venv)")


def _install(locks: list) -> None:
    say(f"Installing what {' and '.join(locks)} lists; the first time this takes a minute")
    # The lock is complete. Left to look for dependencies, an old pip finds a newer one for an extra, and refuses it.
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-deps", "--disable-pip-version-check", "--no-input"]
    for lock in locks:
        command += ["--require-hashes", "-r", str(HERE / lock)]
    installed = subprocess.run(command, check=False, stdout=sys.stderr)
    if installed.returncode:
        stop("pip could not install what the lock lists: its own message is above")


def _newer_python() -> str:
    for name in NEWER_NAMES:
        found = shutil.which(name)
        if found and _works(found):
            return found
    version = ".".join(map(str, sys.version_info[:3]))
    stop(f"Almanac needs Python 3.11 or newer; {sys.executable or 'this Python'} is {version}")
    return ""


def _works(python: str) -> bool:
    """Whether this Python starts, is new enough and, being in a `.venv`, can install."""
    check = f"import sys, venv; sys.exit(sys.version_info < {OLDEST!r})"
    if python == str(PYTHON):
        check = "import pip; " + check
    try:
        return subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _fingerprint(locks: list) -> str:
    digest = hashlib.sha256(str(VENV).encode())  # an environment that was moved does not work
    for lock in locks:
        digest.update((HERE / lock).read_bytes())
    return digest.hexdigest()


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _last_line(ran: subprocess.CompletedProcess) -> str:
    lines = (ran.stderr + ran.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit status {ran.returncode}"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def stop(line: str) -> None:
    say(f"{Path(sys.argv[0]).name}: {line}")
    sys.exit(1)


if __name__ == "__main__":
    try:
        prepare(sys.argv[1] if len(sys.argv) > 1 else "run")
    except KeyboardInterrupt:
        sys.exit(130)
