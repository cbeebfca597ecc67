"""Real Kafka brokers on this machine: KRaft nodes that are broker and controller at once, as processes of ours.

Ends only what it started, by the process's own handle. Storage is memory where there is room: what a test needs of
durability is that a killed broker finds its files again, not that they survive a power cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.support.kafka.jars import jars
from tests.support.ports import free_ports
from tests.support.postgres import new_base, quick_room

READY_S = 90.0
"""Generous: a JVM on a busy machine."""
LOG = Path(__file__).with_name("log4j2.properties")
MECHANISM = "SCRAM-SHA-256"
MECHANISMS = (MECHANISM, "SCRAM-SHA-512")
"""Every user of a secured cluster has a password for both."""
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
"""Starts in half the time; a broker whose speed matters needs the whole compiler."""
_QUICK = {
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.num.partitions": "2",
    "log.index.size.max.bytes": "1048576",  # two index files a partition are made at this size
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "group.min.session.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "1000",
    # A killed broker may register again only when its last session is over; 9 s by default.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}


@dataclass(frozen=True)
class Login:
    """A SCRAM user of a secured cluster."""

    name: str
    password: str


ADMIN = Login("admin", "admin-of-the-tests")
"""Super user of every secured cluster."""


@dataclass(frozen=True)
class Listener:
    """Another way into a node, under an address that may stand before it."""

    port: int
    advertised: str
    """HOST:PORT that clients who come this way are told."""
    protocol: str = "PLAINTEXT"
    properties: Mapping[str, str] = field(default_factory=dict)
    """Of this listener alone: its certificate, whether clients need one."""


@dataclass
class Node:
    """One broker and controller."""

    number: int
    port: int
    controller_port: int
    base: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def properties(self) -> Path:
        return self.base / "server.properties"

    @property
    def log(self) -> Path:
        return self.base / "server.log"


@dataclass
class Cluster:
    """One to three nodes. With ``users`` it speaks SASL/SCRAM and decides by ACLs; ``ADMIN`` may do everything."""

    nodes: int = 1
    users: Sequence[Login] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    """More of server.properties."""
    listeners: Sequence[Listener] = ()
    """More ways into a cluster of one node."""
    heap: str = "512m"
    jvm: Sequence[str] = QUICK_START
    """What the machine is told beside its heap."""
    base: Path = field(default_factory=lambda: new_base(quick_room()))
    members: list[Node] = field(default_factory=list)

    @property
    def bootstrap(self) -> str:
        return ",".join(node.address for node in self.members)

    @property
    def secured(self) -> bool:
        return bool(self.users)

    def client(self, login: Login | None = None) -> dict[str, str]:
        """What an aiokafka client is given to reach it, as ``login`` or the administrator."""
        if not self.secured:
            return {"bootstrap_servers": self.bootstrap}
        who = login or ADMIN
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": who.name,
            "sasl_plain_password": who.password,
        }

    # -- starting -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Format, start every node and wait until it answers."""
        await asyncio.to_thread(self.launch)
        await self.answers()

    def place(self) -> None:
        """Choose ports and directories; once, and ``launch`` does it where nobody needs to know them before."""
        ports = free_ports(2 * self.nodes)
        for number in range(1, self.nodes + 1):
            base = self.base / f"node-{number}"
            base.mkdir()
            self.members.append(Node(number, ports.pop(), ports.pop(), base))

    def launch(self) -> None:
        """Format and start, without waiting."""
        if not self.members:
            self.place()
        cluster_id = uuid4().hex[:22]
        for node in self.members:
            text = "".join(f"{name}={value}\n" for name, value in self._properties(node).items())
            node.properties.write_text(text, encoding="utf-8")
            self._format(node, cluster_id)
        for node in self.members:
            self.run(node)

    def run(self, node: Node) -> None:
        """Start one node, again on its old ports and files."""
        with node.log.open("ab") as out:
            node.process = subprocess.Popen(
                [*self._java(), "kafka.Kafka", str(node.properties)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=_environment(),
            )

    async def answers(self, seconds: float = READY_S) -> None:
        """Wait until a metadata request names every node."""
        until = time.monotonic() + seconds
        while True:
            for node in self.members:
                if node.process is not None and node.process.poll() is not None:
                    message = f"node {node.number} ended with {node.process.returncode}:\n{self.said(node)}"
                    raise RuntimeError(message)
            if await self._brokers() == self.nodes:
                return
            if time.monotonic() > until:
                message = f"Kafka did not answer in {seconds:.0f} s:\n{self.said(self.members[0])}"
                raise TimeoutError(message)
            await asyncio.sleep(0.1)

    async def _brokers(self) -> int:
        if not all(_listens(node.port) for node in self.members):
            return 0  # aiokafka would log each refused connection
        admin = AIOKafkaAdminClient(**self.client(), request_timeout_ms=3000)
        try:
            async with asyncio.timeout(5):
                await admin.start()
                return len((await admin.describe_cluster())["brokers"])
        except (KafkaError, OSError, TimeoutError):
            return 0
        finally:
            with contextlib.suppress(KafkaError, OSError):
                await admin.close()

    def _format(self, node: Node, cluster_id: str) -> None:
        scram = [
            f"{mechanism}=[name={user.name},password={user.password}]"
            for user in (ADMIN, *self.users)
            for mechanism in MECHANISMS
        ]
        users = [part for each in scram for part in ("--add-scram", each)] if self.secured else []
        command = [*self._java(), "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(node.properties)]
        done = subprocess.run(
            [*command, *users], capture_output=True, text=True, check=False, timeout=60, env=_environment()
        )
        if done.returncode:
            message = f"cannot format node {node.number}:\n{done.stdout[-1000:]}{done.stderr[-1000:]}"
            raise RuntimeError(message)

    def _java(self) -> list[str]:
        log = f"-Dlog4j2.configurationFile=file:{LOG}"
        return ["java", f"-Xmx{self.heap}", "-Xms64m", *self.jvm, log, "-cp", f"{jars()}/*"]

    def _properties(self, node: Node) -> dict[str, str]:
        client = "SASL_PLAINTEXT" if self.secured else "PLAINTEXT"
        copies = str(min(3, self.nodes))
        more = {f"WAY{number}": listener for number, listener in enumerate(self.listeners)}
        own = {client: node.address}
        listens = own | {name: f"127.0.0.1:{each.port}" for name, each in more.items()}
        told = own | {name: each.advertised for name, each in more.items()}
        made = {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "listeners": _joined({**listens, "CONTROLLER": f"127.0.0.1:{node.controller_port}"}, "://"),
            "advertised.listeners": _joined(told, "://"),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": client,
            "listener.security.protocol.map": _joined(
                {client: client, "CONTROLLER": "PLAINTEXT", **{name: each.protocol for name, each in more.items()}}, ":"
            ),
            "controller.quorum.voters": ",".join(f"{m.number}@127.0.0.1:{m.controller_port}" for m in self.members),
            "log.dirs": str(node.base / "data"),
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": "1",
            **_QUICK,
        }
        for name, each in more.items():
            made |= {f"listener.name.{name.lower()}.{key}": value for key, value in each.properties.items()}
        sasl = [name for name, each in more.items() if each.protocol.startswith("SASL")]
        return {**made, **(_secured(client, *sasl) if self.secured else {}), **self.properties}

    # -- as administrator ---------------------------------------------------------------------------------------

    async def allow(self, login: Login, operations: Sequence[str], *, topic: str = "", group: str = "") -> None:
        """Let ``login`` do ``operations`` on a topic or group; both are prefixes."""
        what = ["--topic", topic] if topic else ["--group", group]
        done = [part for operation in operations for part in ("--operation", operation)]
        acl = ["--add", "--allow-principal", f"User:{login.name}", *done, *what, "--resource-pattern-type", "prefixed"]
        await self.tool("org.apache.kafka.tools.AclCommand", *acl)

    async def tool(self, main: str, *arguments: str) -> str:
        """Run one of Kafka's own command line tools as ``ADMIN``; returns what it printed."""
        config = self.base / "admin.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in self._admin_properties().items()))
        reach = ["--bootstrap-server", self.bootstrap, "--command-config", str(config)]
        process = await asyncio.create_subprocess_exec(
            *self._java(),
            main,
            *reach,
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
        )
        async with asyncio.timeout(READY_S):
            out, _ = await process.communicate()
        text = out.decode("utf-8", "replace")
        assert process.returncode == 0, text[-2000:]
        return text

    def _admin_properties(self) -> Mapping[str, str]:
        if not self.secured:
            return {}
        return {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": MECHANISM, "sasl.jaas.config": _jaas()}

    # -- ending -------------------------------------------------------------------------------------------------

    def kill(self, number: int = 1, *, how: signal.Signals = signal.SIGKILL) -> None:
        """SIGKILL to one node, or another signal that ends it; returns when it has ended."""
        self._end(self.members[number - 1], how)

    def pause(self, number: int = 1) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        self._signal(self.members[number - 1], signal.SIGSTOP)

    def go_on(self, number: int = 1) -> None:
        """SIGCONT."""
        self._signal(self.members[number - 1], signal.SIGCONT)

    async def restart(self, number: int = 1, *, how: signal.Signals = signal.SIGKILL) -> None:
        """End one node and start it again; waits until it answers."""
        node = self.members[number - 1]
        await asyncio.to_thread(self._end, node, how)
        self.run(node)
        await self.answers()

    def stop(self) -> None:
        """End every node and remove its files."""
        for node in self.members:
            self._end(node, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)

    def disown(self) -> int:
        """Leave the first node to whoever is told its pid; Python would warn of a process nobody waited for."""
        process = self.members[0].process
        assert process is not None
        process.returncode = 0
        return process.pid

    def _signal(self, node: Node, number: signal.Signals) -> None:
        if node.process is not None and node.process.poll() is None:
            node.process.send_signal(number)

    def _end(self, node: Node, how: signal.Signals) -> None:
        self._signal(node, how)
        if node.process is not None:
            node.process.wait(timeout=60)

    def said(self, node: Node) -> str:
        """The end of what a node wrote."""
        return node.log.read_text(encoding="utf-8", errors="replace")[-3000:] if node.log.exists() else ""


def _joined(pairs: Mapping[str, str], sign: str) -> str:
    return ",".join(f"{name}{sign}{value}" for name, value in pairs.items())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _jaas() -> str:
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return f'{module} required username="{ADMIN.name}" password="{ADMIN.password}";'


def _secured(*listeners: str) -> dict[str, str]:
    logins = [f"listener.name.{name.lower()}.{mechanism.lower()}" for name in listeners for mechanism in MECHANISMS]
    return {
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        **{f"{login}.sasl.jaas.config": _jaas() for login in logins},
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # Controllers speak without a login to one another; no client can reach a plain listener.
        "super.users": f"User:{ADMIN.name};User:ANONYMOUS",
    }


def _environment() -> dict[str, str]:
    """Ours without what changes Kafka's own output or options."""
    return {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "KAFKA_OPTS"}}
