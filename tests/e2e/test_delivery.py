# SPDX-License-Identifier: Apache-2.0
"""The OTLP/HTTP output against far ends that misbehave: nothing is lost, nothing is a busy loop.

`send_batches` (built beside clew) is the output alone; it sends batches of numbered records. The far
end here is a small HTTP server whose answers a test writes down, one function a request.
"""

import email.utils
import gzip
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import clew

SENDER = os.environ.get("CLEW_SEND_BATCHES",
                        str(pathlib.Path(clew.CLEW).parent / "tests" / "e2e" / "send_batches"))


class Answer:
    def __init__(self, status=200, body=b"", headers=None, delay=0.0, kind="application/x-protobuf"):
        self.status, self.body, self.delay = status, body, delay
        self.headers = dict(headers or {})
        if kind:
            self.headers.setdefault("Content-Type", kind)


OK = Answer()


class FarEnd:
    """`script(n, body, far)` gives the answer to request n (from 0): an Answer, or bytes that are
    sent as they are before the connection is closed, or None: closed without a word, or "reset"."""

    def __init__(self, script=lambda n, body, far: OK, tls=None, port=0):
        self.script, self.tls = script, tls
        self.requests = []  # (time, request line, headers, body)
        self.taken = []     # record names of requests answered with 2xx
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.is_closed = False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.is_closed = True
        self.listener.close()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}/v1/logs"

    def accept(self):
        while not self.is_closed:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with self.lock:
                self.connections += 1
            stream = connection.makefile("rb")
            while self.answer_one(connection, stream):
                pass
        except OSError:
            pass
        finally:
            connection.close()

    def answer_one(self, connection, stream):
        line = stream.readline()
        if b" HTTP/1." not in line:
            return False
        headers = {}
        while (header := stream.readline().strip()):
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        with self.lock:
            number = len(self.requests)
            self.requests.append((time.monotonic(), line.decode("latin-1"), headers, body))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        answer = self.script(number, body, self)
        if answer is None:
            return False
        if answer == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return False
        time.sleep(answer.delay)
        if 200 <= answer.status < 300:
            with self.lock:
                self.taken += names(body)
        head = "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items())
        connection.sendall(f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(answer.body)}\r\n"
                           f"{head}\r\n".encode() + answer.body)
        return True


def names(body):
    """`B.R` of every record in a request, in order."""
    return [name.decode() for name in re.findall(rb"(\d+\.\d+)\.{5}", body)]


class Sent:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.batches = {int(b): (how, int(n)) for b, how, n in
                        re.findall(r"^batch (\d+) (\w+) (\d+)$", out, re.M)}
        self.counters = {k: int(v) for k, v in re.findall(r"^(clew_\w+) (\d+)$", out, re.M)}
        self.log = re.findall(r'level=(\w+) msg="(.*)"$', err, re.M)

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


def send(url, env=None, **options):
    command = [SENDER, url] + [f"{k}={v}" for k, v in options.items()]
    done = subprocess.run(command, capture_output=True, timeout=clew.END_TIMEOUT, env=clew.environment(env),
                          check=False)
    out, err = clew.text(done.stdout), clew.text(done.stderr)
    clew.check_sanitizers(err, " ".join(command))
    return Sent(done.returncode, out, err)


def expected(batches=3, records=10):
    return sorted(f"{b}.{r}" for b in range(batches) for r in range(records))


def assert_all_accepted(sent, far, batches=3, records=10):
    assert sent.batches == {b: ("accepted", 0) for b in range(batches)}, sent
    assert sorted(far.taken) == expected(batches, records), (far.taken, sent)


def first(*answers, then=OK):
    """A script: these answers, then `then` for ever."""
    return lambda n, body, far: answers[n] if n < len(answers) else then


def status(code, **more):
    return Answer(code, kind="text/plain", **more)


# --- what is sent ---

def test_requests_are_what_otlp_http_asks_for():
    with FarEnd() as far:
        sent = send(far.url, header="X-Scope-OrgID:tenant 1", compression="gzip")
        assert_all_accepted(sent, far)
        assert sent.log == [], sent
        for _, line, headers, _ in far.requests:
            assert line == "POST /v1/logs HTTP/1.1\r\n", line
            assert headers["content-type"] == "application/x-protobuf", headers
            assert headers["content-encoding"] == "gzip", headers
            assert headers["accept-encoding"] == "gzip", headers
            assert headers["user-agent"].startswith("OTel-OTLP-Exporter-clew/"), headers
            assert headers["x-scope-orgid"] == "tenant 1", headers
            assert "expect" not in headers and "transfer-encoding" not in headers, headers


def test_connections_are_kept_and_requests_run_side_by_side():
    slow = Answer(delay=0.5)
    with FarEnd(lambda n, body, far: slow) as far:
        begun = time.monotonic()
        sent = send(far.url, batches=12, in_flight_max=3)
        took = time.monotonic() - begun
        assert_all_accepted(sent, far, batches=12)
        assert far.connections <= 3, far.connections
        assert took < 12 * 0.5, took


def test_large_bodies_go_out_whole_without_compression():
    with FarEnd() as far:
        sent = send(far.url, text_bytes=200000, records=20)
        assert_all_accepted(sent, far, records=20)


# --- far ends that come back ---

def test_every_retryable_status_is_retried_until_the_far_end_takes_it():
    for code in (429, 502, 503, 504):
        with FarEnd(first(*[status(code)] * 4)) as far:
            sent = send(far.url)
            assert_all_accepted(sent, far)
            assert sent.counters["clew_request_failures"] == 4, sent
            assert sent.counters["clew_request_retries"] >= 3, sent
            assert [level for level, _ in sent.log] == ["warn", "info"], sent
            assert f"HTTP status {code}" in sent.log[0][1], sent


def test_closed_reset_and_broken_off_answers_are_retried():
    broken = [
        None, "reset", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nContent-Type: application/x-protobuf\r\n\r\n\n",
        Answer(200, b"\xff\xff\xff garbage"),
    ]
    for answer in broken:
        with FarEnd(first(answer, answer, answer)) as far:
            sent = send(far.url, in_flight_max=1)
            assert sent.batches == {b: ("accepted", 0) for b in range(3)}, (answer, sent)
            assert set(expected()) <= set(far.taken), (answer, far.taken)
            assert sent.counters["clew_request_failures"] == 3, (answer, sent)
            is_foreign = isinstance(answer, bytes) and answer.startswith(b"SSH")
            assert [level for level, _ in sent.log] == ["error" if is_foreign else "warn", "info"], (answer, sent)


def test_an_answer_that_never_comes_is_a_time_out_and_is_retried():
    with FarEnd(first(Answer(delay=3), Answer(delay=3))) as far:
        sent = send(far.url, timeout_ms=300)
        assert sent.batches == {b: ("accepted", 0) for b in range(3)}, sent
        assert "timed out" in sent.log[0][1], sent


def test_a_far_end_that_is_not_there_yet_is_waited_for():
    port = clew.free_port()
    holder = {}
    timer = threading.Timer(1.0, lambda: holder.setdefault("far", FarEnd(port=port)))
    timer.start()
    sent = send(f"http://localhost:{port}/v1/logs")
    timer.join()
    with holder["far"] as far:
        assert_all_accepted(sent, far)
        assert "check that the backend is running" in sent.log[0][1], sent
        assert "accepts records again after" in sent.log[1][1], sent
        assert len(sent.log) == 2, sent
        # 50 ms doubling to 200 ms, one request at a time: a second is at most 14 tries.
        assert sent.counters["clew_requests"] < 25, sent


def test_an_outage_is_probed_with_one_request_at_a_time():
    with FarEnd(lambda n, body, far: status(503, delay=0.02)) as far:
        sent = send(far.url, batches=8, in_flight_max=8, stop_ms=1500)
        assert all(how == "kept" for how, _ in sent.batches.values()), sent
        assert len(sent.batches) == 8, sent
        times = [t for t, _, _, _ in far.requests]
        assert len(times) < 8 + 20, len(times)
        gaps = [b - a for a, b in zip(times[8:], times[9:])]
        assert min(gaps) > 0.02, gaps
        assert len(sent.log) == 1, sent


def http_date(seconds):
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


def gap_after(headers, **options):
    """Seconds between a 503 with these headers and the next try."""
    with FarEnd(first(status(503, headers=headers))) as far:
        sent = send(far.url, batches=1, stop_ms=60000, **options)
        assert_all_accepted(sent, far, batches=1)
        return far.requests[1][0] - far.requests[0][0]


def test_retry_after_is_honoured_as_seconds_and_as_a_date():
    for headers in ({"Retry-After": "2"}, {"Retry-After": http_date(3), "Date": http_date(0)}):
        gap = gap_after(headers)
        assert 1.5 < gap < 10, (headers, gap)


def test_a_date_to_retry_after_is_by_the_clock_of_who_says_it():
    for hours in (-1, 1):
        gap = gap_after({"Retry-After": http_date(hours * 3600 + 3), "Date": http_date(hours * 3600)})
        assert 1.5 < gap < 10, (hours, gap)


def test_a_date_to_retry_after_from_who_does_not_tell_the_time_is_bounded():
    gap = gap_after({"Retry-After": http_date(3600)}, retry_max_ms=500)
    assert 0.4 < gap < 10, gap
    for nonsense in (http_date(-3600), "soon", "", "-5", "x" * 200):
        gap = gap_after({"Retry-After": nonsense, "Date": http_date(0)})
        assert gap < 10, (nonsense, gap)


def test_retry_after_is_bounded_by_the_config():
    for headers in ({"Retry-After": "86400"}, {"Retry-After": "99999999999999999999999"},
                    {"Retry-After": http_date(86400), "Date": http_date(0)}):
        gap = gap_after(headers, retry_after_max_ms=1000)
        assert 0.9 < gap < 10, (headers, gap)


def test_a_far_end_that_fails_half_of_its_requests_gets_everything():
    with FarEnd(lambda n, body, far: status(503) if n % 2 else OK) as far:
        sent = send(far.url, batches=30, retry_initial_ms=5)
        assert_all_accepted(sent, far, batches=30)
        assert len(sent.log) <= 4, sent


# --- operators' mistakes ---

def test_mistakes_of_an_operator_hold_the_records_and_say_what_to_do():
    cases = [(status(401), "headers"), (status(403), "headers"), (status(404), "/v1/logs"),
             (status(405), "/v1/logs"), (status(415), "compression"),
             (status(308, headers={"Location": "http://localhost:1/"}), "endpoint"),
             (Answer(200, b"<html></html>", kind="text/html"), "web page")]
    for answer, words in cases:
        with FarEnd(first(*[answer] * 3)) as far:
            sent = send(far.url, in_flight_max=1)
            assert sent.batches == {b: ("accepted", 0) for b in range(3)}, (answer.status, sent)
            assert sent.log[0][0] == "error" and words in sent.log[0][1], sent
            assert len(sent.log) == 2, sent
            # The longest back-off at once, not the shortest.
            assert far.requests[1][0] - far.requests[0][0] > 0.19


def test_a_wrong_url_is_told_before_anything_is_sent():
    for url, words in [("ftp://localhost/", "http:// or https://"), ("", "not a URL"),
                       ("http://localhost:99999/", "not a URL")]:
        sent = send(url)
        assert sent.code == 1 and "error endpoint" in sent.out and words in sent.out, (url, sent)
    assert "secret" not in send("ftp://me:secret@localhost/").out


def test_a_host_that_does_not_exist_is_held_for():
    sent = send("http://no-such-host.invalid:4318/v1/logs", stop_ms=1500)
    assert all(how == "kept" for how, _ in sent.batches.values()), sent
    assert "check the host name" in sent.log[0][1], sent


def test_secrets_in_the_url_are_not_logged():
    sent = send("http://me:secret@127.0.0.1:1/v1/logs?token=hidden", stop_ms=300)
    assert sent.log and "secret" not in sent.err and "hidden" not in sent.err, sent


def test_a_header_cannot_hold_another_one():
    sent = send("http://localhost:1/", header="X-A:1\r\nX-B: 2")
    assert sent.code == 1 and "headers cannot contain" in sent.out, sent


# --- refusals ---

def partial(rejected, message):
    inner = bytes([0x08, rejected, 0x12, len(message)]) + message
    return Answer(200, bytes([0x0A, len(inner)]) + inner)


def test_a_partial_success_is_counted_told_once_and_not_retried():
    with FarEnd(lambda n, body, far: partial(2, b"too old")) as far:
        sent = send(far.url, batches=5)
        assert sent.batches == {b: ("accepted", 2) for b in range(5)}, sent
        assert len(far.requests) == 5, far.requests
        assert len(sent.log) == 1 and "too old" in sent.log[0][1], sent


def test_a_request_that_is_too_large_is_sent_in_pieces():
    def script(n, body, far):
        return OK if len(body) < 700 else status(413)
    with FarEnd(script) as far:
        sent = send(far.url, records=50, in_flight_max=1)
        assert_all_accepted(sent, far, records=50)
        assert far.taken == [f"{b}.{r}" for b in range(3) for r in range(50)], far.taken
        assert sent.log == [], sent


def test_one_bad_record_costs_only_itself():
    def script(n, body, far):
        bad = {"1.0", "1.57", "1.99"} & set(names(body))
        return Answer(400, b"\x12\x0abad record") if bad else OK
    for compression in ("none", "gzip"):
        with FarEnd(script) as far:
            sent = send(far.url, records=100, compression=compression)
            assert sent.batches[0] == sent.batches[2] == ("accepted", 0), sent
            assert sent.batches[1] == ("accepted", 3), sent
            assert sorted(far.taken) == sorted(set(expected(3, 100)) - {"1.0", "1.57", "1.99"})
            assert len(sent.log) == 1 and "bad record" in sent.log[0][1], sent
            assert len(far.requests) < 60, len(far.requests)


def test_what_is_never_taken_is_refused_and_the_rest_goes_on():
    def script(n, body, far):
        return status(500, body=b"no\n") if b"1.0...." in body else OK
    with FarEnd(script) as far:
        sent = send(far.url)
        assert sent.batches == {0: ("accepted", 0), 1: ("refused", 0), 2: ("accepted", 0)}, sent
        assert len(far.requests) == 3, far.requests
        assert len(sent.log) == 1 and 'HTTP status 500, \\"no\\"' in sent.log[0][1], sent


def test_a_far_end_that_refuses_everything_is_not_asked_about_each_record():
    with FarEnd(lambda n, body, far: status(400) if body else OK) as far:
        sent = send(far.url, batches=1, records=3000, stop_ms=20000)
        assert sent.batches == {0: ("refused", 0)}, sent
        assert len(far.requests) < 1200, len(far.requests)


def test_an_early_refusal_of_a_large_body_is_understood():
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with FarEnd(lambda n, body, far: refusal if len(names(body)) > 1 else OK) as far:
        sent = send(far.url, records=4, text_bytes=300000)
        assert_all_accepted(sent, far, records=4)


def test_an_endless_answer_is_cut():
    with FarEnd(lambda n, body, far: Answer(200, b"x" * 5_000_000, kind="text/plain")) as far:
        sent = send(far.url, response_bytes_max=1000)
        assert_all_accepted(sent, far)


def test_a_long_answer_is_judged_by_its_status_and_by_what_was_read_of_it():
    """As the help of response_bytes_max says."""
    long = b"x" * 100_000
    inner = b"\x08\x03"
    rejected = b"\x0a" + bytes([len(inner)]) + inner + b"\x7a\xa0\x8d\x06" + long  # field 15 goes on
    cases = [
        (Answer(200, rejected), ("accepted", 3)),
        (Answer(200, b'{"partialSuccess":{},"x":"' + long, kind="application/json"), ("accepted", 0)),
        (Answer(202, long), ("accepted", 0)),
        (Answer(500, long, kind="text/plain"), ("refused", 0)),
    ]
    for answer, outcome in cases:
        with FarEnd(lambda n, body, far: answer if body else OK) as far:
            sent = send(far.url, response_bytes_max=1000, batches=1)
            assert sent.batches == {0: outcome}, (answer.status, sent)
    with FarEnd(first(Answer(503, long))) as far:
        sent = send(far.url, response_bytes_max=1000, batches=1)
        assert sent.batches == {0: ("accepted", 0)} and len(far.requests) > 1, sent


# --- whose fault a refusal is ---

PROBE_TEXT = b"clew asks whether this address takes logs; this is no line of any log"


def test_an_address_that_refuses_everything_is_held_and_no_record_is_refused():
    for code in (400, 406, 413, 422, 500):
        with FarEnd(lambda n, body, far: status(code, body=b"unsupported path requested")) as far:
            sent = send(far.url, in_flight_max=1, retry_max_ms=60000, stop_ms=1500)
            assert sent.batches == {0: ("kept", 0)}, sent
            bodies = [body for _, _, _, body in far.requests]
            assert len(bodies) == 3, (code, bodies)
            assert names(bodies[0]) == expected(1) and bodies[1] == b"", bodies
            assert PROBE_TEXT in bodies[2] and b"clew" in bodies[2].replace(PROBE_TEXT, b""), bodies
            assert sent.counters["clew_probe_requests"] == 2, sent
            assert len(sent.log) == 1 and sent.log[0][0] == "error", sent
            for words in (f"HTTP status {code}", "unsupported path", "the address is wrong and not the records",
                          "/insert/opentelemetry/v1/logs", "holding records, retrying in"):
                assert words in sent.log[0][1], (words, sent)


def test_what_the_address_answers_to_the_made_up_record_is_told_and_not_what_it_said_of_the_size():
    """Before a wrong path stands a proxy with a limit on size: that is not what is to be mended."""
    def script(n, body, far):
        return status(413, body=b"too large") if names(body) else status(400, body=b"no such path")
    with FarEnd(script) as far:
        sent = send(far.url, in_flight_max=1, retry_max_ms=60000, stop_ms=1500)
        assert sent.batches == {0: ("kept", 0)} and len(sent.log) == 1, sent
        assert "HTTP status 400, \\\"no such path\\\"" in sent.log[0][1], sent
        assert "413" not in sent.log[0][1] and "too large" not in sent.log[0][1], sent


def test_it_is_asked_again_and_what_was_held_follows_once_it_takes_something():
    def script(n, body, far):
        return status(400) if len(far.requests) < 10 else OK
    for compression in ("none", "gzip", "zstd"):
        with FarEnd(script) as far:
            sent = send(far.url, in_flight_max=2, compression="none")
            assert_all_accepted(sent, far)
            assert [level for level, _ in sent.log] == ["error", "info"], sent


def test_an_address_that_takes_the_empty_request_or_the_made_up_record_has_bad_records():
    def bad(body):
        return "0.3" in names(body)
    takers = [lambda body: not body,              # the empty one
              lambda body: PROBE_TEXT in body]    # only one with a record
    for takes_probe in takers:
        def script(n, body, far):
            if not names(body):
                return OK if takes_probe(body) else status(400)
            return status(400, body=b"poison") if bad(body) else OK
        with FarEnd(script) as far:
            sent = send(far.url, in_flight_max=1)
            assert sent.batches[0] == ("accepted", 1), sent
            assert sorted(far.taken) == sorted(set(expected()) - {"0.3"}), far.taken
            assert len(sent.log) == 1 and "poison" in sent.log[0][1], sent


def test_a_probe_that_is_rejected_by_a_partial_success_was_read():
    def script(n, body, far):
        if names(body):
            return status(400) if "0.3" in names(body) else OK
        return partial(1, b"no service like that") if body else status(400)
    with FarEnd(script) as far:
        sent = send(far.url, in_flight_max=1)
        assert sent.batches[0] == ("accepted", 1), sent


def test_an_address_that_once_took_something_is_never_held_for_a_refusal():
    with FarEnd(first(OK, then=status(400))) as far:
        sent = send(far.url, in_flight_max=1)
        assert sent.batches == {0: ("accepted", 0), 1: ("refused", 0), 2: ("refused", 0)}, sent
        assert sent.counters["clew_probe_requests"] == 0, sent


def test_a_request_that_is_taken_meanwhile_decides_for_those_that_wait():
    """Both probes are refused, slowly; what is taken beside them shows that the address is right."""
    def script(n, body, far):
        if not names(body):
            return status(400, delay=0.3)
        return status(400) if "0.3" in names(body) else Answer(delay=0.2)
    with FarEnd(script) as far:
        sent = send(far.url, in_flight_max=2, retry_max_ms=60000)
        assert sent.batches == {0: ("accepted", 1), 1: ("accepted", 0), 2: ("accepted", 0)}, sent
        assert sorted(far.taken) == sorted(set(expected()) - {"0.3"}), far.taken


def test_one_bad_request_does_not_keep_an_address_from_being_found_right():
    """It refuses the probes: the next try is another request, which is taken."""
    def script(n, body, far):
        if n == 1:
            return status(503)
        return OK if names(body) and "0.3" not in names(body) else status(400)
    with FarEnd(script) as far:
        sent = send(far.url, in_flight_max=2)
        assert sent.batches == {0: ("accepted", 1), 1: ("accepted", 0), 2: ("accepted", 0)}, sent


def test_probes_that_get_no_answer_or_another_mistake_decide_nothing():
    for answer, words in [(b"HTTP/1.1 200 OK\r\nContent-Le", "broke off"), (status(503), "HTTP status 503"),
                          (status(401), "headers")]:
        def script(n, body, far):
            if n == 0:
                return status(400)
            return answer if n == 1 else OK
        with FarEnd(script) as far:
            sent = send(far.url, in_flight_max=1)
            assert_all_accepted(sent, far)
            assert words in sent.log[0][1], (words, sent)


def test_a_port_of_grpc_is_told_and_held_for():
    settings_frame = bytes([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x40, 0])
    goaway = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    with FarEnd(lambda n, body, far: settings_frame + goaway) as far:
        sent = send(far.url, stop_ms=500, retry_max_ms=60000, in_flight_max=1)
        assert sent.batches == {0: ("kept", 0)}, sent
        assert sent.log[0][0] == "error" and "(4318), not gRPC (4317)" in sent.log[0][1], sent


def test_a_web_page_is_told_whatever_type_it_is_sent_as():
    page = b"\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
    for kind in ("text/plain", "text/html", None):
        with FarEnd(first(Answer(200, page, kind=kind))) as far:
            sent = send(far.url.replace("/v1/logs", "/"), in_flight_max=1)
            assert "web page (HTML)" in sent.log[0][1], sent
            assert f"write http://localhost:{far.port}/v1/logs" in sent.log[0][1], sent
            assert sent.batches == {b: ("accepted", 0) for b in range(3)}, sent


# --- the end ---

def test_what_is_in_hand_at_the_end_is_given_back():
    with FarEnd(lambda n, body, far: Answer(delay=5)) as far:
        sent = send(far.url, stop_ms=300, timeout_ms=9000)
        assert sent.batches == {0: ("kept", 0), 1: ("kept", 0)}, sent


# --- TLS and proxies ---

def certificate(tmp, name, subject="localhost", ca=None, extra=()):
    key, cert = tmp / f"{name}.key", tmp / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-keyout", key, "-out", cert, "-subj", f"/CN={subject}",
               "-addext", f"subjectAltName=DNS:{subject}", "-days", "2", *extra]
    if ca:
        command += ["-CA", tmp / f"{ca}.pem", "-CAkey", tmp / f"{ca}.key"]
    subprocess.run([str(a) for a in command], check=True, capture_output=True, timeout=30)
    return cert, key


def server_context(cert, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context


def test_tls_is_verified_with_a_ca_of_ones_own(tmp):
    cert, key = certificate(tmp, "server")
    with FarEnd(tls=server_context(cert, key)) as far:
        assert_all_accepted(send(far.url, ca_file=cert), far)


def test_a_certificate_that_cannot_be_verified_is_told_and_held_for(tmp):
    cert, key = certificate(tmp, "server")
    other, other_key = certificate(tmp, "other", subject="elsewhere.example")
    with FarEnd(tls=server_context(cert, key)) as far:
        sent = send(far.url, stop_ms=500)
        assert all(how == "kept" for how, _ in sent.batches.values()), sent
        assert "ca_file" in sent.log[0][1] and len(sent.log) == 1, sent
        assert far.taken == []
        sent = send(far.url, verify="false")
        assert_all_accepted(sent, far)
        assert "verify is off" in sent.log[0][1], sent
    with FarEnd(tls=server_context(other, other_key)) as far:
        sent = send(far.url, ca_file=other, stop_ms=500)
        assert all(how == "kept" for how, _ in sent.batches.values()), sent
        assert "the certificate is for another host" in sent.log[0][1], sent


def test_a_client_certificate_is_shown_when_asked_for(tmp):
    cert, key = certificate(tmp, "server")
    client, client_key = certificate(tmp, "client", subject="clew")
    with FarEnd(tls=server_context(cert, key, client_ca=client)) as far:
        sent = send(far.url, ca_file=cert, certificate_file=client, key_file=client_key)
        assert_all_accepted(sent, far)
        far.taken.clear()
        sent = send(far.url, ca_file=cert, stop_ms=500)
        assert all(how == "kept" for how, _ in sent.batches.values()), sent
        assert far.taken == []


def test_an_unreadable_certificate_file_is_told_at_once(tmp):
    sent = send("https://localhost:1/", ca_file=tmp / "missing.pem")
    assert sent.code == 1 and "cannot read ca_file" in sent.out, sent


def test_https_to_a_plain_port_says_so():
    with FarEnd() as far:
        sent = send(far.url.replace("http:", "https:"), stop_ms=500)
        assert "check that this port uses TLS" in sent.log[0][1], sent


def test_a_proxy_is_used_as_set_and_as_the_environment_says():
    with FarEnd() as proxy:
        url = "http://no-such-host.invalid:4318/v1/logs"
        assert_all_accepted(send(url, proxy=f"http://localhost:{proxy.port}"), proxy)
        assert proxy.requests[0][1].startswith(f"POST {url} "), proxy.requests[0]
        proxy.taken.clear()
        sent = send(url, env={"http_proxy": f"http://localhost:{proxy.port}"})
        assert_all_accepted(sent, proxy)


if __name__ == "__main__":
    clew.main()
