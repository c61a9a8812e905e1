# SPDX-License-Identifier: Apache-2.0
"""A disk that hangs, fails to sync or is full: nothing that was acknowledged is lost, what is not known
is not acknowledged, and the node comes back by itself where a restart of its stores can help."""

import threading
import unittest

from aspen_e2e import BIN, NodeTest, wait_until

LOG = "raft-log.lmdb"
DATABASE = "state-machine.db"


class FaultyDisk(NodeTest):
    def setUp(self):
        self.command = self.node.directory / "faults"
        self.commands = 0
        self.command.write_text("")
        self.start()
        self.put_some("before")

    def start(self):
        self.node.start(LD_PRELOAD=str(BIN / "tests" / "libfaulty_disk.so"), ASPEN_FAULTS=str(self.command),
                        ASPEN_SUPERVISOR_BACKOFF_INITIAL="50ms", ASPEN_SUPERVISOR_HANG_TIME="5s",
                        ASPEN_HTTP_REQUEST_TIMEOUT="3s")

    def fault(self, what: str = "", where: str = ""):
        # A rename, so that the command is never read half, and each is a file of its own.
        self.commands += 1
        fresh = self.command.with_suffix(f".{self.commands}")
        fresh.write_text(f"{what} {where}\n" if what else "")
        fresh.rename(self.command)

    def put_some(self, name: str):
        for number in range(10):
            self.assert_status(200, self.node.put(f"{name}-{number}", b"acknowledged"))

    def is_there(self, name: str):
        self.assertEqual({f"{name}-{n}": b"acknowledged" for n in range(10)}, self.node.all_items(f"{name}-"))

    def writes_go_on(self):
        wait_until(lambda: self.node.put("again", b"1").status == 200, "writes to go on")

    def ends_as_hung(self, where: str):
        self.fault("hang-sync", where)
        # A plain put is acknowledged when it is committed, so only one that has to be applied is told.
        answers = []
        asker = threading.Thread(target=lambda: answers.append(self.write_that_is_applied()), daemon=True)
        asker.start()
        self.assertEqual(70, self.node.wait_exit())
        asker.join()
        self.assertNotEqual([200], [answer.status for answer in answers if answer])
        self.fault()
        self.start()
        self.is_there("before")
        self.writes_go_on()

    def write_that_is_applied(self):
        try:
            return self.node.put("hung", b"1", **{"If-None-Match": "*"})
        except OSError:
            return None

    def test_a_log_whose_sync_hangs_ends_the_process_with_status_70(self):
        self.ends_as_hung(LOG)

    def test_a_database_whose_sync_hangs_ends_the_process_with_status_70(self):
        self.ends_as_hung(DATABASE)

    def test_a_write_whose_sync_failed_is_not_acknowledged_and_the_group_comes_back(self):
        self.fault("fail-sync", LOG)
        answer = self.node.put("unknown", b"1")
        self.assertIn(answer.status, (503, 504), answer)
        self.assertEqual("unknown", answer.json()["committed"])
        self.assert_status(200, self.node.admin("GET", "/livez"))
        self.fault()
        self.writes_go_on()
        self.is_there("before")
        self.put_some("after")
        self.node.kill()
        self.start()
        self.is_there("before")
        self.is_there("after")

    def test_an_apply_whose_sync_failed_loses_nothing_that_was_committed(self):
        self.fault("fail-sync", DATABASE)
        # Committed in the log, hence acknowledged; the database is behind until its disk is well.
        committed = self.node.put("committed", b"1")
        self.assertIn(committed.status, (200, 503, 504), committed)
        applied = self.write_that_is_applied()
        self.assertIn(applied.status, (503, 504), applied)
        self.fault()
        self.writes_go_on()
        self.is_there("before")
        if committed.status == 200:
            self.assertEqual(b"1", self.node.get("committed").body)

    def restarts(self) -> int:
        return self.node.admin("GET", "/admin/supervisor").json()["total_restarts"]

    def test_a_full_disk_refuses_writes_serves_reads_and_heals_without_a_restart(self):
        self.fault("full", str(self.node.data_dir))
        # What is in the log writer's hands when the disk runs full waits there for room, so its outcome
        # is unknown; what comes later is not taken.
        wait_until(lambda: self.node.put("more", bytes(1 << 20)).status != 200, "the disk to be full")
        answer = self.node.put("more", bytes(1 << 20))
        self.assertEqual(507, answer.status, answer)
        self.assertEqual("no", answer.json()["committed"])
        self.assert_status(200, self.node.request("GET", "/v1/kv/before-1?consistency=stale"))
        self.assert_status(200, self.node.admin("GET", "/livez"))
        self.fault()
        self.writes_go_on()
        self.is_there("before")
        self.assertEqual(0, self.restarts())

    def test_a_database_without_room_waits_and_catches_up(self):
        self.fault("full", DATABASE)
        for number in range(10):
            self.node.put(f"waiting-{number}", bytes(100_000))
        self.assert_status(200, self.node.request("GET", "/v1/kv/before-1?consistency=stale"))
        self.assertNotEqual(200, self.write_that_is_applied().status)
        self.assertNotEqual("healthy", self.node.admin("GET", "/health").json()["status"])
        self.fault()
        self.writes_go_on()
        self.is_there("before")
        wait_until(lambda: self.node.admin("GET", "/health").json()["status"] == "healthy", "health")
        self.assertEqual(0, self.restarts())


if __name__ == "__main__":
    unittest.main()
