#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests stand on must not lie either: how suites are judged, parts built and time shared."""

import concurrent.futures
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import clew  # noqa: E402


def load(name, path):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / path))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


RUNNER = load("runner", "tests/run.py")
PARTS = load("parts_script", "scripts/parts")


class Shell(PARTS.Part):
    """A part that a line of shell makes: $1 is its folder."""
    product = "made"

    def __init__(self, name, line, weight=1):
        super().__init__(name, weight, ["test"])
        self.line = line

    def inputs(self):
        return []

    def commands(self, folder):
        yield ["sh", "-c", self.line, "sh", str(folder)], folder


def in_store(tmp):
    os.environ["XDG_CACHE_HOME"] = str(tmp)
    return PARTS.store()


def build(part, minutes):
    """What became of it; what it says is not this suite's."""
    with contextlib.redirect_stdout(io.StringIO()):
        verdict, = PARTS.build_all([part], minutes)
    return verdict


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


# ---- suites ----


def suite(code):
    return RUNNER.Suite("some/suite", [sys.executable, "-c", code]).run()


def test_a_suite_that_dies_in_its_setup_has_failed_and_its_words_are_kept():
    died = suite("raise KeyError('result')")
    clew.equal((died.passed, died.failed), (0, 1))
    clew.contains(died.line(), "without its last line")
    clew.contains(died.output, "KeyError: 'result'")


def test_a_suite_is_believed_only_if_its_status_says_the_same():
    for code, failed in (("print('3 passed, 0 failed')", 0), ("print('3 passed, 1 failed'); exit(1)", 1),
                         ("print('3 passed, 0 failed'); exit(1)", 1), ("print('3 passed, 1 failed')", 2)):
        clew.equal(suite(code).failed, failed, code)


def test_what_a_suite_skips_is_named():
    skipped = suite("print('skipped a b: no c'); print('skipped: d'); print('1 passed, 0 failed, 2 skipped')")
    clew.equal(skipped.skips(), ["skipped some/suite: a b: no c", "skipped some/suite: d"])
    clew.equal(skipped.skipped, 2)


def test_a_folder_that_is_no_build_is_said(tmp):
    done = subprocess.run([sys.executable, ROOT / "tests/run.py", tmp], capture_output=True, text=True,
                          check=False)
    clew.equal(done.returncode, 1)
    clew.contains(done.stdout, f"meson cannot tell the tests of {tmp}")
    clew.equal(done.stdout.splitlines()[-1], "0 passed, 1 failed")


def test_what_several_tests_need_fails_each_of_them_with_the_cause():
    calls = []

    @clew.once
    def package():
        calls.append(1)
        raise clew.Failure("build-essential is missing")
    for _ in range(3):
        try:
            package()
            raise AssertionError("it did not fail")
        except clew.Failure as failure:
            clew.equal(str(failure), "build-essential is missing")
    clew.equal(len(calls), 1)


# ---- following a long command ----


def test_follow_shows_where_a_command_is_and_keeps_its_words_and_status(tmp):
    done = subprocess.run([ROOT / "scripts/follow", tmp / "log", "sh", "-c",
                           "echo '[1/2] compiling'; sleep 6; echo '[2/2] linking'; exit 7"],
                          capture_output=True, text=True, check=False)
    clew.equal(done.returncode, 7)
    clew.contains(done.stdout, "[1/2] compiling")
    clew.equal((tmp / "log").read_text(), "[1/2] compiling\n[2/2] linking\n")


# ---- parts ----


def test_a_part_is_built_once_and_then_there(tmp):
    store = in_store(tmp)
    part = Shell("once", "echo x >>$1/made; echo x >>$1/../count")
    clew.equal(build(part, None), "built")
    clew.equal(build(part, 0), "built")
    clew.equal((store / "count").read_text(), "x\n")


def test_two_that_want_the_same_part_build_it_once(tmp):
    store = in_store(tmp)
    line = "sleep 0.5; touch $1/made; echo x >>$1/../count"
    with contextlib.redirect_stdout(io.StringIO()), concurrent.futures.ThreadPoolExecutor(2) as pool:
        clew.equal(list(pool.map(lambda _: PARTS.build_all([Shell("both", line)], None), range(2))),
                   [["built"], ["built"]])
    clew.equal((store / "count").read_text(), "x\n")


def test_a_part_whose_share_is_over_is_skipped_ended_and_leaves_nothing(tmp):
    store = in_store(tmp)
    part = Shell("slow", "touch $1/made; sleep 1000 & echo $! >$1/../pid; wait")
    clew.equal(build(part, 1 / 60), "skipped")
    clew.wait_for(lambda: not is_alive((store / "pid").read_text().strip()), "its processes have ended")
    clew.equal([path.name for path in store.iterdir() if path.is_dir()], [])
    clew.equal(PARTS.is_built(part), False)


def test_a_build_that_fails_is_no_skip_and_leaves_nothing(tmp):
    store = in_store(tmp)
    for part in (Shell("broken", "touch $1/made; echo no such module; exit 1"), Shell("empty", "true")):
        clew.equal(build(part, 1), "failed")
    clew.equal([path.name for path in store.iterdir() if path.is_dir()], [])
    clew.contains((store / "broken.log").read_text(), "no such module")


def test_other_pins_are_another_folder(tmp):
    in_store(tmp)
    first, second = PARTS.PARTS[0], PARTS.Go("kubernetes", 9, [], "kubernetes/helm", ["a/b"])
    assert PARTS.folder_of(first) != PARTS.folder_of(second)
    clew.equal(PARTS.folder_of(first), PARTS.folder_of(first))


def test_the_time_is_shared_by_weight_and_what_is_left_goes_to_the_others():
    heavy, light = Shell("heavy", "", 3), Shell("light", "", 1)
    shares = PARTS.Shares([heavy, light], 8, 1)
    begin = time.monotonic()
    clew.equal(round((shares.deadline(heavy) - begin) / 60, 1), 6.0)
    clew.equal(round((shares.deadline(light) - begin) / 60, 1), 8.0)


def test_every_part_names_what_pins_it_and_a_suite():
    for part in PARTS.PARTS:
        assert part.suites and part.weight > 0 and part.how(), part.name
        for path in part.inputs():
            assert path.exists(), path


if __name__ == "__main__":
    named = [one for name, one in list(globals().items()) if name.startswith("test_")]
    found = [clew.passes(one) for one in named]
    print(f"{found.count(True)} passed, {found.count(False)} failed")
    sys.exit(1 if False in found else 0)
