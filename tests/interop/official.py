# SPDX-License-Identifier: Apache-2.0
"""What clew sends, read by OpenTelemetry's own package: see check_requests.py for the rules."""
import http.server
import json
import os
import random
import shutil
import subprocess
import threading

import peers
import saved

SEED = 20260518
LINES = 4000
PARSED_STEP = 10  # of check_requests.py
DEEPEST = 200
DEADLINE_S = 120


class Capture(http.server.ThreadingHTTPServer):
    """Takes every request and writes it down, below `folder`."""
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder = folder
        self.count = 0
        self.lock = threading.Lock()
        os.mkdir(folder)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = saved.gunzip(body)
        with self.server.lock:
            self.server.count += 1
            name = "%06d.pb" % self.server.count
        with open(os.path.join(self.server.folder, name), "wb") as out:
            out.write(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def ship(clew, directory, lines, **config):
    """The lines in a file through `clew run`; the folder of the requests, and the file."""
    log, folder = os.path.join(directory, "app.log"), os.path.join(directory, "requests")
    with open(log, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)
    capture = Capture(folder)
    path = os.path.join(directory, "clew.yaml")
    with open(path, "w") as out:
        json.dump({"data_dir": os.path.join(directory, "data"), "control": {"listen": "off"},
                   "inputs": [{"include": [log]}],
                   "outputs": [{"endpoint": "http://127.0.0.1:%d/v1/logs" % capture.server_port,
                                "batch": {"bytes": "256KiB"}}], **config}, out)
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    try:
        subprocess.run([clew, "run", "--once", "-c", path], check=True, env=env, timeout=DEADLINE_S,
                       stdin=subprocess.DEVNULL)
    finally:
        capture.shutdown()
        capture.server_close()
    return folder, log


def check(folder, *options):
    """The sentence of check_requests.py, or what it complains of as an AssertionError."""
    done = subprocess.run([*peers.request_reader(), *options, folder], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr.strip()
    return done.stdout.strip()


def ship_and_parse(clew, directory, lines):
    """Through `clew run` and through `clew parse`: the lines must come out of both."""
    peers.request_reader()
    folder, log = ship(clew, directory, lines)
    parsed = os.path.join(directory, "parsed.jsonl")
    with open(parsed, "wb") as out:
        text = "\n".join(lines[::PARSED_STEP])
        subprocess.run([clew, "parse"], check=True, stdout=out, timeout=DEADLINE_S, input=text.encode())
    return check(folder, "--lines", log, "--parsed", parsed)


# ---- lines ----

def nest(kinds, leaf):
    for kind in reversed(kinds):
        leaf = '{"a":%s}' % leaf if kind == "o" else "[%s]" % leaf
    return leaf


def deep_lines():
    """Every depth in objects, arrays and both; empty containers and numbers at the end."""
    lines = []
    for depth in range(1, DEEPEST + 1):
        for pattern in ("o", "a", "oa", "ao", "ooa"):
            kinds = (pattern * depth)[:depth - 1]
            for leaf in ("18446744073709551616", "{}", "[]"):
                lines.append('{"n":%d,"deep":%s,"beside":1.50}' % (len(lines), nest(kinds, leaf)))
    return lines


WORDS = ["a", "b", "c", "", "_", "k.e.y", "p\\u00e4th", "🧶", "\\\"", "\\n", "x" * 200]
TEXTS = ["", "plain", "gr\\u00fc\\u00dfe", "🧶\\ud83e\\uddf6", "\\ud800", "a\\udc00b\\ud800", "\\u0000\\u0001\\u007f",
         "\\\"\\\\\\/\\b\\f\\n\\r\\t", "t" * 3000, "{\\\"a\\\":1}"]
NUMBERS = ["0", "-0", "-0.0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
           "-9223372036854775809", "18446744073709551616", "1" * 400, "1.50", "1e3", "1E+05", "123e-10000000",
           "-1e-400", "1e400", "-1e99999999999999999999", "0e-999", "0.000e999", "5e-324", "2e-324",
           "1.7976931348623157e308", "1.7976931348623159e308", "0.30000000000000004", "1626175065.5934923",
           "2.2250738585072011e-308", "123456789012345678901234567890.5", "0.1234567890123456789012345678901234567"]


def random_value(rng, depth):
    kind = rng.randrange(10)
    if depth > 0 and kind < 4:
        return random_container(rng, rng.randrange(depth))
    if kind < 6:
        return '"%s"' % rng.choice(TEXTS)
    if kind < 9:
        return rng.choice(NUMBERS) if rng.random() < .5 else repr(rng.uniform(-1e6, 1e6) * 10.0 ** rng.randrange(-300, 300))
    return rng.choice(["true", "false", "null"])


def random_container(rng, depth):
    count = rng.choice([0, 1, 1, 2, 3, 5])
    values = [random_value(rng, depth) for _ in range(count)]
    if rng.random() < .6:
        return "{%s}" % ",".join('"%s"%s:%s' % (rng.choice(WORDS), rng.choice(["", " "]), v) for v in values)
    return "[%s]" % rng.choice([",", " , "]).join(values)


def random_line(rng, number):
    """Some deep, some wide, some with names that come twice at any depth."""
    depth = rng.choice([0, 1, 2, 5, 90])
    members = ['"n":%d' % number]
    for _ in range(rng.choice([1, 3, 8, 60 if depth < 3 else 2])):
        value = random_value(rng, depth)
        if depth == 90 and rng.random() < .5:
            value = nest("".join(rng.choice("oa") for _ in range(rng.randrange(25, 70))),
                         random_container(rng, 5))
        members.append('"%s":%s' % (rng.choice(WORDS), value))
    return "{%s}" % ",".join(members)


# ---- tests ----

def every_depth_is_read_by_official_libraries(clew, directory):
    return ship_and_parse(clew, directory, deep_lines())


def random_lines_arrive_as_python_reads_them(clew, directory):
    rng = random.Random(SEED)
    return ship_and_parse(clew, directory, [random_line(rng, number) for number in range(LINES)])


def filters_nest_no_deeper_than_that(clew, directory):
    """What they add a level to, or read out of a text, or set as the body."""
    peers.request_reader()
    lines = deep_lines()
    lines += ['{"n":%d,"text":%s}' % (len(lines) + i, json.dumps(line)) for i, line in enumerate(lines)]
    folder, _ = ship(clew, directory, lines, filters=[
        {"parse": {"field": "text", "format": "json", "under": "read"}},
        {"nest": {"names": ["deep", "read"], "under": "one"}},
        {"nest": {"names": ["one"], "under": "two"}},
        {"move": {"two": "$body"}}])
    return check(folder)


def saved_requests_keep_the_rules(clew, directory):
    """Those of the suites that ran before this one with CLEW_SAVE_REQUESTS."""
    folder = saved.directory()
    if folder is None or not os.listdir(folder):
        raise peers.Missing("CLEW_SAVE_REQUESTS names no directory with requests of other suites")
    return check(shutil.copytree(folder, os.path.join(directory, "requests")))


TESTS = [every_depth_is_read_by_official_libraries, random_lines_arrive_as_python_reads_them,
         filters_nest_no_deeper_than_that, saved_requests_keep_the_rules]
