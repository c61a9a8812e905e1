# SPDX-License-Identifier: Apache-2.0
"""Children that never outlive the run, free ports, and waiting with a bound."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

STOP_PATIENCE_S = 30
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class MeasureError(Exception):
    """A measurement could not be made; the text says why."""


def _die_with_parent() -> None:
    """In the child, before it becomes another program: the kernel kills it when this run is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run(command: list, timeout_s: float, **options) -> str:
    """The standard output of a program that ends by itself; killed when it takes longer."""
    try:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=timeout_s,
            preexec_fn=_die_with_parent, check=False, **options)
    except subprocess.TimeoutExpired as late:
        raise MeasureError(f"{command[0]} did not end within {timeout_s:.0f} s") from late
    if done.returncode != 0:
        raise MeasureError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


class Child:
    """A server that runs beside us; its output goes to `log`."""

    def __init__(self, command: list, log: pathlib.Path, **options):
        self.name = pathlib.Path(str(command[0])).name
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=_die_with_parent, **options)

    @property
    def pid(self) -> int:
        return self.process.pid

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            raise MeasureError(f"{self.name} ended with {self.process.returncode}; it said:\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def stop(self) -> None:
        """Asks with SIGTERM, and kills what does not go within STOP_PATIENCE_S."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise MeasureError(f"{self.name} did not stop within {STOP_PATIENCE_S} s of SIGTERM") from None

    def wait_until(self, condition, patience_s: float, what: str, every_s: float = 0.05) -> None:
        """Waits for what a fresh child must come to; one that does not is killed, and the reason raised."""
        try:
            wait_until(condition, patience_s, f"{self.name} {what}", self, every_s)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    @contextlib.contextmanager
    def frozen(self):
        """It gets no time within the scope."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def cpu_seconds(self) -> float:
        """User and system time of all its threads since it was started."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def anonymous_mib(self) -> float:
        """Memory that is no file's page (MB of 2^20 bytes, as everywhere in Aspen)."""
        for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) / 1024
        raise MeasureError(f"no Anonymous line in smaps_rollup of {self.name}")


@contextlib.contextmanager
def stopping(server):
    """Stops the server (whatever has `stop`) however the scope ends; what went wrong first is what is raised."""
    try:
        yield server
    except BaseException:
        with contextlib.suppress(MeasureError):
            server.stop()
        raise
    server.stop()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that were free just now, each another."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(condition, patience_s: float, what: str, child: Child | None = None, every_s: float = 0.05) -> None:
    """Asks until it holds. Raises after `patience_s`, or at once when `child` has ended."""
    end = time.monotonic() + patience_s
    while not condition():
        if child:
            child.check_alive()
        if time.monotonic() > end:
            said = f"; it said:\n{child.tail()}" if child else ""
            raise MeasureError(f"{what}: not within {patience_s:.0f} s{said}")
        time.sleep(every_s)
