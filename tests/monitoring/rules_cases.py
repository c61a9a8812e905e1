# SPDX-License-Identifier: Apache-2.0
"""For every alert: what a node must report for it to fire, and what is just not enough."""

import typing

ALWAYS = "x40"  # minutes


class Change(typing.NamedTuple):
    """Series of the scrape that report something else. Values in promtool's notation, or a number."""
    metric: str
    labels: dict[str, str]
    quiet: str
    firing: str


class Case(typing.NamedTuple):
    changes: list[Change]
    minutes: int = 0  # `for`, rounded up
    others: tuple[str, ...] = ()  # that fire with it
    window: int = 0  # minutes that a rate looks back


def alarm(name: str) -> Change:
    return Change("aspen_alarm", {"type": name}, "0", "1")


def slow(metric: str) -> list[Change]:
    """All requests take between 50 and 100 ms, or between 100 and 250 ms."""
    return [Change(f"{metric}_bucket", {"le": bound}, "0+60" if float(bound) >= 0.1 else "0",
                   "0+60" if float(bound) >= 0.25 else "0")
            for bound in ("5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
                          "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")]


PUT = {"route": "/v1/kv/{key}", "method": "PUT"}
CASES = {
    "AspenNodeDown": Case([Change("up", {}, "1", "0")], 1),
    "AspenRefused": Case([Change("aspen_phase", {"phase": "refused"}, "0", "1")]),
    "AspenNoLeader": Case([Change("aspen_has_leader", {}, "1", "0")], 1),
    "AspenCheckFailed": Case([Change("aspen_health_check_status", {"check": "storage"}, "1", "2")], 1),
    "AspenCircuitOpen": Case([Change("aspen_circuit_breaker_state", {"state": "open"}, "0", "1")]),
    "AspenRestarts": Case([Change("aspen_restarts_total", {}, "7", "7+1")], window=10),
    "AspenLeaderChanges": Case([Change("aspen_leader_changes_total", {}, "0+0.25", "0+0.3")], window=15),
    "AspenPeerUnreachable": Case([Change("aspen_peer_reachable", {}, "1", "0")], 1),
    "AspenPeerLagging": Case([Change("aspen_peer_lag_entries", {}, "10000", "10001")], 5),
    "SqliteWALFileLarge": Case([Change("sqlite_wal_size_bytes", {}, "104857600", "104857601")], 5),
    "SqliteWALFileCritical": Case([Change("sqlite_wal_size_bytes", {}, "104857600", "524288001")], 1,
                                  ("SqliteWALFileLarge",)),
    "DiskSpaceHigh": Case([Change("aspen_disk_size_bytes", {}, "1000", "1000"),
                           Change("aspen_disk_available_bytes", {}, "201", "199")], 5),
    "DiskSpaceCritical": Case([Change("aspen_disk_size_bytes", {}, "1000", "1000"),
                               Change("aspen_disk_available_bytes", {}, "201", "49")], 1, ("DiskSpaceHigh",)),
    "AspenDiskFull": Case([alarm("disk_full")]),
    "AspenLogMapNearlyFull": Case([Change("lmdb_map_size_bytes", {}, "1000", "1000"),
                                   Change("lmdb_file_size_bytes", {}, "799", "801")], 10),
    "AspenStorageMismatch": Case([Change("aspen_storage_scan_mismatch", {}, "0", "1")]),
    "AspenRuleBroken": Case([Change("aspen_trace_violations_total", {}, "7", "7+1")]),
    "AspenStateDiffers": Case([alarm("state_differs")]),
    "AspenLogDamaged": Case([Change("aspen_log_entries_damaged", {}, "0", "1")], 1),
    "AspenStorageScanOld": Case([Change("aspen_storage_scan_age_seconds", {}, "172800", "172801")], 15),
    "AspenAlarm": Case([alarm("foreign_lock")], 1),
    "AspenSlowWrites": Case(slow("aspen_write_latency_seconds"), 10, window=5),
    "AspenSlowDisk": Case(slow("sqlite_write_latency_seconds"), 10, window=5),
    "AspenApplyLag": Case([Change("aspen_apply_lag", {}, "1000", "1001")], 2),
    "AspenReadersExhausted": Case([Change("sqlite_pool_in_use", {}, "9", "10"),
                                   Change("sqlite_pool_size", {}, "10", "10"),
                                   Change("sqlite_pool_waiters", {}, "1", "1")], 5),
    "AspenErrors": Case([Change("aspen_http_requests_total", PUT | {"code": "200"}, "0+96", "0+94"),
                         Change("aspen_http_requests_total", PUT | {"code": "500"}, "0+4", "0+6")], 5, window=5),
    "AspenRejecting": Case([Change("aspen_http_rejected_total", {"reason": "memory"}, "0+60", "0+61")], 10, window=5),
    "AspenDescriptorsHigh": Case([Change("process_open_fds", {}, "80", "81"),
                                  Change("process_max_fds", {}, "100", "100")], 5),
}
ABSENT_UNTIL_IT_HAPPENS = [("aspen_http_requests_total", PUT | {"code": "500"})]
"""Series that a node has only once there was one such answer."""
