# SPDX-License-Identifier: Apache-2.0
"""Certificates are replaced while a cluster runs: good ones are used for every new connection, bad ones are
named in the log and change nothing."""

import shutil
import signal
import socket
import ssl
import subprocess
import unittest

from aspen_cluster import ClusterNode, make_certificates
from aspen_e2e import BOUND, wait_until
from losses_test import ClusterTest


class Certificates(ClusterTest):
    def setUp(self):
        self.cluster.start()
        self.cluster.put("k", b"1")
        self.node = self.cluster.followers()[0]
        self.peer = next(each for each in self.cluster.followers() if each is not self.node)

    def files(self, node_id: int, directory=None):
        directory = directory or self.cluster.certificates
        return [directory / f"node-{node_id}.pem", directory / f"node-{node_id}-key.pem"]

    def shown_by(self, node: ClusterNode) -> bytes:
        """The certificate that `node` shows to whoever connects now, by another node's certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.cluster.certificates / "ca.pem")
        context.load_cert_chain(*self.files(self.peer.node_id))
        with socket.create_connection((node.host, node.raft_port), timeout=BOUND) as plain:
            with context.wrap_socket(plain) as connection:
                return connection.getpeercert(binary_form=True)

    def make_again(self, node: ClusterNode) -> bytes:
        """Puts a new certificate of the cluster's authority in the old one's place; what it is."""
        for each in self.files(node.node_id):
            each.unlink()
        make_certificates(self.cluster.certificates, node.node_id)
        return ssl.PEM_cert_to_DER_cert(self.files(node.node_id)[0].read_text(encoding="ascii"))

    def make_expired(self, node: ClusterNode):
        """A certificate for the key of `node`, of the cluster's authority, that ended yesterday."""
        authority, directory = self.cluster.certificates, self.cluster.directory
        name = f"aspen-node-{node.node_id}"
        for command in (
            ["req", "-new", "-key", self.files(node.node_id)[1], "-subj", f"/CN={name}",
             "-addext", f"subjectAltName=DNS:{name}", "-out", directory / "request.pem"],
            ["x509", "-req", "-in", directory / "request.pem", "-CA", authority / "ca.pem",
             "-CAkey", authority / "ca-key.pem", "-copy_extensions", "copy", "-days", "-1",
             "-out", directory / "expired.pem"],
        ):
            subprocess.run(["openssl", *command], check=True, capture_output=True, timeout=BOUND)
        return directory / "expired.pem"

    def reload(self, node: ClusterNode, expected: str) -> str:
        """SIGHUP; what the log says up to and with `expected`."""
        before = len(node.log())
        node.signal(signal.SIGHUP)
        wait_until(lambda: expected in node.log()[before:], f"the log says {expected!r}")
        return node.log()[before:]

    def link_anew(self, *nodes: ClusterNode):
        """Ends the processes of `nodes`, and so every link to them, and waits until all are linked again."""
        for node in nodes:
            self.assertEqual(0, node.stop())
            node.start()
        def are_linked():
            return len(self.cluster.members()) == 3 and all(
                each["reachable"] for each in self.cluster.members().values())
        wait_until(are_linked, "all members can be reached")
        for node in self.cluster.nodes.values():
            self.cluster.wait_caught_up(node)

    def test_a_renewed_certificate_is_used_without_a_restart(self):
        before = self.shown_by(self.node)
        fresh = self.make_again(self.node)
        self.assertNotEqual(before, fresh)
        self.assertEqual(before, self.shown_by(self.node), "nobody told it yet")
        process = self.node.process.pid
        self.node.signal(signal.SIGHUP)
        wait_until(lambda: self.shown_by(self.node) == fresh, "the new certificate is shown")
        self.assertEqual(200, self.cluster.put("k", b"2").status)
        # The links that are made from now on, in both directions.
        self.link_anew(*(each for each in self.cluster.nodes.values() if each is not self.node))
        self.assertEqual(process, self.node.process.pid)
        self.assertTrue(self.node.is_running)
        self.assertNotIn("certificates not reloaded", self.node.log())
        self.assertIn("certificates reloaded", self.node.log())
        self.assertEqual(200, self.node.put("k", b"3").status)
        for node in self.cluster.nodes.values():
            self.assertEqual(b"3", node.get("k").body)

    def test_bad_certificates_are_named_and_those_in_force_stay(self):
        before = self.shown_by(self.node)
        own = self.files(self.node.node_id)
        foreign = self.cluster.directory / "foreign"
        make_certificates(foreign, self.node.node_id)
        bad = {
            "expired": [self.make_expired(self.node), own[1]],
            "will refuse it": self.files(self.node.node_id, foreign),
            f"aspen-node-{self.peer.node_id}": self.files(self.peer.node_id),
            own[1].name: [own[0], self.files(self.peer.node_id)[1]],
        }
        kept = self.cluster.directory / "kept"
        kept.mkdir()
        for each in own:
            shutil.copy(each, kept)
        for words, files in bad.items():
            with self.subTest(words=words):
                for source, target in zip(files, own):
                    if source != target:
                        shutil.copy(source, target)
                said = self.reload(self.node, "certificates not reloaded")
                self.assertIn(words, said)
                self.assertEqual(before, self.shown_by(self.node))
                for each in own:
                    shutil.copy(kept / each.name, each)
        # New links are made with what was in force, and those that stood still stand.
        self.assertEqual(200, self.node.put("k", b"2").status)
        self.link_anew(self.peer)
        fresh = self.make_again(self.node)
        self.node.signal(signal.SIGHUP)
        wait_until(lambda: self.shown_by(self.node) == fresh, "a good certificate after bad ones is taken")
        self.link_anew(self.peer)

    def test_a_node_that_starts_with_a_foreign_certificate_is_refused_until_it_has_a_good_one(self):
        self.assertEqual(0, self.node.stop())
        self.node.certificates = self.cluster.directory / "foreign"
        make_certificates(self.node.certificates, 1, 2, 3)
        self.node.spawn()
        wait_until(lambda: "certificate" in self.peer.log() and "refuse" in self.peer.log(), "the peer refuses it")
        self.assertEqual(200, self.cluster.put("k", b"2").status)
        self.assertNotEqual(200, self.node.get("k").status)
        for each in ("ca.pem", *(each.name for each in self.files(self.node.node_id))):
            shutil.copy(self.cluster.certificates / each, self.node.certificates / each)
        self.node.signal(signal.SIGHUP)
        self.node.wait_ready()
        self.cluster.wait_caught_up(self.node)
        self.assertEqual(b"2", self.node.get("k").body)


if __name__ == "__main__":
    unittest.main()
