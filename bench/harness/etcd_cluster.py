# SPDX-License-Identifier: Apache-2.0
"""Three etcd nodes on loopback, driven like the single one (bench/harness/etcd.py)."""

import base64
import http.client
import json
import pathlib

from .aspen_cluster import first_write
from .etcd import FILL_PATIENCE_S, READY_PATIENCE_S, Load, environment_of_etcd, parse_etcdload
from .processes import Child, free_ports, run, wait_until


class Member:
    def __init__(self, directory: pathlib.Path, name: str, port: int, peer_port: int):
        self.directory, self.name, self.port, self.peer_port = directory, name, port, peer_port
        directory.mkdir(parents=True, exist_ok=True)

    def start(self, initial: str) -> None:
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.peer_port}"
        self.child = Child([
            "etcd", "--name", self.name, "--data-dir", self.directory / "data",
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", initial],
            self.directory / "etcd.log", cwd=self.directory, env=environment_of_etcd())

    def ask(self, path: str, body: dict, patience_s: float = 5) -> dict | None:
        """The answer of etcd's JSON gateway; None when there is none, or an error."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience_s)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
            return json.loads(text) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def put(self, key: str, value: str, patience_s: float = 5) -> bool:
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in (("key", key), ("value", value))}
        return self.ask("/v3/kv/put", encoded, patience_s) is not None

    def leads(self) -> bool:
        said = self.ask("/v3/maintenance/status", {})
        return bool(said) and said.get("leader") == said["header"]["member_id"]


class EtcdCluster:
    """Ready for clients once made."""

    def __init__(self, load_generator: pathlib.Path, directory: pathlib.Path):
        self.load_generator = load_generator
        ports = free_ports(6)
        self.nodes = [Member(directory / f"etcd-{each}", f"bench{each}", ports[each], ports[each + 3]) for each in range(3)]
        self.initial = ",".join(f"{node.name}=http://127.0.0.1:{node.peer_port}" for node in self.nodes)
        for node in self.nodes:
            node.start(self.initial)
        try:
            wait_until(lambda: all(node.put("ready", "") for node in self.nodes), READY_PATIENCE_S, "etcd's cluster")
        except BaseException:
            self.stop()
            raise

    def endpoints(self) -> str:
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def load(self, operation: str, clients: int, seconds: int) -> Load:
        """One turn of `put` or `get` (linearizable); the connections are spread over the nodes."""
        return parse_etcdload(run(
            [self.load_generator, "-endpoints", self.endpoints(), "-op", operation, "-clients", clients,
             "-connections", min(clients, 8), "-seconds", seconds], timeout_s=seconds + 60))

    def fill(self) -> None:
        run([self.load_generator, "-endpoints", self.endpoints(), "-op", "fill"], FILL_PATIENCE_S)

    def wait_leader(self) -> Member:
        found: list[Member] = []
        wait_until(lambda: found.extend(node for node in self.nodes if node.leads()) or found, READY_PATIENCE_S,
                   "a leader of etcd")
        return found[0]

    def seconds_without_leader(self) -> float:
        """kill -9 of the leader: how long until another node acknowledges a write. Heals the cluster then."""
        leader = self.wait_leader()
        leader.child.process.kill()
        leader.child.process.wait()
        seconds = first_write([node for node in self.nodes if node is not leader])
        leader.start(self.initial)
        wait_until(lambda: leader.put("ready", ""), READY_PATIENCE_S, "etcd's restarted node", leader.child)
        return seconds

    def stop(self) -> None:
        for node in self.nodes:
            node.child.stop()
