#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many who connect and say nothing, or little, or read nothing: health is answered and logs flow."""

import itertools
import pathlib
import re
import resource
import socket

import clew
import test_receive as receiver
from far_end import FarEnd

PROBE_TIMEOUT = 5  # seconds: timeoutSeconds of the manifests' probes
BUSY_LOG_LINES = 200
CROWDS = (32, 200, 2000)
SILENT = b""
HALF = b"GET /metrics HTTP/1.1\r\nHost: local"
KEPT = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
GREEDY = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40
STUCK = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx"
ALL = {"silent": SILENT, "half a request": HALF, "kept": KEPT, "greedy": GREEDY, "stuck": STUCK}


def raise_descriptors(wanted):
    """As many descriptors as may be had, at most `wanted`; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if limit > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(limit, soft)


class Crowd:
    """Connections that send `head` and then nothing, and read nothing."""

    def __init__(self, port):
        self.port, self.sockets = port, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.sockets:
            one.close()

    def join(self, head):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(30)
        one.connect(("127.0.0.1", self.port))
        self.sockets.append(one)
        self.say(one, head)
        return one

    @staticmethod
    def say(one, data):
        """False once the other end has closed."""
        try:
            one.settimeout(30)
            one.sendall(data)
            return True
        except (ConnectionError, TimeoutError):
            return False


def ask(port, path, timeout=PROBE_TIMEOUT):
    """A whole answer on a connection of its own, as a kubelet asks: one try."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as probe:
        probe.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
        answer = b""
        while part := probe.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    clew.equal(head.split(b"\r\n")[0], b"HTTP/1.1 200 OK", f"answer to {path}")
    return body.decode()


def counter(port, name):
    return int(re.search(rf"^{name}(?:_total)? (\d+)$", ask(port, "/metrics"), re.M)[1])


class Shipper:
    """`clew run` with its endpoint on a free port and a log that goes on."""

    def __init__(self, tmp, far, *sets, address="127.0.0.1"):
        self.log, self.far, self.written = tmp / "app.log", far, itertools.count()
        self.log.write_text("")
        self.port = clew.free_port()
        sets = [f"data_dir={tmp / 'data'}", f"control.listen={address}:{self.port}",
                f"outputs.endpoint={far.endpoint}/v1/logs", *sets]
        self.process = clew.start("run", *[p for one in sets for p in ("--set", one)], self.log)

    def __enter__(self):
        self.process.__enter__()
        clew.wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *why):
        return self.process.__exit__(*why)

    def write(self):
        with self.log.open("a") as log:
            log.write(f"line {next(self.written)}\n")

    def check_all_arrived(self):
        count = next(self.written)
        self.far.wait_for(count)
        clew.equal(self.far.bodies(), [f"line {n}" for n in range(count)])

    def peak_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


def test_health_is_answered_whatever_others_do(tmp):
    raise_descriptors(max(CROWDS) + 200)
    for size in CROWDS:
        for name, head in ALL.items():
            folder = tmp / f"{size} {name}"
            folder.mkdir()
            with FarEnd(folder) as far, Shipper(folder, far, "control.request_timeout=1h") as shipper, \
                    Crowd(shipper.port) as crowd:
                for n in range(size):
                    crowd.join(head)
                    if n % (size // 8) == 0 or n == size - 1:
                        clew.equal(ask(shipper.port, "/healthz"), "ok\n", f"{n} {name}")
                        clew.equal(ask(shipper.port, "/readyz"), "ready\n", f"{n} {name}")
                        shipper.write()
                shipper.check_all_arrived()
                displaced = counter(shipper.port, "clew_control_connections_displaced")
                cut = counter(shipper.port, "clew_control_answers_cut")
                here = counter(shipper.port, "clew_control_connections")
                if size > 32:
                    assert displaced + cut >= size - 64, f"{displaced} + {cut} of {size} {name}"
                    clew.contains(shipper.process.err(), "the HTTP endpoint closed 1 connection that")
                    assert shipper.process.err().count("the HTTP endpoint closed") < 3
                assert here <= 128, here
                if not clew.has_sanitizer():
                    assert shipper.peak_bytes() < 96 << 20, shipper.peak_bytes()


def test_all_at_once_and_before_the_loop_turns(tmp):
    raise_descriptors(max(CROWDS) + 200)
    with FarEnd(tmp) as far, Shipper(tmp, far) as shipper, Crowd(shipper.port) as crowd:
        for n in range(max(CROWDS)):
            crowd.join(SILENT)
        clew.equal(ask(shipper.port, "/healthz"), "ok\n")
        shipper.write()
        shipper.check_all_arrived()


def test_a_connection_that_takes_too_long_is_closed_and_counted(tmp):
    with FarEnd(tmp) as far, \
            Shipper(tmp, far, "control.request_timeout=300ms") as shipper, \
            Crowd(shipper.port) as crowd:
        slow = [crowd.join(SILENT), crowd.join(HALF), crowd.join(HALF + b"host\r\n" + b"x-y: "),
                crowd.join(STUCK)]

        def all_are_closed():
            for one in slow[2:]:  # a byte at a time
                crowd.say(one, b"z")
            return counter(shipper.port, "clew_control_connections_late") >= len(slow)
        shipper.process.wait_for(all_are_closed, "all four are closed as late")
        for one in slow:
            try:
                clew.equal(one.recv(100), b"", "what a late client gets")
            except ConnectionError:
                pass
        clew.equal(ask(shipper.port, "/healthz"), "ok\n")


def test_a_kept_connection_serves_until_it_is_idle_for_too_long(tmp):
    with FarEnd(tmp) as far, Shipper(tmp, far, "control.idle_timeout=300ms") as shipper, \
            Crowd(shipper.port) as crowd:
        kept = crowd.join(KEPT)
        answer = b""
        while not answer.endswith(b"ready\n"):
            answer += kept.recv(4096)
        try:
            clew.equal(kept.recv(100), b"", "the end of an idle connection")
        except ConnectionError:
            pass
        clew.equal(counter(shipper.port, "clew_control_connections_late"), 0, "idle is not late")


def test_another_machines_name_is_refused_on_loopback_only(tmp):
    host = b"GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"

    def status(port, name):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
            one.sendall(host % name)
            return one.recv(4096)
    with FarEnd(tmp) as far, Shipper(tmp, far) as shipper:
        for name in (b"rebound.example", b"rebound.example:%d" % shipper.port, b"localhost.evil.example"):
            answer = status(shipper.port, name)
            assert answer.startswith(b"HTTP/1.1 421 "), answer
            assert b"clew_" not in answer, answer
        for name in (b"localhost", b"127.0.0.1:%d" % shipper.port, b"[::1]"):
            assert status(shipper.port, name).startswith(b"HTTP/1.1 200 "), name
        clew.equal(counter(shipper.port, "clew_control_requests_misdirected"), 3, "421s")
        answer = status(far.port, b"rebound.example")
        assert answer.startswith(b"HTTP/1.1 421 "), answer
    with FarEnd(tmp) as far, Shipper(tmp, far, address="0.0.0.0") as shipper:
        assert status(shipper.port, b"clew.clew.svc").startswith(b"HTTP/1.1 200 "), "a name in the cluster"


def test_both_families_reach_any_address(tmp):
    with FarEnd(tmp) as far, Shipper(tmp, far, address="[::]") as shipper:
        port = shipper.port
        clew.equal(ask(port, "/healthz"), "ok\n")
        clew.contains(clew.run_ok("top", "--once", "-e", f"[::]:{port}").out, "records")
        try:
            with socket.create_connection(("::1", port), timeout=10) as one:
                one.sendall(KEPT)
                clew.contains(one.recv(4096).decode(), "200 OK")
        except OSError:
            with socket.socket(socket.AF_INET6) as probe:  # this fails too where there is no IPv6
                try:
                    probe.bind(("::1", 0))
                except OSError:
                    return
            raise


def test_limits_change_by_a_reload_without_a_moment_of_no_endpoint(tmp):
    config = tmp / "clew.yaml"
    port = clew.free_port()
    with FarEnd(tmp) as far:
        def write(timeout):
            config.write_text(f"""
data_dir: {tmp / 'data'}
inputs: [{{include: [{tmp / 'app.log'}]}}]
outputs: [{{endpoint: "{far.endpoint}/v1/logs"}}]
control: {{listen: "127.0.0.1:{port}", request_timeout: {timeout}}}
""")
        (tmp / "app.log").write_text("")
        write("1h")
        with clew.start("run", "-c", config) as process:
            clew.wait_for_port(port, process)
            write("100ms")
            process.send_signal(1)
            process.wait_for(lambda: counter(port, "clew_config_reloads") == 1, "it was reloaded")
            with Crowd(port) as crowd:
                crowd.join(SILENT)
                process.wait_for(lambda: counter(port, "clew_control_connections_late") >= 1,
                                 "the new limit holds")


def test_receive_takes_from_real_senders_among_ten_thousand(tmp):
    limit = raise_descriptors(10000 + 300)
    size = min(10000, limit - 300)
    if size < 10000:
        print(f"(only {size} connections: no more descriptors may be had)")
    with receiver.Receiver("--out", tmp / "out.jsonl", "--request-timeout", "20s",
                               "--format", "json") as far, Crowd(far.port) as crowd:
        body = receiver.request(*[receiver.record("x" * 1000) for _ in range(2000)])
        slow = crowd.join(b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                          b"application/x-protobuf\r\nContent-Length: %d\r\n\r\n" % len(body))
        sent = taken = 0
        for n in range(size):
            crowd.join(HALF if n % 2 else SILENT)
            if n % 100 == 0:  # … while a large request is on its way
                piece = body[sent:sent + len(body) // (size // 100) + 1]
                sent += len(piece)
                assert crowd.say(slow, piece), f"the sender was cut off after {sent} bytes"
            if n % 1000 == 0:
                clew.equal(far.send(receiver.request(receiver.record(f"real {n}"))).status, 200)
                taken += 1
        assert crowd.say(slow, body[sent:])
        clew.contains(slow.recv(4096).decode(), "200 OK", "what the slow sender is told")
        status = pathlib.Path(f"/proc/{far.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) >> 10
        assert peak < 96 or clew.has_sanitizer(), f"{peak} MiB"
        far.process.send_signal(2)
        far.process.wait()
        told = clew.json.loads(far.process.out())
        clew.equal(told["requests"], taken + 1, "requests taken")
        assert told["connections_displaced"] + told["connections_late"] >= size - 1024, told
        clew.contains(far.process.err(), "a connection was closed: new connections displaced it")
        clew.equal(len(receiver.lines(tmp / "out.jsonl")), taken + 1, "lines written")


def test_receive_closes_the_silent(tmp):
    with receiver.Receiver("--out", tmp / "out.jsonl", "--request-timeout", "200ms") as far, \
            Crowd(far.port) as crowd:
        for head in (SILENT, HALF, STUCK):
            try:
                clew.equal(crowd.join(head).recv(100), b"", "what a silent client gets")
            except ConnectionError:
                pass
        clew.equal(far.send(receiver.request(receiver.record("real"))).status, 200)
        out, err = far.end()
        clew.contains(out, "3 connections closed that sent no request in time")
        clew.contains(err, "a connection was closed: its request did not come in time")


if __name__ == "__main__":
    clew.main()
