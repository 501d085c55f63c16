# SPDX-License-Identifier: Apache-2.0
"""What clew costs when nothing happens: the share of a core, and memory, while so many files are quiet
that have all been read and delivered."""
import pathlib
import re
import shutil
import subprocess
import time

import peers

COUNTS = (500, 5000)
SETTLING_S = 10  # until directories are not young any more, and memory is given back


class Quiet:
    """A clew that has read all there is and goes on to watch it."""

    def __init__(self, bench, count):
        self.count = count
        self.folder = pathlib.Path(bench.state, "quiet-%d" % count)
        self.folder.mkdir()
        subprocess.check_output([bench.tools / "generate", self.folder / "logs", "8", str(count)])
        self.sink = peers.Sink(bench.clew)
        self.process = subprocess.Popen(
            [bench.clew, "run", "--set", "data_dir=%s" % (self.folder / "data"), "--set",
             "control.listen=off", "--set",
             "outputs.endpoint=http://127.0.0.1:%d/v1/logs" % self.sink.port, self.folder / "logs"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def cpu(self):
        """Nanoseconds it has been on a core."""
        tasks = pathlib.Path("/proc/%d/task" % self.process.pid)
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

    def wait_until_idle(self):
        """Until it has used next to nothing for two seconds: all is read and delivered."""
        last, since = self.cpu(), time.monotonic()
        while time.monotonic() - since < 2:
            time.sleep(0.1)
            if self.cpu() > last + 20e6:
                last, since = self.cpu(), time.monotonic()

    def memory(self):
        text = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return [int(re.search(name + r":\s+(\d+)", text)[1]) * 1024 for name in ("VmRSS", "RssAnon")]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.sink.stop()
        shutil.rmtree(self.folder)


def measure(bench):
    seconds = 12 * bench.rounds
    quiet = [Quiet(bench, count) for count in COUNTS]
    try:
        for one in quiet:
            one.wait_until_idle()
        time.sleep(SETTLING_S)
        began, before = time.monotonic(), [one.cpu() for one in quiet]
        time.sleep(seconds)
        took, after = time.monotonic() - began, [one.cpu() for one in quiet]
        lines = ["| | share of a core | resident, private |", "|---|---|---|"]
        for one, used in zip(quiet, [b - a for a, b in zip(before, after)]):
            lines.append("| %s quiet files, over %.0f s | %.3f %% | %.1f, %.1f MB |" % (
                format(one.count, ","), took, 100 * used / 1e9 / took,
                *(size / 1e6 for size in one.memory())))
    finally:
        for one in quiet:
            one.stop()
    return {"footprint": lines}
