# SPDX-License-Identifier: Apache-2.0
"""etcd as a peer: one node on loopback, driven over gRPC by bench/peers/etcdload."""

import http.client
import os
import pathlib
import platform
import re
import shutil

from .load import Load
from .processes import Child, MeasureError, free_ports, run

SOURCES = pathlib.Path(__file__).parent.parent / "peers" / "etcdload"
LIBRARIES = pathlib.Path("/usr/share/gocode")
READY_PATIENCE_S = 60
BUILD_PATIENCE_S = 600
FILL_PATIENCE_S = 300


def missing_packages() -> list[str]:
    """Debian packages without which etcd cannot be measured."""
    needed = {
        "etcd-server": shutil.which("etcd"), "golang-go": shutil.which("go"),
        "golang-etcd-server-dev": (LIBRARIES / "src/go.etcd.io/etcd").is_dir()}
    return [package for package, is_there in needed.items() if not is_there]


def build_load_generator(to: pathlib.Path) -> pathlib.Path:
    """Builds etcdload from Debian's Go libraries, without any download. Returns the program."""
    to.mkdir(parents=True, exist_ok=True)
    is_3_4 = (LIBRARIES / "src/go.etcd.io/etcd/clientv3").is_dir()
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(LIBRARIES), "GOFLAGS": "", "GOCACHE": str(to / "go-cache")}
    program = to / "etcdload"
    run(["go", "build", *([] if is_3_4 else ["-tags", "etcd35"]), "-o", program, "."],
        BUILD_PATIENCE_S, cwd=SOURCES, env=environment)
    return program


def environment_of_etcd() -> dict[str, str]:
    """Ours, without what would configure it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ETCD_")}
    if platform.machine() != "x86_64":
        environment["ETCD_UNSUPPORTED_ARCH"] = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return environment


def parse_etcdload(text: str) -> Load:
    found = re.search(r": (\d+)/s p50=([\d.]+)ms p99=([\d.]+)ms errors=(\d+)$", text.strip())
    if not found:
        raise MeasureError(f"etcdload reported no figure:\n{text}")
    return Load(float(found[1]), float(found[2]), float(found[3]), int(found[4]))


class Etcd:
    """One etcd node with an empty data directory, ready for clients."""

    def __init__(self, load_generator: pathlib.Path, directory: pathlib.Path):
        self.load_generator = load_generator
        directory.mkdir(parents=True, exist_ok=True)
        self.port, peer_port = free_ports(2)
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer_port}"
        command = [
            "etcd", "--name", "bench", "--data-dir", directory / "data",
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"bench={peer}"]
        self.child = Child(command, directory / "etcd.log", cwd=directory, env=environment_of_etcd())
        self.child.wait_until(self.is_ready, READY_PATIENCE_S, "is ready")

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def load(self, operation: str, clients: int, seconds: int) -> Load:
        """One turn of `put` or `get` (linearizable) from closed-loop clients on up to 8 connections."""
        return parse_etcdload(run(
            [self.load_generator, "-endpoints", f"127.0.0.1:{self.port}", "-op", operation,
             "-clients", clients, "-connections", min(clients, 8), "-seconds", seconds],
            timeout_s=seconds + 60))

    def fill(self) -> None:
        """Every one of the 100,000 keys once."""
        run([self.load_generator, "-endpoints", f"127.0.0.1:{self.port}", "-op", "fill"], FILL_PATIENCE_S)

    def stop(self) -> None:
        self.child.stop()


def version() -> str:
    return run(["etcd", "--version"], 10).splitlines()[0].removeprefix("etcd Version: ")
