#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every suite and sums them up: one line a suite, `N passed, N failed` at the end.

usage: tests/run.py BUILD… [--only WORD]… [--valgrind BUILD] [--units EMULATOR]

BUILD is a build folder: `build`, or `asan=build-asan` to name it. A suite is a program whose last
line is `N passed, N failed`: the unit tests, tests/e2e/test_*.py, the short form of tests/faults/run
and tests/bench/test_*.py of each build; tests/style/test_*.py and tests/package/test_*.py once, with
the build that has no name.
With --valgrind, the unit tests of that build under valgrind too.
With --units, only the unit tests of a cross build, run by EMULATOR.
One that ends in another way has failed; what it printed is shown. What a suite skipped (`N skipped`
in that last line, and a line `skipped WHAT: WHY` for each) is shown and not counted.

Suites run side by side, and beside others a test may fail for nothing but a machine that is too busy. So
a few suites that failed are run once more, alone. What fails again has failed; what does not is named
`unsteady` with the test that failed, at the end, for somebody to find out why.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIMEOUT = 900
AGAIN_MAX = 5  # suites; where more fail, it is not for a busy machine
LAST_LINE = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")


class SetupError(Exception):
    """Nothing can be run; the sentence says why."""


class Suite:
    def __init__(self, name, command, env=None):
        self.name, self.command = name, [str(part) for part in command]
        self.env = env or {}
        self.passed = self.failed = self.skipped = 0
        self.seconds = 0.0
        self.output = ""
        self.complaint = None

    def run(self):
        begin = time.monotonic()
        try:
            done = subprocess.run(self.command, env={**os.environ, **self.env}, cwd=ROOT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
            self.judge(done.returncode, done.stdout.decode("utf-8", "replace"))
        except subprocess.TimeoutExpired as late:
            self.judge(-1, (late.stdout or b"").decode("utf-8", "replace"))
            self.complaint = f"did not end within {TIMEOUT} s"
        except OSError as error:
            self.judge(-1, "")
            self.complaint = f"cannot be run: {error}"
        self.seconds = time.monotonic() - begin
        return self

    def judge(self, code, output):
        self.output, self.complaint = output, None
        counts = [LAST_LINE.fullmatch(line.strip()) for line in output.splitlines()]
        counts = [count for count in counts if count]
        if not counts:
            self.failed, self.complaint = 1, f"ended with {code} and without its last line"
            return
        self.passed, self.failed, self.skipped = (int(n or 0) for n in counts[-1].groups())
        if (code != 0) != (self.failed > 0):
            self.failed += 1
            self.complaint = f"its exit status {code} is not what it printed"

    def line(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return (f"{self.name:32} {self.passed:5} passed, {self.failed} failed{skipped}"
                f"  ({self.seconds:.1f} s)" + (f"  {self.complaint}" if self.complaint else ""))

    def failures(self):
        """What failed in it, by the tests' titles, each with the suite's name before it."""
        titles = re.findall(r"^\s*FAILED:? +(.*)", self.output, re.MULTILINE)
        return [f"{self.name}: {title}"[:300] for title in titles or [self.complaint or self.line()]]

    def skips(self):
        """Its lines `skipped WHAT: WHY`, with its name before them."""
        said = (re.match(r"skipped:? (.*)", line) for line in self.output.splitlines())
        return [f"skipped {self.name}: {one[1]}" for one in said if one]


def unit_suites(label, build, emulator=()):
    listed = subprocess.run(["meson", "introspect", "--tests", str(build)], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    if listed.returncode != 0:
        raise SetupError(f"meson cannot tell the tests of {build}:\n{listed.stdout.decode()}")
    for test in json.loads(listed.stdout):
        kind = test["suite"][0].split(":")[-1] if test["suite"] else "unit"
        yield Suite(f"{label}{kind}/{test['name']}", [*emulator, *test["cmd"]], test["env"])


def script_suites(label, folder, env=None):
    for path in sorted((ROOT / "tests" / folder).glob("test_*.py")):
        name = path.stem[len("test_"):]
        yield Suite(f"{label}{folder}/{name}", ["/usr/bin/python3", path], env)


def named(spec):
    name, _, folder = spec.rpartition("=")
    return f"{name}:" if name else "", pathlib.Path(folder).resolve()


def units_alone(given):
    return [suite for spec in given.builds for suite in unit_suites(*named(spec), [given.units])]


VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--child-silent-after-fork=yes",
            f"--suppressions={ROOT}/tests/unit/valgrind.supp"]


def valgrind_suites(build):
    """The unit tests once more: valgrind sees what is read before it was written, sanitizers do not."""
    if not shutil.which("valgrind"):
        print("skipped: the unit tests under valgrind: there is no valgrind")
        return []
    return [suite for suite in unit_suites("valgrind:", build, VALGRIND)
            if suite.name.startswith("valgrind:unit/")]


def all_suites(given):
    suites = valgrind_suites(pathlib.Path(given.valgrind).resolve()) if given.valgrind else []
    for spec in given.builds:
        label, build = named(spec)
        if not label:
            suites += script_suites("", "style")
            suites += script_suites("", "package", {"CLEW": str(build / "clew")})
        suites += unit_suites(label, build)
        suites += script_suites(label, "e2e", {"CLEW": str(build / "clew")})
        suites.append(Suite(f"{label}faults", [ROOT / "tests" / "faults" / "run", "--short"],
                            {"CLEW": str(build / "clew")}))
        suites += script_suites(label, "bench", {"CLEW": str(build / "clew")})
    return suites


def parse_arguments():
    arguments = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    arguments.add_argument("builds", nargs="+")
    arguments.add_argument("--only", action="append", default=[])
    arguments.add_argument("--units", metavar="EMULATOR")
    arguments.add_argument("--valgrind", metavar="BUILD")
    return arguments.parse_args()


def show(suite):
    if suite.failed:
        print(textwrap.indent(suite.output.rstrip()[-20000:], "  "))
    print("\n".join([*suite.skips(), suite.line()]), flush=True)


def run_all(suites):
    with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(s.run) for s in suites]):
            show(done.result())


def run_again(suites):
    """What failed only beside others, by title."""
    failed = [suite for suite in suites if suite.failed]
    if len(failed) > AGAIN_MAX or len(suites) == 1:
        return []
    unsteady = []
    for suite in failed:
        before = suite.failures()
        print(f"again, alone: {suite.name}")
        show(suite.run())
        if not suite.failed:
            unsteady += before
    return unsteady


def main():
    given = parse_arguments()
    try:
        suites = [s for s in (units_alone if given.units else all_suites)(given)
                  if not given.only or any(word in s.name for word in given.only)]
    except SetupError as error:
        print(f"{error}\n0 passed, 1 failed")
        sys.exit(1)
    run_all(suites)
    unsteady = run_again(suites)
    passed, failed = sum(s.passed for s in suites), sum(s.failed for s in suites)
    skipped = sum(s.skipped for s in suites)
    if skipped:
        print(f"{skipped} skipped: what they need is not here (see above)")
    failed += not suites
    for title in unsteady:
        print(f"unsteady {title}")
    for title in (title for suite in suites if suite.failed for title in suite.failures()):
        print(f"FAILED {title}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
