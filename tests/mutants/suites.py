# SPDX-License-Identifier: Apache-2.0
"""The rooms whose sources are changed, the suites that speak of them, and how a suite is asked."""

import contextlib
import os
import pathlib
import re
import selectors
import signal
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The name of a scenario, and four numbers.
SCENARIO_LINE = re.compile(r"(\S.*?)\s+(?:[-\d]+\s+){4}")
SUITE_TIMEOUT, FAULTS_TIMEOUT = 300, 1800
# What goes in circles ends early: each process is given this much of a processor.
BOUND = ["prlimit", "--cpu=15"]
# A line that many scenarios reach is asked of so many of them.
SCENARIOS_MAX = 10


class Suite:
    """What is built, and the command that ends with 0 if it noticed nothing."""

    def __init__(self, name, target, command):
        self.name, self.target, self.command = name, target, command


class Room:
    """
    Sources and the suites that speak of them: unit suites, ends of the real binary, groups of fault
    scenarios. `share` is how many mutants of it are drawn beside those of the other rooms.
    """

    def __init__(self, name, share, files, units, faults, e2e=()):
        self.name, self.share, self.units, self.faults, self.e2e = name, share, units, faults, e2e
        self.files = sorted({str(path.relative_to(ROOT)) for glob in files for path in ROOT.glob(glob)})


TAIL_UNITS = ["assignment", "encoding", "discover", "rotation", "compressed", "tail"]
ROOMS = [
    Room("tailer", 10, ["src/input/tail/*.c"], ["model", *TAIL_UNITS],
         ["files", "crash", "watching", "hostile"], ["inputs", "state"]),
    Room("shipment", 3, ["src/delivery/shipment.c"], ["shipment", "output_queue", "promises"],
         ["crash", "far", "routed"], ["routes", "reload"]),
    Room("output queues", 3, ["src/delivery/output_queue*.c"], ["shipment", "output_queue", "promises"],
         ["crash", "far", "limits"], ["dead_letters", "address", "reload", "outputs"]),
    Room("checkpoint", 3, ["src/checkpoints/*.c"],
         ["shipment", "checkpoint", "model", "rotation", "tail"],
         ["crash", "files"], ["state"]),
    Room("spool", 3, ["src/delivery/spool.c"], ["spool", "promises"], ["crash", "far", "limits"],
         ["spool", "dead_letters"]),
    Room("run", 3, ["src/daemon/daemon.c", "src/daemon/open.c", "src/delivery/parcel_packing.c",
                      "src/delivery/route_match.c", "src/delivery/route_filters.c"],
         ["route_match", "pod_multiline", "batch"], ["crash", "routed", "records"],
         ["start", "signals", "state", "multiline", "routes", "reload"]),
]
# The suite of a file's own subject is asked first, for it is the likeliest to notice.
OWN_UNITS = {"encoding": "encoding", "read_lines": "tail",
             "discover": "discover", "log_name": "discover",
             "packed": "compressed", "gzip_reader": "compressed", "checkpoint_text": "checkpoint"}
MODEL_SEEDS = 300


def room_of(path):
    return next(room for room in ROOMS if path in room.files)


def in_order(room, path):
    own = OWN_UNITS.get(pathlib.Path(path).stem)
    return sorted(room.units, key=lambda name: name != own)


def unit_suite(name, source, build):
    if name == "model":
        return Suite(name, "tests/faults/model/model", [
            str(source / "tests/faults/model/run"), "--plain", "--seeds", str(MODEL_SEEDS)])
    return Suite(name, f"tests/unit/test_{name}", [str(build / f"tests/unit/test_{name}")])


def e2e_suite(name, source):
    return Suite(name, "clew", ["/usr/bin/python3", str(source / f"tests/e2e/test_{name[4:]}.py")])


class Asked:
    """A process group that writes to a file and has a time to end."""

    def __init__(self, command, environment, seconds):
        self.output = tempfile.TemporaryFile()
        self.ends = time.monotonic() + seconds
        self.process = subprocess.Popen([*BOUND, *command], stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT, start_new_session=True, env=environment)
        self.pidfd = os.pidfd_open(self.process.pid)

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.pidfd)
        self.output.close()

    def text(self):
        self.output.seek(0)
        return self.output.read().decode("utf-8", "replace")


def has_noticed(suite, code, text):
    """Seeds of the model that break a promise no longer, by luck, are no finding."""
    if suite.target != "tests/faults/model/model" or code == 0:
        return code != 0
    mended = re.search(r"^FAILED no longer what the file `known` says: (.*)$", text, re.M)
    failed = re.search(r"^\d+ passed, (\d+) failed\s*$", text, re.M)
    return failed is None or int(failed[1]) > (len(mended[1].split(",")) if mended else 0)


def first_to_notice(suites, environment):
    """The name of the first of some suites, asked side by side, that notices; None if none does."""
    asked = {suite: Asked(suite.command, environment, SUITE_TIMEOUT) for suite in suites}
    try:
        with selectors.DefaultSelector() as waiting:
            for suite, one in asked.items():
                waiting.register(one.pidfd, selectors.EVENT_READ, suite)
            while waiting.get_map():
                left = min(one.ends for one in asked.values()) - time.monotonic()
                ready = waiting.select(max(left, 0)) if left > 0 else []
                if not ready:
                    return next(iter(waiting.get_map().values())).data.name
                for key, _ in ready:
                    waiting.unregister(key.fd)
                    one = asked[key.data]
                    if has_noticed(key.data, one.process.wait(), one.text()):
                        return key.data.name
        return None
    finally:
        for one in asked.values():
            one.end()


def first_failing_scenario(source, words, environment):
    """The name of the first scenario that fails, of the short ones that the words choose; else None."""
    command = [*BOUND, str(source / "tests/faults/run"), "--short", *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, start_new_session=True, env=environment) as process:
        def end():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        timer = threading.Timer(FAULTS_TIMEOUT, end)
        timer.start()
        try:
            for line in process.stdout:
                row = SCENARIO_LINE.match(line)
                if row and "  FAILED" in line:
                    return row[1]
            return None if process.wait() == 0 else "did not end"
        finally:
            timer.cancel()
            end()
