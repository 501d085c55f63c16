# SPDX-License-Identifier: Apache-2.0
"""What the resolve and audit stages cost a whole run: clew beside itself without them, and beside itself
with both done twice."""
import subprocess

import peers
from bench import median, ratio

PROGRAMS = {"as they are": "clew", "left out": "tests/bench/clew-bypass",
            "done twice": "tests/bench/clew-twice"}


def measure(bench):
    build = bench.clew.parent
    subprocess.run(["ninja", "-C", build, *PROGRAMS.values()], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    data = bench.input(bench.mib)
    tasks = {(mode, name): (peers.Clew(build / program, bench.state,
                                       keeps_ids=name != "left out"), mode, data)
             for mode in peers.MODES for name, program in PROGRAMS.items()}
    return {"bypass": table(bench.take_turns(tasks), data)}


def cost(name, runs, whole, field):
    """What the stages cost, as a share of the whole."""
    if name == "as they are":
        return ""
    if not getattr(whole[0], field):
        return "–"
    more = ratio(runs, whole, field) - 1
    return "%.0f %%" % (100 * (more if name == "done twice" else -more))


def table(runs, data):
    out = ["| compression | the two stages | CPU s | instructions a record | they cost, of the CPU | of the instructions |",
           "|---|---|---|---|---|---|"]
    for (mode, name), taken in runs.items():
        out.append("| %s | %s | %.3f | %.0f | %s | %s |" % (
            mode, name, median(taken, "cpu"), median(taken, "instructions") / data.lines,
            *(cost(name, taken, runs[mode, "as they are"], field) for field in ("cpu", "instructions"))))
    return out
