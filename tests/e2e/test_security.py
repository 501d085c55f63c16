#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What must not get out, and what a log must not get in: secrets, files of others, forged lines."""

import http.server
import json
import os
import pathlib
import re
import signal
import socket
import stat
import threading
import urllib.request

import clew
from far_end import FarEnd, options

SECRET = "hunter2-correct-horse"
# A log line, a metric, a terminal's command, a page's script: as far as a name may hold them.
FORGED = ('x" level=error msg="forged\ntime=2026-01-01T00:00:00.000Z level=error msg="forged"\n'
          'forged_total 1\n"} 1\nforged{a="b"} 2\r\n\x1b]0;forged\x07\x1b[31m\x9b31m\u202eforged'
          '</script><script>forged()</script>')


EMPTY_BYTES_MAX = 40  # of a request without records, compressed or not


class Teller:
    """A backend that says no to every record with what it was sent, headers and all, and forges what it
    can. A request without records it takes: so it is the records that are at fault, not the address."""

    def __init__(self, status=401):
        teller = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                teller.seen.append(dict(self.headers))
                is_taken = length < EMPTY_BYTES_MAX and status in (400, 500)
                said = b"" if is_taken else FORGED.encode()
                self.send_response(200 if is_taken else status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def get(port, path):
    """Also what goes with a status of 503, which /readyz has while an address takes nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def pages(port):
    return {path: get(port, path) for path in ("/metrics", "/coverage", "/healthz", "/readyz")}


def assert_no_secret(text, where):
    if SECRET in text:
        at = text.index(SECRET)
        raise clew.Failure(f"{where} shows the secret: …{text[max(0, at - 200):at + 40]}")


def secret_config(tmp, port, control):
    log = tmp / "app.log"
    log.write_text("one\ntwo\n")
    config = tmp / "clew.yaml"
    config.write_text(f"""
data_dir: {tmp / 'data'}
log_level: debug
control: {{listen: "127.0.0.1:{control}"}}
inputs: [{{include: [{log}]}}]
outputs:
  - endpoint: http://me:{SECRET}@127.0.0.1:{port}/v1/logs?token={SECRET}
    headers:
      authorization: Bearer {SECRET}
      x-honeycomb-team: {SECRET}
      uptrace-dsn: http://{SECRET}@uptrace
    retry: {{initial: 50ms, max: 100ms}}
""")
    return config


def test_no_secret_is_in_log_metrics_check_or_last_words(tmp):
    for status in (401, 500, 503):
        control = clew.free_port()
        with Teller(status) as far:
            config = secret_config(tmp, far.port, control)
            for args in (["check"], ["check", "--format", "json"], ["check", "-q"],
                         ["run", "--once", "--set", "shutdown_timeout=300ms"],
                         ["replay", "--list"], ["replay", "--set", "shutdown_timeout=300ms"]):
                result = clew.run(*args, "-c", config)
                assert_no_secret(result.out + result.err, " ".join(args))
            with clew.start("run", "-c", config) as process:
                process.wait_for(lambda: far.seen, "a request came")
                clew.wait_for_port(control, process)
                assert_no_secret("".join(pages(control).values()), "the HTTP endpoint")
                process.send_signal(signal.SIGABRT)
                process.wait()
                assert_no_secret(process.out() + process.err(), "clew run")
            assert any(SECRET in seen.get("authorization", "") for seen in far.seen), far.seen
    for path in (tmp / "data").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_bad_config_does_not_quote_its_secrets(tmp):
    config = tmp / "clew.yaml"
    for line in (f"endpoint: 'ftp://me:{SECRET}@far/'", f"endpoint: 'http://me:{SECRET}@far:x/'",
                 f"headers: {{authorization: \"{SECRET}\\r\\nx: y\"}}",
                 f"proxy: 'what://me:{SECRET}@far'"):
        config.write_text(f"inputs: [{{include: [/x]}}]\noutputs: [{{{line}}}]\n")
        result = clew.run("check", "-c", config)
        assert result.code == 2 or "what:" in line, result
        assert_no_secret(result.out + result.err, line)


def modes(folder):
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
            for path in [folder, *folder.rglob("*")]}


def test_all_state_is_private_whatever_the_umask(tmp):
    log = tmp / "app.log"
    log.write_text("".join(f"line {n} {'x' * 900}\n" for n in range(20000)))
    with Teller(500) as bad, Teller(503) as down:
        config = tmp / "clew.yaml"
        config.write_text(f"""
data_dir: {tmp / 'data'}
memory_limit: 8MiB
checkpoint_interval: 100ms
control: {{listen: "off"}}
inputs: [{{include: [{log}]}}]
outputs:
  - {{name: refuses, endpoint: "http://127.0.0.1:{bad.port}/"}}
  - {{name: is_down, endpoint: "http://127.0.0.1:{down.port}/", compression: none, spool: {{max_bytes: 64MiB}}}}
""")
        umask = ["sh", "-c", 'umask 0; exec "$@"', "sh"]
        with clew.Process(["run", "-c", config], prefix=umask) as process:
            process.wait_for(lambda: list((tmp / "data" / "dead-letters").glob("*/*")) and
                             list((tmp / "data" / "spool").glob("*/*")) and
                             (tmp / "data" / "checkpoints.json").exists(), "all state is there")
            found = modes(tmp / "data")
            process.stop(40)
    assert {"checkpoints.json", "lock"} <= set(found), found
    for name, mode in found.items():
        is_folder = (tmp / "data" / name).is_dir()
        allowed = 0o755 if name in ("spool", "dead-letters") else 0o700 if is_folder else 0o600
        assert mode & ~allowed == 0 or name.endswith(".tmp"), f"{name} has mode {mode:o}"


def test_a_hostile_link_in_a_pods_directory_is_not_followed(tmp):
    pod = tmp / "pods" / "shop_evil-1_0b1c2d3e-0000-4000-8000-000000000001" / "app"
    pod.mkdir(parents=True)
    secret = tmp / "shadow"
    secret.write_text(f"root:{SECRET}:20000:0:99999:7:::\n")
    (pod / "0.log").symlink_to(secret)
    (pod / "1.log").symlink_to("../../../shadow")
    (pod / "2.log").symlink_to("/etc/shadow")
    (pod / "3.log").symlink_to("/proc/self/environ")
    (pod.parent / "sidecar").symlink_to(tmp)
    os.link(pod / "0.log", pod / "4.log", follow_symlinks=False)
    os.mkfifo(pod / "5.log")
    fine = pod / "6.log"
    fine.write_text("2026-05-11T02:14:33.1Z stdout F fine\n")
    with FarEnd(tmp) as far:
        arguments = options(tmp, far)
        with clew.start("run", *arguments, tmp / "pods" / "*" / "*" / "*.log",
                        tmp / "pods" / "**" / "*") as process:
            far.wait_for(1)
            fine.unlink()  # … and a link in the place of a file that is read
            fine.symlink_to(secret)
            (pod / "7.log").write_text("2026-05-11T02:14:33.1Z stdout F still fine\n")
            far.wait_for(2)
            process.stop()
            clew.contains(process.err(), "outside the configured directories")
        clew.equal(far.bodies(), ["fine", "still fine"])


def test_no_log_and_no_far_end_can_forge_a_line_of_the_log_or_a_metric(tmp):
    folder = tmp / "logs"
    folder.mkdir()
    name = FORGED.replace("/", "_")[:200] + ".log"
    (folder / name).write_text("no right\n")
    os.chmod(folder / name, 0)
    (folder / f"a{name}").symlink_to("/etc/passwd")
    lines = [{"msg": FORGED, "service.name": FORGED[:80], "level": FORGED, "trace_id": FORGED},
             {"msg": "x", "service": FORGED[:60], "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}]
    (folder / "app.log").write_text("".join(json.dumps(line) + "\n" for line in lines * 20))
    control = clew.free_port()
    with Teller(400) as far:
        sets = [f"data_dir={tmp / 'data'}", f"control.listen=127.0.0.1:{control}", "log_level=debug",
                f"outputs.endpoint=http://127.0.0.1:{far.port}/", "audit.check_interval=1s",
                "audit.min_records=1", "audit.min_coverage=90%"]
        with clew.start("run", *[p for one in sets for p in ("--set", one)],
                        folder / "*.log") as process:
            process.wait_for(lambda: far.seen and "refused" in process.err(), "a request was refused")
            clew.wait_for_port(control, process)
            process.wait_for(lambda: FORGED[:1] in get(control, "/coverage"), "it was counted")
            metrics = get(control, "/metrics")
            coverage = get(control, "/coverage")
            shown = clew.run("top", "-e", f"127.0.0.1:{control}", "--once")
            listed = clew.run("replay", "--list", "--set", f"data_dir={tmp / 'data'}",
                              "--set", f"outputs.endpoint=http://127.0.0.1:{far.port}/")
            process.stop()
            err = process.err()
    form = re.compile(r'time=[-0-9T:.]+Z level=(debug|info|warn|error) msg="([^"\\]|\\.)*"')
    for line in err.splitlines():
        assert form.fullmatch(line), repr(line)
    sample = re.compile(r'(# (TYPE|HELP|UNIT|EOF).*|clew_\w+|process_\w+)(\{([^"\\]|\\.|"([^"\\]|\\.)*")*\})?'
                        r'( [-+.eE0-9]+)?.*')
    for line in metrics.split("\n"):
        assert line == "" or line.startswith("#") or sample.fullmatch(line), repr(line)
        assert not line.startswith("forged"), line
    json.loads(coverage)
    for text, where in ((err, "the log"), (metrics, "/metrics"), (shown.out, "clew top"),
                        (listed.out, "clew replay --list")):
        controls = [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]
        assert not controls, f"{where}: {controls[:10]!r} in {text[-2000:]!r}"


def test_no_log_can_forge_what_the_audit_and_parse_print(tmp):
    log = tmp / "app.log"
    line = {"msg": FORGED, "service.name": FORGED[:80], "level": FORGED, FORGED[:50]: FORGED}
    log.write_text((json.dumps(line) + "\n") * 5 + f"{FORGED}\n", newline="")
    for form in ("table", "json", "html", "markdown"):
        result = clew.run_ok("audit", "--format", form, log)
        controls = [c for c in result.out if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]
        assert not controls, (form, controls[:10])
        # What JSON and a code span of Markdown hold is no markup.
        markup = re.sub(r"(`+).+?\1", "", result.out) if form == "markdown" else result.out
        assert "<script>forged" not in markup or form in ("json", "table"), form
    for one in clew.run_ok("parse", log).out.split("\n")[:-1]:
        json.loads(one)
        assert not [c for c in one if ord(c) < 32 or 127 <= ord(c) < 160], one


def ask(port, data, timeout=10):
    """The beginning of the answer; nothing if there is none."""
    try:
        return ask_or_fail(port, data, timeout)
    except OSError:
        return b""


def ask_or_fail(port, data, timeout):
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(data)
        connection.settimeout(timeout)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
                if b"\r\n\r\n" in answer:
                    break
        except (TimeoutError, ConnectionError):
            pass
        return answer


def test_the_endpoint_is_on_loopback_and_bounded(tmp):
    log = tmp / "app.log"
    log.write_text("one\n")
    control = clew.free_port()
    assert "listen: 127.0.0.1:" in clew.run_ok("check").out.replace('"', "")
    with FarEnd(tmp) as far:
        sets = [f"data_dir={tmp / 'data'}", f"control.listen=127.0.0.1:{control}",
                f"outputs.endpoint={far.endpoint}/v1/logs"]
        with clew.start("run", *[p for one in sets for p in ("--set", one)], log) as process:
            clew.wait_for_port(control, process)
            huge = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
                b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(2000)) + b"\r\n"
            for request in (huge, b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\n\r\n",
                            b"\x16\x03\x01" * 1000, b"DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
                            b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
                            b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"):
                answer = ask(control, request, 5)
                assert b" 200 " not in answer.split(b"\r\n")[0], (request[:60], answer[:200])
                assert b"root:" not in answer, answer
            crowd = []
            try:
                for _ in range(300):
                    crowd.append(socket.create_connection(("127.0.0.1", control), timeout=1))
            except OSError:
                pass
            log.write_text("one\ntwo\n")
            far.wait_for(2)  # logs flow whatever is asked of the endpoint
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            for one in crowd:
                one.close()
            process.wait_for(lambda: b" 200 " in ask(control, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
                                                     b"Connection: close\r\n\r\n", 1), "it answers again")
            is_sanitized = b"__asan_init" in pathlib.Path(clew.CLEW).read_bytes()
            rss = int(re.search(r"VmHWM:\s+(\d+)", status)[1])
            assert rss < 64 * 1024 or is_sanitized, f"{rss} KiB"
            process.stop()


if __name__ == "__main__":
    clew.main()
