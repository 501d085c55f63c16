#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does the benchmark still run to its end, and fill each of its tables in docs/performance.md? Each part
once over little input, without the peers; what it verifies of a run (every record arrived, with its ids)
is then verified too. The figures mean nothing, and go to a copy of the document."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from parts import PARTS  # noqa: E402

TABLE = re.compile(r"(<!-- bench:(\w+) -->\n)(.*?)(<!-- /bench -->)", re.S)


def run(build, part, folder):
    """What is wrong with this part, or None."""
    done = subprocess.run([HERE / "run", "--build", build, "--mib", "2", "--rounds", "1", "--alone",
                           "--only", part, "--write", folder], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    return "ended with %d: %s" % (done.returncode, done.stdout[-2000:]) if done.returncode else None


def main():
    build = pathlib.Path(os.environ.get("CLEW", HERE.parents[1] / "build/clew")).resolve().parent
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="clew-bench-test-") as folder:
        document = pathlib.Path(folder, "performance.md")
        text = (HERE.parents[1] / "docs/performance.md").read_text()
        document.write_text(TABLE.sub(r"\1\4", text))
        for part in PARTS:
            verdicts.append((part, run(build, part, folder)))
        for _, table, lines, _ in TABLE.findall(document.read_text()):
            verdicts.append(("table " + table, None if lines else "no part fills it"))
    for name, wrong in verdicts:
        print("FAIL %s: %s" % (name, wrong) if wrong else "ok   " + name)
    failed = sum(wrong is not None for _, wrong in verdicts)
    print("%d passed, %d failed" % (len(verdicts) - failed, failed))
    sys.exit(1 if failed else 0)


main()
