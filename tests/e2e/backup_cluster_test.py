# SPDX-License-Identifier: Apache-2.0
"""A backup of one cluster becomes another one, which the members of the first do not meet by accident."""

import shutil
import signal
import unittest

from aspen_cluster import Cluster
from aspen_e2e import wait_until
from backup_test import backup


class RestoredCluster(unittest.TestCase):
    def test_other_nodes_join_a_restored_one_and_members_of_the_former_cluster_do_not(self):
        with Cluster() as cluster:
            cluster.start()
            written = cluster.write_many(50)
            leader = cluster.leader()
            file = cluster.directory / "kept.db"
            backup("create", "--from", f"http://127.0.0.1:{leader.admin_port}", file)
            gone = [node for node in cluster.nodes.values() if node is not cluster.nodes[1]]
            cluster.nodes[1].kill()
            shutil.rmtree(cluster.nodes[1].data_dir)
            restored = cluster.nodes[1]
            backup("restore", file, restored.data_dir, "--node-id", 1)
            # The others of the former cluster still run, and know node 1 at this address.
            restored.start()
            self.assertEqual("leader", wait_until(lambda: restored.state() == "leader" and "leader", "it leads"))
            self.assertEqual(200, restored.put("here", b"1").status)
            self.assertEqual(1, len(restored.cluster()["members"]))
            for node in gone:
                self.assertEqual(404, node.request("GET", "/v1/kv/here?consistency=stale").status)
                node.signal(signal.SIGKILL)
                node.wait_exit()

            for node_id in (4, 5):
                node = cluster.new_node(node_id)
                node.join = restored.http_addr
                node.spawn()
                wait_until(lambda node=node: node.state() is not None, "the node that joins answers")
                added = cluster.ctl("member", "add", str(node_id), node.raft_addr, endpoints=restored.url)
                self.assertEqual(0, added.returncode, added)
                wait_until(lambda node_id=node_id: cluster.ctl(
                    "member", "promote", str(node_id), endpoints=restored.url).returncode == 0, "it is promoted")
            self.assertEqual({1, 4, 5}, {each["id"] for each in restored.cluster()["members"]})
            restored.kill()
            wait_until(lambda: any(node.state() == "leader" for node in cluster.running()), "a new leader")
            node = cluster.nodes[4]
            items = node.all_items()
            self.assertEqual(written, {key: items.get(key) for key in written})
            self.assertEqual(b"1", items["here"])


if __name__ == "__main__":
    unittest.main()
