# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark share: the options of a run, generated inputs, and the judgement that
a run which lost something is no result."""
import pathlib
import re
import shutil
import subprocess
import sys

IDS = re.compile(rb"[^0-9a-f][0-9a-f]{32}[^0-9a-f]")


class Bench:
    """One run of the benchmark. A part reads the options, makes its inputs by input(), and leaves here
    what later parts or the picture use."""

    def __init__(self, build, state, mib, rounds, is_alone=False):
        self.clew, self.tools = build / "clew", build / "tests/bench"
        self.state, self.mib, self.rounds = pathlib.Path(state), mib, rounds
        self.is_alone = is_alone  # without the peers
        self.notes = []  # lines about the input, printed below the machine's name
        self.rows = []  # of the throughput part: the picture's
        self.whole_ns = 0.0  # nanoseconds a record of a whole run without compression, if measured

    def input(self, name, mib, files=4, shape="mixed"):
        return Input(self.tools, self.state / name, mib, files, shape)


class Input:
    """A folder of generated logs, and what a far end must have got of it."""

    def __init__(self, tools, folder, mib, files, shape):
        self.folder = str(folder)
        self.lines = int(subprocess.check_output(
            [tools / "generate", folder, str(mib), str(files), shape]))
        self.paths = sorted(folder.glob("*/*/*.log"))
        self.bytes = sum(path.stat().st_size for path in self.paths)
        self.with_ids = 0
        for path in self.paths:
            with open(path, "rb") as file:
                self.with_ids += sum(IDS.search(line) is not None for line in file)

    def remove(self):
        shutil.rmtree(self.folder)


def judge(name, run, data):
    """Ends the benchmark when not every record of `data` arrived, or not with its ids."""
    if (run.records, run.with_ids) != (data.lines, data.with_ids):
        sys.exit("run: NO RESULT: %s delivered %s of %d records, %s of %d with ids" % (
            name, run.records, data.lines, run.with_ids, data.with_ids))
