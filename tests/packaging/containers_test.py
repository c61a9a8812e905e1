# SPDX-License-Identifier: Apache-2.0
"""The form of the Kubernetes manifest and of the Dockerfile, and what they say about the real node. No image is built."""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from aspen_e2e import BIN, BOUND, Node, clean_environment  # noqa: E402

VERSION = re.search(r"project\(aspen VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = list(yaml.safe_load_all((ROOT / "configs/kubernetes/aspen.yaml").read_text(encoding="utf-8")))
        cls.set = cls.one("StatefulSet")
        cls.pod = cls.set["spec"]["template"]["spec"]
        (cls.container,) = cls.pod["containers"]

    @classmethod
    def one(cls, kind: str, name: str = "aspen") -> dict:
        (found,) = (each for each in cls.all if (each["kind"], each["metadata"]["name"]) == (kind, name))
        return found

    def test_every_object_has_its_api(self):
        self.assertEqual(
            {("v1", "ConfigMap"), ("v1", "Service"), ("networking.k8s.io/v1", "NetworkPolicy"),
             ("policy/v1", "PodDisruptionBudget"), ("apps/v1", "StatefulSet")},
            {(each["apiVersion"], each["kind"]) for each in self.all})

    def test_every_selector_selects_the_pods(self):
        labels = self.set["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(labels, self.set["spec"]["selector"]["matchLabels"])
        self.assertEqual(labels, self.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"])
        self.assertEqual(labels, self.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"])
        for name in ("aspen", "aspen-peers"):
            self.assertEqual(labels, self.one("Service", name)["spec"]["selector"])

    def test_nodes_find_each_other_before_they_are_ready(self):
        peers = self.one("Service", self.set["spec"]["serviceName"])["spec"]
        self.assertEqual(("None", True), (peers["clusterIP"], peers["publishNotReadyAddresses"]))
        self.assertEqual("Parallel", self.set["spec"]["podManagementPolicy"])
        ports = {each["name"]: each["containerPort"] for each in self.container["ports"]}
        for service in ("aspen", "aspen-peers"):
            for port in self.one("Service", service)["spec"]["ports"]:
                self.assertEqual(port["port"], ports[port["targetPort"]])

    def test_a_majority_survives_a_disruption(self):
        self.assertEqual(1, self.one("PodDisruptionBudget")["spec"]["maxUnavailable"])
        self.assertEqual(3, self.set["spec"]["replicas"])

    def test_it_runs_without_privileges(self):
        self.assertTrue(self.pod["securityContext"]["runAsNonRoot"])
        context = self.container["securityContext"]
        self.assertEqual((False, True, ["ALL"]), (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"],
                                                  context["capabilities"]["drop"]))

    def test_what_is_mounted_exists(self):
        there = {each["name"] for each in self.pod["volumes"]}
        there |= {each["metadata"]["name"] for each in self.set["spec"]["volumeClaimTemplates"]}
        self.assertEqual(there, {each["name"] for each in self.container["volumeMounts"]})

    def test_the_probes_ask_what_a_real_node_answers(self):
        probes = {name: self.container[name] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
        self.assertEqual(["/startupz", "/readyz", "/livez"], [each["httpGet"]["path"] for each in probes.values()])
        annotations = self.set["spec"]["template"]["metadata"]["annotations"]
        ports = {each["name"]: each["containerPort"] for each in self.container["ports"]}
        self.assertEqual(str(ports["admin"]), annotations["prometheus.io/port"])
        with Node() as node:
            node.start()
            for path in [*(each["httpGet"]["path"] for each in probes.values()), annotations["prometheus.io/path"]]:
                # As a kubelet does: by address, at the admin listener.
                answer = node.request("GET", path, headers={"User-Agent": "kube-probe/1.31"}, port=node.admin_port)
                self.assertEqual(200, answer.status, path)
            self.assertEqual(404, node.admin("GET", "/healthz").status)
            self.assertEqual(0, node.stop())
        self.assertEqual({"admin"}, {each["httpGet"]["port"] for each in probes.values()})

    def test_the_node_accepts_what_each_pod_would_tell_it(self):
        """The pod's own command, with the program and the files of this machine."""
        with tempfile.TemporaryDirectory(prefix="aspen-pod-") as folder:
            place = pathlib.Path(folder, "node.toml")
            place.write_text(self.one("ConfigMap")["data"]["node.toml"], encoding="utf-8")
            mounts = {each["name"]: each["mountPath"] for each in self.container["volumeMounts"]}
            shell, dash_c, script, name = self.container["command"]
            self.assertIn(f"{mounts['config']}/node.toml", script)
            script = script.replace(f"{mounts['config']}/node.toml", str(place))
            for number in range(self.set["spec"]["replicas"]):
                variables = {"POD_NAME": f"aspen-{number}", "POD_IP": f"10.0.0.{number}"}
                for each in self.container["env"]:
                    if "value" in each:
                        variables[each["name"]] = each["value"].replace("$(POD_IP)", variables["POD_IP"])
                environment = clean_environment(**variables) | {"PATH": f"{BIN}:/usr/bin:/bin"}
                ended = subprocess.run([shell, dash_c, script, name, "--print-config"], env=environment,
                                       capture_output=True, text=True, timeout=BOUND, check=False)
                self.assertEqual((0, ""), (ended.returncode, ended.stderr))
                for line in (f"node_id = {number + 1} ", f'http_addr = "10.0.0.{number}:8080" ', 'format = "json" ',
                             f'peer_key_file = "{mounts["certs"]}/node-{number + 1}-key.pem" ',
                             f'data_dir = "{mounts["data"]}/node" '):
                    self.assertIn("\n" + line, ended.stdout)
                self.assertIn(f'"{number + 1}=aspen-{number}.aspen-peers:8082"', ended.stdout)

    def test_the_image_is_the_one_that_the_dockerfile_makes(self):
        self.assertEqual(f"aspen-node:{VERSION}", self.container["image"])
        self.assertEqual("10001:10001", "{runAsUser}:{runAsGroup}".format(**self.pod["securityContext"]))


KNOWN = {"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT",
         "CMD"}


class Dockerfile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (ROOT / "packaging/Dockerfile").read_text(encoding="utf-8")
        joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", cls.text))
        lines = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
        cls.stages = []
        for word, rest in lines:
            if word == "FROM":
                cls.stages.append([])
            cls.stages[-1].append((word, rest))
        cls.last = dict(cls.stages[-1])

    def test_it_knows_its_instructions_and_its_bases(self):
        self.assertLessEqual({word for stage in self.stages for word, _ in stage}, KNOWN)
        self.assertEqual(["debian:12 AS build", "debian:12-slim"], [stage[0][1] for stage in self.stages])

    def test_the_last_stage_runs_the_node_without_root(self):
        self.assertRegex(self.last["USER"], r"^[1-9]\d+:[1-9]\d+$")
        self.assertEqual(yaml.safe_load(self.last["ENTRYPOINT"]), ["aspen-node"])
        self.assertEqual("SIGTERM", self.last["STOPSIGNAL"])
        order = [word for word, _ in self.stages[-1]]
        self.assertLess(max(n for n, word in enumerate(order) if word == "RUN"), order.index("USER"))

    def test_every_shell_command_is_one_and_leaves_no_lists(self):
        for stage in self.stages:
            for word, rest in stage:
                if word == "RUN":
                    self.assertEqual(0, subprocess.run(["sh", "-n", "-c", rest], check=False).returncode, rest)
                    for install in re.findall(r"apt-get install[^&]*", rest):
                        self.assertIn("--no-install-recommends", install)
        self.assertIn("rm -rf /tmp/aspen-node_*.deb /var/lib/apt/lists/*", self.text)

    def test_what_it_uses_exists(self):
        for _, rest in (each for each in self.stages[0] if each[0] == "RUN"):
            for word in shlex.split(rest):
                if word.startswith("scripts/"):
                    self.assertTrue((ROOT / word).is_file(), word)
        self.assertIn("COPY --from=build /src/build/release/aspen-node_*.deb", self.text)
        command = yaml.safe_load(self.last["CMD"])
        self.assertEqual(["--config", "/etc/aspen/node.toml"], command)
        printed = subprocess.run([BIN / "aspen-node", "--print-config"], env=clean_environment(), capture_output=True,
                                 text=True, check=True, timeout=BOUND).stdout
        self.assertEqual(set(self.last["EXPOSE"].split()), set(re.findall(r'_addr = "127\.0\.0\.1:(\d+)"', printed)))
        self.assertEqual({".git", "build", "data"}, {".git", "build", "data"} & set(
            (ROOT / ".dockerignore").read_text(encoding="utf-8").split()))

    def test_the_health_check_is_a_command_of_aspenctl(self):
        command = yaml.safe_load(self.last["HEALTHCHECK"].split("CMD", 1)[1])
        with Node() as node:
            node.start()
            asked = [str(BIN / command[0])] + [
                each.replace("http://127.0.0.1:8081", f"http://127.0.0.1:{node.admin_port}") for each in command[1:]]
            self.assertEqual(0, subprocess.run(asked, capture_output=True, timeout=BOUND, check=False).returncode)
            node.stop()
            self.assertNotEqual(0, subprocess.run(asked, capture_output=True, timeout=BOUND, check=False).returncode)


if __name__ == "__main__":
    unittest.main()
