#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Filters from the outside: the examples of docs/filters.md, `clew check` and `clew parse`."""

import json
import re

import clew

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
    for place in ("2:5: error: there is no option `drp` in `filters[0]`; did you mean `drop`?",
                  "3:12: error: `filters[1].keep` knows no condition `severty`; did you mean "
                  "`severity`?",
                  "4:22: error: `filters[2].remove.names[0]` is no value of the record's own; did "
                  "you mean $trace_id?",
                  "4:44: error: `filters[2].remove.patterns[0]` is no pattern: missing closing "
                  "parenthesis at character 2",
                  "5:22: error: `filters[2].when` knows no condition `greatr`; did you mean "
                  "`greater`?",
                  "6:5: error: `filters[3]` is one filter: `keep` and `drop` are two items",
                  "7:5: error: `filters[4]` says nothing to do; the kinds of filters are keep, drop",
                  "8:31: error: `filters[5].drop` greater takes a number",
                  "8:43: error: `filters[5].drop` matches is no pattern: missing terminating ]",
                  "9:33: error: `filters[6].drop` at_least is a severity such as WARN",
                  "10:5: error: `filters[7]` has two conditions",
                  "11:12: error: `filters[8].drop` has a test without a field",
                  "12:17: error: `filters[9].drop` takes a list of conditions",
                  "13:12: error: `filters[10].name` is 1 to 64 bytes of text"):
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
    clew.contains(result.err, "holds more than 1024 conditions")


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


if __name__ == "__main__":
    clew.main()
