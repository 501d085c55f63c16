# SPDX-License-Identifier: Apache-2.0
"""Which lines each suite and each scenario reaches: what never runs a changed line cannot notice it.

The sources of the rooms are compiled once more so that each block of code calls __sanitizer_cov_trace_pc()
of reached.c; every suite and every short scenario is run once with them. A block has the number of its
first line, so a line is reached if the block that begins at it, or last before it, has run; the line above
counts as well, for an operator may stand at the beginning of a line that only it can reach.
"""

import bisect
import collections
import concurrent.futures
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import tempfile

import suites
from suites import ROOMS, ROOT

CALL = re.compile(r"call\s+[0-9a-f]+ <__sanitizer_cov_trace_pc>$")
WORKERS = 6


def scenarios(words):
    """`group: name` of the short scenarios that some words choose."""
    path = ROOT / "tests" / "faults" / "run"
    loader = importlib.machinery.SourceFileLoader("faults_run", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("faults_run", loader))
    loader.exec_module(module)
    return [f"{one.group}: {one.name}" for one in module.chosen(words, True)]


class Marked:
    """Programs whose blocks leave marks."""

    def __init__(self, tree, folder):
        self.tree, self.folder, self.build = tree, folder, folder / "build"
        (self.build / "tests").mkdir(parents=True)
        (self.build / "tests/e2e").symlink_to(tree.build / "tests/e2e")
        self.archive, self.places = folder / "marked.a", {}
        paths = [path for room in ROOMS for path in room.files]
        objects = [self.compile(number, path) for number, path in enumerate(paths)]
        marks = folder / "marks.o"
        tree.call(["cc", "-O2", "-c", str(ROOT / "tests/mutants/reached.c"), "-o", str(marks)])
        tree.call(["ar", "rcsD", str(self.archive), *objects, str(marks)])

    def compile(self, number, path):
        made = str(self.folder / f"{number}.o")
        command = self.tree.compiler(path)
        self.tree.call([*command, "-g1", "-O0", "-fsanitize-coverage=trace-pc", "-c",
                        str(self.tree.source / path), "-o", made])
        return made

    def link(self, target):
        program = self.build / target
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            self.tree.link(target, program, self.archive)
            self.places[target] = blocks(program)

    def lines(self, suite, environment=None):
        """{name of a file: lines of the blocks that ran}."""
        with tempfile.TemporaryDirectory(prefix="clew-reached-") as work:
            file = pathlib.Path(work) / "marks"
            subprocess.run(suite.command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=suites.FAULTS_TIMEOUT,
                           env={**os.environ, **(environment or {}), "TMPDIR": work,
                                "CLEW": str(self.build / "clew"), "MUTANTS_REACHED": str(file),
                                "CLEW_SOURCE_ROOT": str(self.tree.source)})
            marks, found = file.read_bytes() if file.exists() else b"", collections.defaultdict(set)
        for place, (name, line) in self.places[suite.target].items():
            if place < len(marks) and marks[place]:
                found[name].add(line)
        return {name: sorted(lines) for name, lines in found.items()}


def blocks(program):
    """{distance of a block's mark from the start: (name of its file, line)}."""
    listed = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(program)], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.splitlines()
    calls = [line.split(":")[0].strip() for line in listed if CALL.search(line)]
    returns = [int(line.split(":")[0], 16) for call, line in zip(listed, listed[1:]) if CALL.search(call)]
    told = subprocess.run(["addr2line", "-e", str(program)], check=True, stdout=subprocess.PIPE,
                          text=True, input="\n".join(calls)).stdout.splitlines()
    rows = (line.split(" ")[0].rpartition(":") for line in told)
    return {place: (pathlib.Path(name).name, int(line))
            for place, (name, _, line) in zip(returns, rows) if line.isdigit()}


class Reached:
    """What `find` saved: which suites and scenarios reach a line."""

    def __init__(self, saved):
        self.blocks, self.by = saved["blocks"], saved["by"]

    def of(self, names, mutant):
        """Those of some names that may notice; what is not in a function is everybody's."""
        file = pathlib.Path(mutant.path).name
        begins = self.blocks.get(file)
        if mutant.line == 0 or not begins:
            return list(names)
        near = {begins[max(bisect.bisect_right(begins, at) - 1, 0)]
                for at in (mutant.line - 1, mutant.line)}
        return [name for name in names
                if name not in self.by or not near.isdisjoint(self.by[name].get(file, []))]

    def scenarios(self, words, mutant, count):
        """So many that reach the line of those that words choose: who does what few do first."""
        file, others = pathlib.Path(mutant.path).name, collections.Counter()
        names = [name for name in self.by if ": " in name and any(word in name for word in words)]
        for name in names:
            others.update(self.by[name].get(file, []))

        def rarity(name):
            return sum(1 / others[line] for line in self.by[name].get(file, []))
        return sorted(self.of(names, mutant), key=rarity, reverse=True)[:count]


NOTHING = Reached({"blocks": {}, "by": {}})  # whoever is asked for may notice


def find(tree, folder, jobs=WORKERS):
    """Runs everything once; {"blocks": {file: lines}, "by": {suite or scenario: {file: lines}}}."""
    marked = Marked(tree, folder)
    asked = [suites.unit_suite(name, tree.source, marked.build)
             for name in sorted({name for room in ROOMS for name in room.units})]
    asked += [suites.e2e_suite(name, tree.source)
              for name in sorted({f"e2e/{name}" for room in ROOMS for name in room.e2e})]
    asked += [suites.Suite(name, "clew", [str(tree.source / "tests/faults/run"), "--short", name])
              for name in scenarios(sorted({word for room in ROOMS for word in room.faults}))]
    for suite in asked:
        marked.link(suite.target)
    begins = collections.defaultdict(set)
    for name, line in (place for places in marked.places.values() for place in places.values()):
        begins[name].add(line)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        by = dict(zip([suite.name for suite in asked], pool.map(marked.lines, asked)))
    return {"blocks": {name: sorted(lines) for name, lines in begins.items()}, "by": by}


def read(tree, folder):
    file = folder / "reached.json"
    if not file.exists():
        file.write_text(json.dumps(find(tree, folder / "reached")))
    return Reached(json.loads(file.read_text()))
