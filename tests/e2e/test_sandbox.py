#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The walls that clew run puts around itself: docs/security.md. What they refuse is tried by
tests/unit/daemon/test_sandbox.c."""

import json
import pathlib
import shutil
import signal
import urllib.request

import clew
import projected
from far_end import FarEnd

RELOADS = "clew_config_reload_failures"


class Rig:
    """clew with a config file that can be changed."""

    def __init__(self, tmp, far, **config):
        self.control = clew.free_port()
        self.volume = projected.Volume(tmp / "config", {"clew.yaml": ""})
        self.config = {"data_dir": str(tmp / "data"),
                       "control": {"listen": f"127.0.0.1:{self.control}"},
                       "checkpoint_interval": "100ms", "audit": {"check_interval": "100ms"},
                       "inputs": [{"include": str(tmp / "logs/*.log"), "scan_interval": "100ms"}],
                       "outputs": [{"endpoint": f"{far.endpoint}/v1/logs"}], **config}
        (tmp / "logs").mkdir()
        (tmp / "logs/a.log").write_text("first\n")
        self.write()

    def write(self, **changes):
        """As the kubelet renews a ConfigMap."""
        self.volume.write({"clew.yaml": json.dumps({**self.config, **changes})})

    def start(self):
        process = clew.start("run", "-c", self.volume / "clew.yaml")
        clew.wait_for_port(self.control, process)
        return process

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}/metrics", timeout=10) as answer:
            found = [line.split()[1] for line in answer.read().decode().splitlines()
                     if line.startswith(f"{name}_total ")]
        return int(found[0])


def need_landlock(process):
    if "file access is not restricted" in process.err():
        raise clew.Skipped("this kernel gives no Landlock")
    clew.contains(process.err(), "sandbox: reads ")


def tasks(process):
    for status in pathlib.Path(f"/proc/{process.pid}/task").glob("*/status"):
        yield dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)


def test_every_thread_is_behind_the_walls_and_logs_arrive(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, workers=2)
        with rig.start() as process:
            far.wait_for(1)
            found = list(tasks(process))
            assert len(found) >= 2, found
            clew.equal({one["NoNewPrivs"] for one in found}, {"1"})
            if not clew.has_sanitizer() and "not filtered" not in process.err():
                clew.equal({one["Seccomp"] for one in found}, {"2"})


def test_off_is_off(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, sandbox="off")
        with rig.start() as process:
            far.wait_for(1)
            for one in tasks(process):
                clew.equal((one["NoNewPrivs"], one["Seccomp"]), ("0", "0"))
            assert "sandbox" not in process.err(), process.err()
            clew.contains(clew.run_ok("check", "-c", rig.volume / "clew.yaml").out, "# sandbox: off")


def test_a_reload_that_names_a_path_outside_is_refused(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        (tmp / "elsewhere").mkdir()
        (tmp / "elsewhere/b.log").write_text("of elsewhere\n")
        (tmp / "logs/below").mkdir()
        with rig.start() as process:
            need_landlock(process)
            far.wait_for(1)
            output = rig.config["outputs"][0]
            for count, (path, change) in enumerate((
                    (f"{tmp}/elsewhere/*.log", {"inputs": [{"include": f"{tmp}/elsewhere/*.log"}]}),
                    (f"{tmp}/elsewhere/spool", {"outputs": [
                        {**output, "name": "new", "spool": {"dir": f"{tmp}/elsewhere/spool"}}]}),
                    (f"{tmp}/elsewhere/b.log", {"outputs": [
                        {**output, "tls": {"ca_file": f"{tmp}/elsewhere/b.log"}}]})), 1):
                rig.write(**change)
                process.send_signal(signal.SIGHUP)
                process.wait_for(lambda n=count: rig.metric(RELOADS) == n, f"{path} is refused")
                clew.contains(process.err(), f"restart clew: the sandbox does not include {path}")
            rig.write(sandbox="off")
            process.send_signal(signal.SIGHUP)
            process.wait_for(lambda: rig.metric(RELOADS) == 4, "switching it off is refused")
            (tmp / "logs/below/c.log").write_text("of below\n")
            rig.write(inputs=[{"include": f"{tmp}/logs/below/*.log"}])
            process.send_signal(signal.SIGHUP)
            far.wait_for(2)
            clew.equal(far.bodies(), ["first", "of below"])
            clew.equal(rig.metric("clew_config_reloads"), 1)


def test_what_it_hides_is_told_with_its_path_and_counted(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            need_landlock(process)
            far.wait_for(1)
            clew.equal(rig.metric("clew_sandbox_hidden_files"), 0)
            (tmp / "logs").rename(tmp / "logs.old")  # a directory in place of the one it was let into
            (tmp / "logs").mkdir()
            (tmp / "logs/a.log").write_text("second\n")
            process.wait_for(lambda: rig.metric("clew_sandbox_hidden_files") > 0, "it to be counted")
            clew.contains(process.err(), f"{tmp}/logs: the sandbox hides it")
            clew.contains(process.err(), "restart clew")
            process.stop()
        with rig.start():
            far.wait_for(2)
            clew.equal(far.bodies(), ["first", "second"])


def test_state_that_was_put_in_place_of_its_own_is_told(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            need_landlock(process)
            far.wait_for(1)
            (tmp / "data").rename(tmp / "data.old")
            (tmp / "data").mkdir()
            process.wait_for(lambda: rig.metric("clew_sandbox_hidden_files") > 0, "it to be counted")
            process.wait_for(lambda: "which was replaced after the start" in process.err(), "it is said")
            clew.contains(process.err(), f"the sandbox hides {tmp}/data, which was replaced")


def test_state_that_was_removed_is_missed_and_logs_arrive(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            need_landlock(process)
            far.wait_for(1)
            shutil.rmtree(tmp / "data")
            process.wait_for(lambda: rig.metric("clew_sandbox_hidden_files") == 1, "it to be counted")
            clew.contains(process.err(), "only to the directory that existed at the start")
            (tmp / "logs/b.log").write_text("second\n")
            far.wait_for(2)


def test_a_path_that_is_not_there_yet_is_read_when_it_is(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, inputs=[{"include": f"{tmp}/logs/new/er/*.log", "scan_interval": "100ms"}])
        with rig.start():
            (tmp / "logs/new/er").mkdir(parents=True)
            (tmp / "logs/new/er/b.log").write_text("late\n")
            far.wait_for(1)
            clew.equal(far.bodies(), ["late"])


def test_check_says_what_will_be_allowed(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        config = rig.volume / "clew.yaml"
        out = clew.run_ok("check", "-c", config).out
        for line in (f"read    {tmp}/logs", f"write   {tmp}/data", f"read    {tmp}/config",
                     "read    /usr/lib (the system's)"):
            clew.contains(out, line)
        found = clew.run_ok("check", "-c", config, "--format", "json").json()["sandbox"]
        clew.contains([(one["may"], one["path"]) for one in found], ("read", f"{tmp}/logs"))
        (tmp / "again.yaml").write_text(out)  # it is still a config
        clew.run_ok("check", "-q", "-c", tmp / "again.yaml")


if __name__ == "__main__":
    clew.main()
