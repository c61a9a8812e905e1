# SPDX-License-Identifier: Apache-2.0
"""Runs a real cluster of aspen-node processes for tests, with mutual TLS between them.

    with Cluster() as cluster:
        cluster.start()
        leader = cluster.leader()
        cluster.put("photo", b"...")
        leader.kill()
        cluster.wait_leader(other_than=leader)
"""

import contextlib
import http.client
import pathlib
import shutil
import subprocess
import tempfile
import time

from aspen_e2e import BOUND, Answer, Node, clean_environment, ctl, wait_until


def make_certificates(directory: pathlib.Path, *ids: int, hosts: tuple[str, ...] = ()):
    """A private authority, when there is none, and certificates for the servers `ids`."""
    more = [word for host in hosts for word in ("--host", host)]
    made = ctl("certs", "init", "--dir", str(directory), *more, *(str(each) for each in ids))
    assert made.returncode == 0, made


class ClusterNode(Node):
    """One node of a cluster. `members` are the initial members' peer addresses by id; `join` is the HTTP
    address of a member of a cluster that this node is to be admitted to."""

    def __init__(self, node_id: int, certificates: pathlib.Path, host: str = "127.0.0.1", **variables: str):
        super().__init__(node_id, **variables)
        self.host = host
        self.certificates = certificates
        self.members: dict[int, str] = {}
        self.join: str | None = None
        self.certificate_id = node_id

    @property
    def raft_addr(self) -> str:
        return f"{self.host}:{self.raft_port}"

    @property
    def http_addr(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.http_addr}"

    def arguments(self) -> list[str]:
        name = f"node-{self.certificate_id}"
        lines = ["[cluster]", f"node_id = {self.node_id}", f'data_dir = "{self.data_dir}"',
                 f'http_addr = "{self.http_addr}"', f'admin_addr = "{self.host}:{self.admin_port}"',
                 f'raft_addr = "{self.raft_addr}"']
        if self.members:
            named = ", ".join(f'"{each}={address}"' for each, address in sorted(self.members.items()))
            lines.append(f"initial_members = [{named}]")
        lines += ["[security]", f'peer_ca_file = "{self.certificates / "ca.pem"}"',
                  f'peer_cert_file = "{self.certificates / f"{name}.pem"}"',
                  f'peer_key_file = "{self.certificates / f"{name}-key.pem"}"']
        config = self.directory / "node.toml"
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ["--config", str(config), *(["--join", self.join] if self.join else [])]

    def connection(self, port: int | None = None, timeout: float = BOUND) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, port or self.port, timeout=timeout)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def cluster(self) -> dict | None:
        """GET /v1/cluster; None when the node does not answer."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            connection = self.connection(self.admin_port, timeout=2)
            try:
                connection.request("GET", "/v1/cluster")
                return Answer(200, {}, connection.getresponse().read()).json()
            finally:
                connection.close()
        return None

    def is_ready(self) -> bool:
        return self._probe("/readyz") == 200

    def state(self) -> str | None:
        said = self.cluster()
        return said and said.get("state")

    def applied(self) -> int:
        return (self.cluster() or {}).get("last_applied") or 0


class Cluster:
    """Nodes 1 to `count` that form a cluster, in directories of their own."""

    def __init__(self, count: int = 3, hosts: dict[int, str] | None = None, node_type=None, **variables: str):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aspen-cluster-"))
        self.certificates = self.directory / "certs"
        self.variables = variables
        self.nodes: dict[int, ClusterNode] = {}
        self.node_type = node_type or ClusterNode
        hosts = hosts or {}
        make_certificates(self.certificates, *range(1, count + 1), hosts=tuple(sorted(set(hosts.values()))))
        for each in range(1, count + 1):
            self.nodes[each] = self.node_type(each, self.certificates, hosts.get(each, "127.0.0.1"), **variables)
        for node in self.nodes.values():
            node.members = {other.node_id: other.raft_addr for other in self.nodes.values()}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        with contextlib.ExitStack() as all_of_them:
            for node in self.nodes.values():
                all_of_them.push(node)
            all_of_them.__exit__(kind, value, trace)
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- the processes -------------------------------------------------------------------

    def start(self) -> "Cluster":
        """Starts all nodes, waits until one leads and all are ready."""
        for node in self.nodes.values():
            node.spawn()
        self.wait_leader()
        for node in self.running():
            node.wait_ready()
        return self

    def new_node(self, node_id: int) -> ClusterNode:
        """A node that is to join: known to this fixture, not to the cluster, and not started."""
        make_certificates(self.certificates, node_id)
        self.nodes[node_id] = self.node_type(node_id, self.certificates, **self.variables)
        return self.nodes[node_id]

    def running(self) -> list[ClusterNode]:
        return [node for node in self.nodes.values() if node.is_running]

    def find_leader(self) -> ClusterNode | None:
        """The node of the highest term that says it leads."""
        said = [(node.cluster(), node) for node in self.running()]
        leaders = [(body["term"], node.node_id) for body, node in said if body and body.get("state") == "leader"]
        return self.nodes[max(leaders)[1]] if leaders else None

    def wait_leader(self, other_than: ClusterNode | None = None, bound: float = BOUND) -> ClusterNode:
        def other():
            found = self.find_leader()
            return found if found is not other_than else None
        return wait_until(other, "a leader", bound)

    leader = wait_leader

    def followers(self) -> list[ClusterNode]:
        leader = self.wait_leader()
        return [node for node in self.running() if node is not leader]

    def endpoints(self) -> str:
        return ",".join(node.url for node in self.nodes.values())

    def ctl(self, *arguments: str, endpoints: str | None = None) -> subprocess.CompletedProcess:
        return ctl(*arguments, environment=clean_environment(ASPENCTL_ENDPOINTS=endpoints or self.endpoints()))

    def members(self) -> dict[int, dict]:
        """The members as the leader knows them, by id."""
        return {each["id"]: each for each in (self.wait_leader().cluster() or {}).get("members", [])}

    # -- data ----------------------------------------------------------------------------

    def put(self, key: str, value: bytes) -> Answer:
        """Writes through any node, until one took it. Only for keys whose value may be written twice."""
        def written():
            for node in self.running():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer = node.put(key, value)
                    if answer.status == 200:
                        return answer
            return None
        return wait_until(written, f"a write of {key}")

    def write_many(self, count: int, prefix: str = "key") -> dict[str, bytes]:
        """Writes `count` small keys through the leader, in order; what was written."""
        written = {f"{prefix}-{number:05}": f"{prefix}/{number}".encode() for number in range(count)}
        connection = self.wait_leader().connection()
        for key, value in written.items():
            connection.request("PUT", f"/v1/kv/{key}", body=value)
            response = connection.getresponse()
            text = response.read()
            assert response.status == 200, (response.status, text)
        connection.close()
        return written

    def wait_caught_up(self, node: ClusterNode):
        """Until `node` has applied what the leader had committed at the call."""
        goal = self.wait_leader().cluster()["commit_index"]
        wait_until(lambda: node.is_running and node.applied() >= goal, f"node {node.node_id} applied {goal}")

    def seconds_until_written(self, key: str, nodes: list[ClusterNode]) -> float:
        """How long it takes, from now, until one of `nodes` acknowledges a write."""
        began = time.monotonic()
        while time.monotonic() - began < BOUND:
            for node in nodes:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    connection = node.connection(timeout=0.25)
                    try:
                        connection.request("PUT", f"/v1/kv/{key}", body=str(began).encode())
                        if connection.getresponse().status == 200:
                            return time.monotonic() - began
                    finally:
                        connection.close()
            time.sleep(0.01)
        raise AssertionError(f"no write within {BOUND:.0f} s")
