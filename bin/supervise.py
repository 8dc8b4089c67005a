"""Starts the house and keeps it running: web, worker, beat, dispatcher and, where no mail server is given, an inbox.

What is not given by the environment is chosen here and written to DATA_DIR/run.json, so that `manage.py` in another
shell finds the same site. The application is loaded once; every process is a fork that shares its memory.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE), str(HERE / "bin")]

import make  # noqa: E402  # these stand beside or above this file
from dotenv import dotenv_values  # noqa: E402  # after the path

import config as settings  # noqa: E402  # after the path

WRONG_USE, FAILURE = 2, 1
PATIENCE = 3.0
"""Seconds to wait for a port: a house that was killed a moment ago may still be leaving it."""


def main() -> int:
    started = time.monotonic()
    make.end_with_it()
    for name, value in dotenv_values(".env").items():
        if value is not None:
            os.environ.setdefault(name, value)

    host = os.environ.get("HOST") or "127.0.0.1"
    web = listener(host, port_of(os.environ.get("PORT") or "5000", "PORT"), "PORT")
    mail = None
    if not os.environ.get("SMTP_HOST") and os.environ.get("WEBAPP_ENV") != "prod":
        mail = listener("127.0.0.1", port_of(os.environ.get("SMTP_PORT") or "0", "SMTP_PORT"), "SMTP_PORT")
        os.environ |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail.getsockname()[1])}
    config = chosen(host, web.getsockname()[1])
    write_down(config, has_inbox=mail is not None)

    import house  # everything heavy comes with it, and only now is it sure that there is something to start
    from keeper import Keeper

    app = house.load(config)
    try:
        set_up_link = house.set_up(app)
    except house.NotReady as error:
        stop(str(error), FAILURE)

    print(f"Site:   {config.site_url}/")
    if mail:
        print(f"Inbox:  {config.site_url}/inbox/")
    if set_up_link:
        print(f"Set up: {set_up_link}")
    sys.stdout.flush()

    for bound in filter(None, (web, mail)):
        try:
            bound.listen(1024)
        except OSError as error:
            stop(f"port {bound.getsockname()[1]} was taken in the meantime ({error.strerror})", FAILURE)
    gc.collect()
    gc.freeze()  # what is loaded now is never looked at by the collector, so the forks go on sharing it
    house.log.info("house.started", seconds=round(time.monotonic() - started, 2))
    return Keeper(house.processes(app, config, web, mail)).keep()


def chosen(host: str, port: int) -> settings.Config:
    """The configuration, with what `make run` decides by itself put where every process finds it."""
    data_dir = Path(os.environ.get("DATA_DIR") or "instance").expanduser().resolve()
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # it is read here, not bound
    defaults = {"SITE_URL": f"http://{shown}:{port}"}
    if os.environ.get("WEBAPP_ENV") != "prod":
        defaults["DATABASE_URL"] = f"sqlite:///{data_dir / 'almanac.db'}"
        defaults["CELERY_BROKER_URL"] = f"filesystem://{data_dir / 'broker'}"
    for name, value in defaults.items():
        if not os.environ.get(name) and not os.environ.get(f"{name}_FILE"):
            os.environ[name] = value
    os.environ["DATA_DIR"] = str(data_dir)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return settings.load()
    except settings.SettingError as error:
        stop(str(error), WRONG_USE)
    except OSError as error:
        stop(f"DATA_DIR cannot be used: {error}", FAILURE)


def write_down(config: settings.Config, *, has_inbox: bool) -> None:
    """run.json, whole or not at all, readable by its owner only: it may hold the database's password."""
    facts = {
        "site_url": config.site_url,
        "smtp_host": config.smtp_host,
        "smtp_port": config.smtp_port,
        "inbox": has_inbox,
        "database_url": config.database_url,
        "celery_broker_url": config.celery_broker_url,
        "pid": os.getpid(),
    }
    file, draft = config.data_dir / "run.json", config.data_dir / f".run-{os.getpid()}"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(facts, stream, indent=2)
        draft.replace(file)
    except OSError as error:
        stop(f"DATA_DIR cannot be written to: {error}", FAILURE)


def listener(host: str, port: int, name: str) -> socket.socket:
    """A socket bound to an address, not yet listening, so that nobody is answered before the house is ready."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            bound = socket.socket(family, socket.SOCK_STREAM)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
        except PermissionError:
            stop(f"{name} {port} is not open to you: choose one above 1023", FAILURE)
        except socket.gaierror:
            stop(f"HOST is {host!r}: it must be an address of this machine", WRONG_USE)
        except OSError as error:
            bound.close()
            if time.monotonic() > deadline:
                stop(f"{name} {port} on {host} cannot be used ({error.strerror}): is it taken? Choose another", FAILURE)
            time.sleep(0.1)
        else:
            return bound


def port_of(raw: str, name: str) -> int:
    try:
        return 0 if raw == "0" else settings.port(raw)
    except ValueError as error:
        stop(f"{name} is {raw!r}: it {error}", WRONG_USE)


def stop(line: str, status: int) -> NoReturn:
    print(f"make run: {line}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
