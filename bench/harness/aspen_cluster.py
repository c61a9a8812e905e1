# SPDX-License-Identifier: Apache-2.0
"""Three real nodes on loopback, each with a data directory of its own."""

import http.client
import json
import os
import pathlib
import time

from .aspen import READY_PATIENCE_S, REQUEST_PATIENCE_S, Node
from .processes import Child, MeasureError, free_ports, wait_until


class Member(Node):
    """One of several nodes. Unlike a `Node` alone it is ready only when another runs, too: made, then started."""

    def __init__(self, binaries: pathlib.Path, directory: pathlib.Path, node_id: int, ports: list[int]):
        self.binaries, self.directory, self.node_id = binaries, directory, node_id
        directory.mkdir(parents=True, exist_ok=True)
        self.http_port, self.admin_port, self.raft_port = ports
        self.address = f"127.0.0.1:{self.http_port}"

    def write_config(self, members: dict[int, int]) -> None:
        """`members`: the peer ports by id."""
        named = ", ".join(f'"{each}=127.0.0.1:{port}"' for each, port in members.items())
        (self.directory / "node.toml").write_text(
            f'[cluster]\nnode_id = {self.node_id}\ndata_dir = "{self.directory / "data"}"\n'
            f'http_addr = "{self.address}"\nadmin_addr = "127.0.0.1:{self.admin_port}"\n'
            f'raft_addr = "127.0.0.1:{self.raft_port}"\ninitial_members = [{named}]\n', encoding="utf-8")

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASPEN_")}
        self.child = Child([self.binaries / "aspen-node", "--config", self.directory / "node.toml"],
                           self.directory / "node.log", cwd=self.directory, env=environment)

    def wait_ready(self) -> None:
        self.child.wait_until(self.is_ready, READY_PATIENCE_S, "is ready", every_s=0.02)

    def cluster(self) -> dict:
        """What it says of the cluster; nothing while it does not answer."""
        try:
            status, text = self.ask_admin("/v1/cluster")
        except (OSError, http.client.HTTPException):
            return {}
        return json.loads(text) if status == 200 else {}

    def put(self, key: str, value: str, patience_s: float = REQUEST_PATIENCE_S) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=patience_s)
        try:
            connection.request("PUT", f"/v1/kv/{key}", value)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class AspenCluster:
    """Ready for clients once made."""

    def __init__(self, binaries: pathlib.Path, directory: pathlib.Path):
        ports = free_ports(9)
        self.nodes = [Member(binaries, directory / f"node-{each}", each, ports[3 * each - 3:3 * each])
                      for each in (1, 2, 3)]
        for node in self.nodes:
            node.write_config({each.node_id: each.raft_port for each in self.nodes})
            node.start()
        try:
            for node in self.nodes:
                node.wait_ready()
            self.wait_leader()
        except BaseException:
            self.stop()
            raise

    def addresses(self) -> list[str]:
        return [node.address for node in self.nodes]

    def find_leader(self) -> Member | None:
        said = [(node.cluster(), node) for node in self.nodes]
        leaders = [(body["term"], node.node_id) for body, node in said if body.get("state") == "leader"]
        return self.nodes[max(leaders)[1] - 1] if leaders else None

    def wait_leader(self) -> Member:
        wait_until(lambda: self.find_leader() is not None, READY_PATIENCE_S, "a leader")
        return self.find_leader() or self.wait_leader()

    def seconds_without_leader(self) -> float:
        """kill -9 of the leader: how long until another node acknowledges a write. Heals the cluster then."""
        leader = self.wait_leader()
        others = [node for node in self.nodes if node is not leader]
        leader.child.process.kill()
        leader.child.process.wait()
        seconds = first_write(others)
        leader.start()
        leader.wait_ready()
        goal = max(each.cluster().get("commit_index") or 0 for each in others)
        wait_until(lambda: (leader.cluster().get("last_applied") or 0) >= goal, READY_PATIENCE_S, "catching up")
        return seconds

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


def first_write(nodes: list, patience_s: float = 60) -> float:
    """Asks the nodes in turn; the seconds until one acknowledges a write."""
    began = time.monotonic()
    while time.monotonic() - began < patience_s:
        for node in nodes:
            if node.put("failover", f"{time.monotonic()}", patience_s=0.25):
                return time.monotonic() - began
        time.sleep(0.01)
    raise MeasureError(f"no write within {patience_s:.0f} s of the end of a leader")
