"""RabbitMQ nodes of the tests' own, far from the machine's: other ports, folders, names, cookie and epmd.

Written for 3.10, the version of Debian 12, and for 4.x.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.house import needed
from tests.mailbox import free_port

BINARIES = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/rabbitmq/sbin"))
"""Where the scripts are that run as whoever calls them. Debian's wrappers in /usr/sbin change the user first.

TEST_RABBITMQ_HOME names another folder of such scripts, for another version.
"""

USER, PASSWORD = "faults", "only-for-the-tests"
BOOT_SECONDS = 90


@dataclass
class Node:
    """One server. Its data survives ``kill`` and ``start``, and is gone after ``wipe``."""

    folder: Path
    cookie: str
    epmd_port: int
    settings: dict[str, str] = field(default_factory=dict)
    joins: Node | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700)
        self.name = f"{self.folder.name}-{secrets.token_hex(3)}@localhost"
        self.port, self.dist_port = free_port(), free_port()
        self.url = f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.port}//"
        self._process: subprocess.Popen | None = None
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(self.cookie)
        cookie.chmod(0o400)
        (self.folder / "plugins").write_text("[].\n")
        self.configure(**self.settings)

    def configure(self, **settings: str) -> None:
        """Settings for the next start, with two underscores where the file has a dot."""
        kept = {
            "listeners.tcp.default": f"127.0.0.1:{self.port}",
            "default_user": USER,
            "default_pass": PASSWORD,
            "disk_free_limit.absolute": "1MB",
            "log.console": "false",
            "log.file.level": "info",
            **{name.replace("__", "."): value for name, value in settings.items()},
        }
        if self.joins:
            kept["cluster_formation.peer_discovery_backend"] = "classic_config"
            kept["cluster_formation.classic_config.nodes.1"] = self.joins.name
            kept["cluster_formation.classic_config.nodes.2"] = self.name
        text = "".join(f"{name} = {value}\n" for name, value in kept.items())
        text = text.replace("listeners.tcp.default = 127.0.0.1:", "listeners.tcp.1 = 127.0.0.1:")
        (self.folder / "rabbitmq.conf").write_text(text)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": f"{binaries()}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-such-file"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def start(self) -> None:
        """Returns when clients are let in."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                [binaries() / "rabbitmq-server"],
                env=self.environ,
                stdout=console,
                stderr=console,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while not self.answers():
            assert self._process.poll() is None, f"{self.name} ended:\n{self.log()[-3000:]}"
            assert time.monotonic() < deadline, f"{self.name} does not answer:\n{self.log()[-3000:]}"
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether it greets a client. It opens its door last of all, when it has its users and queues."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as caller:
            caller.sendall(b"AMQP\x00\x00\x09\x01")  # AMQP 0-9-1, 4.2.2
            return bool(caller.recv(1))
        return False

    def stop(self) -> None:
        """As an operator would: with everything in its place."""
        if self._process:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
        self.kill()

    def kill(self) -> None:
        """As the power would."""
        if self._process:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Its port is open, and nothing that is said there is answered, until :meth:`thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        """A dead node forgets everything: queues, messages, users."""
        assert self._process is None
        shutil.rmtree(self.folder / "data")

    def ctl(self, *words: str, script: str = "rabbitmqctl") -> str:
        done = subprocess.run(
            [binaries() / script, "--quiet", *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,  # Erlang would take the terminal
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
            check=False,
        )
        assert done.returncode == 0, f"{script} {' '.join(words)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def queues(self, *columns: str) -> dict[str, tuple[str, ...]]:
        """The queues by name, with columns of `rabbitmqctl list_queues`."""
        lines = self.ctl("list_queues", "--no-table-headers", "name", *columns).splitlines()
        return {name: tuple(values) for name, *values in (line.split("\t") for line in lines)}

    def log(self) -> str:
        files = [self.folder / "console", *sorted((self.folder / "log").glob("*.log"))]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def _signal(self, number: int) -> None:
        """To the server and what it started, all of which is in the one session."""
        for pid in _session(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def own_nodes(how_many: int = 1, **settings: str) -> Iterator[list[Node]]:
    """New nodes, started; with several, a cluster. They are gone afterwards, whatever happens in between."""
    if binaries() is None or shutil.which("epmd") is None:
        needed("RabbitMQ", FileNotFoundError("there is no rabbitmq-server to start"))
    folder = Path(tempfile.mkdtemp(prefix="almanac-rabbitmq-"))
    cookie, port = secrets.token_hex(16).upper(), free_port()
    epmd = subprocess.Popen(
        ["epmd", "-port", str(port), "-address", "127.0.0.1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    nodes: list[Node] = []
    try:
        for number in range(1, how_many + 1):
            first = nodes[0] if nodes else None
            nodes.append(Node(folder / f"node{number}", cookie, port, settings, joins=first))
            nodes[-1].start()
        yield nodes
    finally:
        for node in nodes:
            node.kill()
        epmd.kill()
        epmd.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_node(**settings: str) -> Iterator[Node]:
    with own_nodes(1, **settings) as (node,):
        yield node


def binaries() -> Path | None:
    chosen = os.environ.get("TEST_RABBITMQ_HOME")
    folders = (Path(chosen),) if chosen else BINARIES
    found = [folder for folder in folders if (folder / "rabbitmq-server").exists()]
    return found[0] if found else None


def _session(leader: int) -> list[int]:
    """The processes of a session. The Erlang machine's own children are in groups of their own."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = re.sub(r"\(.*\)", "-", stat.read_text()).split()
            if int(fields[5]) == leader:
                found.append(int(fields[0]))
    return found
