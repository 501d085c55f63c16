#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The alerts of conf/prometheus: their metrics exist, and each fires when it should and not before."""

import re
import shutil
import subprocess

import clew

FOLDER = clew.ROOT / "conf" / "prometheus"


def test_every_metric_that_is_asked_for_is_one_that_clew_has():
    known = set(re.findall(r"^\| `(\w+)", (clew.ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    for name in re.findall(r"\bclew_\w+", (FOLDER / "clew.rules.yaml").read_text()):
        clew.contains(known, name, "docs/metrics.md")


def test_the_alerts_fire_when_they_should():
    promtool = shutil.which("promtool")
    if promtool is None:
        raise clew.Skipped("there is no promtool here (scripts/packages alerts)")
    done = subprocess.run([promtool, "test", "rules", "clew.rules.test.yaml"], cwd=FOLDER, capture_output=True,
                          text=True, check=False)
    clew.equal((done.returncode, "SUCCESS" in done.stdout), (0, True), done.stdout + done.stderr)


if __name__ == "__main__":
    clew.main()
