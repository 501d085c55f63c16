#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does twice the number of fields cost a filter twice the work, and no more?

Counted in instructions, of `clew parse` over a line of n fields and over one of 2n. All that it does with
them is linear, but for a sort where names meet; a filter whose work is quadratic needs more than
all the rest together at this size, and its number grows by nearly 4.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CLEW = os.environ.get("CLEW", str(HERE.parents[1] / "build" / "clew"))
FIELDS = 4000
GROWTH_MAX = 2.3


def names(begin, count):
    return {f"{begin}{number:06d}": number for number in range(count)}


def flat(count):
    return names("a_", count)


def nested(count):
    return {"o": names("m_", count), "end": 1}


def shared(count):
    """An object that has every second name already."""
    return {"o": names("a_", count // 2), **flat(count)}


def text(count):
    return {"t": json.dumps(names("a_", count)), "end": 1}


FILTERS = [
    ("nest", "{nest: {prefixes: [a_], under: new}}", flat),
    ("nest into names that are there", "{nest: {prefixes: [a_], under: o}}", shared),
    ("lift", "{lift: {from: o}}", nested),
    ("lift with a prefix", "{lift: {from: o, prefix: p_}}", nested),
    ("lift onto names that are there", "{lift: {from: o}}", shared),
    ("parse", "{parse: {field: t}}", text),
    ("parse under a name", "{parse: {field: t, under: new}}", text),
    ("copy", "{copy: {o: new}}", nested),
    ("move", "{move: {o: new.er}}", nested),
    ("remove", "{remove: {prefixes: [a_]}}", flat),
    ("redact by name", "{redact: {keys: [o]}}", nested),
    ("redact by shape", "{redact: {patterns: [card, email, token]}}", flat),
    ("limit", "{limit: {attributes: 10}}", flat),
]


def skip(why):
    print("skipped: " + why)
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def instructions(path, chain):
    done = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", CLEW, "parse",
         "--set=parse.fields_max=100000", f"--set=filters=[{chain}]", str(path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(done.stderr + "\n0 passed, 1 failed")
    return int(found[1].replace(",", ""))


def work(tmp, chain, make, count):
    path = tmp / "line"
    path.write_text(json.dumps(make(count)) + "\n")
    return instructions(path, chain)


def main():
    if shutil.which("valgrind") is None:
        skip("valgrind, which counts the instructions, is not installed")
    options = subprocess.check_output(
        ["meson", "introspect", "--buildoptions", str(pathlib.Path(CLEW).resolve().parent)], text=True)
    if re.search(r'"name": "b_sanitize", "value": "(?!none)', options):
        skip("a build with sanitizers counts more than the filter's work")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="clew-filter-growth-") as folder:
        for name, chain, make in FILTERS:
            one, two = (work(pathlib.Path(folder), chain, make, count) for count in (FIELDS, 2 * FIELDS))
            is_good = two <= GROWTH_MAX * one
            failed += not is_good
            print("%s %s: %.0f instructions a field in all, times %.2f for twice the fields" % (
                "ok  " if is_good else "FAIL", name, one / FIELDS, two / one), flush=True)
    print("%d passed, %d failed" % (len(FILTERS) - failed, failed))
    sys.exit(failed > 0)


main()
