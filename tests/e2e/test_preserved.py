# SPDX-License-Identifier: Apache-2.0
"""Every field of every line arrives, under its name, with its type: thousands of random JSON lines,
their names and values as wild as JSON allows, shipped and compared with what Python reads."""
import json
import random
import struct
import sys

import clew
from far_end import FarEnd, run_once

sys.path.insert(0, str(clew.ROOT / "tests/interop"))
import otlp
from expected import typed

LINES = 3000
WORDS = ["a", "user", "order.total", "http.status_code", "päth", "键", "with space", "q\"uote", "back\\slash",
         "tab\t", "🧶", "x" * 300, "-", "0", "é́", "\u2028", "\x7f", "/slash"]
STRINGS = ["", "plain", "grüße", "line\nbreak", "\x00\x01", "\"\\/\b\f\n\r\t", "🧶" * 9, "%s", "</script>",
           "\ufeff", "a" * 5000, "2026-05-11", "null", "{}", "\u00e9"]
NUMBERS = [0, -1, 2**63 - 1, -2**63, 2**63, -2**63 - 1, 2**64, 10**40, 1.5, -0.0, 5e-324, 1.7976931348623157e308,
           0.1, 1e22, 123456789.123456789, 1626175065.5934923, 2.2250738585072014e-308]


def random_double(rng):
    while True:
        value, = struct.unpack("<d", rng.randbytes(8))
        if value == value and abs(value) != float("inf"):
            return value


def random_value(rng, depth):
    kind = rng.randrange(9 if depth < 4 else 7)
    if kind < 2:
        return rng.choice(STRINGS)
    if kind == 2:
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.randrange(-2**65, 2**65) >> rng.randrange(66)
    if kind == 4:
        return random_double(rng)
    if kind < 7:
        return rng.choice([True, False, None])
    if kind == 7:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return random_object(rng, depth + 1)


def random_object(rng, depth):
    return {rng.choice(WORDS) + (str(rng.randrange(9)) if rng.random() < .5 else ""):
            random_value(rng, depth) for _ in range(rng.randrange(1, 9))}


def write_json(rng, fields):
    return json.dumps(fields, ensure_ascii=rng.random() < .5,
                      separators=rng.choice([(",", ":"), (", ", ": "), (" , ", " : ")]))


def test_thousands_of_random_lines_arrive_as_python_reads_them(tmp):
    rng = random.Random(20260511)
    objects = [random_object(rng, 0) for _ in range(LINES)]
    log = tmp / "app.log"
    log.write_text("".join(write_json(rng, fields) + "\n" for fields in objects), encoding="utf-8")
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, log).code, 0)
    arrived = [record for _, _, record in otlp.records(far.path)]
    clew.equal(len(arrived), LINES)
    for number, (fields, record) in enumerate(zip(objects, arrived), 1):
        have = otlp.attributes(record["attributes"])
        for own in ("log.record.uid", "log.file.path"):
            have.pop(own)
        if repr(have) != repr(typed(fields)):
            raise clew.Failure(f"line {number}: {json.dumps(fields)}\n arrived as {have}")


def test_members_of_one_name_become_one_array_of_all_values(tmp):
    log = tmp / "app.log"
    log.write_text('{"a":1,"b":{"c":"x","c":[2]},"a":"two","a":null}\n')
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, log).code, 0)
    (_, _, record), = otlp.records(far.path)
    have = otlp.attributes(record["attributes"])
    clew.equal((have["a"], have["b"]), ([1, "two", None], {"c": ["x", [2]]}))


if __name__ == "__main__":
    clew.main()
