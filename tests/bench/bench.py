# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark share: the options of a run, generated inputs, and runs that take turns
and are no result when they lost something."""
import pathlib
import statistics
import subprocess
import sys
import time

import peers

SLOW_SECONDS = 120  # for those with fewer rounds, so that all of it ends within ten minutes


class Bench:
    """One run of the benchmark. A part reads the options, makes its inputs and runs, and leaves here
    what later parts or the picture use."""

    def __init__(self, build, state, mib, rounds, is_alone=False):
        self.clew, self.tools = build / "clew", build / "tests/bench"
        self.state, self.mib, self.rounds = pathlib.Path(state), mib, rounds
        self.is_alone = is_alone  # without the peers
        self.inputs = {}
        self.notes = []  # lines about the input, printed below the machine's name
        self.rows = []  # of the throughput part: the picture's
        self.whole_ns = 0.0  # nanoseconds a record of a whole run without compression, if measured

    def input(self, mib, files=4, shape="mixed"):
        """A folder of such logs, generated when it is first asked for."""
        key = (mib, files, shape)
        if key not in self.inputs:
            self.inputs[key] = Input(self.tools, self.state / ("logs-%d-%d-%s" % key), *key)
        return self.inputs[key]

    def measure(self, runner, mode, data):
        """One run; NoResult when not every record of `data` arrived, or not with its ids."""
        run = peers.measure(runner, self, mode, data)
        wanted = (runner.records_of(data), data.with_ids if runner.keeps_ids else 0)
        if runner.keeps_records and (run.records, run.with_ids) != wanted:
            raise peers.NoResult("%s (%s) delivered %s of %d records, %s of %d with ids" % (
                runner.program, mode, run.records, wanted[0], run.with_ids, wanted[1]))
        return run

    def take_turns(self, tasks, rounds=None):
        """The runs of each of `tasks`, {key: (runner, mode, input)}: all of them once, then all once
        more, so that what else the machine does meets each alike. `rounds` names keys that get
        fewer of them than the benchmark's, and fewer still once SLOW_SECONDS are over. A peer that
        fails has no runs; anything else that does ends the part."""
        rounds, runs, began = rounds or {}, {key: [] for key in tasks}, time.monotonic()
        for turn in range(self.rounds):
            is_late = turn > 0 and time.monotonic() - began > SLOW_SECONDS
            for key in [key for key in runs if turn < rounds.get(key, self.rounds)]:
                if key in rounds and is_late:
                    continue
                try:
                    runs[key].append(self.measure(*tasks[key]))
                except peers.NoResult as why:
                    if not tasks[key][0].is_peer:
                        sys.exit("run: NO RESULT: %s" % why)
                    print("no %s (%s): %s" % (*key, why), flush=True)
                    del runs[key]
        return runs


class Input:
    """A folder of generated logs, and what it holds: lines, those with ids, further ones of traces."""

    def __init__(self, tools, folder, mib, files, shape):
        self.folder = str(folder)
        said = subprocess.check_output([tools / "generate", folder, str(mib), str(files), shape])
        self.lines, self.with_ids, self.further = (int(word) for word in said.split())
        self.paths = sorted(folder.glob("*/*/*.log"))
        self.bytes = sum(path.stat().st_size for path in self.paths)
        for path in 2 * self.paths:  # who reads a new page a first or second time pays the kernel for it
            path.read_bytes()


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def ratio(runs, others, field):
    """The median of what each run is of the other's in its turn."""
    return statistics.median(getattr(run, field) / getattr(other, field)
                             for run, other in zip(runs, others))
