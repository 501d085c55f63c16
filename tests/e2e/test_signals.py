# SPDX-License-Identifier: Apache-2.0
"""Signals in the first moments of a start: the config is a pipe, so that the test says how long they
last."""
import contextlib
import json
import os
import pathlib
import signal
import threading

import clew
from far_end import FarEnd


def config(tmp, far, **more):
    return json.dumps({
        "data_dir": str(tmp / "data"), "control": {"listen": "off"}, "checkpoint_interval": "100ms",
        "inputs": [{"include": [str(tmp / "app.log")], "scan_interval": "100ms"}],
        "outputs": [{"endpoint": f"http://127.0.0.1:{far.port}"}], **more})


@contextlib.contextmanager
def reading_its_config(tmp, *options):
    """A clew that is in the middle of its start, and the pipe it reads its config from."""
    reading, writing = os.pipe()
    with open(reading, "rb") as end, open(writing, "wb", buffering=0) as pipe, \
            clew.Process(["run", "-c", "/dev/stdin", *options], stdin=end, cwd=tmp) as process:
        process.wait_for(lambda: is_caught(process.pid, signal.SIGTERM), "it catches signals")
        yield process, pipe


def test_sigterm_before_the_loop_ends_it_as_one_after_it_would(tmp):
    for number in (signal.SIGTERM, signal.SIGINT):
        for options, code in (((), 0), (("--once",), 1)):
            folder = tmp / f"{number}{code}"
            folder.mkdir()
            with reading_its_config(folder, *options) as (process, _):
                process.send_signal(number)
                clew.equal(process.wait(), code, f"exit status after signal {number} {options}")


def test_sighup_before_the_loop_is_heard_by_the_loop(tmp):
    with FarEnd(tmp) as far, reading_its_config(tmp) as (process, pipe):
        (tmp / "app.log").write_text("line 0\n")
        for _ in range(3):
            process.send_signal(signal.SIGHUP)
        pipe.write(config(tmp, far).encode())
        pipe.close()
        # The pipe has no second config: what is read again is nothing, which is said, and the first stays.
        process.wait_for(lambda: "SIGHUP" in process.err(), "a reload")
        far.wait_for(1)
        clew.equal(process.err().count("SIGHUP"), 1)
        clew.equal(process.stop(), 0)


def test_with_no_time_for_the_end_sigterm_ends_it_at_once(tmp):
    (tmp / "app.log").write_text("line 0\n")
    options = [f"data_dir={tmp / 'data'}", "control.listen=off", "shutdown_timeout=0",
               f"outputs.endpoint=http://127.0.0.1:{clew.free_port()}"]
    sets = [word for option in options for word in ("--set", option)]
    with clew.start("run", *sets, tmp / "app.log") as process:
        process.wait_for(lambda: "holding records" in process.err(), "an outage")
        clew.equal(process.stop(), 0)
        clew.contains(process.err(), "unacknowledged records: 1")


def is_caught(pid, number):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1]
    return int(caught, 16) >> number - 1 & 1


def test_signals_at_any_moment_of_a_start_lose_and_double_nothing(tmp):
    """From the first moment at which a program can catch a signal."""
    with FarEnd(tmp) as far:
        path = tmp / "clew.yaml"
        path.write_text(config(tmp, far))
        for turn in range(25):
            with open(tmp / "app.log", "a", encoding="utf-8") as log:
                log.write(f"line {turn}\n")
            with clew.start("run", "-c", path) as process:
                clew.wait_for(lambda: is_caught(process.pid, signal.SIGTERM), "it catches SIGTERM")
                process.send_signal(signal.SIGHUP)
                threading.Event().wait(turn * 0.002)  # other moments of the start, each time
                process.send_signal(signal.SIGHUP)
                clew.equal(process.stop(), 0, f"exit status at turn {turn}")
        clew.run_ok("run", "--once", "-c", path)
        clew.equal(far.bodies(), [f"line {n}" for n in range(25)])


if __name__ == "__main__":
    clew.main()
