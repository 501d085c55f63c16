# SPDX-License-Identifier: Apache-2.0
"""The parts of the benchmark, in the order they are run.

To add one: write a module here with `measure(bench)`, which returns {table: lines}, name it in PARTS
(here and in the docstring of tests/bench/run), and put the marks `<!-- bench:TABLE -->` and
`<!-- /bench -->` into docs/performance.md where each table belongs. --write fills them.
"""
from parts import bypass, distance, fairness, footprint, latency, scaling, stages, throughput, workers

PARTS = {
    "throughput": throughput,
    "scaling": scaling,
    "stages": stages,
    "bypass": bypass,
    "latency": latency,
    "distance": distance,
    "fairness": fairness,
    "footprint": footprint,
    "workers": workers,
}
