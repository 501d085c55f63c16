# SPDX-License-Identifier: Apache-2.0
"""Who is measured: each knows how to run itself over a folder of pod logs into one port."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import namedtuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
import real_parts  # noqa: E402

Missing = real_parts.Missing
MODES = ["none", "gzip", "zstd"]
# CPU seconds, instructions (0 where the kernel does not count them), peaks of memory in bytes, and what
# the far end got.
Run = namedtuple("Run", "cpu instructions rss anon records with_ids")


class NoResult(Exception):
    """It failed, or lost something."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port):
    for _ in range(500):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the sink does not listen")


class Sink:
    """`clew receive --discard`: reads every request, keeps the counts."""

    def __init__(self, clew):
        self.port = free_port()
        self.process = subprocess.Popen([clew, "receive", "--discard", "--listen",
                                         "127.0.0.1:%d" % self.port], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for_port(self.port)

    def stop(self):
        """Records, and how many of them had a trace id, as it says itself at its end."""
        self.process.terminate()
        said = self.process.communicate(timeout=60)[0]
        found = re.search(r"^all +([\d,]+) +([\d,]+)", said, re.MULTILINE)
        return tuple(int(n.replace(",", "")) for n in found.groups()) if found else (0, 0)


class Runner:
    """A program to be measured: start() gives its command. What it delivers is compared with the input
    as far as it keeps it."""
    keeps_records = keeps_ids = True
    is_peer = False
    modes = MODES

    def records_of(self, data):
        return data.lines

    def sink(self, bench, _):
        """The far end of a run in this mode."""
        return Sink(bench.clew)


class Floor(Runner):
    keeps_records = False

    def __init__(self, tools):
        self.program = tools / "floor"

    def start(self, port, mode, data):
        return [self.program, mode, str(port), *data.paths]


class Clew(Runner):
    def __init__(self, clew, state, keeps_ids=True, settings=()):
        self.program, self.data = clew, os.path.join(state, "data")
        self.keeps_ids, self.settings = keeps_ids, settings

    def records_of(self, data):
        return data.lines - (data.further if self.settings else 0)

    def start(self, port, mode, data):
        shutil.rmtree(self.data, ignore_errors=True)
        return [self.program, "run", "--once", "--set", "data_dir=" + self.data, "--set",
                "control.listen=off", "--set", "outputs.compression=" + mode, "--set",
                "outputs.endpoint=http://127.0.0.1:%d/v1/logs" % port,
                *(word for setting in self.settings for word in ("--set", setting)), data.folder]


class Collector(Runner):
    """Does not end by itself."""
    is_peer = True

    def __init__(self, state):
        self.program = real_parts.folder("bench-collector") / "bench-collector"
        self.config = pathlib.Path(state, "collector.yaml")

    def start(self, port, mode, data):
        text = (HERE / "collector.yaml").read_text()
        for name, value in (("LOGS", data.folder), ("PORT", port), ("COMPRESSION", mode)):
            text = text.replace("@%s@" % name, str(value))
        self.config.write_text(text)
        return [self.program, "--config", self.config]

    @staticmethod
    def wait(pid, data, _):
        """Until it has read as much as there is and then used (next to) no CPU for two seconds; or
        none for twenty, however much it has read."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < (2 if bytes_read(pid) >= data.bytes else 20):
            now = cpu_ticks(pid)
            if now > last + 2:
                last, since = now, time.monotonic()
            time.sleep(0.1)
        os.kill(pid, signal.SIGINT)


def cpu_ticks(pid):
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def bytes_read(pid):
    return int(re.search(r"^rchar: (\d+)", pathlib.Path("/proc/%d/io" % pid).read_text(), re.M)[1])


class Memory(threading.Thread):
    """The peaks of a process's resident and private memory in bytes, looked at fifty times a second:
    what the kernel says at its end counts the memory of the process that started it too."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path, self.rss, self.anon = pathlib.Path("/proc/%d/status" % pid), 0, 0
        self.start()

    def run(self):
        try:
            while True:
                text = self.path.read_text()
                rss, anon = (int(re.search(name + r":\s+(\d+)", text)[1]) * 1024
                             for name in ("VmHWM", "RssAnon"))
                self.rss, self.anon = max(self.rss, rss), max(self.anon, anon)
                time.sleep(0.02)
        except (OSError, TypeError):  # it has ended
            return


def measure(runner, bench, mode, data):
    """One run of it over the input, into a far end of its own."""
    sink = runner.sink(bench, mode)
    meter = subprocess.Popen([bench.tools / "meter", *runner.start(sink.port, mode, data)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    pid = int(meter.stdout.readline())
    memory = Memory(pid)
    if hasattr(runner, "wait"):
        with contextlib.suppress(OSError):  # it has ended already; its status says how
            runner.wait(pid, data, sink)
    status, cpu_ns, instructions = (int(word) for word in meter.communicate()[0].split())
    records, with_ids = sink.stop()
    if status != 0:
        raise NoResult("%s ended with status %d" % (runner.program, status))
    return Run(cpu_ns / 1e9, instructions, memory.rss, memory.anon, records, with_ids)
