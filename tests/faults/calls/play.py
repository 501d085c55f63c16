# SPDX-License-Identifier: Apache-2.0
"""One life of clew with everything in it, in which one system call fails or is the last.

The script: start, tail, rotate, ship, save checkpoints, an outage that fills the spool, a reload, more
lines, SIGTERM; then a second life, untouched, which must bring whatever the first one owed. strace(1)
injects: it lets the Nth use of a call fail without making it, or ends the process there.
"""

import json
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import rig as faults  # noqa: E402,F401  (finds the e2e tests' module)
import clew  # noqa: E402
from clew import Failure  # noqa: E402

STEP = 40                      # lines written at once
OUTAGE, LONG_LINE = 640, 16384  # … in the outage: more than memory_limit, so the spool is needed
SHORT_WAIT, LONG_WAIT = 1.5, 30
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


class Injection:
    """`error` NAME at the `when`th use of `call`; or the process is killed there, at the call's entry
    or once it was made."""

    def __init__(self, call, what, when):
        self.call, self.what, self.when = call, what, when

    def __str__(self):
        return f"{self.call} {self.what} at use {self.when}"

    def is_kill(self):
        return self.what.startswith("kill")

    def option(self):
        how = {"kill at entry": "signal=KILL", "kill at exit": "delay_exit=2s"}.get(
            self.what, f"error={self.what}")
        return f"inject={self.call}:{how}:when={self.when}"


def tracer(trace, calls, injection=None):
    """The command in front of clew's: the tracer is a grandchild, so clew's pid stays clew's."""
    command = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", str(trace),
               "-e", f"trace={calls}", "-e", "signal=none"]
    return command + (["-e", injection.option()] if injection else [])


def config(rig, turn):
    return json.dumps({
        "data_dir": str(rig.tmp / "data"), "control": {"listen": f"127.0.0.1:{rig.control}"},
        "checkpoint_interval": "100ms", "shutdown_timeout": "3s", "memory_limit": "8MiB",
        "inputs": [{"include": [str(rig.tmp / "logs")], "scan_interval": "100ms"}],
        "filters": [{"set": {"turn": turn}}],
        "outputs": [{"endpoint": rig.far.url, "batch": {"bytes": "256KiB", "age": "20ms"},
                     "spool": {"max_bytes": "64MiB"},
                     "retry": {"initial": "50ms", "max": "100ms"}}]})


class Play:
    """What was seen in one life."""

    def __init__(self, rig, trace):
        self.rig, self.trace = rig, trace
        self.ended = None      # its exit status, where it ended before it was told to
        self.code = None       # … after it was told to
        self.file = rig.tmp / "clew.yaml"

    def is_running(self):
        return self.rig.run is not None and self.rig.run.is_running()

    def begin(self, injection, calls):
        self.file.write_text(config(self.rig, 0))
        self.rig.run = clew.Process(["run", "-c", self.file],
                                    prefix=tracer(self.trace, calls, injection))
        self.rig.stack.push(self.rig.end_run)

    def settle(self, condition, seconds):
        """Wait until it holds; an injected failure may keep it from that, so the script goes on."""
        end = time.monotonic() + seconds
        while not condition() and self.is_running() and time.monotonic() < end:
            time.sleep(0.01)

    def all_here(self):
        rig = self.rig
        return len(rig.far.got) >= rig.written() and rig.arrived() == rig.written()

    def is_answered(self):
        """clew has heard of what the backend took: else it comes twice by right."""
        try:
            return self.rig.counter("clew_in_flight_records") == 0
        except (OSError, KeyError):
            return True

    def is_spooled(self):
        return any((self.rig.tmp / "data" / "spool").rglob("[0-9]*"))

    def script(self):
        rig = self.rig
        log = rig.log("app.log")
        log.write(STEP)
        self.settle(self.all_here, SHORT_WAIT)
        log.rotate()
        log.write(STEP)
        self.settle(self.all_here, SHORT_WAIT)
        self.settle(self.is_answered, SHORT_WAIT)
        rig.far.close()
        log.write(OUTAGE, LONG_LINE)
        self.settle(self.is_spooled, SHORT_WAIT)
        rig.far.open()
        self.file.write_text(config(rig, 1))
        if self.is_running():
            rig.run.send_signal(signal.SIGHUP)
        log.write(STEP)
        self.settle(self.all_here, 2 * SHORT_WAIT)
        other = rig.log("other.log")
        other.write(STEP)
        log.rotate()
        log.write(STEP)
        self.settle(self.all_here, SHORT_WAIT)

    def end(self):
        """SIGTERM. What it does then is part of the play."""
        rig = self.rig
        if not self.is_running():
            self.ended = rig.run.child.returncode
        else:
            rig.books(rig.run)
        run, rig.run = rig.run, None
        with run:
            run.send_signal(signal.SIGTERM)
            try:
                self.code = run.child.wait(LONG_WAIT)
            except Exception as late:
                run.kill()
                raise Failure(f"SIGTERM did not end it within {LONG_WAIT} s:\n{run.err()[-2000:]}") from late
            clew.check_sanitizers(run.err(), "clew")
            self.said = run.err()
            rig.stderr.append(self.said)

    def second_life(self):
        rig = self.rig
        rig.run = clew.Process(["run", "-c", self.file])
        rig.stack.push(rig.end_run)
        rig.wait_ready()
        rig.wait_all(LONG_WAIT)
        self.lost_counted = int(rig.metrics().get("clew_lost_bytes", 0))
        rig.end_run()


def kill_when_stopped(play, process):
    """`kill at exit`: the tracer holds the process for two seconds once the call was made."""
    stopped = 0
    while process.is_running() and stopped < 4:
        try:
            state = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        stopped = stopped + 1 if state == "t" else 0
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)


def text_of(trace):
    return trace.read_text(errors="replace") if trace.exists() else ""


def was_reached(trace):
    return "(INJECTED)" in text_of(trace)


def was_impossible(trace, injection):
    """Of epoll_ctl(2) the kernel refuses only additions for want of room."""
    return injection.call == "epoll_ctl" and not injection.is_kill() and not any(
        "(INJECTED)" in line and "EPOLL_CTL_ADD" in line for line in text_of(trace).splitlines())


def uses(trace, marker):
    """[(call, …)] of the trace in order, from the line with the marker on: before it the loader and
    the libraries start, which is none of clew's doing."""
    found, begun = [], False
    for line in text_of(trace).splitlines():
        begun = begun or marker in line
        match = CALL.match(line)
        if match:
            found.append((match.group(1), begun))
    return found
