#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`clew lint`: what becomes of the ids in the configs of other shippers.

CASES are small configs, one for each way ids are kept, lost or only carried in a text. A folder of
real configs with verdicts, if there is one at tests/corpus/configs or at $CLEW_LINT_CASES, is scored
by the same rules; it is not part of the tree.
"""

import csv
import json
import os
import pathlib

import clew

CONFIGS = pathlib.Path(os.environ.get("CLEW_LINT_CASES", clew.ROOT / "tests/corpus/configs"))

TAIL = """[INPUT]
    Name tail
    Tag kube.*
    Path /var/log/containers/*.log
    multiline.parser docker, cri
"""
FORWARD = "[INPUT]\n    Name forward\n"
JOURNAL = "[INPUT]\n    Name systemd\n    Tag host.*\n"
OUT = "[OUTPUT]\n    Name es\n    Match *\n"
MERGE = "[FILTER]\n    Name kubernetes\n    Match kube.*\n    Merge_Log On\n"


def part(kind, **options):
    """A section; a list is an option given more than once."""
    lines = [f"[{kind}]"]
    for key, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            lines.append(f"    {key.replace('__', '.')} {one}")
    return "\n".join(lines) + "\n"


JSON_FILE = part("INPUT", Name="tail", Path="/var/log/app.log", Parser="json", Tag="app")


def processor(name, options):
    return f"""pipeline:
  inputs:
    - name: tail
      path: /var/log/app/*.log
      parser: json
      processors:
        logs:
          - name: {name}
            {options}
  outputs:
    - name: es
      match: '*'
"""


def fb_filter(name, **options):
    return part("FILTER", Name=name, Match="*", **options)


def fb_output(name, **options):
    return part("OUTPUT", Name=name, Match="*", **options)


def lua(body):
    return f"""pipeline:
  inputs:
    - name: tail
      path: /var/log/app/*.log
      tag: app
      parser: json
  filters:
    - name: lua
      match: '*'
      call: f
      code: |
        {body}
  outputs:
    - name: es
      match: '*'
"""


def vector(program, sink='type = "http"\nencoding.codec = "json"'):
    return f"""[sources.logs]
type = "docker_logs"
[transforms.work]
type = "remap"
inputs = ["logs"]
source = '''
{program}
'''
[sinks.out]
inputs = ["work"]
{sink}
"""


def vector_lua(body):
    return vector(".x = 1").replace('"remap"', '"lua"').replace("source = '''\n.x = 1\n'''", f"""version = "2"
hooks.process = '''
function (event, emit)
  {body}
end
'''""")


def logstash(filters, output="elasticsearch { }", codec=""):
    return f"input {{\n  tcp {{ port => 1 {codec} }}\n}}\nfilter {{\n{filters}\n}}\noutput {{\n  {output}\n}}\n"


WEB = part("PARSER", Name="web", Format="regex", Regex=r'^(?<ip>[^ ]+) "(?<path>[^"]*)" (?<code>\d+)')
WEB_ANCHORED = WEB.replace(r"(?<code>\d+)", r"(?<code>\d+)$")
WEB_REST = WEB.replace(r"(?<code>\d+)", r"(?<code>\d+)(?<rest>.*)$")
WEB_ID = WEB.replace(r"(?<code>\d+)", r"(?<code>\d+) trace_id=(?<trace_id>[0-9a-f]{32})")

# name → file name, text, verdict, promoted (None: any), what a blamed line holds (None: no matter)
CASES = {
    # Fluent Bit: kept
    "text that nothing parses": ("a.conf", TAIL + OUT, "keeps", False, None),
    "Merge_Log": ("a.conf", TAIL + MERGE + OUT, "keeps", True, None),
    "Merge_Log and Keep_Log off": (
        "a.conf", TAIL + MERGE + "    Keep_Log Off\n" + OUT, "keeps", True, None),
    "Keep_Log off without Merge_Log": (
        "a.conf", TAIL + fb_filter("kubernetes", Keep_Log="Off") + OUT, "keeps", False, None),
    "a parser without Reserve_Data where there is only log": (
        "a.conf", TAIL + fb_filter("parser", Key_Name="log", Parser="json") + OUT, "keeps", True, None),
    "a parser with Reserve_Data": (
        "a.conf", FORWARD + fb_filter("parser", Key_Name="log", Parser="json", Reserve_Data="On") + OUT,
        "keeps", True, None),
    "an anchored pattern that such a line does not match": (
        "a.conf", WEB_ANCHORED + TAIL + fb_filter("parser", Key_Name="log", Parser="web") + OUT,
        "keeps", None, None),
    "a pattern with a rest": (
        "a.conf", WEB_REST + TAIL + fb_filter("parser", Key_Name="log", Parser="web") + OUT,
        "keeps", None, None),
    "a pattern that captures the id": (
        "a.conf", WEB_ID + TAIL + fb_filter("parser", Key_Name="log", Parser="web") + OUT,
        "keeps", None, None),
    "a pattern without a named group": (
        "a.conf", part("PARSER", Name="none", Format="regex", Regex="^(.*)$") + FORWARD +
        fb_filter("parser", Key_Name="log", Parser="none") + OUT, "keeps", None, None),
    "an allow list with the merged map": (
        "a.conf", TAIL + MERGE + "    Merge_Log_Key app\n" +
        fb_filter("record_modifier", Allowlist_key=["log", "app"]) + OUT, "keeps", True, None),
    "nest and lift": (
        "a.conf", TAIL + MERGE + fb_filter("nest", Operation="nest", Wildcard="trace*", Nest_under="c") +
        fb_filter("nest", Operation="lift", Nested_under="c", Add_prefix="x_") + OUT,
        "keeps", True, None),
    "a null output": ("a.conf", TAIL + fb_output("null"), "keeps", None, None),
    "loki labels": ("a.conf", TAIL + MERGE + fb_output("loki", label_keys="$stream"), "keeps", True, None),
    "OTLP with attributes and keys": (
        "a.conf", TAIL + MERGE + fb_output(
            "opentelemetry", Logs_Body_Key_Attributes="On", Logs_Trace_Id_Message_Key="$trace_id",
            Logs_Span_Id_Message_Key="$span_id"), "keeps", True, None),
    "OTLP of an unparsed line": ("a.conf", TAIL + fb_output("opentelemetry"), "keeps", False, None),
    "OTLP without the keys of the ids": (
        "a.conf", TAIL + MERGE + fb_output("opentelemetry", Logs_Body_Key_Attributes="On"),
        "keeps", False, None),
    "a condition that no such record meets": (
        "a.conf", TAIL + fb_filter("modify", Condition="Key_exists nothing", Set="log gone") + OUT,
        "keeps", None, None),
    "the stock cri parser, whose text is message": (
        "a.conf", part("INPUT", Name="tail", Path="/var/log/containers/*.log", Parser="cri", Tag="kube.x") +
        MERGE + OUT, "keeps", False, None),
    "CRLF, tabs and small letters": (
        "a.conf", (TAIL + MERGE + OUT).replace("    ", "\t").replace("\n", "\r\n").lower()
        .replace("merge_log on", "merge_log ON"), "keeps", True, None),
    "a template around an option that does not matter": (
        "a.conf", TAIL + fb_output("s3", bucket="{{ .Values.bucket }}"), "keeps", None, None),
    # Fluent Bit: lost under a condition
    "a parser without Reserve_Data beside other fields": (
        "a.conf", FORWARD + fb_filter("parser", Key_Name="log", Parser="json") + OUT,
        "depends", None, "Name parser"),
    "a pattern without an end": (
        "a.conf", WEB + TAIL + fb_filter("parser", Key_Name="log", Parser="web", Reserve_Data="On") + OUT,
        "depends", None, "Parser web"),
    "the stock nginx parser": (
        "a.conf", TAIL + fb_filter("parser", Key_Name="log", Parser="nginx", Reserve_Data="On") + OUT,
        "depends", None, "Parser nginx"),
    "the stock apache parser, which is anchored": (
        "a.conf", TAIL + fb_filter("parser", Key_Name="log", Parser="apache", Reserve_Data="On") + OUT,
        "keeps", None, None),
    "an unanchored parser of the input": (
        "a.conf", WEB + part("INPUT", Name="tail", Path="/var/log/web.log", Parser="web", Tag="w") + OUT,
        "depends", None, "Parser web"),
    "a pattern that removes all but some keys": (
        "a.conf", JOURNAL + fb_filter("modify", Remove_regex="^((?!MESSAGE|_HOSTNAME).)*$") + OUT,
        "depends", None, "Remove_regex"),
    "an allow list without ids": (
        "a.conf", TAIL + MERGE + fb_filter("record_modifier", Allowlist_key=["log", "stream"]) + OUT,
        "depends", None, "Allowlist_key log"),
    "one key is shipped, beside parsed fields": (
        "a.conf", TAIL + MERGE + fb_output("cloudwatch_logs", log_key="log"), "depends", None, "log_key"),
    "listed keys are shipped": (
        "a.conf", FORWARD + fb_output("firehose", data_keys="log,source"), "depends", None, "data_keys"),
    "a template decides what is shipped": (
        "a.conf", TAIL + fb_output("s3", log_key="{{ .Values.key }}"), "depends", None, "log_key"),
    "a variable decides what is shipped": (
        "a.conf", TAIL + fb_output("s3", log_key="${KEY_OF_NOBODY}"), "depends", None, "log_key"),
    "a variable with a default is known": (
        "a.conf", TAIL + fb_output("s3", log_key="${KEY_OF_NOBODY:-log}"), "keeps", None, None),
    "OTLP's default body drops what was merged": (
        "a.conf", TAIL + MERGE + fb_output("opentelemetry"), "depends", False, "Name opentelemetry"),
    "a constant id": (
        "a.conf", TAIL + fb_filter("modify", Add="trace_id 1234567890abcdef1234567890abcdef") + OUT,
        "depends", None, "Add trace_id"),
    "an output nobody knows": ("a.conf", TAIL + fb_output("carrier_pigeon"), "depends", None, "Name"),
    "a removal under a condition": (
        "a.conf", TAIL + fb_filter("modify", Condition="Key_exists log", Remove="log") + OUT,
        "depends", None, "Remove log"),
    "a script that is not there": (
        "a.conf", TAIL + fb_filter("lua", script="gone.lua", call="f") + OUT, "depends", None, "script"),
    # Fluent Bit: lost
    "the line is removed": (
        "a.conf", TAIL + fb_filter("modify", Remove="log") + OUT, "strips", None, "Remove log"),
    "the line is removed with a prefix": (
        "a.conf", TAIL + fb_filter("record_modifier", Remove_key="lo*") + OUT, "strips", None, "Remove_key"),
    "keys named after ids are removed": (
        "a.conf", TAIL + fb_filter("record_modifier", Remove_key="dd.trace_id") + OUT,
        "strips", None, "Remove_key"),
    "an allow list of other keys": (
        "a.conf", TAIL + fb_filter("record_modifier", Allowlist_key="stream") + OUT,
        "strips", None, "Allowlist_key"),
    "a file template of other keys": (
        "a.conf", TAIL + fb_output("file", Format="template", Template="at {time}"), "strips", None, "Template"),
    "only the route that is named loses": (
        "a.conf", TAIL + fb_filter("modify", Remove="log").replace("Match *", "Match kube.*pay*") + OUT,
        "strips", None, "Remove log"),
    "a route that no record takes loses nothing": (
        "a.conf", TAIL + fb_filter("modify", Remove="log").replace("Match *", "Match host.*") + OUT,
        "keeps", None, None),
    # Lua
    "lua changes in place": ("a.yaml", lua('function f(t, ts, r) r["a"] = 1 return 1, ts, r end'),
                             "keeps", True, None),
    "lua copies in a loop": (
        "a.yaml", lua("function f(t, ts, r) local n = {} for k, v in pairs(r) do n[k] = v end "
                      "return 1, ts, n end"), "keeps", True, None),
    "lua makes a new table": (
        "a.yaml", lua('function f(t, ts, r) local n = {a = r["level"]} return 1, ts, n end'),
        "strips", None, "function f"),
    "lua hands the record on in one of two ways": (
        "a.yaml", lua('function f(t, ts, r) if r.x then return 1, ts, {a = r["level"]} end '
                      "return 0, ts, r end"), "depends", None, "function f"),
    "lua drops records": ("a.yaml", lua("function f(t, ts, r) if r.x then return -1, 0, 0 end "
                                        "return 0, ts, r end"), "keeps", True, None),
    # Vector
    "vector merges": ("a.toml", vector(". = merge(., object!(parse_json!(.message)))"), "keeps", True, None),
    "vector parses in place": ("a.toml", vector(".message = parse_json(.message) ?? .message"),
                               "keeps", True, None),
    "vector nests the event": ("a.toml", vector('. = {"in": {"event": .}}'), "keeps", False, None),
    "vector keeps by way of a variable": ("a.toml", vector("e = .\n. = {}\n.payload = e"), "keeps", False, None),
    "vector encodes": ("a.toml", vector(". = parse_json!(.message)\n. = encode_json(.)"), "keeps", False, None),
    "vector moves": ("a.toml", vector(".log = del(.message)"), "keeps", False, None),
    "vector makes a new event": ("a.toml", vector('.x = 1\n. = {"a": .host}'), "strips", None, '. = {"a"'),
    "vector overwrites the message": (
        "a.toml", vector("j = parse_json(.message) ?? {}\nif exists(j.level) {\n  .message = j.message\n}"),
        "strips", None, ".message = j.message"),
    "vector deletes": ("a.toml", vector("del(.message)"), "strips", None, "del("),
    "vector deletes under an unknown condition": (
        "a.toml", vector('if .host == get_hostname!() {\n  del(.message)\n}'), "depends", None, "del("),
    "vector sends the message of a parsed line": (
        "a.toml", vector(". = merge(., object!(parse_json!(.message)))", 'type = "kafka"\nencoding.codec = "text"'),
        "strips", None, "encoding.codec"),
    "vector sends listed fields": (
        "a.toml", vector(".x = 1", 'type = "kafka"\nencoding.only_fields = ["message"]'),
        "depends", None, "only_fields"),
    "vector leaves fields out": (
        "a.toml", vector(".x = 1", 'type = "kafka"\nencoding.except_fields = ["x"]'), "keeps", False, None),
    "vector's columns": ("a.toml", vector(".x = 1", 'type = "postgres"'), "depends", None, "postgres"),
    "vector's lua fills fields from what it removes": (
        "a.toml", vector_lua("local t = event.log.message\n  event.log.message = nil\n"
                             "  for k, v in pairs(parse(t)) do event.log[k] = v end\n  emit(event)"),
        "depends", None, "lua"),
    "vector takes nested ids by their path": (
        "a.toml", vector('.ctx = parse_json!(.message)\n.t = get!(., ["ctx", "trace_id"])\n'
                         '.s = get!(., ["ctx", "span_id"])\ndel(.ctx)\ndel(.message)'), "keeps", True, None),
    "vector removes nested ids by their path": (
        "a.toml", vector('.ctx = parse_json!(.message)\ndel(.message)\n. = remove!(., ["ctx", "trace_id"])'),
        "strips", None, "remove!"),
    "vector asks a table": (
        "a.toml", vector('. = parse_json!(.message)\nrow, err = get_enrichment_table_record("t", {"k": .level})\n'
                         "if err == null {\n  . = row.value\n}"), "depends", True, ". = row"),
    "vector parses what is no access line": (
        "a.toml", vector(". = parse_apache_log(.message, format: \"common\")"), "keeps", False, None),
    # Logstash: conditions, texts that are changed, outputs with a format
    "logstash parses what begins with a brace": (
        "a.conf", logstash(r'if [message] =~ /^\{/ { json { source => "message" } } else { drop { } }'),
        "keeps", True, None),
    "logstash removes from a type its input does not give": (
        "a.conf", logstash('if [type] == "x" { mutate { remove_field => ["message"] } }').replace(
            "port => 1", 'port => 1 type => "y"'), "keeps", False, None),
    "logstash removes from the type its input gives": (
        "a.conf", logstash('if [type] == "x" { mutate { remove_field => ["message"] } }').replace(
            "port => 1", 'port => 1 type => "x"'), "strips", None, "remove_field"),
    "logstash copies an id and removes the old field": (
        "a.conf", logstash('json { source => "message" }\nmutate { copy => { "trace_id" => "[trace][id]" } '
                           'remove_field => ["trace_id"] }'), "keeps", True, None),
    "logstash removes ids from some levels": (
        "a.conf", logstash('json { source => "message" }\nif [level] == "debug" {\n'
                           ' mutate { remove_field => ["trace_id", "message"] }\n}'), "depends", None, "remove_field"),
    "logstash replaces line ends": (
        "a.conf", logstash(r'mutate { gsub => ["message", "\n", " "] }'), "keeps", False, None),
    "logstash masks long hexadecimals": (
        "a.conf", logstash('mutate { gsub => ["message", "[a-f0-9]{16,}", "***"] }'), "strips", None, "gsub"),
    "logstash makes a number of an id": (
        "a.conf", logstash('json { source => "message" }\nmutate {\n convert => { "trace_id" => "integer" } \n'
                           ' remove_field => ["message"]\n}'), "strips", None, "convert"),
    "logstash writes a hash over an id": (
        "a.conf", logstash('json { source => "message" remove_field => ["message"] }\n'
                           'fingerprint { source => "trace_id" target => "trace_id" }'), "strips", None, "fingerprint"),
    "logstash cuts texts": (
        "a.conf", logstash('truncate { fields => ["message"] length_bytes => 40 }'), "strips", None, "truncate"),
    "logstash cuts long texts": (
        "a.conf", logstash('truncate { fields => ["message"] length_bytes => 32766 }'), "keeps", False, None),
    "logstash takes the pairs it is told": (
        "a.conf", logstash('kv { include_keys => ["level"] remove_field => ["message"] }'),
        "depends", None, "kv"),
    "logstash takes all pairs": (
        "a.conf", logstash('kv { remove_field => ["message"] }'), "keeps", None, None),
    "logstash takes an access line apart": (
        "a.conf", logstash('grok { match => { "message" => "%{COMBINEDAPACHELOG}" } remove_field => ["message"] }'),
        "depends", None, "grok"),
    "logstash takes a syslog line apart": (
        "a.conf", logstash('grok { match => { "message" => "%{SYSLOGLINE}" } overwrite => ["message"] }'),
        "keeps", False, None),
    "logstash removes the text of XML": (
        "a.conf", logstash('xml { source => "message" target => "x" remove_field => ["message"] }'),
        "keeps", False, None),
    "logstash writes the message alone": (
        "a.conf", logstash('json { source => "message" }', 'file { path => "/x" codec => line { format => "%{message}" } }'),
        "strips", None, "codec"),
    "logstash writes the ids in a line": (
        "a.conf", logstash('json { source => "message" }', 'file { path => "/x" codec => line { format => '
                           '"%{trace_id} %{span_id} %{message}" } }'), "keeps", None, None),
    "logstash writes columns to a file": (
        "a.conf", logstash('json { source => "message" }', 'csv { fields => ["level", "message"] path => "/x" }'),
        "strips", None, "csv"),
    "logstash sends syslog": (
        "a.conf", logstash('json { source => "message" }', 'syslog { host => "h" port => 514 }'), "strips", None, "syslog"),
    "a processor deletes under a condition": (
        "a.yaml", processor("content_modifier", "action: delete\n            key: trace_id\n            condition:\n"
                            "              op: and\n              rules:\n                - field: $level\n"
                            "                  op: eq\n                  value: debug"), "depends", True, "key: trace_id"),
    # Fluent Bit: routes that are left, keys of any name, stock parsers
    "a rule that takes every record away from where it is lost": (
        "a.conf", JSON_FILE + part("FILTER", Name="rewrite_tag", Match="app", Rule="$level .* new.x false") +
        part("FILTER", Name="modify", Match="app", Remove="trace_id") + OUT, "keeps", True, None),
    "a rule that leaves a copy where it is lost": (
        "a.conf", JSON_FILE + part("FILTER", Name="rewrite_tag", Match="app", Rule="$level .* new.x true") +
        part("FILTER", Name="modify", Match="app", Remove="trace_id") + OUT, "strips", None, "Remove"),
    "a parser of JSON in a field, ids beside it": (
        "a.conf", TAIL + MERGE + fb_filter("parser", Key_Name="message", Parser="json") + OUT,
        "depends", None, "Name parser"),
    "a parser of JSON in a field that keeps the rest": (
        "a.conf", TAIL + MERGE + fb_filter("parser", Key_Name="message", Parser="json", Reserve_Data="On") + OUT,
        "keeps", None, None),
    "the stock parser of the nginx ingress": (
        "a.conf", TAIL + fb_filter("parser", Key_Name="log", Parser="k8s-nginx-ingress", Reserve_Data="On") + OUT,
        "depends", None, "Parser k8s"),
    "the text is removed after it was merged, if it was": (
        "a.conf", TAIL + MERGE + fb_filter("record_modifier", Remove_key="log") + OUT, "depends", True, "Remove_key"),
    "the text is left out of an allow list that names ids": (
        "a.conf", TAIL + MERGE + fb_filter("record_modifier", Allowlist_key=["message", "trace_id", "span_id"]) + OUT,
        "keeps", True, None),
    "fields are decoded beside the text": (
        "a.conf", part("PARSER", Name="d", Format="json", Decode_Field="json log") +
        part("INPUT", Name="tail", Path="/var/log/containers/*.log", Parser="d", Tag="kube.x") +
        fb_filter("modify", Remove="log") + OUT, "depends", True, "Remove"),
    "fields are decoded in the place of the text": (
        "a.conf", part("PARSER", Name="d", Format="json", Decode_Field_As="json log") +
        part("INPUT", Name="tail", Path="/var/log/containers/*.log", Parser="d", Tag="kube.x") +
        fb_filter("modify", Remove="log") + OUT, "strips", None, "Remove"),
    "a merge by a pattern without an end": (
        "a.conf", WEB + TAIL + MERGE + "    Keep_Log Off\n    Merge_Parser web\n" + OUT, "depends", None, "Keep_Log"),
    "a variable names the key to remove": (
        "a.conf", TAIL + MERGE + fb_filter("modify", Remove="${KEY_OF_NOBODY}") + OUT, "depends", None, "Remove"),
    "a label holds what is removed of the line": (
        "a.conf", TAIL + MERGE + fb_output("loki", labels="$trace_id, $span_id", remove_keys="trace_id,span_id"),
        "keeps", True, None),
    "lua removes all but the keys it allows": (
        "a.yaml", lua("function f(t, ts, r) for k, v in pairs(r) do if not ok[k] then r[k] = nil end end "
                      "return 2, ts, r end"), "depends", None, "call: f"),
    "lua removes what is empty": (
        "a.yaml", lua('function f(t, ts, r) for k, v in pairs(r) do if v == "" then r[k] = nil end end '
                      "return 2, ts, r end"), "keeps", True, None),
    # Vector: what a branch, a closure, a template or a script does
    "vector asks only what it must": (
        "a.toml", vector('if exists(.pod) && starts_with(string!(.pod), "x") { .a = 1 }\n.copy = .message\n'
                         "del(.message)"), "keeps", False, None),
    "vector assigns in a chain": (
        "a.toml", vector(".a = .b = parse_json!(.message)\ndel(.message)\ndel(.b)"), "keeps", True, None),
    "vector copies member by member": (
        "a.toml", vector("for_each(object!(parse_json!(.message))) -> |k, v| {\n  . = set!(., [k], v)\n}\n"
                         "del(.message)"), "keeps", True, None),
    "vector filters members by name": (
        "a.toml", vector('. = filter(object!(parse_json!(.message))) -> |k, v| { k == "level" }'),
        "strips", None, ". = filter"),
    "vector renames every member": (
        "a.toml", vector('. = map_keys(object!(parse_json!(.message))) -> |k| { "x" + k }'), "keeps", True, None),
    "vector makes events anew in both branches": (
        "a.toml", vector('if .tier == "a" {\n  . = {"a": 1}\n} else {\n  . = {"b": 1}\n}'), "strips", None, '. = {"'),
    "vector makes an event anew for lines that are no JSON": (
        "a.toml", vector('if starts_with(string!(.message), "{") {\n  . = parse_json!(.message)\n} else {\n'
                         '  . = {"text": "?"}\n}'), "keeps", True, None),
    "vector asks for a field that others may have": (
        "a.toml", vector('if .kubernetes.container == "x" {\n  del(.message)\n}'), "depends", None, "del("),
    "vector cuts the text short": (
        "a.toml", vector(".message = truncate(string!(.message), 20)"), "strips", None, "truncate"),
    "vector cuts long texts": (
        "a.toml", vector(".message = truncate(string!(.message), 8192)"), "keeps", False, None),
    "vector deletes the span's id": (
        "a.toml", vector(". = parse_json!(.message)\ndel(.span_id)"), "depends", None, '"remap"'),
    "vector leaves a nested field out": (
        "a.toml", vector(".ctx = parse_json!(.message)\ndel(.message)",
                         'type = "http"\nencoding.codec = "json"\nencoding.except_fields = ["ctx.level"]'),
        "keeps", True, None),
    "vector leaves nested ids out": (
        "a.toml", vector(".ctx = parse_json!(.message)\ndel(.message)", 'type = "http"\nencoding.codec = "json"\n'
                         'encoding.except_fields = ["ctx.trace_id", "ctx.span_id"]'), "strips", None, "except_fields"),
    "vector sends nested ids": (
        "a.toml", vector(".ctx = parse_json!(.message)\ndel(.message)", 'type = "http"\nencoding.codec = "json"\n'
                         'encoding.only_fields = ["ctx.trace_id", "ctx.span_id"]'), "keeps", True, None),
    "vector sends other nested fields": (
        "a.toml", vector(".ctx = parse_json!(.message)\ndel(.message)", 'type = "http"\nencoding.codec = "json"\n'
                         'encoding.only_fields = ["ctx.level"]'), "strips", None, "only_fields"),
    "vector's structured metadata holds the ids": (
        "a.toml", vector(". = parse_json!(.message)",
                         'type = "loki"\nencoding.codec = "text"\nstructured_metadata.t = "{{ trace_id }}"\n'
                         'structured_metadata.s = "{{ .span_id }}"'), "keeps", True, None),
    "vector's lua removes another field": (
        "a.toml", vector_lua('event.log.host = nil\n  event.log["a"] = event.log.b\n  emit(event)'),
        "keeps", False, None),
    "vector's lua removes the message": (
        "a.toml", vector_lua("event.log.message = nil\n  emit(event)"), "strips", None, "lua"),
    "vector's lua removes what it likes": (
        "a.toml", vector_lua("for k, v in pairs(event.log) do event.log[k] = nil end\n  emit(event)"),
        "depends", None, "lua"),
    "vector's lua emits an event of its own": (
        "a.toml", vector_lua('emit({ log = { message = "x" } })'), "depends", None, "lua"),
    # Logstash
    "logstash parses": ("a.conf", logstash('json { source => "message" }'), "keeps", True, None),
    "logstash removes on success": (
        "a.conf", logstash('json { source => "message" remove_field => ["message"] }'), "keeps", True, None),
    "logstash removes whatever happened": (
        "a.conf", logstash('json { source => "message" }\nmutate {\n remove_field => ["message"]\n}'),
        "depends", None, "remove_field"),
    "logstash removes if it was parsed": (
        "a.conf", logstash('json { source => "message" }\nif "_jsonparsefailure" not in [tags] {\n'
                           ' mutate { remove_field => ["message"] }\n}'), "keeps", True, None),
    "logstash removes the message": (
        "a.conf", logstash('mutate {\n remove_field => ["message"]\n}'), "strips", None, "remove_field"),
    "logstash removes ids": (
        "a.conf", logstash('mutate {\n remove_field => ["dd.trace_id"]\n}'), "strips", None, "remove_field"),
    "logstash overwrites with a field that may be missing": (
        "a.conf", logstash('grok { match => { "message" => "%{WORD:w} %{GREEDYDATA:body}" } }\n'
                           'mutate {\n update => { "message" => "%{[body2]}" }\n}'),
        "depends", None, "update"),
    "logstash prunes": (
        "a.conf", logstash('prune {\n whitelist_names => ["^message$"]\n}'), "depends", None, "whitelist"),
    "logstash writes columns": (
        "a.conf", logstash("", 'jdbc {\n statement => ["INSERT INTO t VALUES (?)", "level"]\n}'),
        "strips", None, "statement"),
    "logstash sends text": (
        "a.conf", logstash("", 'kafka { codec => line }', "codec => json"), "strips", None, "codec"),
    # Fluent Bit: options of filters and outputs that take ids along
    "a prefix is removed": ("a.conf", JSON_FILE + fb_filter("modify", Remove_wildcard="trace") + OUT,
                            "strips", False, "Remove_wildcard"),
    "capital letters are removed": ("a.conf", JOURNAL + fb_filter("modify", Remove_regex="[A-Z]") + OUT,
                                    "strips", False, "Remove_regex"),
    "another field is written over the id": (
        "a.conf", JSON_FILE + fb_filter("modify", Hard_rename="message trace_id") + OUT, "strips", False,
        "Hard_rename"),
    "a rename to a name that is there": (
        "a.conf", JSON_FILE + fb_filter("modify", Rename="message trace_id") + OUT, "keeps", True, None),
    "an id as a number": (
        "a.conf", part("PARSER", Name="n", Format="regex", Regex=r"^(?<m>\w+) (?<trace_id>[0-9a-f]{32})$",
                       Types="trace_id:integer") + TAIL + fb_filter("parser", Key_Name="log", Parser="n") + OUT,
        "depends", None, "Regex"),
    "fields are nested": (
        "a.conf", JSON_FILE + fb_filter("nest", Operation="nest", Wildcard="trace*", Nest_under="ctx") + OUT,
        "keeps", True, None),
    "nested fields are removed": (
        "a.conf", JSON_FILE + fb_filter("nest", Operation="nest", Wildcard="*_id", Nest_under="ctx") +
        fb_filter("modify", Remove="ctx") + OUT, "strips", False, "Remove"),
    "all fields are nested into the key that is shipped": (
        "a.conf", JSON_FILE + fb_filter("nest", Operation="nest", Wildcard="*", Nest_under="log") +
        fb_output("cloudwatch_logs", log_key="log"), "keeps", True, None),
    "records are filtered by their id": (
        "a.conf", JSON_FILE + fb_filter("grep", Regex="trace_id ^[0-9a-f]{32}$") + OUT, "keeps", True, None),
    "logfmt takes JSON apart": (
        "a.conf", part("PARSER", Name="lf", Format="logfmt") + TAIL + MERGE +
        "    Merge_Parser lf\n    Keep_Log Off\n" + OUT, "strips", False, "Keep_Log"),
    "one key is written to S3": ("a.conf", JSON_FILE + fb_output("s3", log_key="message"), "strips", False,
                                 "log_key"),
    "the text is written to S3": ("a.conf", TAIL + fb_output("s3", log_key="log"), "keeps", False, None),
    "one key is a request's body": ("a.conf", JSON_FILE + fb_output("http", body_key="$message"), "strips",
                                    False, "body_key"),
    "one key is sent to Kafka": ("a.conf", JSON_FILE + fb_output("kafka", raw_log_key="message"), "strips",
                                 False, "raw_log_key"),
    "one key is Splunk's event": ("a.conf", JSON_FILE + fb_output("splunk", event_key="$message"), "strips",
                                  False, "event_key"),
    "one key is sent by TCP": ("a.conf", JSON_FILE + fb_output("tcp", raw_message_key="message"), "strips",
                               False, "raw_message_key"),
    "one key is the syslog message": ("a.conf", JSON_FILE + fb_output("syslog", syslog_message_key="message"),
                                      "strips", False, "syslog_message_key"),
    "one key is Google's payload": ("a.conf", JSON_FILE + fb_output("stackdriver", text_payload_key="message"),
                                    "strips", False, "text_payload_key"),
    "Loki's plugin removes keys": ("a.conf", JSON_FILE + fb_output("loki", remove_keys="trace_id,span_id"),
                                   "strips", False, "remove_keys"),
    "a processor deletes": ("a.yaml", processor("content_modifier", "action: delete\n            key: trace_id"),
                            "strips", False, None),
    "a processor hashes": ("a.yaml", processor("content_modifier", "action: hash\n            key: trace_id"),
                           "strips", False, None),
    "a processor selects": ("a.yaml", processor("sql", "query: SELECT level, message FROM STREAM;"), "strips",
                            False, "query"),
    # Vector and Logstash: codecs, and what a filter takes to be its text
    "vector sends protobuf": ("a.toml", vector(". = parse_json!(.message)",
                                               'type = "kafka"\nencoding.codec = "protobuf"'),
                              "strips", None, None),
    "vector sends the text": ("a.toml", vector(". = parse_json!(.message)",
                                               'type = "kafka"\nencoding.codec = "text"'), "strips", None, None),
    "vector sends columns": ("a.toml", vector(". = parse_json!(.message)", 'type = "file"\nencoding.codec = "csv"\n'
                                              'encoding.csv.fields = ["level", "message"]'), "strips", None, None),
    "logstash dissects what does not match": (
        "a.conf", logstash('dissect { mapping => { "message" => "%{ts}|%{level}|%{msg}" } '
                           'remove_field => ["message"] }'), "keeps", False, None),
    "logstash dissects the rest away": (
        "a.conf", logstash('dissect { mapping => { "message" => "%{head}:%{}" } remove_field => ["message"] }'),
        "strips", False, "dissect"),
    "logstash renames over the id": (
        "a.conf", logstash('json { source => "message" }\nmutate { rename => { "level" => "trace_id" } }'),
        "strips", False, "mutate"),
    "logstash's code removes ids": (
        "a.conf", logstash('json { source => "message" }\nruby { code => "event.remove(\'trace_id\')" }'),
        "depends", None, "ruby"),
}


def run(path, *args):
    return clew.run("lint", "--format", "json", *args, path)


def lint(path, *args):
    result = run(path, *args)
    assert result.code in (0, 3), result
    return json.loads(result.out)


def judge(tmp, name):
    file, text, verdict, promoted, blamed = CASES[name]
    path = tmp / file
    path.write_text(text, newline="")
    report = lint(path)
    seen = [f'{f["line"]}: {f["effect"]}: {f["stage"]}: {f["why"]} ({f["when"]})' for f in report["findings"]]
    if report["verdict"] != verdict:
        return f"{name}: {report['verdict']}, not {verdict}: {seen}"
    if promoted is not None and report["promoted"] != promoted:
        return f"{name}: promoted {report['promoted']}: {seen}"
    lines = text.split("\n")
    named = [lines[f["line"] - 1] for f in report["findings"] if f["effect"] != "only_in_text" or verdict != "keeps"]
    if blamed is not None and not any(blamed in line for line in named):
        return f"{name}: no finding at the line with {blamed!r}: {seen}"
    return None


def test_every_way_of_keeping_and_losing_is_told(tmp):
    wrong = [sentence for sentence in (judge(tmp, name) for name in CASES) if sentence]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(CASES)} cases:"] + wrong)


def test_a_configmap_is_a_set_of_files_and_its_places_are_those_of_the_manifest(tmp):
    path = tmp / "configmap.yaml"
    path.write_text("""apiVersion: v1
kind: ConfigMap
data:
  fluent-bit.conf: |
    @INCLUDE input.conf
    @INCLUDE filter.conf
    [OUTPUT]
        Name es
        Match *
  filter.conf: |
    [FILTER]
        Name modify
        Match *
        Remove log
  input.conf: |
    [INPUT]
        Name tail
        Path /var/log/containers/*.log
        Tag kube.*
        multiline.parser cri
""")
    report = lint(path)
    assert report["verdict"] == "strips", report
    lost = [f for f in report["findings"] if f["effect"] == "lost"]
    assert [(f["file"], f["line"], f["column"]) for f in lost] == [(str(path), 14, 9)], lost


def test_included_files_parsers_and_scripts_are_found_beside_it(tmp):
    (tmp / "in.conf").write_text(TAIL)
    (tmp / "parsers.conf").write_text(WEB)
    (tmp / "s.lua").write_text("function f(tag, ts, record)\n  return 1, ts, { a = record['stream'] }\nend\n")
    (tmp / "a.conf").write_text(
        "[SERVICE]\n    Parsers_File /etc/parsers.conf\n@INCLUDE in.conf\n" +
        fb_filter("parser", Key_Name="log", Parser="web", Reserve_Data="On") +
        fb_filter("lua", script="/scripts/s.lua", call="f") + OUT)
    report = lint(tmp / "a.conf")
    places = {(pathlib.Path(f["file"]).name, f["line"]) for f in report["findings"]}
    assert report["verdict"] == "strips", report
    assert ("s.lua", 2) in places, places
    assert ("parsers.conf", 4) in places, places


def test_the_status_says_whether_the_policy_was_met(tmp):
    def status(text, *args):
        (tmp / "a.conf").write_text(text)
        return run(tmp / "a.conf", *args).code
    strips = TAIL + fb_filter("modify", Remove="log") + OUT
    depends = FORWARD + fb_filter("parser", Key_Name="log", Parser="json") + OUT
    keeps = TAIL + OUT
    assert (status(strips), status(depends), status(keeps)) == (3, 3, 0)
    assert (status(strips, "--fail-on", "strips"), status(depends, "--fail-on", "strips")) == (3, 0)
    assert (status(keeps, "--fail-on", "not-promoted"), status(TAIL + MERGE + OUT, "--fail-on", "not-promoted")) == (3, 0)
    assert status(strips, "--fail-on", "nothing") == 0


def test_what_cannot_be_read_is_wrong_usage(tmp):
    (tmp / "a.txt").write_text("nothing of the kind\n")
    for path in (tmp / "a.txt", tmp / "gone.conf"):
        result = clew.run("lint", path)
        assert result.code == 2 and "clew lint: " in result.err and not result.out, result
    assert clew.run("lint").code == 2


def test_what_is_too_much_to_follow_is_not_called_fine(tmp):
    """Each of the inputs runs the program for itself; the same name once."""
    program = "\n".join(f".a{i} = {i}" for i in range(200))
    for inputs, verdict in (([f"i{n}" for n in range(400)], "depends"), (["i"] * 400, "keeps")):
        (tmp / "a.toml").write_text(vector(program).replace('inputs = ["logs"]', f"inputs = {inputs}"))
        assert lint(tmp / "a.toml")["verdict"] == verdict, verdict


def test_a_folder_is_all_configs_in_it(tmp):
    (tmp / "a.conf").write_text(TAIL + OUT)
    (tmp / "b.toml").write_text(vector("del(.message)"))
    (tmp / "README").write_text("papers\n")
    assert lint(tmp)["verdict"] == "strips"


def test_sarif_names_every_finding(tmp):
    (tmp / "a.conf").write_text(TAIL + fb_filter("modify", Remove="log") + OUT)
    result = clew.run("lint", "--format", "sarif", tmp / "a.conf")
    log = json.loads(result.out)
    results = log["runs"][0]["results"]
    rules = {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert log["version"] == "2.1.0" and results, log
    assert all(r["ruleId"] in rules for r in results), results
    region = results[0]["locations"][0]["physicalLocation"]["region"]
    assert results[0]["level"] == "error" and region["startLine"] == 9, results[0]


def test_text_says_place_stage_fix_and_verdict(tmp):
    (tmp / "a.conf").write_text(FORWARD + fb_filter("parser", Key_Name="log", Parser="json") + OUT)
    result = clew.run("lint", tmp / "a.conf")
    assert f"{tmp}/a.conf:4:5: filter parser: the ids may be lost" in result.out, result
    assert "fix: Reserve_Data On" in result.out and "verdict   depends" in result.out, result


def test_real_configs_are_judged_as_a_reader_did():
    """Scored when they are there: at least 95 % of the verdicts, 90 % of the blamed lines."""
    if not (CONFIGS / "verdicts.tsv").exists():
        raise clew.Skipped(f"no configs with verdicts in {CONFIGS}")
    with open(CONFIGS / "verdicts.tsv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    right = lossy = blamed = 0
    for row in rows:
        report = lint(CONFIGS / row["file"])
        right += report["verdict"] == row["verdict"]
        if row["verdict"] != "keeps":
            folder = CONFIGS / row["file"].split("/")[0]
            places = {f'{os.path.relpath(f["file"], folder)}:{f["line"]}' for f in report["findings"]}
            lossy += 1
            blamed += any(line in places for line in row["lines"].split(";"))
        if report["verdict"] != row["verdict"]:
            print(f'{row["file"]}: {report["verdict"]}, not {row["verdict"]} ({row["mechanism"]})')
    print(f"verdicts {right}/{len(rows)}, lines {blamed}/{lossy}")
    assert right >= 0.95 * len(rows) and blamed >= 0.9 * lossy


def test_what_is_no_config_is_told_and_ends_with_status_2(tmp):
    for path in clew.no_configs(tmp):
        result = clew.run("lint", path)
        clew.equal(result.code, 2, result)
        clew.equal(result.out, "", path)
        clew.contains(result.err, "not a config of Fluent Bit")


if __name__ == "__main__":
    clew.main()
