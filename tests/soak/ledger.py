# SPDX-License-Identifier: Apache-2.0
"""The backend of the soak, and what it knows of each line: whether it came, how often, how late."""

import collections
import contextlib
import importlib.util
import pathlib
import time

SLOW_S = 0.3


def backend():
    """tests/faults/far_end.py: the suites of Kubernetes have another one of that name."""
    path = pathlib.Path(__file__).resolve().parents[1] / "faults" / "far_end.py"
    spec = importlib.util.spec_from_file_location("backend", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


far_end = backend()


class Ledger:
    """Lines say who wrote them, as which of theirs, and when: `pod 7 line 3 1790000000000000000 …`"""

    def __init__(self):
        self.far = far_end.FarEnd(self.answer)
        self.delay = 0.0
        self.came = collections.defaultdict(bytearray)  # pod → how often each of its lines came, 255 at most
        self.strange = 0
        self.late = []  # seconds from its writing, of each line that came since it was asked

    def answer(self, _number, _bodies, _far):
        return far_end.Answer(delay=self.delay)

    def mood(self, name):
        """well, slow, or away: nobody listens."""
        self.delay = SLOW_S if name == "slow" else 0.0
        if name == "away" and self.far.listener is not None:
            self.far.close()
        if name != "away" and self.far.listener is None:
            self.far.open()

    def drain(self):
        """Take what came into the books; the lateness of all that came since the last time."""
        with self.far.lock:
            bodies, self.far.got = self.far.got, []
        now, late = time.time(), []
        for body in bodies:
            try:
                _, pod, _, line, written = body.split()[:5]
                pod, line = int(pod), int(line)
                late.append(now - int(written) / 1e9)
            except ValueError:
                self.strange += 1
                continue
            lines = self.came[pod]
            lines.extend(bytes(max(0, line + 1 - len(lines))))
            lines[line] = min(255, lines[line] + 1)
        self.late += late

    def lateness(self):
        """The 99th of a hundred, in seconds, of what came since it was asked; None: nothing came."""
        late, self.late = sorted(self.late), []
        return late[len(late) * 99 // 100] if late else None

    def missing(self, written):
        """(pod, line) of what has not come. `written`: pod → number of its lines."""
        found = []
        for pod, count in written.items():
            lines = self.came[pod]
            found += [(pod, n) for n in range(count) if n >= len(lines) or lines[n] == 0]
        return found

    def doubled(self):
        return sum(max(0, n - 1) for lines in self.came.values() for n in lines)

    def close(self):
        with contextlib.suppress(OSError):
            self.far.close()
