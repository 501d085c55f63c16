# SPDX-License-Identifier: Apache-2.0
"""A backend that records what it got, and misbehaves as its script says.

`script(n, bodies, far)` is asked about request n (from 0, over all connections) before it is
answered, and returns one of the answers below. What an answer takes is in `far.got`, in the order of
arrival; the rest was seen and not taken.
"""

import email.utils
import gzip
import pathlib
import socket
import struct
import sys
import threading
import time

import otlp

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import saved  # noqa: E402


class Answer:
    """A status and what goes with it. `takes` is whether the records are recorded: by default
    those of a 2xx. `cut`: only so many bytes of the answer are sent before a reset."""

    def __init__(self, status=200, body=b"", headers=None, delay=0.0, takes=None, cut=None,
                 kind="application/x-protobuf"):
        self.status, self.body, self.delay, self.cut = status, body, delay, cut
        self.headers = {"Content-Type": kind, **(headers or {})}
        self.takes = 200 <= status < 300 if takes is None else takes

    def text(self):
        head = "".join(f"{k}: {v}\r\n" for k, v in self.headers.items())
        return (f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\n"
                f"{head}\r\n").encode() + self.body


OK = Answer()
RESET = "reset"            # the connection is reset without an answer
RESET_EARLY = "early"      # … before the request was read whole
SILENCE = "silence"        # the request is read, nothing is said, the connection stays
GARBAGE = Answer(200, b"\xff\xff\x07 no protobuf", takes=False)


def retry_after_date(seconds):
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class FarEnd:
    def __init__(self, script=None, port=0, tls=None):
        self.script = script or (lambda n, bodies, far: OK)
        self.tls, self.port, self.host = tls, port, "127.0.0.1"
        self.got = []        # bodies of the records that were taken
        self.times = []      # of requests that began
        self.strange = []    # requests that are no OTLP
        self.lock = threading.Lock()
        self.listener = None
        self.is_closed = False
        self.connections = set()
        self.watchers = []   # called with the raw request
        self.requests = 0

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}/v1/logs"

    def open(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(64)
        self.port, self.listener = listener.getsockname()[1], listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        return self

    def close(self):
        """As a backend that dies: nobody listens, connections are reset."""
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self.lock:
            connections, self.connections = self.connections, set()
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def wrap(self, plain):
        """The plain socket is none any more then."""
        connection = self.tls.wrap_socket(plain, server_side=True)
        with self.lock:
            self.connections.discard(plain)
            self.connections.add(connection)
        return connection

    def serve(self, connection):
        try:
            if self.tls:
                connection = self.wrap(connection)
            stream = connection.makefile("rb", 1 << 20)
            while self.answer_one(connection, stream):
                pass
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    def read_head(self, stream):
        line = stream.readline()
        if b" HTTP/1." not in line:
            return None
        headers = {}
        while (header := stream.readline().strip()):
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def read_bodies(self, stream, headers):
        data = stream.read(int(headers.get("content-length", 0)))
        if len(data) < int(headers.get("content-length", 0)):
            return None
        if headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        saved.keep(data)
        for watcher in self.watchers:
            watcher(data)
        return otlp.bodies(data)

    def answer_one(self, connection, stream):
        headers = self.read_head(stream)
        if headers is None:
            return False
        with self.lock:
            number = self.requests
            self.requests += 1
            self.times.append(time.monotonic())
        if self.script(number, None, self) == RESET_EARLY:
            reset(connection)
            return False
        try:
            bodies = self.read_bodies(stream, headers)
        except (ValueError, IndexError, EOFError, OSError) as error:
            self.strange.append(repr(error))
            bodies = None
        if bodies is None:
            return False
        return self.answer(connection, self.script(number, bodies, self), bodies)

    def answer(self, connection, answer, bodies):
        if answer == RESET:
            reset(connection)
            return False
        if answer == SILENCE:
            while connection.recv(65536):
                pass
            return False
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return False
        time.sleep(answer.delay)
        if answer.takes:
            with self.lock:
                self.got += bodies
        if answer.cut is not None:
            connection.sendall(answer.text()[:answer.cut])
            reset(connection)
            return False
        connection.sendall(answer.text())
        return True
