#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What others have written reaches no terminal as a command: of log lines, names of files, configs, answers."""

import http.server
import json
import os
import re
import threading

import clew

# A title, the clipboard, a colour, the same by one byte and by its UTF-8, a line forged, text turned round.
ATTACKS = {
    "OSC 0": b"\x1b]0;owned\x07",
    "OSC 52": b"\x1b]52;c;b3duZWQ=\x1b\\",
    "CSI": b"\x1b[2J\x1b[31m",
    "8-bit CSI": b"\x9b31m",
    "CSI in UTF-8": b"\xc2\x9b31m\xc2\x9d0;owned\xc2\x9c",
    "override": b"\xe2\x80\xaegnp.exe\xe2\x81\xa6x\xe2\x80\x8f\xd8\x9c",
    "return": b"gone\rforged\x08\x7f",
}
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def check_bytes(data, what):
    try:
        found = BAD.search(data.decode())
    except UnicodeDecodeError as error:
        raise clew.Failure(f"{what}: no UTF-8: {error} in {data[-600:]!r}") from error
    if found:
        raise clew.Failure(f"{what}: {found[0]!r} in {data[max(0, found.start() - 200):found.end() + 80]!r}")


def run(*args, stdin=None, env=None):
    """Standard output and error as bytes; both are checked."""
    done = clew.subprocess.run([clew.CLEW, *args], input=stdin or b"", capture_output=True, timeout=clew.END_TIMEOUT, check=False,
                               env={**clew.environment(), **(env or {})})
    check_bytes(done.stdout, f"{args} on standard output")
    check_bytes(done.stderr, f"{args} on standard error")
    return done


def each():
    return ATTACKS.items()


def test_log_lines_speak_to_no_terminal(tmp):
    for name, attack in each():
        text = attack.decode(errors="surrogateescape")
        lines = (b"plain " + attack + b"\n" + attack + b'=1 level=info msg="x' + attack + b'"\n' +
                 json.dumps({"msg": text, "service.name": text, "level": text, text: text, "trace_id": text},
                            ensure_ascii=False).encode(errors="surrogateescape") + b"\n") * 3
        path = tmp / "app.log"
        path.write_bytes(lines)
        chain = ["--set", "filters=[{remove: {names: [nothing]}}]"]
        for args in (["parse"], ["parse", "--trace"], ["parse", "--trace", *chain], ["audit"],
                     ["audit", "--no-redact"], ["audit", "--by", "severity", "--ids"], ["audit", "--format", "json"],
                     ["audit", "--format", "markdown"], ["audit", "--format", "html"],
                     ["audit", "--no-redact", "--format", "markdown"], ["audit", "--no-redact", "--format", "json"]):
            done = run(*args, path)
            assert done.returncode == 0 and done.stdout, (name, args, done)


def test_names_of_files_speak_to_no_terminal(tmp):
    for name, attack in each():
        folder = os.fsencode(tmp) + b"/" + attack.replace(b"/", b"")
        os.mkdir(folder)
        gone = folder + b"/gone"
        config = folder + b"/clew.yaml"
        with open(config, "wb") as file:
            file.write(b"filters: [{drop: {field: a, equals: 1}, nme: x}]\n")
        log = folder + b"/app.log"
        with open(log, "wb") as file:
            file.write(b"one line\n")
        for args in (["check", gone], ["check", config], ["check", "-c", gone], ["check", "-c", config], ["parse", gone],
                     ["parse", "-c", config, log], ["audit", gone], ["audit", "--by", "file", log],
                     ["audit", "--baseline", gone, log], ["audit", "--baseline", config, log], ["lint", gone], ["lint", config],
                     ["import", gone], ["import", config], ["import", "-o", folder + b"/x/y", config],
                     ["receive", "--out", gone + b"/x"], ["run", "-c", gone], ["run", "-c", config],
                     ["run", "--set", b"data_dir=" + log, log], ["replay", "--list", "--data-dir", log],
                     ["check", "--set", b"data_dir=" + folder], [attack], ["run", b"--" + attack],
                     ["audit", "--format", attack], ["help", attack], ["completion", attack],
                     ["top", "--once", "-e", attack], ["check", "--set", attack], ["check", "--set", attack + b"=1"]):
            done = run(*args)
            assert done.stdout or done.stderr, (name, args)


CONFIGS = {
    "clew.yaml": b"""inputs:
- {type: tail, include: ["/var/log/@"], service: "@"}
filters:
- {name: "@", set: {"@": "@"}}
- {drop: {field: "@", matches: "(@"}}
outputs:
- {type: otlp_http, name: "@", endpoint: "http://@/"}
tests:
- {name: "@", lines: ["@"], expect: {"@": "@"}}
"@": 1
""",
    "fluent-bit.conf": b"""[INPUT]
    Name  tail
    Path  /var/log/@
    Tag   @
    Parser @
[FILTER]
    Name  grep
    Match @
    Regex @ @
[FILTER]
    Name  @
    Match *
[OUTPUT]
    Name  http
    Match *
    Host  @
    Header @ @
    @ @
""",
    "vector.toml": b"""[sources."@"]
type = "file"
include = ["/var/log/@"]
[transforms.t]
type = "remap"
inputs = ["@"]
source = '''del(."@") ; . = {"message": "@"} ; @'''
[sinks.s]
type = "@"
inputs = ["t"]
""",
    "logstash.conf": b"""input { file { path => "/var/log/@" } }
filter { mutate { remove_field => ["trace_id", "@"] } grok { match => { "@" => "%{@}" } } @ { } }
output { http { url => "http://@/" format => "@" } }
""",
}


def test_configs_speak_to_no_terminal(tmp):
    for name, attack in each():
        for file, text in CONFIGS.items():
            path = tmp / file
            quoted = json.dumps(attack.decode("latin-1"))[1:-1].encode() if file.endswith("yaml") else b"x" + attack
            for held in (quoted, attack):
                path.write_bytes(text.replace(b"@", held))
                commands = [["lint"], ["lint", "--format", "json"], ["import"]]
                if file == "clew.yaml":
                    commands = [["check", "-c"], ["check", "--format", "json", "-c"], ["check", "--test", "-c"], ["run", "-c"],
                                ["parse", "--trace", "-c"]]
                for args in commands:
                    done = run(*args, path)
                    assert done.stdout or done.stderr, (name, args)


def test_a_good_config_is_printed_without_the_commands_in_its_values(tmp):
    for _, attack in each():
        path = tmp / "clew.yaml"
        value = json.dumps(attack.decode("latin-1"))
        path.write_text(f"filters:\n- {{name: n, set: {{a: {value}}}, when: {{field: {value}, equals: {value}}}}}\n"
                        f"tests:\n- {{name: t, lines: [{json.dumps(value)}], expect: {{a: {value}, b: 1}}}}\n")
        for args in (["check", "-c"], ["check", "--test", "-c"]):
            assert run(*args, path).stdout, args
        value = attack.decode(errors="surrogateescape")
        run("check", env={"OTEL_SERVICE_NAME": value, "OTEL_RESOURCE_ATTRIBUTES": f"a={value}",
                                     "OTEL_EXPORTER_OTLP_ENDPOINT": value, "OTEL_EXPORTER_OTLP_COMPRESSION": value})


class Endpoint:
    """What claims to be a clew, or a backend."""

    def __init__(self, attack):
        text = attack.decode(errors="replace")
        group = {"service": text, "namespace": text, "verdict": text, "records": 1, "coverage": 0.5, "windows": {}}
        coverage = json.dumps({"groups": [group], "records": 1, "coverage": 1, "windows": {}}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(coverage if "coverage" in self.path else b"clew_open_files 1\n# EOF\n" + attack, 200)

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                self.answer(attack if length >= 40 else b"", 400 if length >= 40 else 200)

            def answer(self, data, status):
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

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


def test_answers_speak_to_no_terminal(tmp):
    for name, attack in each():
        with Endpoint(attack) as endpoint:
            for form in ([], ["--format", "json"]):
                run("top", "--once", "-e", f"127.0.0.1:{endpoint.port}", *form)
            folder = tmp / re.sub(r"\W", "", name)
            folder.mkdir()
            log = os.fsencode(folder) + b"/" + attack.replace(b"/", b"") + b".log"
            with open(log, "wb") as file:
                file.write(b"one\n")
            sets = ["--set", f"data_dir={folder}/data", "--set", f"control.listen=127.0.0.1:{clew.free_port()}", "--set", f"outputs.endpoint=http://127.0.0.1:{endpoint.port}/"]
            with clew.start("run", *sets, "--set", "log_level=debug", f"{folder}/*.log") as process:
                process.wait_for(lambda: "refused" in process.err(), "the answer is told")
                process.stop()
                check_bytes(process.err().encode(errors="surrogateescape"), f"run, {name}")
            run("replay", "--list", *sets)
            run("check", "--connect", *sets)
            run("check", "--connect", "--format", "json", *sets)


if __name__ == "__main__":
    clew.main()
