# SPDX-License-Identifier: Apache-2.0
"""Keeps the requests that suites receive, where CLEW_SAVE_REQUESTS names a directory: the interop suite
reads all of them with OpenTelemetry's own package. Bounded by process and by request."""
import os
import re
import socket
import threading
import zlib

REQUESTS_MAX = 100
BYTES_MAX = 4 << 20

lock = threading.Lock()
kept = 0


def directory():
    return os.environ.get("CLEW_SAVE_REQUESTS") or None


def gunzip(body, limit=0):
    """None: it is longer than that, or not whole."""
    reader = zlib.decompressobj(31)
    body = reader.decompress(body, limit)
    return body if reader.eof else None


def keep(body, encoding=""):
    """One request's body as it came; zstd is kept compressed."""
    global kept
    folder = directory()
    if folder is None or len(body) > BYTES_MAX:
        return
    body = gunzip(body, BYTES_MAX) if encoding == "gzip" else body
    if body is None:
        return
    with lock:
        if kept == REQUESTS_MAX:
            return
        kept += 1
        name = "%d-%04d%s" % (os.getpid(), kept, ".zst" if encoding == "zstd" else ".pb")
    with open(os.path.join(folder, name), "wb") as out:
        out.write(body)


class Reader:
    """Finds the requests for /v1/logs in what a client sends on one connection."""

    HEAD_MAX = 1 << 16

    def __init__(self):
        self.waiting = b""
        self.is_lost = False  # it is no HTTP that this understands

    def take(self, data):
        self.waiting += b"" if self.is_lost else data
        while not self.is_lost and self.take_one():
            pass

    def take_one(self):
        head, end, rest = self.waiting.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: *(\d+)", head, re.I)
        if end == b"" or length is None or int(length[1]) > BYTES_MAX:
            self.is_lost = end != b"" or len(head) > self.HEAD_MAX
            return False
        body = rest[:int(length[1])]
        if len(body) < int(length[1]):
            return False
        encoding = re.search(rb"\r\nContent-Encoding: *(\w+)", head, re.I)
        if head.startswith(b"POST /v1/logs ") and b"application/x-protobuf" in head:
            keep(body, encoding[1].decode() if encoding else "")
        self.waiting = rest[len(body):]
        return True


class Relay:
    """Listens on `port`, passes every byte on to `target` and back, and keeps the requests it sees."""

    def __init__(self, port, target):
        self.target = target
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.sockets |= {client, server}
            for pair in ((client, server, Reader()), (server, client, None)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, sink, reader):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
                if reader is not None:
                    reader.take(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for one in (self.listener, *self.sockets):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
