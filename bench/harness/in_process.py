# SPDX-License-Identifier: Apache-2.0
"""Figures without a network: the device, and the stores and actors inside storage_bench."""

import json

from . import limits
from .figures import Aim, Figure
from .plan import Plan
from .processes import run

PATIENCE_S = 1800
AIMS = {
    "reads.pool_10": Aim("value", 105_000), "reads.pool_10_beside_1": Aim("ratio", 2),
    "batch.apply": Aim("ratio", 0.7), "snapshot.write": Aim("value", 1_000_000)}
"""By the id storage_bench prints. The first is the best the operations guide reports, on 16 cores."""
AIM_SNAPSHOT_KEYS = 1_000_000


def disk(plan: Plan):
    samples = [limits.fdatasync_rate(plan.directory, plan.seconds / 2) for _ in range(plan.rounds)]
    yield Figure("disk.fdatasync", "fdatasync of 4 KiB writes (a limit by itself)", "/s", samples)


def storage(plan: Plan):
    text = run(
        [plan.binaries / "storage_bench", "--dir", plan.directory, "--rounds", plan.rounds,
         "--turn-ms", plan.seconds * 500, "--snapshot-keys", plan.many_keys, "--json"], PATIENCE_S)
    for line in text.splitlines():
        figure = Figure(**json.loads(line))
        if figure.id != "snapshot.write" or plan.many_keys >= AIM_SNAPSHOT_KEYS:
            figure.aim = AIMS.get(figure.id)
        yield figure
