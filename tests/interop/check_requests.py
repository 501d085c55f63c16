#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads requests as official receivers do, with the package opentelemetry-proto, and holds each against
what the specification says a client MUST send.

usage: check_requests.py [--lines FILE] [--parsed FILE] DIRECTORY
With --parsed, the attributes that `clew parse` has printed of every tenth line are read as well. With --lines, the records are those of a file of JSON lines, told apart by their member `n`, and every
field is compared with what Python reads in its line. Ends with a sentence of what was read.
"""
import argparse
import json
import math
import os
import sys

import zstandard
from google.protobuf import json_format
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

BYTES_MAX = 64 << 20
MESSAGES_DEEP = 100  # below the request
LEVELS = 32  # of containers, the line included
SCHEMA = "https://opentelemetry.io/schemas/"
EXAMPLES = 10
PARSED_STEP = 10  # this package takes its time for JSON


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".zst"):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return ExportLogsServiceRequest.FromString(data)


# ---- what the specification says ----

def wrong_pairs(pairs, where):
    keys = [pair.key for pair in pairs]
    if "" in keys:
        yield where + " has a key that is empty"
    if len(set(keys)) != len(keys):
        yield where + " has a key twice: %r" % sorted(k for k in set(keys) if keys.count(k) > 1)[:3]
    for pair in pairs:
        if not pair.HasField("value"):
            yield where + " has a pair without a value"
        yield from wrong_value(pair.value, where)


def wrong_value(value, where):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        for one in value.array_value.values:
            yield from wrong_value(one, where)
    elif kind == "kvlist_value":
        yield from wrong_pairs(value.kvlist_value.values, where + "'s map")
    elif kind == "string_value_strindex":
        yield where + " has a value that is for profiles only"


def wrong_record(record):
    for name, size in (("trace_id", 16), ("span_id", 8)):
        id_ = getattr(record, name)
        if len(id_) not in (0, size) or (id_ and not any(id_)):
            yield "%s is %s" % (name, id_.hex())
    if record.span_id and not record.trace_id:
        yield "a span_id without a trace_id"
    if record.flags & ~0xFF:
        yield "flags has reserved bits: %#x" % record.flags
    if not 0 <= record.severity_number <= 24:
        yield "severity_number is %d" % record.severity_number
    if record.observed_time_unix_nano == 0:
        yield "observed_time_unix_nano is missing"
    yield from wrong_value(record.body, "the body")
    yield from wrong_pairs(record.attributes, "a record")


def wrong_group(group, where, records):
    if not group.schema_url.startswith(SCHEMA):
        yield "%s has schema_url %r" % (where, group.schema_url)
    if len(records) == 0:
        yield where + " is empty"


def wrong_request(request):
    if len(request.resource_logs) == 0:
        yield "the request is empty"
    for logs in request.resource_logs:
        yield from wrong_group(logs, "a resource", logs.scope_logs)
        yield from wrong_pairs(logs.resource.attributes, "a resource")
        if not any(pair.key == "service.name" and pair.value.string_value
                   for pair in logs.resource.attributes):
            yield "a resource has no service.name"
        for scope in logs.scope_logs:
            yield from wrong_group(scope, "a scope", scope.log_records)
            yield from wrong_pairs(scope.scope.attributes, "a scope")
            for record in scope.log_records:
                yield from wrong_record(record)


# ---- this can say no ----

def field(tag, content):
    length, size = len(content), b""
    while length >= 0x80:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return bytes([tag]) + size + bytes([length]) + content


def nested(kinds):
    value = b"\x18\x01"
    for kind in reversed(kinds):
        value = field(0x32, field(0x0A, field(0x0A, b"a") + field(0x12, value))) if kind == "o" \
            else field(0x2A, field(0x0A, value))
    attribute = field(0x32, field(0x0A, b"a") + field(0x12, value))
    return field(0x0A, field(0x12, field(0x12, attribute)))


def is_read(data):
    try:
        ExportLogsServiceRequest.FromString(data)
    except DecodeError:
        return False
    return True


def assert_it_refuses():
    """The library in use has the limit that others have, and each rule finds what breaks it."""
    # 5 messages to the attribute's value, 3 an object, 2 an array.
    assert is_read(nested("o" * 31 + "a")) and 5 + 31 * 3 + 2 == MESSAGES_DEEP
    assert not is_read(nested("o" * 32)), "%s reads messages of any depth" % api_implementation.Type()
    bad = ExportLogsServiceRequest()
    assert list(wrong_request(bad)) == ["the request is empty"]
    logs = bad.resource_logs.add()
    logs.resource.attributes.add(key="service.name").value.string_value = ""
    record = logs.scope_logs.add().log_records.add(
        trace_id=bytes(16), span_id=b"x", flags=256, severity_number=25)
    record.attributes.add(key="")
    for _ in range(2):
        record.attributes.add(key="a").value.kvlist_value.values.add(key="").value.int_value = 1
    found = set(wrong_request(bad))
    expected = ["a resource has schema_url ''", "a scope has schema_url ''", "trace_id is " + "00" * 16,
                "span_id is 78", "flags has reserved bits: 0x100", "severity_number is 25",
                "observed_time_unix_nano is missing", "a record has a key that is empty",
                "a record has a key twice: ['a']", "a record has a pair without a value",
                "a record's map has a key that is empty", "a resource has no service.name"]
    assert set(expected) <= found, "not found: %s" % (set(expected) - found)


# ---- what a line says ----

class Double(float):
    pass


class Pairs(list):
    pass


def read_double(token):
    """A double, or the token where a double would have it as infinite or as zero."""
    number = float(token)
    is_zero = not any(c in "123456789" for c in token.lower().partition("e")[0])
    return token if math.isinf(number) or (number == 0 and not is_zero) else Double(number)


def read_int(token):
    return Double(-0.0) if token == "-0" else int(token) if -2**63 <= int(token) < 2**63 else token


def read_pairs(pairs):
    """A name that comes twice has all its values, at the first one's place."""
    values = {}
    for name, value in pairs:
        values.setdefault(name or "_", []).append(value)
    return Pairs((name, value[0] if len(value) == 1 else value) for name, value in values.items())


def read_json(text):
    return json.loads(text, parse_float=read_double, parse_int=read_int, object_pairs_hook=read_pairs)


def is_same_text(text, value, levels):
    """`text`: what stands for the container `value` where no level is left."""
    return levels == 0 and same(read_json(text), value)


def same(a, b):
    return type(a) is type(b) and (
        repr(a) == repr(b) if isinstance(a, Double) else
        len(a) == len(b) and all(same(x, y) for x, y in zip(a, b)) if isinstance(a, list) else
        len(a) == 2 and same(a[0], b[0]) and same(a[1], b[1]) if isinstance(a, tuple) else a == b)


def is_told(value, told, levels):
    """Does the AnyValue `told` say what `value` is? `levels`: of containers, this one included."""
    kind = told.WhichOneof("value")
    if value is None:
        return kind is None
    if isinstance(value, bool):
        return kind == "bool_value" and told.bool_value == value
    if isinstance(value, Double):
        return kind == "double_value" and repr(Double(told.double_value)) == repr(value)
    if isinstance(value, int):
        return kind == "int_value" and told.int_value == value
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass")
        return raw == (told.bytes_value if kind == "bytes_value" else
                       told.string_value.encode() if kind == "string_value" else None)
    if levels == 0:
        return kind == "string_value" and same(read_json(told.string_value), value)
    if isinstance(value, Pairs):
        return kind == "kvlist_value" and are_told(value, told.kvlist_value.values, levels - 1)
    values = told.array_value.values
    return kind == "array_value" and len(values) == len(value) and all(
        is_told(a, b, levels - 1) for a, b in zip(value, values))


def are_told(pairs, told, levels):
    return [name for name, _ in pairs] == [pair.key for pair in told] and all(
        is_told(value, pair.value, levels) for (_, value), pair in zip(pairs, told))


def compare(path, records, step=1):
    """Complaints about records that are not what their lines say, of every step-th line."""
    with open(path, encoding="utf-8") as lines:
        lines = list(lines)
    numbers = [record.attributes[0].value.int_value for record in records]
    if sorted(numbers) != list(range(0, len(lines), step)):
        yield "of %d lines %d records came" % (len(lines), len(records))
        return
    for number, record in zip(numbers, records):
        told = [pair for pair in record.attributes if not pair.key.startswith("log.")]
        if not are_told(read_json(lines[number]), told, LEVELS - 1):
            yield "line %d is not what was told of it: %s" % (number, lines[number][:300].strip())


def read_folder(folder, wrong):
    """The records of all requests; complaints go to `wrong`."""
    records = []
    for name in sorted(os.listdir(folder)):
        try:
            request = read(os.path.join(folder, name))
        except DecodeError as error:
            wrong.append("%s is refused: %s" % (name, error))
            continue
        wrong += ["%s: %s" % (name, one) for one in wrong_request(request)]
        records += [record for logs in request.resource_logs for scope in logs.scope_logs
                    for record in scope.log_records]
    return records


def read_parsed(path):
    """The attributes alone: ids are hexadecimal in OTLP, which this package does not know."""
    with open(path, encoding="utf-8") as lines:
        return [json_format.ParseDict({"attributes": json.loads(line)["attributes"]}, LogRecord())
                for line in lines]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines")
    parser.add_argument("--parsed")
    parser.add_argument("folder")
    options = parser.parse_args()
    sys.setrecursionlimit(20000)
    assert_it_refuses()
    wrong = []
    records = read_folder(options.folder, wrong)
    if options.lines is not None:
        wrong += compare(options.lines, records)
    if options.parsed is not None:
        wrong += compare(options.lines, read_parsed(options.parsed), PARSED_STEP)
    if wrong:
        sys.exit("%d complaints, among them:\n  %s" % (len(wrong), "\n  ".join(wrong[:EXAMPLES])))
    print("%d requests of %d records read (%s)" % (len(os.listdir(options.folder)), len(records), api_implementation.Type()))


main()
