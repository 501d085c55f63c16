# SPDX-License-Identifier: Apache-2.0
"""docs/multiline.md, by its own examples; the audit and a run with rules."""
import json
import re

import clew
from far_end import FarEnd, run_once

PAGE = (clew.ROOT / "docs/multiline.md").read_text(encoding="utf-8")
TRACE = ("2026-05-11 02:14:33 ERROR trace_id=4bf92f3577b34da6a3ce929d0e0e4736 a.BException: c\n"
         "\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\n")
RULES = ("--set", "inputs.multiline.rules=[java]")


def value(any_value):
    return next(iter(any_value.values()))


def simple(record, like):
    """Of a printed record what the page shows of one."""
    found = {"body": value(record["body"]), "traceId": record.get("traceId"),
             "attributes": {a["key"]: value(a["value"]) for a in record["attributes"]
                            if not a["key"].startswith("log.")}}
    return {key: found[key] for key in like}


def test_the_examples_do_what_the_page_says(tmp):
    examples = re.findall(r"```yaml\n(.*?)```\s+```log\n(.*?)```\s+```json\n(.*?)```", PAGE, re.DOTALL)
    clew.equal(len(examples), 5)
    for config, log, shown in examples:
        (tmp / "clew.yaml").write_text(config)
        (tmp / "app.log").write_text(log)
        wanted = [json.loads(line) for line in shown.splitlines()]
        got = clew.run_ok("parse", "-c", tmp / "clew.yaml", tmp / "app.log").json_lines()
        clew.equal([simple(r, w) for r, w in zip(got, wanted)], wanted)
        clew.equal(len(got), len(wanted))


def test_an_audit_counts_a_trace_once(tmp):
    (tmp / "app.log").write_text(TRACE * 10)
    apart = clew.run("audit", "--format", "json", tmp / "app.log").json()
    joined = clew.run("audit", "--format", "json", *RULES, tmp / "app.log").json()
    clew.equal((apart["records"], joined["records"]), (30, 10))
    clew.equal(joined["coverage"], 1)


def test_wrong_rules_are_errors_with_their_place(tmp):
    config = tmp / "clew.yaml"
    cases = [
        ("inputs: [{include: [a], multiline: {rules: [jvaa]}}]\n",
         "1:45: error: `inputs[0].multiline.rules`: unknown rule set \"jvaa\"; did you mean \"java\"?"),
        ("multiline: [{name: a, start: '('}]\ninputs: [{include: [a]}]\n",
         "error: `multiline[0].start` is not a valid pattern: missing closing parenthesis"),
        ("multiline: [{name: java, start: a}]\ninputs: [{include: [a]}]\n",
         "\"java\" is built in"),
        ("multiline: [{name: a, states: [{from: b, regex: x, to: c}]}]\ninputs: [{include: [a]}]\n",
         "has a step from \"b\", a state that no step reaches"),
        ("multiline: [{name: a}]\ninputs: [{include: [a]}]\n", "needs `start`, or `states`"),
        ("inputs: [{include: [a], multiline: {rules: [java, all]}}]\n", "names \"java\" twice"),
    ]
    for text, words in cases:
        config.write_text(text)
        done = clew.run("check", "-c", config)
        clew.equal(done.code, 2, text)
        clew.contains(done.err, words)


def test_a_run_ships_a_trace_as_one_record(tmp):
    logs = tmp / "logs"
    logs.mkdir()
    (logs / "app.log").write_text(TRACE + "\nnext\n" + TRACE)
    with FarEnd(tmp) as far:
        done = run_once(tmp, far, logs, sets=["inputs.multiline.rules=[java]"])
        clew.equal(done.code, 0)
        bodies = far.bodies()
    clew.equal(bodies, [TRACE.rstrip("\n"), "", "next", TRACE.rstrip("\n")])


def test_the_corpus_is_joined_by_the_program_as_in_the_unit_test(tmp):
    for path in sorted((clew.ROOT / "tests/corpus/multiline").glob("*.txt")):
        lines = path.read_text().splitlines()
        got = clew.run_ok("parse", "--set", "inputs.multiline.rules=all",
                          stdin="".join(line[2:] + "\n" for line in lines)).json_lines()
        clew.equal(len(got), sum(line.startswith("|") for line in lines), path.name)


if __name__ == "__main__":
    clew.main()
