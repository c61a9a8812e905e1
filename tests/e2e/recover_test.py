# SPDX-License-Identifier: Apache-2.0
"""A cluster loses its quorum for good: what one of the rest holds becomes a new cluster, and the rest stays as it is."""

import json
import subprocess
import unittest

from aspen_cluster import Cluster
from aspen_e2e import BIN, BOUND, clean_environment, wait_until

DONE, FAILED, USAGE = 0, 1, 2


def recover(*arguments, expected: int = DONE) -> subprocess.CompletedProcess:
    ended = subprocess.run([BIN / "aspen-debug-storage", "recover", *map(str, arguments)], env=clean_environment(),
                           capture_output=True, text=True, timeout=BOUND, check=False)
    assert ended.returncode == expected, (arguments, ended)
    return ended


def contents(directory) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in directory.iterdir() if each.is_file()}


class Recover(unittest.TestCase):
    def test_the_log_that_ends_last_becomes_a_new_cluster_and_the_old_directories_stay(self):
        with Cluster() as cluster:
            cluster.start()
            written = cluster.write_many(40)
            behind, ahead = cluster.followers()
            lost = cluster.leader()
            cluster.wait_caught_up(behind)
            behind.kill()
            written |= cluster.write_many(10, prefix="later")
            lost.kill()
            said = recover(ahead.data_dir, expected=FAILED)
            self.assertIn("in use", said.stdout)
            ahead.kill()
            before = [contents(node.data_dir) for node in (behind, ahead)]

            dry = json.loads(recover(behind.data_dir, ahead.data_dir, "-o", "json").stdout)
            self.assertEqual(str(ahead.data_dir), dry["recommended"])
            self.assertNotIn("recovered", dry)
            self.assertIn("Nothing was written", recover(behind.data_dir, ahead.data_dir).stdout)
            out = cluster.directory / "recovered"
            recover(behind.data_dir, ahead.data_dir, "--out", out)
            self.assertEqual(before, [contents(node.data_dir) for node in (behind, ahead)])
            recover(ahead.data_dir, "--out", out, expected=USAGE)

            # A new node in the recovered directory; the one that lags still runs, and is of another cluster.
            behind.spawn()
            ahead.data_dir = out
            ahead.start()
            wait_until(lambda: ahead.state() == "leader", "it leads")
            items = ahead.all_items()
            self.assertEqual(written, {key: items.get(key) for key in written})
            self.assertEqual(200, ahead.put("new", b"1").status)
            self.assertEqual([ahead.node_id], [each["id"] for each in ahead.cluster()["members"]])
            self.assertNotEqual(behind.cluster()["cluster_id"], ahead.cluster()["cluster_id"])


if __name__ == "__main__":
    unittest.main()
