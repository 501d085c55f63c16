# SPDX-License-Identifier: Apache-2.0
"""A build of the sources as they are, and what is linked of it and of one changed source.

Building is most of the work, so no more is built than a suite needs: the changed source is compiled
without optimisation and linked in front of the library, whose own member is then not taken.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys

import suites
from suites import ROOMS, ROOT

LIBRARY = "-Wl,--start-group"


class Tree:
    """Sources and build that nobody changes; many may link of it at once."""

    def __init__(self, folder):
        self.source, self.build = folder / "source", folder / "build"
        if not (folder / "whole").exists():
            self.set_up()
            (folder / "whole").touch()
        self.commands = self.read_commands()

    def set_up(self):
        self.source.mkdir(parents=True)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        for name in filter(None, listed.stdout.decode().split("\0")):
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.source / name)
        self.call(["meson", "setup", "-Ddebug=false", "-Doptimization=2", str(self.build), str(self.source)])
        if not self.call(["ninja", "-C", str(self.build), *self.targets()]):
            sys.exit("the sources as they are cannot be built\n0 passed, 1 failed")

    def targets(self):
        units = {suites.unit_suite(name, self.source, self.build).target
                 for room in ROOMS for name in room.units}
        return ["clew", "tests/e2e/send_batches", *sorted(units)]

    def call(self, command):
        return subprocess.run(command, cwd=self.build if self.build.exists() else self.source, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).returncode == 0

    def read_commands(self):
        """{what is made: its command} of objects and programs."""
        listed = subprocess.run(["ninja", "-C", str(self.build), "-t", "commands", *self.targets()],
                                check=True, stdout=subprocess.PIPE, text=True)
        words = [shlex.split(line) for line in listed.stdout.splitlines()]
        return {line[line.index("-o") + 1]: line for line in words if "-o" in line}


    def compiler(self, path):
        """The command for a source of the library, up to what is compiled and how well."""
        command = self.commands[f"libclew.a.p/{path.replace('/', '_')}.o"]
        return command[command[0].endswith("ccache"):command.index("-MD")]

    def link(self, target, program, archive):
        """False if the program cannot be made with an archive in front of the library."""
        command = list(self.commands[target])
        command[command.index("-o") + 1] = str(program)
        command.insert(command.index(LIBRARY) + 1, str(archive))
        return self.call(command)


class Changed:
    """
    One mutant at a time: its object, and programs with it in a folder like the build's. It is unclear what
    becomes of one that a suite notices which fails without it, too.
    """

    def __init__(self, tree, reached, folder):
        self.tree, self.folder, self.temporary = tree, folder, folder / "tmp"
        self.reached = reached
        self.file, self.object = folder / "changed.c", folder / "changed.o"
        self.archive = folder / "changed.a"
        self.is_unclear = False

    def begin(self, mutant):
        """False if it does not compile."""
        self.is_unclear = False
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "tests").mkdir(parents=True)
        (self.folder / "tests/e2e").symlink_to(self.tree.build / "tests/e2e")
        self.mutant, self.path = mutant, mutant.path
        self.original = (self.tree.source / mutant.path).read_text()
        self.mutated = mutant.apply(self.original)
        return self.compile(self.mutated, "-O0") and self.tree.call(
            ["ar", "rcsD", str(self.archive), str(self.object)])

    def compile(self, text, optimisation):
        self.file.write_text(text)
        return self.tree.call([*self.tree.compiler(self.path), "-w", optimisation, "-c", str(self.file),
                               "-o", str(self.object)])

    def is_same_code(self):
        """Whether the optimised code is what it was before, instruction by instruction."""
        codes = []
        for text in (self.original, self.mutated):
            self.compile(text, "-O2")
            codes.append(hashlib.sha256(self.object.read_bytes()).digest())
        return codes[0] == codes[1]

    def link(self, target):
        program = self.folder / target
        if program.exists():
            return
        program.parent.mkdir(parents=True, exist_ok=True)
        if not self.tree.link(target, program, self.archive):
            sys.exit(f"{target} cannot be linked with a changed {self.path}")

    def environment(self, build):
        """What suites are given: binaries, and a folder of their own that is emptied before each call."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(parents=True, exist_ok=True)  # what was ended may have written once more
        return {**os.environ, "CLEW_SOURCE_ROOT": str(self.tree.source), "CLEW": str(build / "clew"),
                "TMPDIR": str(self.temporary)}

    def failing(self, suite_of, names):
        """
        The first suite that notices; one that fails must do so once more, and not without the change. The
        model is a world of its own, in which nothing comes late.
        """
        names = list(names)
        for name in names:
            self.link(suite_of(name, self.folder).target)

        def first(some, build):
            return suites.first_to_notice([suite_of(name, build) for name in some], self.environment(build))
        while names and (by := first(names, self.folder)):
            names.remove(by)
            if by == "model":
                return by
            if first([by], self.folder):
                self.is_unclear |= first([by], self.tree.build) is not None
                if not self.is_unclear:
                    return by
        return None

    def failing_unit(self, room):
        """What is quick and likely is asked alone, the rest at once."""
        units = self.reached.of(suites.in_order(room, self.path), self.mutant)
        for names in (units[:1], units[1:2], units[2:]):
            by = self.failing(lambda name, build: suites.unit_suite(name, self.tree.source, build), names)
            if by:
                return by
        return None

    def failing_real(self, room):
        """Of the real binary; suites of all of it are asked of what no scenario reaches."""
        if self.reached.scenarios(room.faults, self.mutant, 1):
            return self.failing_scenario(room)
        names = self.reached.of([f"e2e/{name}" for name in room.e2e], self.mutant)
        return self.failing(lambda name, _: suites.e2e_suite(name, self.tree.source), names)

    def failing_scenario(self, room):
        """A scenario that fails twice with the change, and not without."""
        def first(words, build):
            return suites.first_failing_scenario(self.tree.source, words, self.environment(build))
        words = self.reached.scenarios(room.faults, self.mutant, suites.SCENARIOS_MAX)
        self.link("clew")
        while words and (name := first(words, self.folder)):
            again = words if name == "did not end" else [name]
            if first(again, self.folder):
                if first(again, self.tree.build) is None:
                    return f"faults: {name}"
                self.is_unclear = True
            words = [word for word in words if name != "did not end" and not word.endswith(f": {name}")]
        return None

    def is_reached(self, room):
        """Whether anything runs the line at all."""
        names = [*room.units, *(f"e2e/{name}" for name in room.e2e)]
        return bool(self.reached.of(names, self.mutant) or self.reached.scenarios(room.faults, self.mutant, 1))
