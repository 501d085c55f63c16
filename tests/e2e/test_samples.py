# SPDX-License-Identifier: Apache-2.0
"""The lines of real applications, every field of them, through clew and its own receiver: the
comparison of the interop suite where no Collector can be built."""
import os
import shutil
import sys

import clew
from far_end import FarEnd, run_once

sys.path.insert(0, str(clew.ROOT / "tests/interop"))
import compare


def paths_below(root):
    return sorted(os.path.join(d, f) for d, _, files in os.walk(root) for f in files)


def ship_samples(tmp, *sets):
    root = shutil.copytree(clew.ROOT / "conf/samples", tmp / "pods")
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, root, sets=sets).code, 0)
        return compare.files(paths_below(root), far.path)


def test_every_field_of_every_sample_line_arrives(tmp):
    clew.equal(ship_samples(tmp), 330)


def test_it_does_so_in_requests_of_every_size_and_compression(tmp):
    for n, sets in enumerate((["outputs.batch.bytes=1KiB"], ["outputs.compression=none"],
                              ["outputs.compression=zstd", "inputs.read_bytes=4KiB"])):
        folder = tmp / str(n)
        folder.mkdir()
        clew.equal(ship_samples(folder, *sets), 330, " ".join(sets))


if __name__ == "__main__":
    clew.main()
