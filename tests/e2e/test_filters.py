#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Filters from the outside: the examples of docs/filters.md, `clew check` and `clew parse`."""

import json
import re
import urllib.request

import clew
from far_end import FarEnd, body, start_run

PAGE = clew.ROOT / "docs/filters.md"
ID = "4bf92f3577b34da6a3ce929d0e0e4736"
OWN = {"traceId": "$trace_id", "spanId": "$span_id", "flags": "$trace_flags", "body": "$body",
       "severityNumber": "$severity", "severityText": "$severity_text",
       "droppedAttributesCount": "$dropped"}


def write(tmp, text, name="clew.yaml"):
    path = tmp / name
    path.write_text(text)
    return path


def value(any_value):
    """An OTLP/JSON AnyValue as plain JSON."""
    for kind, held in any_value.items():
        if kind == "kvlistValue":
            return {pair["key"]: value(pair["value"]) for pair in held["values"]}
        if kind == "arrayValue":
            return [value(item) for item in held["values"]]
        return int(held) if kind == "intValue" else held
    return None


def plain(record):
    """What a record holds, as docs/filters.md writes it: no time, and nothing of the file."""
    found = {pair["key"]: value(pair["value"]) for pair in record["attributes"]
             if not pair["key"].startswith("log.")}
    for key, name in OWN.items():
        if key in record:
            found[name] = value(record[key]) if key == "body" else record[key]
    service = {pair["key"]: value(pair["value"]) for pair in record["resource"]["attributes"]}
    if service.get("service.name", "unknown_service") != "unknown_service":
        found["$service"] = service["service.name"]
    return found


def parse(tmp, config, lines, env=None):
    result = clew.run_ok("parse", "-c", write(tmp, config), stdin="".join(f"{l}\n" for l in lines),
                         env=env)
    clew.equal(result.err, "", "standard error")
    return [plain(json.loads(line)) for line in result.out.splitlines()]


def examples():
    """The config, the lines in and the records out of each example, with its chapter."""
    chapter, config = None, None
    for block in re.finditer(r"^## ([^\n]*)$|^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        chapter = block[1] or chapter
        if block[2] == "yaml":
            config = block[3]
        elif block[3] is not None and block[3].startswith("in "):
            lines = [(line[:5].strip(), line[5:]) for line in block[3].splitlines()]
            yield (chapter, config, [text for side, text in lines if side == "in"],
                   [json.loads(text) for side, text in lines if side == "out"])


def test_every_example_of_the_page_does_what_it_says(tmp):
    chapters = set()
    for chapter, config, lines, records in examples():
        chapters.add(chapter)
        found = parse(tmp, config, lines, env={"REGION": "eu-1"})
        for got, wanted in zip(found, records):
            clew.equal(got, wanted, f"{chapter}: {config}")
            clew.equal([k for k in got if k[0] != "$"], [k for k in wanted if k[0] != "$"],
                       f"{chapter}: the order of fields")
        clew.equal(len(found), len(records), f"{chapter}: records")
    before, _, _ = (clew.ROOT / "conf/clew.yaml").read_text().partition("\n# filters: ")
    kinds = set(re.findall(r"^#   (\w+): ", before, re.M))
    missing = {kind for kind in kinds - {"name", "when", "on_error"}
               if not any(kind in chapter.split() for chapter in chapters)}
    assert not missing, f"docs/filters.md has no example of {missing}"


def test_what_check_prints_of_filters_is_a_config_that_means_the_same(tmp):
    for chapter, config, _, _ in examples():
        env = {"REGION": "eu-1"}
        first = clew.run_ok("check", "-c", write(tmp, config), env=env).out
        again = clew.run_ok("check", "-c", write(tmp, first, "again.yaml"), env=env).out
        clew.equal(again, first, chapter)


MISTAKES = """filters:
  - drp: {field: path, equals: /healthz}
  - keep: {severty: x}
  - remove: {names: [$traceid], patterns: ['(']}
    when: {field: n, greatr: 5}
  - {drop: {}, keep: {}}
  - {name: a}
  - drop: {field: a, greater: x, matches: '['}
  - drop: {severity: {at_least: bogus}}
  - {keep: {field: a}, when: {field: b}}
  - drop: {equals: 5}
  - drop: {any: {field: a}}
  - {name: 'a"b', drop: {}}
"""


def test_mistakes_are_shown_with_their_places(tmp):
    result = clew.run("check", "-q", write(tmp, MISTAKES))
    clew.equal(result.code, 2)
    for place in ("2:5: error: unknown option `drp` in `filters[0]`; did you mean `drop`?",
                  "3:12: error: `filters[1].keep` has the unknown condition `severty`; did you mean "
                  "`severity`?",
                  "4:22: error: `filters[2].remove.names[0]` is not a built-in value of the record; did "
                  "you mean $trace_id?",
                  "4:44: error: `filters[2].remove.patterns[0]` is not a valid pattern: missing closing "
                  "parenthesis at character 2",
                  "5:22: error: `filters[2].when` has the unknown condition `greatr`; did you mean "
                  "`greater`?",
                  "6:5: error: `filters[3]` is one filter: `keep` and `drop` are two items",
                  "7:5: error: `filters[4]` says nothing to do; the kinds of filters are keep, drop",
                  "8:31: error: `filters[5].drop` greater takes a number",
                  "8:43: error: `filters[5].drop` matches is not a valid pattern: missing terminating ]",
                  "9:33: error: `filters[6].drop` at_least must be a severity such as WARN",
                  "10:5: error: `filters[7]` has two conditions",
                  "11:12: error: `filters[8].drop` has a test without a field",
                  "12:17: error: `filters[9].drop` needs a list of conditions",
                  "13:12: error: `filters[10].name` must be 1 to 64 bytes of text"):
        clew.contains(result.err, place)
    clew.equal(len(result.err.splitlines()), 14, "mistakes")


def test_two_filters_of_one_name_are_a_mistake(tmp):
    result = clew.run("check", write(tmp, "filters:\n- {name: a, drop: {field: x}}\n"
                                          "- {name: a, drop: {field: y}}\n"))
    clew.equal(result.code, 2)
    clew.contains(result.err, ':3:3: error: `filters[1]` has the name "a" of another filter')


def test_conditions_that_grow_by_aliases_have_a_limit(tmp):
    config = "filters:\n- drop: &a {any: [{field: a}, {field: b}]}\n"
    for number in range(1, 7):
        config += f"- drop: &{'abcdefg'[number]} {{all: [{', '.join(['*' + 'abcdefg'[number - 1]] * 20)}]}}\n"
    result = clew.run("check", write(tmp, config))
    clew.equal(result.code, 2)
    clew.contains(result.err, "contains more than 1024 conditions")


LOSSES = """filters:
  - drop: {field: a}
  - remove: {names: [trace_id]}
  - name: strip
    remove: {names: [x, $trace_id]}
"""


def test_a_filter_that_takes_ids_from_every_record_is_reported_with_its_line(tmp):
    path = write(tmp, LOSSES)
    result = clew.run("check", "-q", path)
    clew.equal(result.code, 3)
    clew.equal(result.err, f'{path}:4:5: warning: filter "strip" removes $trace_id from every '
                           "record\n")
    clew.equal(parse(tmp, LOSSES, [f'{{"trace_id":"{ID}"}}']), [{}])
    without = LOSSES.split("  - name: strip")[0]
    clew.equal(clew.run("check", "-q", write(tmp, without)).code, 0)
    clew.equal(parse(tmp, without, [f'{{"trace_id":"{ID}"}}']), [{"$trace_id": ID}])


def test_a_line_is_shown_through_each_stage(tmp):
    config = """filters:
  - {name: health checks, drop: {field: path, equals: /healthz}}
  - remove: {names: [password]}
    when: {service: checkout}
  - set: {a: 1}
  - parse: {field: $body, format: json}
"""
    path = write(tmp, config)
    result = clew.run_ok("parse", "-c", path, "--trace",
                         stdin='{"path":"/x","msg":"hi"}\n{"path":"/healthz"}\n')
    lines = result.out.split("\n")
    clew.equal(lines[:9], ['line     {"path":"/x","msg":"hi"}',
                           "format   json",
                           'record   {"path":"/x","$body":"hi"}',
                           f"filter   health checks ({path}:2): changes nothing",
                           f"filter   remove ({path}:3): does not apply",
                           f"filter   set ({path}:5): done",
                           'record   {"path":"/x","a":1,"$body":"hi"}',
                           f"filter   parse ({path}:6): failed and left it unchanged",
                           lines[8]])
    assert lines[8].startswith('shipped  {"observedTimeUnixNano"'), lines[8]
    clew.equal(lines[9:], ["", 'line     {"path":"/healthz"}', "format   json",
                           'record   {"path":"/healthz"}',
                           f"filter   health checks ({path}:2): drops it", "", ""])


TESTED = """filters:
  - drop: {field: path, equals: /healthz}
  - remove: {names: [password]}
routes:
  - name: audit
    filters: [{remove: {names: [user]}}]
tests:
  - name: good
    lines: ['{"msg":"hi","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","password":1,"level":"warn",
              "n":1,"s":"1","user":"u"}']
    expect: {$trace_id: 4bf92f3577b34da6a3ce929d0e0e4736, n: 1, s: "1", $severity: WARN, user: u}
    absent: [password, $span_id, msg]
  - lines: ['{"path":"/healthz"}']
    dropped: true
  - name: routed
    route: audit
    lines: ['{"a":1,"user":"u"}']
    expect: {a: 1}
    absent: [user]
"""


def test_the_tests_of_a_config_are_run(tmp):
    result = clew.run("check", "--test", "-c", write(tmp, TESTED))
    clew.equal((result.code, result.err), (0, ""))
    clew.equal(result.out, "ok      good\nok      test 2\nok      routed\n3 passed, 0 failed\n")


def test_a_test_that_fails_says_what_was_expected_and_got(tmp):
    config = TESTED.replace("names: [password]", "names: [other, $trace_id]") \
                   .replace("s: \"1\",", "s: 1, msg: hi,").replace("/healthz, drop", "/h")
    path = write(tmp, config)
    result = clew.run("check", "--test", "-q", "-c", path)
    clew.equal(result.code, 1)
    clew.contains(result.err, 'warning: filter "remove" removes $trace_id from every record')
    clew.equal(result.out.splitlines()[:6], [
        f"FAILED  good ({path}:8)",
        '    $trace_id: expected "4bf92f3577b34da6a3ce929d0e0e4736", got nothing',
        '    s: expected 1, got "1"',
        '    msg: expected "hi", got nothing',
        "    password: expected nothing, got 1",
        '    the record is {"password":1,"level":"warn","n":1,"s":"1","user":"u","$severity":13,'
        '"$severity_text":"warn","$body":"hi"}'])
    clew.equal(result.out.splitlines()[-1], "2 passed, 1 failed")
    other = clew.run("check", "--test", write(tmp, TESTED.replace("equals: /healthz", "equals: /h")))
    clew.contains(other.out, "expected the record to be dropped, but it was not")
    other = clew.run("check", "--test", write(tmp, TESTED.replace("field: path", "field: a")
                                              .replace("equals: /healthz", "equals: 1")))
    clew.contains(other.out, "expected a record, but it was dropped")


def test_tests_that_ask_for_nothing_are_mistakes(tmp):
    config = ("tests:\n- lines: [a]\n- {lines: [a], expect: {b: 1}, dropped: true}\n"
              "- {expect: {b: 1}}\n- {lines: [a], absent: [b], route: r, input: i}\n")
    result = clew.run("check", write(tmp, config))
    clew.equal(result.code, 2)
    for said in ("2:3: error: `tests[0]` expects nothing", "3:3: error: `tests[1]` has `dropped` together",
                 "4:3: error: `tests[2]` has no `lines`",
                 '5:3: error: test "test 4": unknown route "r"',
                 '5:3: error: test "test 4": unknown input "i"'):
        clew.contains(result.err, said)
    clew.equal(clew.run("check", "--test", write(tmp, "filters: []\n")).code, 1)


def test_the_page_shows_what_the_program_prints(tmp):
    for command, shown in re.findall(r"^```console\n\$ (.*?)\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        config = [block for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
                  if ("tests:" in block) == ("--test" in command)][0]
        write(tmp, config)
        echo = re.match(r"echo '(.*)' \| clew (.*)$", command)
        words = (echo[2] if echo else command.removeprefix("clew ")).split()
        found = clew.run_ok(*words, cwd=tmp, stdin=echo[1] + "\n" if echo else None).out
        found = re.sub(r'"observedTimeUnixNano":"\d+"', '"observedTimeUnixNano":"1772447696000000000"',
                       found)
        clew.equal(len(found.strip().splitlines()), len(shown.splitlines()), command)
        for got, wanted in zip(found.splitlines(), shown.splitlines()):
            assert got.startswith(wanted.removesuffix("…")), (got, wanted)


def counted(metrics, name):
    return {found[1] or "": int(found[2]) for found in
            re.finditer(rf'^{name}_total(?:{{filter="(.*?)"}})? (\d+)$', metrics, re.M)}


def test_what_filters_do_is_counted_and_the_books_balance(tmp):
    log, port = tmp / "a.log", clew.free_port()
    with open(log, "w", encoding="utf-8") as out:
        for number in range(60):
            kind = ("keep", "noise", "strip")[number % 3]
            out.write(json.dumps({"msg": f"m{number}", "kind": kind, "trace_id": ID}) + "\n")
    chain = ("filters=[{name: quiet, drop: {field: kind, equals: noise}}, "
             "{parse: {field: $body, format: json}}, "
             "{name: bad, remove: {names: [$trace_id]}, when: {field: kind, equals: strip}}]")
    sets = [f"control.listen=127.0.0.1:{port}", "audit.check_interval=50ms", chain]
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=sets) as process:
        far.wait_for(40)
        clew.wait_for(lambda: '"bad\\" (--set filters:1) removed the trace id' in
                      process.err(), "the defect of the config")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/coverage", timeout=10) as answer:
            preservation = json.loads(answer.read())["preservation"]
        clew.equal(process.stop(), 0)
        clew.contains(process.err(), '"bad\\" (--set filters:1) removes $trace_id')
        clew.contains(process.err(), "filters removed trace ids or fields")
        shipped = [body(record) for _, record in far.records()]
    clew.equal(shipped, [f"m{n}" for n in range(60) if n % 3 != 1])
    clew.equal(counted(metrics, "clew_filtered_records"), {"quiet": 20, "parse": 0, "bad": 0})
    clew.equal(counted(metrics, "clew_filter_errors"), {"quiet": 0, "parse": 40, "bad": 0})
    clew.equal(counted(metrics, "clew_filter_ids_removed"), {"quiet": 0, "parse": 0, "bad": 20})
    clew.equal(counted(metrics, "clew_discarded_records"), {"": 20})
    clew.equal(counted(metrics, "clew_received_records"), {"": 60})
    clew.equal(counted(metrics, "clew_sent_records"), {"": 40})
    clew.equal([preservation[k] for k in ("ids_in", "ids_out", "ids_filtered", "ids_added")],
               [60, 20, 20, 0])


def test_a_chain_that_keeps_the_ids_is_no_defect_whatever_fields_it_takes(tmp):
    log, port = tmp / "a.log", clew.free_port()
    log.write_text("".join(json.dumps({"msg": f"m{n}", "trace_id": ID, "a": {"b": n}, "c": "x"}) + "\n"
                           for n in range(30)))
    chain = ("filters=[{remove: {names: [trace_id, msg, a.b]}}, {lift: {from: a}}, "
             "{set: {d: 1, a.e: 2}}, {limit: {attributes: 2}}]")
    sets = [f"control.listen=127.0.0.1:{port}", "audit.check_interval=50ms", chain]
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=sets) as process:
        far.wait_for(30)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/coverage", timeout=10) as answer:
            preservation = json.loads(answer.read())["preservation"]
        clew.equal(process.stop(), 0)
        assert "strips" not in process.err(), process.err()
        assert all(record["traceId"] for _, record in far.records())
    clew.equal((preservation["ids_in"], preservation["ids_out"]), (30, 30))


if __name__ == "__main__":
    clew.main()
