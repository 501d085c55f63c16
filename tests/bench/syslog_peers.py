# SPDX-License-Identifier: Apache-2.0
"""rsyslog and syslog-ng as Debian 12 has them. They cannot write OTLP, so they ship each line as JSON with
its fields, and an id is one of these; their far ends count the lines and the ids."""
import contextlib
import http.server
import os
import pathlib
import re
import shutil
import signal
import socket
import threading
import time
import zlib

from peers import HERE, Runner
import real_parts

ID = re.compile(rb'"(?:trace_id|otelTraceID)": *"[0-9a-f]{32}"')


class Tally:
    """Counts the lines that come over one connection, and those with a trace id."""

    def __init__(self):
        self.records = self.with_ids = 0
        self.rest = b""

    def take(self, some):
        whole, newline, self.rest = (self.rest + some).rpartition(b"\n")
        self.records += whole.count(b"\n") + len(newline)
        self.with_ids += len(ID.findall(whole))


class Drain:
    """A far end that keeps a tally of each connection."""

    def __init__(self):
        self.tallies = []

    def tally(self):
        self.tallies.append(Tally())
        return self.tallies[-1]

    @property
    def records(self):
        return sum(tally.records for tally in self.tallies)

    def counts(self):
        return self.records, sum(tally.with_ids for tally in self.tallies)


class TcpDrain(Drain):
    """Takes lines one after the other; with `is_packed`, as a stream of zlib."""

    def __init__(self, is_packed):
        super().__init__()
        self.is_packed, self.threads = is_packed, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):  # closed by stop()
            while True:
                connection = self.server.accept()[0]
                self.threads.append(threading.Thread(target=self.read, args=[connection], daemon=True))
                self.threads[-1].start()

    def read(self, connection):
        tally, unpack = self.tally(), zlib.decompressobj().decompress if self.is_packed else bytes
        while some := connection.recv(1 << 20):
            tally.take(unpack(some))

    def stop(self):
        for thread in self.threads:
            thread.join(30)
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        return self.counts()


class HttpDrain(Drain):
    def __init__(self):
        super().__init__()
        drain = self

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.tally = drain.tally()

            def do_POST(self):
                self.tally.take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        return self.counts()


def find(program):
    """The command, where it is installed or unpacked, and the folder to look for its libraries."""
    found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if found is not None:
        return [found], pathlib.Path("/usr/lib")
    folder = real_parts.folder(program)
    library = folder / "usr/lib"
    paths = ":".join(map(str, [library / "syslog-ng", *library.glob("*-linux-gnu"),
                               *folder.glob("lib/*-linux-gnu")]))
    return ["env", "LD_LIBRARY_PATH=" + paths, folder / "usr/sbin" / program], library


class Daemon(Runner):
    """Does not end by itself; starts each time as if it were the first."""
    is_peer = True

    def __init__(self, state, name):
        self.state = pathlib.Path(state, name)
        self.command, self.library = find(name)
        self.program = name

    def configure(self, template, **values):
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        text = (HERE / template).read_text()
        for key, value in values.items():
            text = text.replace("@%s@" % key.upper(), str(value))
        config = self.state / template
        config.write_text(text)
        return config

    @staticmethod
    def wait(pid, data, drain):
        """Until all of it has come, or nothing more for twenty seconds."""
        last, since = -1, time.monotonic()
        while last < data.lines and time.monotonic() - since < 20:
            if drain.records > last:
                last, since = drain.records, time.monotonic()
            time.sleep(0.05)
        os.kill(pid, signal.SIGTERM)


class Rsyslog(Daemon):
    modes = ["none", "gzip"]

    def __init__(self, state):
        super().__init__(state, "rsyslogd")

    def sink(self, _, mode):
        return TcpDrain(is_packed=mode == "gzip")

    def start(self, port, mode, data):
        config = self.configure(
            "rsyslog.conf", state=self.state, logs=data.folder, port=port,
            compression='compression.mode="stream:always" ziplevel="1"' if mode == "gzip" else "")
        modules = next(self.library.glob("*-linux-gnu/rsyslog"))
        return [*self.command, "-n", "-f", config, "-i", self.state / "pid", "-M", modules]


class SyslogNg(Daemon):
    modes = ["none"]

    def __init__(self, state):
        super().__init__(state, "syslog-ng")

    def sink(self, *_):
        return HttpDrain()

    def start(self, port, mode, data):
        config = self.configure("syslog-ng.conf", logs=data.folder, port=port)
        modules = next(self.library.glob("syslog-ng/3.*"))
        return [*self.command, "-F", "--no-caps", "-f", config, "-R", self.state / "persist", "-c",
                self.state / "control", "-p", self.state / "pid", "--module-path", modules]
