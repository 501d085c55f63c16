#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The unit of systemd: is it one, does it shut clew in, does clew run in there."""

import os
import re
import shutil
import subprocess

import clew
from far_end import FarEnd

UNIT = clew.ROOT / "conf" / "clew.service"
EXPOSURE_MAX = 1.5  # of 10: "OK" ends at 4


def analyze(*args):
    if not shutil.which("systemd-analyze"):
        raise clew.Skipped("there is no systemd-analyze")
    return subprocess.run(["systemd-analyze", *map(str, args)], capture_output=True, text=True,
                          timeout=clew.END_TIMEOUT, check=False)


def copied(tmp):
    """The unit with the program that is tested."""
    unit = tmp / "clew.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/clew", clew.CLEW))
    return unit


def test_systemd_finds_no_fault_with_it(tmp):
    done = analyze("verify", "--man=no", copied(tmp))
    complaints = [line for line in done.stderr.splitlines() if "clew" in line]
    assert done.returncode == 0 and not complaints, done


def test_little_is_exposed(tmp):
    done = analyze("security", "--offline=yes", "--no-pager", copied(tmp))
    found = re.search(r"Overall exposure level for clew\.service: ([0-9.]+)", done.stdout)
    assert found, done
    assert float(found[1]) <= EXPOSURE_MAX, done.stdout


def settings():
    found = {}
    for line in UNIT.read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_it_may_read_logs_and_the_journal():
    clew.equal(settings()["SupplementaryGroups"], ["adm systemd-journal"])


def test_its_state_is_where_it_may_write():
    found = settings()
    result = clew.run_ok("check", env={"XDG_STATE_HOME": dict(
        part.split("=") for part in found["Environment"])["XDG_STATE_HOME"], "HOME": "/nonexistent"},
        )
    at = re.search(r"^data_dir: (.*)$", result.out, re.MULTILINE)[1]
    clew.equal(at, f"/var/lib/{found['StateDirectory'][0]}")


def test_a_reload_is_not_an_end():
    clew.equal(settings()["ExecReload"], ["/bin/kill -HUP $MAINPID"])
    clew.equal(settings()["RestartPreventExitStatus"], ["2"])


def test_it_runs_without_rights_on_a_read_only_file_system(tmp):
    """As the unit does it, as far as that goes without systemd."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        raise clew.Skipped("only root can take rights away like this, with setpriv and unshare")
    logs, state = tmp / "logs", tmp / "state"
    logs.mkdir()
    state.mkdir(mode=0o700)
    (logs / "app.log").write_text("one\n")
    for folder in (tmp, logs):
        os.chmod(folder, 0o755)
    os.chmod(logs / "app.log", 0o640)
    os.chown(logs / "app.log", 0, 4)
    os.chown(state, 65534, 65534)
    script = (f"mount --bind {state} {state} && mount -o remount,ro,bind / && "
              "exec setpriv --reuid=65534 --regid=65534 --groups=4 --inh-caps=-all --bounding-set=-all "
              '--no-new-privs "$@"')
    with FarEnd(tmp) as far:
        arguments = ["run", "--set", "control.listen=off", "--set",
                     f"outputs.endpoint={far.endpoint}/v1/logs", "--set", "checkpoint_interval=100ms",
                     logs]
        prefix = ["unshare", "-m", "sh", "-c", script, "sh"]
        env = {"XDG_STATE_HOME": state, "HOME": "/nonexistent"}
        for count in (1, 2):
            with clew.Process(arguments, prefix=prefix, env=env) as process:
                process.wait_for(lambda: len(far.records()) >= count, "the line arrives")
                process.wait_for(lambda: (state / "clew" / "checkpoints.json").exists(), "it is saved")
                clew.equal(process.stop(), 0)
                assert "error" not in process.err(), process.err()
            with open(logs / "app.log", "a", encoding="utf-8") as out:
                out.write("two\n")
        clew.equal(far.bodies(), ["one", "two"])


if __name__ == "__main__":
    clew.main()
