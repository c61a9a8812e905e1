# SPDX-License-Identifier: Apache-2.0
"""The three pods of the Kubernetes manifest, as far as there can be some without Kubernetes: each in a network of its
own, found by its name, told what its pod would be told. Needs root."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/nemesis")]

import network  # noqa: E402
from aspen_cluster import ctl  # noqa: E402
from aspen_e2e import BIN, BOUND, clean_environment, wait_until  # noqa: E402


def curl(url: str, *more: str) -> str:
    return subprocess.run(["curl", "--silent", "--max-time", "2", *more, url], capture_output=True, text=True,
                          check=False, timeout=BOUND).stdout


class Pods(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="aspen-pods-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        objects = list(yaml.safe_load_all((ROOT / "configs/kubernetes/aspen.yaml").read_text(encoding="utf-8")))
        (self.map,) = (each for each in objects if each["kind"] == "ConfigMap")
        (self.set,) = (each["spec"] for each in objects if each["kind"] == "StatefulSet")
        (self.container,) = self.set["template"]["spec"]["containers"]
        self.processes: list[subprocess.Popen] = []

    def end(self):
        for each in self.processes:
            each.kill()
            each.wait()

    def name_pods(self, net: network.Network):
        """The names of the headless service, for this mount namespace alone."""
        names = [f"{net.address(n + 1)} aspen-{n}.{self.set['serviceName']}" for n in range(self.set["replicas"])]
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "\n".join(names) + "\n", encoding="ascii")
        subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)

    def start(self, number: int, net: network.Network):
        home = self.folder / f"aspen-{number}"
        home.mkdir()
        mounts = {each["name"]: each["mountPath"] for each in self.container["volumeMounts"]}
        places = {mounts["data"]: str(home), mounts["certs"]: str(self.folder / "certs"), mounts["config"]: str(home)}
        def placed(text: str) -> str:
            for mounted, place in places.items():
                text = text.replace(mounted, place)
            return text
        (home / "node.toml").write_text(placed(self.map["data"]["node.toml"]), encoding="utf-8")
        address = net.address(number + 1)
        variables = {each["name"]: each["value"].replace("$(POD_IP)", address)
                     for each in self.container["env"] if "value" in each}
        environment = clean_environment(POD_NAME=f"aspen-{number}", **variables)
        environment["PATH"] = f"{BIN}:{environment['PATH']}"
        shell, dash_c, script, name = self.container["command"]
        with open(home / "log", "wb") as log:
            self.processes.append(subprocess.Popen(
                [*net.command_prefix(number + 1), shell, dash_c, placed(script), name],
                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log))

    def probe(self, kind: str, address: str) -> str:
        """What the kubelet hears."""
        wanted = self.container[kind]["httpGet"]
        ports = {each["name"]: each["containerPort"] for each in self.container["ports"]}
        return curl(f"http://{address}:{ports[wanted['port']]}{wanted['path']}", "-o", "/dev/null", "-w", "%{http_code}")

    def test_three_pods_become_a_cluster(self):
        net = network.Network([1, 2, 3])
        self.addCleanup(net.close)
        self.name_pods(net)
        self.assertEqual(0, ctl("certs", "init", "--dir", str(self.folder / "certs"), "1", "2", "3").returncode)
        self.addCleanup(self.end)
        for number in range(3):
            self.start(number, net)
        addresses = [net.address(n) for n in (1, 2, 3)]
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            wait_until(lambda: all(self.probe(kind, each) == "200" for each in addresses), f"every {kind} succeeds")
        endpoints = ",".join(f"http://{each}:8080" for each in addresses)
        ask = lambda *words: ctl("--endpoints", endpoints, *words)
        self.assertEqual("OK\n", ask("put", "k", "v").stdout)
        for each in addresses:
            self.assertEqual("k\nv\n", ctl("--endpoints", f"http://{each}:8080", "get", "k").stdout)
        # They are found again at the addresses that they tell each other.
        self.assertEqual(0, ask("endpoint", "health", "--cluster").returncode)
        leader = next(n for n, each in enumerate(addresses) if '"state":"leader"' in curl(f"http://{each}:8081/v1/cluster"))
        self.assertEqual(0, ask("move-leader", str((leader + 1) % 3 + 1)).returncode)
        # The service's name is a host; another's is none.
        for host, status in (("aspen:8080", "200"), ("elsewhere:8080", "421")):
            self.assertEqual(status, curl(f"http://{addresses[0]}:8080/version", "-H", f"Host: {host}", "-o", "/dev/null",
                                          "-w", "%{http_code}"))
        for each in self.processes:
            each.terminate()
        self.assertEqual([0, 0, 0], [each.wait(BOUND) for each in self.processes])


if __name__ == "__main__":
    why_not = network.obstacle()
    if why_not:
        sys.exit(f"no network namespaces here: {why_not}")
    network.enter()
    unittest.main()
