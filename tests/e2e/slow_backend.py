# SPDX-License-Identifier: Apache-2.0
"""A backend that is far away, or slow: it takes everything, after a while, and knows what came when."""
import re
import socket
import threading
import time

MARK = re.compile(rb"mark-(\d+)-(\d+)-")


class SlowBackend:
    """`with SlowBackend(latency_s=0.1) as backend: …`. Each answer comes latency_s after its request is
    there whole, and `record_s` more for each marked record in it, and `byte_s` for each byte; it works on one
    request at a time if it `is_serial`. Lines are told by `mark-<file>-<number>-` in them."""

    def __init__(self, latency_s=0.0, record_s=0.0, byte_s=0.0, is_serial=False):
        self.latency_s, self.record_s, self.byte_s = latency_s, record_s, byte_s
        self.serial = threading.Lock() if is_serial else None
        self.lock = threading.Lock()
        self.answers = []  # (time, bytes, [(file, number), …])
        self.under_way, self.under_way_max = 0, 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.endpoint = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connections = []

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for connection in self.connections:
                connection.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                while self.answer_one(connection, stream):
                    pass
        except (OSError, ValueError):
            pass

    def answer_one(self, connection, stream):
        if not stream.readline():
            return False
        length = 0
        while (header := stream.readline().strip()):
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = stream.read(length)
        if len(body) < length:
            return False
        with self.lock:
            self.under_way += 1
            self.under_way_max = max(self.under_way, self.under_way_max)
        marks = [(int(file), int(number)) for file, number in MARK.findall(body)]
        try:
            self.work(len(marks) * self.record_s + length * self.byte_s)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                               b"Content-Length: 0\r\n\r\n")
        finally:
            with self.lock:
                self.under_way -= 1
                self.answers.append((time.monotonic(), length, marks))
        return True

    def work(self, seconds):
        if self.serial is not None:
            with self.serial:
                time.sleep(seconds)
            seconds = 0
        time.sleep(self.latency_s + seconds)

    def marks(self):
        """(file, number) of every line that was answered for, in the order of the answers."""
        with self.lock:
            return [mark for _, _, marks in self.answers for mark in marks]

    def rate(self, begun):
        """Bytes a second, without the first `begun` requests: until they are answered all others wait, and
        clew does not know yet how far away this is."""
        with self.lock:
            first, last = self.answers[begun - 1][0], self.answers[-1][0]
            return sum(answer[1] for answer in self.answers[begun:]) / (last - first)


def write_files(folder, files, lines, line_bytes=200):
    """`files` logs of `lines` lines each; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in range(files):
        path = folder / ("log-%03d.log" % file)
        path.write_text("".join(("mark-%d-%d-" % (file, number)).ljust(line_bytes - 1, ".") + "\n"
                                for number in range(lines)))
        paths.append(path)
    return paths


def order_is_kept(marks):
    """Of each file the numbers go up."""
    last = {}
    for file, number in marks:
        if number <= last.get(file, -1):
            return False
        last[file] = number
    return True
