#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`clew import`: the config that takes the place of a Fluent Bit's.

Both run over the same lines: tests/corpus/import holds what Fluent Bit made of them, and clew with the
converted config may differ only where the table says so. A folder of real configs at
tests/corpus/configs or $CLEW_LINT_CASES is converted too; it is not part of the tree.
"""

import csv
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import clew
from far_end import FarEnd, body, plain

CASES = sorted(p for p in (clew.ROOT / "tests/corpus/import").iterdir() if p.is_dir())
CONFIGS = pathlib.Path(os.environ.get("CLEW_LINT_CASES", clew.ROOT / "tests/corpus/configs"))
DAEMONSET = clew.ROOT / "conf/fluent-bit/daemonset.yaml"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FATES = {"mapped", "default", "changed", "ignored", "needs_you"}


def convert(tmp, *files, code=0):
    """The table and the config's path; the config is one that clew takes without a complaint."""
    out = tmp / "clew.yaml"
    done = clew.run("import", "--format", "json", "-o", out, *files)
    clew.equal(done.code, code, done)
    checked = clew.run("check", "-c", out)
    clew.equal(checked.code, 0, f"{out.read_text()}\n{checked}")
    report = json.loads(done.out)
    clew.equal(report["config"], out.read_text())
    return report["table"], out


def convert_text(tmp, text, name="fluent-bit.conf"):
    path = tmp / name
    path.write_text(text, newline="")
    return convert(tmp, path)


def rows(table, option, section=""):
    return [r for r in table if r["option"] == option and section in r["section"]]


def fate(table, option, section=""):
    found = rows(table, option, section)
    assert found, (option, section, table)
    return found[-1]["fate"]


# ---- both run ----

def ship(tmp, config, far, env):
    done = clew.run("run", "--once", "-c", config, "--set", f"data_dir={tmp / 'data'}", "--set",
                    "control.listen=off", "--set", f"outputs.endpoint={far.endpoint}/v1/logs", env=env)
    clew.equal(done.code, 0, done)
    return far.records()


def number(value):
    """OTLP/JSON writes integers as texts."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def content(value):
    kind, inner = next(iter(value.items())) if value else (None, None)
    if kind == "kvlistValue":
        return {p["key"]: content(p.get("value")) for p in inner.get("values", [])}
    if kind == "arrayValue":
        return [content(v) for v in inner.get("values", [])]
    return inner


def texts(value):
    if isinstance(value, dict):
        return {k: texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [texts(v) for v in value]
    return number(value)


def flat(record):
    """What clew shipped, under the names that Fluent Bit's record has."""
    fields = {p["key"]: content(p.get("value")) for p in record["attributes"]}
    fields["stream"] = fields.pop("log.iostream", None)
    for mine, theirs in (("traceId", "trace_id"), ("spanId", "span_id"), ("severityText", "level")):
        if record.get(mine):
            fields[theirs] = record[mine]
    for name in ("message", "log", "msg"):
        fields.setdefault(name, body(record))
    return fields


def same_line(theirs, mine):
    """Fluent Bit's record and clew's are of the same line: its text, or what a parser left of it."""
    said = theirs.get("message", theirs.get("msg", theirs.get("log")))
    if said is not None:
        return said.rstrip("\n") == mine["message"] or said.rstrip("\n") == mine["msg"]
    return all(mine["message"].find(str(v)) >= 0 for k, v in theirs.items() if k in ("method", "path", "host"))


OWN = {"date", "time", "_p", "logtag"}  # of the envelope, and Fluent Bit's own
ADDED = {"log.file.path", "log.record.uid", "stream", "message", "log", "msg",
         "trace_id", "span_id", "level"}  # found within a text


# Options that took fields away, or wrote over them.
LOSSY = re.compile("reserve_data|preserve_key|time_keep|remove|allowlist_key|whitelist_key|hard_|set|add")


def compare(case, line, theirs, mine, table):
    """Complaints. What clew has more is told by a row "changed"; what it has not, by none."""
    said = []
    for key, value in theirs.items():
        value = value.rstrip("\n") if key == "log" else value
        if key not in OWN and texts(mine.get(key)) != texts(value):
            said.append(f"{case} line {line}: {key} is {value!r} in Fluent Bit's, {mine.get(key)!r} in clew's")
    more = set(mine) - set(theirs) - ADDED
    if more and not any(r["fate"] == "changed" and LOSSY.match(r["option"]) for r in table):
        said.append(f"{case} line {line}: {more} is in clew's only, and no row says so")
    return said


def test_fluent_bit_and_clew_make_the_same_of_the_same_lines(tmp):
    said = []
    for case in CASES:
        folder = tmp / case.name
        shutil.copytree(case, folder)
        table, config = convert(folder, folder / "fluent-bit.conf")
        left = [r for r in table if r["fate"] == "needs_you" and "OUTPUT" not in r["section"]
                and r["option"] != "path"]
        said += [f"{case.name}: needs you: {r}" for r in left]
        theirs = [json.loads(line) for line in (case / "fluent-bit.jsonl").read_text().splitlines()]
        with FarEnd(folder) as far:
            mine = [flat(record) for _, record in ship(folder, config, far, {"CASE": str(folder)})]
        if len(mine) != len(theirs):
            said.append(f"{case.name}: {len(theirs)} records in Fluent Bit's, {len(mine)} in clew's")
        for number_, record in enumerate(theirs, 1):
            found = [m for m in mine if same_line(record, m)]
            if not found:
                said.append(f"{case.name}: no record for {record}")
            else:
                said += compare(case.name, number_, record, found[0], table)
    if said:
        raise clew.Failure("\n".join(said))


def test_the_ids_that_an_old_daemonset_lost_arrive(tmp):
    """The config of conf/fluent-bit over the lines of the case cri-kubernetes, of which Fluent Bit
    has shipped an access line without its ids."""
    case = clew.ROOT / "tests/corpus/import/cri-kubernetes"
    lost = [json.loads(line) for line in (case / "fluent-bit.jsonl").read_text().splitlines()]
    clew.equal([r.get("trace_id") for r in lost if r.get("path") == "/cart"], [None])
    clew.equal(clew.run("lint", DAEMONSET).code, 3)
    _, config = convert(tmp, DAEMONSET)
    clew.contains(config.read_text(), "/var/log/containers/*.log")
    config.write_text(config.read_text().replace("/var/log/containers", str(case / "containers")))
    with FarEnd(tmp) as far:
        arrived = ship(tmp, config, far, None)
    access = [r for _, r in arrived if body(r).startswith("GET /cart")]
    clew.equal([(r["traceId"], r["spanId"]) for r in access], [(TRACE, SPAN)])
    clew.equal([r["k8s.pod.name"] for r, _ in arrived], ["checkout-7d9c5b8f4-x2kqp"] * len(arrived))
    clew.equal(sum(r["traceId"] == TRACE for _, r in arrived), 4)


# ---- the table ----

def options_of(text):
    """(section, key) of each line of a classic config that is an option, names left out."""
    found = []
    section = ""
    for line in text.splitlines():
        if line.strip().startswith("["):
            section = line.strip().strip("[]")
        elif line.strip() and not line.strip().startswith(("#", "@")):
            found.append((section, line.split()[0].lower()))
    return [f for f in found if f[1] != "name"]


def test_every_option_has_a_row(tmp):
    for case in CASES:
        (tmp / case.name).mkdir()
        table, _ = convert(tmp / case.name, case / "fluent-bit.conf")
        told = [(r["section"].split()[0], r["option"]) for r in table]
        for one in options_of((case / "fluent-bit.conf").read_text()):
            assert one in told, (case.name, one)


STRANGE = """[SERVICE]
    Flush 5
    Grace 30
    Log_Level trace
    scheduler.base 3
    scheduler.cap 60
    Weird_Option 1
[INPUT]
    Name tail
    Path /var/log/a.log, /var/log/b/*.log
    Tag a
    Buffer_Max_Size 4MB
    Bogus x
[INPUT]
    Name cpu
[FILTER]
    Name lua
    Match a
    script x.lua
    call f
[FILTER]
    Name nosuch
    Match *
[FILTER]
    Name modify
    Match *
    Set trace_id 0af7651916cd43dd8448eb211c80319c
    Remove_wildcard trace
    Remove_regex ^((?!message).)*$
[OUTPUT]
    Name opentelemetry
    Match a
    Host collector
    Port 4318
    Tls On
    Header x-team shop
    Http_User me
    Http_Passwd s3cret
    Logs_Body_Key $message
    Compress gzip
[OUTPUT]
    Name kafka
    Match *
    Brokers b:9092
[OUTPUT]
    Name nosuch
    Match a
[WEIRD]
    Key value
@INCLUDE nowhere.conf
"""


def test_nothing_is_dropped_in_silence(tmp):
    table, config = convert_text(tmp, STRANGE)
    text = config.read_text()
    clew.equal({r["fate"] for r in table} <= FATES, True)
    for option, wanted in {"weird_option": "needs_you", "bogus": "needs_you", "call": "needs_you",
                           "brokers": "needs_you", "key": "needs_you", "grace": "mapped", "log_level": "mapped",
                           "scheduler.base": "mapped", "path": "mapped", "buffer_max_size": "mapped",
                           "header": "mapped", "logs_body_key": "changed", "set": "changed",
                           "remove_wildcard": "changed", "remove_regex": "changed"}.items():
        clew.equal(fate(table, option), wanted, option)
    clew.equal([r["fate"] for r in table if r["value"] == "@INCLUDE nowhere.conf"], ["needs_you"])
    clew.equal([r["value"] for r in rows(table, "http_passwd")], ["[hidden]"])
    assert "s3cret" not in text
    for piece in ("include: ['/var/log/a.log', '/var/log/b/*.log']", "https://collector:4318/v1/logs",
                  "shutdown_timeout: 30000ms", "retry: {initial: 3s, max: 60s}", "'x-team': 'shop'",
                  "line_bytes_max: 4000000", "# fluent-bit.conf:8  INPUT tail"):
        clew.contains(text, piece)


ENDPOINTS = {
    "loki": ("Host loki\n    Port 3100\n    Tenant_Id shop", "http://loki:3100/otlp/v1/logs"),
    "es": ("Host es\n    Port 9200", "http://es:9200/_otlp/v1/logs"),
    "datadog": ("apikey k\n    Host http-intake.logs.datadoghq.eu", "https://otlp.datadoghq.eu/v1/logs"),
    "newrelic": ("licenseKey k\n    endpoint https://log-api.eu.newrelic.com/log/v1",
                 "https://otlp.eu01.nr-data.net/v1/logs"),
    "cloudwatch_logs": ("region eu-west-1\n    log_group_name g", "https://logs.eu-west-1.amazonaws.com/v1/logs"),
    "grafana-loki": ("Url http://loki:3100/loki/api/v1/push", "http://loki:3100/otlp/v1/logs"),
    "http": ("Host o2\n    Port 5080\n    URI /api/default/web/_json\n    http_User a@b.c\n    http_Passwd p",
             "http://o2:5080/api/default/v1/logs"),
    "kafka": ("Brokers b:9092", "http://localhost:4318/v1/logs"),
}


def test_each_backend_is_met_at_its_otlp_endpoint(tmp):
    for name, (options, url) in ENDPOINTS.items():
        text = f"[INPUT]\n    Name tail\n    Path /a.log\n[OUTPUT]\n    Name {name}\n    Match *\n    {options}\n"
        _, config = convert_text(tmp, text)
        clew.contains(config.read_text(), f"endpoint: {url}" if name == "kafka" else f"endpoint: '{url}'")


TWO = """[INPUT]
    Name tail
    Tag web
    Path {dir}/web.log
[INPUT]
    Name tail
    Tag db
    Path {dir}/db.log
[FILTER]
    Name grep
    Match web
    Exclude log ^skip
[OUTPUT]
    Name opentelemetry
    Alias first
    Match *
[OUTPUT]
    Name opentelemetry
    Alias second
    Match d*
"""


def test_match_becomes_routes_and_conditions(tmp):
    (tmp / "web.log").write_text("skip this\nkeep this\n")
    (tmp / "db.log").write_text("skip that\n")
    _, config = convert_text(tmp, TWO.format(dir=tmp))
    with FarEnd(tmp) as first, FarEnd(tmp, name="second.jsonl") as second:
        text = config.read_text().replace("http://localhost:4318", first.endpoint, 1)
        config.write_text(text.replace("http://localhost:4318", second.endpoint, 1))
        done = clew.run("run", "--once", "-c", config, "--set", f"data_dir={tmp / 'data'}", "--set",
                        "control.listen=off")
        clew.equal(done.code, 0, done)
        clew.equal(sorted(first.bodies()), ["keep this", "skip that"])
        clew.equal(second.bodies(), ["skip that"])


def test_no_character_ends_a_comment(tmp):
    """What is a line's end to YAML, or none of its characters, would make config of an old value."""
    text = "".join(f"    Key{n} a{c}inputs: x £…\n" for n, c in enumerate("\x80\x85\x93\x9f\u2028\u2029\ufeff\ufffe"))
    for name, more in (("tail", "    Path /a.log\n"), (f"no\u2028such", "")):
        table, config = convert_text(tmp, f"[INPUT]\n    Name {name}\n{more}{text}")
        clew.equal([r["value"] for r in table if r["option"].startswith("key")], ["a?inputs: x £…"] * 8)
        clew.equal(config.read_text().count("a?inputs: x £…"), 16 if more else 8)


def test_several_files_are_one_config(tmp):
    (tmp / "p.conf").write_text("[PARSER]\n    Name web\n    Format logfmt\n")
    (tmp / "a.conf").write_text("[INPUT]\n    Name tail\n    Path /a.log\n    Parser web\n"
                                "[OUTPUT]\n    Name loki\n    Match *\n")
    table, config = convert(tmp, tmp / "a.conf", tmp / "p.conf")
    clew.equal(fate(table, "parser", "INPUT tail"), "mapped")
    clew.contains(config.read_text(), "format: logfmt")


def test_the_status_says_what_was_asked_for(tmp):
    path = tmp / "a.conf"
    path.write_text(STRANGE)
    clew.equal(clew.run("import", path).code, 0)
    clew.equal(clew.run("import", "--fail-on", "needs-you", path).code, 3)
    clew.equal(clew.run("import", "-o", tmp / "no/such/folder", path).code, 1)
    clew.equal(clew.run("import", tmp / "missing.conf").code, 2)
    clew.equal(clew.run("import").code, 2)
    (tmp / "b.conf").write_text("hello\n")
    clew.equal(clew.run("import", tmp / "b.conf").code, 2)


def test_the_new_config_is_for_its_owner_only(tmp):
    _, config = convert_text(tmp, STRANGE)
    clew.equal(config.stat().st_mode & 0o077, 0)


CONDITION = """pipeline:
  inputs:
    - name: tail
      path: /x.log
      parser: json
      processors:
        logs:
          - name: content_modifier
            action: delete
            key: secret
            condition:
              op: {logic}
              rules:
{rules}
  outputs:
    - name: opentelemetry
      match: '*'
"""


def test_a_processor_under_a_condition_stays_under_it(tmp):
    def rule(field, op, value):
        return f"                - field: \"{field}\"\n                  op: {op}\n                  value: {value}\n"
    for logic, rules, wanted in (
            ("and", rule("$level", "eq", "debug"), "{all: [{field: 'level', equals: 'debug'}]}"),
            ("or", rule("$a['b']", "neq", "x") + rule("$n", "gte", "4"),
             "{any: [{not: {field: 'a.b', equals: 'x'}}, {field: 'n', at_least: 4}]}"),
            ("and", rule("$p", "regex", "'^/h'") + rule("$p", "not_regex", "z$"),
             "{all: [{field: 'p', matches: '^/h'}, {not: {field: 'p', matches: 'z$'}}]}"),
            ("and", rule("$m", "in", "[GET, PUT]") + rule("$m", "not_in", "[x]"),
             "{all: [{field: 'm', in: ['GET', 'PUT']}, {not: {field: 'm', in: ['x']}}]}"),
            ("and", "                - {value: 4, op: lt, field: $n}\n                - {value: 9, op: eq, field: $k}\n",
             "{all: [{field: 'n', less: 4}, {field: 'k', equals: '9'}]}"),
            ("and", rule("$n", "gt", "many"), None), ("and", rule("$n", "like", "x"), None),
            ("xor", rule("$n", "eq", "x"), None),
            ("and", rule("$n", "eq", "x") + "                  context: metadata\n", None)):
        table, config = convert_text(tmp, CONDITION.format(logic=logic, rules=rules), "fluent-bit.yaml")
        text = config.read_text().split("# What became")[0]
        lines = [l.strip() for l in text.split("\n") if l.strip().startswith(("when:", "- remove:"))]
        clew.equal(lines, ["- remove: {names: ['secret']}", f"when: {wanted}"] if wanted else [], rules)
        clew.equal({r["fate"] for r in table if r["option"].startswith("condition.")},
                   {"mapped" if wanted else "needs_you"}, rules)
        clew.equal(fate(table, "", "FILTER content_modifier"), "mapped" if wanted else "needs_you")


KUBELET = """[SERVICE]
    Log_Level ${{LEVEL}}
    Plugins_File plugins.conf
[INPUT]
    Name tail
    Path /var/log/containers/*.log
    Tag kube.*
    Read_from_Head ${{HEAD}}
[FILTER]
    Name kubernetes
    Match kube.*
    Use_Kubelet {on}
    {host}
    tls.verify {verify}
"""


def test_the_kubelet_is_asked_where_the_old_config_asked_it(tmp):
    for on, host, verify, wanted, fate_ in (
            ("On", "Kubelet_Port 10251", "Off", ["source: kubelet", "endpoint: 'https://127.0.0.1:10251'",
                                                 "verify: false"], "mapped"),
            ("On", "Kubelet_Host node-1.local", "On", ["source: kubelet", "endpoint: 'https://node-1.local:10250'"],
             "mapped"),
            ("On", "Kubelet_Host ${NODE_IP}", "On", [], "needs_you"), ("${ASK}", "Kubelet_Port 1", "On", [], "needs_you"),
            ("Off", "Kubelet_Port 10250", "Off", [], "mapped")):
        table, config = convert_text(tmp, KUBELET.format(on=on, host=host, verify=verify))
        found = [l.strip() for l in config.read_text().split("\n")
                 if l.strip().split(":")[0] in ("source", "endpoint", "verify") and l.startswith("  ")]
        clew.equal(found, wanted, (on, host))
        clew.equal(fate(table, "use_kubelet"), fate_, (on, host))
    clew.equal([fate(table, o) for o in ("log_level", "read_from_head", "plugins_file")],
               ["changed", "changed", "ignored"])


def test_a_name_that_is_too_long_for_a_config_needs_you(tmp):
    for length, wanted in ((128, "mapped"), (129, "needs_you")):
        table, _ = convert_text(tmp, "[INPUT]\n    Name tail\n    Path /x\n    Tag x\n[FILTER]\n    Name modify\n"
                                f"    Match *\n    Add {'k' * length} v\n")
        clew.equal(fate(table, "add"), wanted, length)


def test_lines_of_any_length_make_a_config_that_is_taken(tmp):
    """A record is no shorter than its line, so a long one takes record_bytes_max with it."""
    for size, wanted in (("32k", ""), ("10M", "line_bytes_max: 10000000\n"),
                         ("40M", "line_bytes_max: 40000000\n    record_bytes_max: 40000000\n"), ("1G", "")):
        _, config = convert_text(tmp, f"[INPUT]\n    Name tail\n    Path /x\n    Buffer_Max_Size {size}\n")
        text = config.read_text().split("# What became")[0]
        clew.equal("".join(l + "\n" for l in text.split("\n") if "_bytes_max" in l and "#" not in l).strip(),
                   wanted.strip(), size)


STREAMS = """[INPUT]
    Name syslog
    Tag net
    Mode udp
    Listen 127.0.0.1
    Port {port}
    Parser syslog-rfc3164
    Buffer_Chunk_Size 64k
    Buffer_Max_Size 4M
    Frame newline
    Path /nowhere
    Tls off
    Source_Address_Key from
[INPUT]
    Name syslog
    Tag local
    Mode unix_tcp
    Path {dir}/log.sock
    Unix_Perm 0666
[INPUT]
    Name stdin
    Tag in
    Parser json
    Buffer_Size 2M
[FILTER]
    Name grep
    Match net
    Regex ident ^shop$
[OUTPUT]
    Name opentelemetry
    Match *
"""


def test_syslog_and_standard_input_are_converted(tmp):
    """And run: the filter goes by a name that only Fluent Bit's parser gives."""
    port = clew.free_port()
    table, config = convert_text(tmp, STREAMS.format(port=port, dir=tmp))
    for option, wanted in {"mode": "mapped", "listen": "mapped", "port": "mapped", "parser": "changed",
                           "buffer_chunk_size": "default", "buffer_max_size": "mapped", "frame": "default",
                           "tls": "ignored", "source_address_key": "needs_you", "unix_perm": "needs_you"}.items():
        clew.equal(fate(table, option, "INPUT syslog"), wanted, option)
    clew.equal([r["fate"] for r in rows(table, "path")], ["ignored", "mapped"])
    clew.equal([fate(table, o, "INPUT stdin") for o in ("parser", "buffer_size")], ["default", "mapped"])
    for piece in (f"listen: ['udp://127.0.0.1:{port}']", f"listen: ['unix://{tmp}/log.sock']", "type: stdin",
                  "line_bytes_max: 4000000", "line_bytes_max: 2000000"):
        clew.contains(config.read_text(), piece)
    lines = [f"<11>May 11 02:14:33 web1 {name}[99]: paid trace_id={TRACE}" for name in ("shop", "cron")]
    with FarEnd(tmp) as far, open(tmp / "in", "wb") as made:
        made.write(b'{"message": "from stdin"}\n')
        made.flush()
        with open(tmp / "in", "rb") as lines_in, \
                clew.start("run", "-c", config, "--set", f"data_dir={tmp / 'data'}", "--set", "control.listen=off",
                           "--set", f"outputs.endpoint={far.endpoint}/v1/logs", stdin=lines_in) as process:
            far.wait_for(1)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as net:
                for line in reversed(lines):
                    net.sendto(line.encode(), ("127.0.0.1", port))
            far.wait_for(2)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as local:
                local.connect(str(tmp / "log.sock"))
                local.sendall("".join(line + "\n" for line in lines).encode())
                far.wait_for(4)
            clew.equal(process.stop(), 0)
        found = [(body(r), r.get("traceId")) for _, r in far.records()]
    clew.equal(found[0][0], "from stdin")
    clew.equal(found[1:], [(lines[0], TRACE), (lines[0], TRACE), (lines[1], TRACE)])


LISTENERS = {
    "Mode tcp": "['tcp://0.0.0.0:5140']",
    "Mode UDP\n    Listen ::1\n    Port 514": "['udp://[::1]:514']",
    "Mode tcp\n    Listen ${BIND}\n    Port ${PORT}": "['tcp://${BIND:-127.0.0.1}:${PORT:-5140}']",
    "Mode tcp\n    Listen a b\n    Port 99999": "['tcp://127.0.0.1:5140']",
    "Path /run/log.sock": "['unixgram:///run/log.sock']",
    "Path relative.sock": "['unixgram:///run/clew/syslog.sock']",
    "Mode unix_udp": None,
    "Mode quic\n    Port 1": None,
}


def test_what_cannot_be_listened_to_is_told(tmp):
    for options, listen in LISTENERS.items():
        table, config = convert_text(tmp, f"[INPUT]\n    Name syslog\n    {options}\n"
                                          "[OUTPUT]\n    Name stdout\n    Match *\n")
        text = config.read_text()
        clew.contains(text, f"listen: {listen}" if listen else "inputs: []")
        doubtful = listen is None or "${" in options or "a b" in options or "relative" in options
        needs = [r for r in table if r["fate"] == "needs_you" and "INPUT" in r["section"]]
        clew.equal(bool(needs), doubtful, options)
    for parser, wanted, fmt in (("own", "mapped", "json"), ("nosuch", "needs_you", "syslog")):
        table, config = convert_text(tmp, "[PARSER]\n    Name own\n    Format json\n[INPUT]\n    Name syslog\n"
                                          f"    Path /a.sock\n    Parser {parser}\n    storage.type filesystem\n")
        clew.equal([fate(table, o, "INPUT") for o in ("parser", "storage.type")], [wanted, "changed"])
        clew.contains(config.read_text(), f"format: {fmt}\n")
    table, config = convert_text(tmp, 2 * "[INPUT]\n    Name stdin\n    Parser none\n")
    clew.equal(config.read_text().count("type: stdin"), 1)
    clew.equal([r["fate"] for r in rows(table, "parser")], ["needs_you", "needs_you"])


# ---- the pages ----

def test_the_pages_show_what_the_commands_print(tmp):
    """Each console block, run by a shell in the order of the page."""
    (tmp / "conf").symlink_to(clew.ROOT / "conf")
    (tmp / "tests").symlink_to(clew.ROOT / "tests")
    (tmp / "bin").mkdir()
    (tmp / "bin/clew").symlink_to(pathlib.Path(clew.CLEW).resolve())
    env = dict(clew.environment(), PATH=f"{tmp / 'bin'}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    for page in ("lint.md", "migrating-from-fluent-bit.md"):
        text = (clew.ROOT / "docs" / page).read_text(encoding="utf-8")
        blocks = re.findall(r"```console\n\$ (.*?)\n(.*?)```", text, re.DOTALL)
        assert blocks, page
        for command, shown in blocks:
            done = subprocess.run(["sh", "-c", command], cwd=tmp, env=env, capture_output=True, timeout=clew.END_TIMEOUT,
                                  check=False)
            lines = [line.rstrip() for line in done.stdout.decode().split("\n")]
            clew.equal("\n".join(lines), shown, f"{page}: {command}")


# ---- ids ----

PROBES = [json.dumps({"level": "info", "message": "hello", "trace_id": TRACE, "span_id": SPAN}),
          json.dumps({"level": "info", "message": "hello", "context": {"trace_id": TRACE, "span_id": SPAN}}),
          f"level=info msg=hello trace_id={TRACE} span_id={SPAN}",
          f"hello trace_id={TRACE} span_id={SPAN}"]


def lost_ids(config):
    """Which probes lose their ids in a config: each as it is and in the runtime's envelope. A record
    that a filter drops whole has lost none."""
    lines = PROBES + [f"2024-05-05T05:05:05.000000000Z stdout F {p}" for p in PROBES]
    done = clew.run("parse", "-c", config, stdin="\n".join(lines) + "\n")
    clew.equal(done.code, 0, done)
    return [r for r in done.json_lines() if r.get("traceId") != TRACE or r.get("spanId") != SPAN]


def test_no_converted_config_takes_ids_away(tmp):
    for case in CASES:
        (tmp / case.name).mkdir()
        _, config = convert(tmp / case.name, case / "fluent-bit.conf")
        clew.equal(lost_ids(config), [], case.name)
    _, config = convert_text(tmp, STRANGE)
    clew.equal(lost_ids(config), [])


def test_real_configs_are_converted(tmp):
    if not (CONFIGS / "verdicts.tsv").exists():
        raise clew.Skipped(f"no configs at {CONFIGS}")
    with open(CONFIGS / "verdicts.tsv", encoding="utf-8") as f:
        files = [r["file"] for r in csv.DictReader(f, delimiter="\t") if r["file"].startswith("fluentbit/")]
    failed = []
    for file in files:
        try:
            table, config = convert(tmp, CONFIGS / file)
            text = (CONFIGS / file).read_text(errors="replace")
            if file.endswith(".conf") and "{{" not in text:
                told = {(r["section"].split()[0].upper(), r["option"]) for r in table if r["section"]}
                missing = [o for o in options_of(text) if (o[0].upper(), o[1]) not in told]
                assert not missing, missing
            assert not lost_ids(config), "ids are lost"
        except (clew.Failure, AssertionError) as error:
            failed.append(f"{file}: {str(error)[:300]}")
    print(f"converted {len(files) - len(failed)}/{len(files)}")
    print("\n".join(failed))
    assert len(files) - len(failed) >= 0.95 * len(files), failed


def test_the_journal_is_read_where_systemd_was(tmp):
    text = ("[INPUT]\n    Name systemd\n    Path /var/log/journal\n    Systemd_Filter _SYSTEMD_UNIT=kubelet.service\n"
            "    Systemd_Filter {}\n    Read_From_Tail {}\n")
    table, config = convert_text(tmp, text.format("_SYSTEMD_UNIT=docker.service", "on"))
    for piece in ("type: journal", "directory: '/var/log/journal'", "read_from: end",
                  "units: ['kubelet.service', 'docker.service']"):
        clew.contains(config.read_text(), piece)
    clew.equal([fate(table, o, "INPUT systemd") for o in ("path", "systemd_filter", "read_from_tail")],
               ["mapped", "mapped", "mapped"])
    table, config = convert_text(tmp, text.format("_COMM=sshd", "off"))
    assert "    units:" not in config.read_text(), "entries of sshd would be missing"
    clew.equal([fate(table, o, "INPUT systemd") for o in ("systemd_filter", "read_from_tail")],
               ["needs_you", "default"])


def test_what_is_no_config_is_told_and_ends_with_status_2(tmp):
    for path in clew.no_configs(tmp):
        result = clew.run("import", path)
        clew.equal(result.code, 2, result)
        clew.equal(result.out, "", path)
        clew.contains(result.err, "not a config of Fluent Bit")


if __name__ == "__main__":
    clew.main()
