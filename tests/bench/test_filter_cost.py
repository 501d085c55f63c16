#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does a typical chain of filters cost no more of the parse stage than it did?

Counted in instructions, as test_budget.py does: of one and of two rounds over the same lines, so that what
is done once cancels out. The chain is one condition, two removes, one rename and one redaction, of fields that some of the lines
have. The aim is 30 % of the parse stage; when this was last measured it was 19 %.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SHARE_MAX = 0.25


def skip(why):
    print("skipped: " + why)
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def instructions(program, log, rounds, number):
    done = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
         str(program), str(log), str(rounds), str(number)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stdout)
    if done.returncode != 0 or not found:
        sys.exit(done.stdout + "\n0 passed, 1 failed")
    return int(found[1].replace(",", ""))


def a_record(program, log, lines, number):
    one, two = (instructions(program, log, rounds, number) for rounds in (1, 2))
    return (two - one) / lines


def main():
    if shutil.which("valgrind") is None:
        skip("valgrind, which counts the instructions, is not installed")
    build = pathlib.Path(os.environ.get("CLEW", HERE.parents[1] / "build" / "clew")).resolve().parent
    options = subprocess.check_output(["meson", "introspect", "--buildoptions", str(build)], text=True)
    if re.search(r'"name": "b_sanitize", "value": "(?!none)', options):
        skip("a build with sanitizers has no such promise")
    tools = build / "tests" / "bench"
    with tempfile.TemporaryDirectory(prefix="clew-filter-cost-") as folder:
        subprocess.check_output([str(tools / "generate"), folder + "/pods", "1"])
        log = pathlib.Path(folder, "all.log")
        log.write_bytes(b"".join(part.read_bytes() for part in
                                 sorted(pathlib.Path(folder, "pods").glob("*/*/*.log"))))
        lines = log.read_bytes().count(b"\n")
        frame, parsed = (a_record(tools / "bench_pipeline", log, lines, stage) for stage in (0, 1))
        none, chain = (a_record(tools / "bench_filters", log, lines, case) for case in (0, 1))
    parse, cost = parsed - frame, chain - none
    is_good = 0 < cost <= SHARE_MAX * parse
    print("%s the typical chain: %.0f instructions a record, %.0f %% of the parse stage's %.0f" % (
        "ok  " if is_good else "FAIL", cost, 100 * cost / parse, parse))
    print("%d passed, %d failed" % (is_good, not is_good))
    sys.exit(not is_good)


main()
