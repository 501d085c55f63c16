# SPDX-License-Identifier: Apache-2.0
"""Writes what applications print the way containerd does: one file a container, each line in the
runtime's envelope, lines over 16 KiB in pieces, stdout and stderr as they come."""
import datetime
import os
import selectors
import subprocess
import time

PIECE_BYTES = 16384  # containerd's buffer: a longer line becomes P, P, … F


def stamp():
    ns = time.time_ns()
    seconds = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return "%s.%09dZ" % (seconds.strftime("%Y-%m-%dT%H:%M:%S"), ns % 10**9)


def envelopes(line, stream):
    """The physical lines of one line of an application (bytes, without its newline)."""
    pieces = [line[i:i + PIECE_BYTES] for i in range(0, len(line), PIECE_BYTES)] or [b""]
    for n, piece in enumerate(pieces):
        tag = "F" if n == len(pieces) - 1 else "P"
        yield ("%s %s %s " % (stamp(), stream, tag)).encode() + piece + b"\n"


class Container:
    """One container's log file under a pods directory."""

    def __init__(self, root, namespace, pod, uid, name, restart=0, rename=()):
        """`rename`: pairs of bytes, the first to be written as the second: an application shows
        the folder it ran in as the one it would have in its image."""
        self.rename = rename
        self.directory = os.path.join(root, "%s_%s_%s" % (namespace, pod, uid), name)
        os.makedirs(self.directory, exist_ok=True)
        self.path = os.path.join(self.directory, "%d.log" % restart)
        self.out = open(self.path, "wb")

    def write(self, line, stream="stdout"):
        for old, new in self.rename:
            line = line.replace(old, new)
        for physical in envelopes(line, stream):
            self.out.write(physical)
        self.out.flush()

    def run(self, command, env=None):
        """Run an application to its end and write what it prints, both streams as they come."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=env)
        selector = selectors.DefaultSelector()
        pending = {}
        for pipe, stream in ((process.stdout, "stdout"), (process.stderr, "stderr")):
            selector.register(pipe, selectors.EVENT_READ, stream)
            pending[stream] = b""
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fileobj.fileno(), 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                *lines, pending[key.data] = (pending[key.data] + chunk).split(b"\n")
                for line in lines:
                    self.write(line, key.data)
        for stream, rest in pending.items():
            if rest:
                self.write(rest, stream)
        if process.wait() != 0:
            raise RuntimeError("%s ended with status %d" % (command[0], process.returncode))

    def close(self):
        self.out.close()
