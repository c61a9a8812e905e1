# SPDX-License-Identifier: Apache-2.0
"""On what was measured: without it a figure says nothing."""

import os
import pathlib
import platform
import re

MEMORY_FILE_SYSTEMS = {"tmpfs", "ramfs"}


def describe(directory: pathlib.Path) -> dict:
    """The machine, the file system of the data, and how busy the machine was with other work before the run."""
    return {
        "cores": len(os.sched_getaffinity(0)), "processor": _processor(), "memory_mb": _memory_mb(),
        "system": _system(), "kernel": platform.release(), "file_system": file_system(directory),
        "load_before": os.getloadavg()[0]}


def warnings(machine: dict) -> list[str]:
    """What makes the figures of this run doubtful."""
    found = []
    if machine["file_system"] in MEMORY_FILE_SYSTEMS:
        found.append(f"the data lies on {machine['file_system']}: nothing is synced, no figure of a write counts")
    if machine["load_before"] > 0.3 * machine["cores"]:
        found.append(f"other work was running when this began (load {machine['load_before']:.1f} on "
                     f"{machine['cores']} cores): expect wide spreads")
    return found


def file_system(directory: pathlib.Path) -> str:
    """The type of the innermost mount that holds `directory`."""
    best, kind = "", "unknown"
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, point, this_kind = line.split()[:3]
        inside = directory.resolve().is_relative_to(point.replace("\\040", " "))
        if inside and len(point) >= len(best):
            best, kind = point, this_kind
    return kind


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"
