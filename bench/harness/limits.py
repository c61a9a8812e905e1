# SPDX-License-Identifier: Apache-2.0
"""Bare limits of this machine, measured in the same run."""

import os
import pathlib
import socket
import time

from .processes import Child, free_ports

BLOCK_BYTES = 4096
FILE_BLOCKS = 4096


def fdatasync_rate(directory: pathlib.Path, seconds: float) -> float:
    """Writes of 4 KiB, each followed by fdatasync, into a file that has its size already: what a log can reach
    that syncs once a write and never changes the file's metadata."""
    path = directory / "fdatasync.bin"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.write(file, bytes(BLOCK_BYTES * FILE_BLOCKS))
        os.fsync(file)
        began = time.monotonic()
        end, count = began + seconds, 0
        while time.monotonic() < end:
            os.pwrite(file, os.urandom(64) * (BLOCK_BYTES // 64), (count % FILE_BLOCKS) * BLOCK_BYTES)
            os.fdatasync(file)
            count += 1
        return count / (time.monotonic() - began)
    finally:
        os.close(file)
        path.unlink()


class ConstantHttp:
    """cpp-httplib's own server with one handler that answers a constant."""

    def __init__(self, binaries: pathlib.Path, directory: pathlib.Path):
        self.port = free_ports(1)[0]
        self.child = Child([binaries / "constant_http", str(self.port)], directory / "constant_http.log")
        self.child.wait_until(self._accepts, 10, "listens")

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/constant"

    def stop(self) -> None:
        self.child.stop()
