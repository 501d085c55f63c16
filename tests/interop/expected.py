# SPDX-License-Identifier: Apache-2.0
"""What a far end must have received, read from the pods' log files by other code than clew's own:
Python's json, regular expressions, calendar."""
import datetime
import json
import re

import otlp

CRI = re.compile(rb"(\S+) (stdout|stderr) ([PF]) (.*)\Z", re.DOTALL)
PATH = re.compile(r".*/([^_/]+)_([^_/]+)_([0-9a-f-]+)/([^/]+)/(\d+)\.log\Z")
LOGFMT = re.compile(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?:\s+|\Z)')
SEVERITY = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "INFO+2": 11, "WARN": 13, "WARNING": 13,
            "ERROR": 17, "CRITICAL": 21}
PINO = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
INT64 = range(-2**63, 2**63)


class Record:
    """One line of an application, and what must become of it."""

    def __init__(self, path, stream, runtime_time, line):
        self.path, self.stream, self.line = path, stream, line
        self.time = runtime_time
        self.body = line
        self.attributes = {}
        self.trace_id = self.span_id = ""
        self.flags = None
        self.severity = 0
        self.severity_text = ""
        self.service = PATH.match(path)[4]


def joined(path):
    """(stream, time, text) of each line, its pieces joined."""
    pending = {}
    with open(path, "rb") as lines:
        for physical in lines:
            time, stream, tag, text = CRI.match(physical.rstrip(b"\n")).groups()
            first, start = pending.pop(stream, (time, b""))
            if tag == b"P":
                pending[stream] = (first, start + text)
            else:
                yield stream.decode(), nanoseconds(first.decode()), (start + text).decode()
    assert not pending, "the suite wrote a line that has no end"


def nanoseconds(text):
    """RFC 3339 or Python's asctime (UTC assumed) to nanoseconds, by decimal digits."""
    m = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:\d\d)?\Z", text)
    zone = "+00:00" if m[4] in (None, "Z") else m[4]
    seconds = int(datetime.datetime.fromisoformat("%sT%s%s" % (m[1], m[2], zone)).timestamp())
    return seconds * 10**9 + int((m[3] or "0").ljust(9, "0"))


def typed(v):
    """A JSON value as OTLP must carry it."""
    if isinstance(v, bool) or v is None or isinstance(v, str):
        return v
    if isinstance(v, int):
        return v if v in INT64 else str(v)
    if isinstance(v, float):
        return otlp.Double(v)
    if isinstance(v, list):
        return [typed(x) for x in v]
    return {k: typed(x) for k, x in v.items()}


def is_id(v, digits):
    return isinstance(v, str) and re.fullmatch("[0-9a-f]{%d}" % digits, v) and set(v) != {"0"}


def take_ids(record, fields):
    """Ids that move unchanged into the record's own fields leave the attributes."""
    for name in ("trace_id", "otelTraceID"):
        if is_id(fields.get(name), 32):
            record.trace_id = fields.pop(name)
    for name in ("span_id", "otelSpanID"):
        if is_id(fields.get(name), 16):
            record.span_id = fields.pop(name)
    if record.trace_id and re.fullmatch("[0-9a-f]{2}", str(fields.get("trace_flags"))):
        record.flags = int(fields.pop("trace_flags"), 16)
    if record.trace_id and "otelTraceSampled" in fields:
        record.flags = int(fields["otelTraceSampled"])


def take_time(record, fields):
    if "asctime" in fields:
        record.time = nanoseconds(fields["asctime"])
    elif isinstance(fields.get("time"), int):
        record.time = fields["time"] * 10**6
    elif "time" in fields:
        record.time = nanoseconds(fields["time"])


def take_severity(record, fields):
    level = fields.get("levelname", fields.get("level"))
    record.severity = PINO[level] if isinstance(level, int) else SEVERITY[level]
    record.severity_text = str(level)


def structured(record, fields, message):
    take_ids(record, fields)
    take_time(record, fields)
    take_severity(record, fields)
    record.service = (fields.get("otelServiceName") or fields.get("service.name")
                      or fields.get("service") or record.service)
    record.body = fields.pop(message)
    record.attributes = typed(fields)


def text(record):
    """A text line stays whole; ids, level and time are read from it."""
    m = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (\w+)", record.line)
    if m:
        record.time, record.severity_text = nanoseconds(m[1]), m[2]
        record.severity = SEVERITY[m[2]]
    ids = re.search(r"trace_id=(\w+) span_id=(\w+) resource\.service\.name=(\S*) trace_sampled=(\w+)",
                    record.line)
    if ids:
        record.service = ids[3]
        if is_id(ids[1], 32):
            record.trace_id, record.span_id = ids[1], ids[2]
            record.flags = int(ids[4] == "True")


def logfmt(line):
    fields = {m[1]: json.loads('"%s"' % m[2]) if m[2] is not None else m[3]
              for m in LOGFMT.finditer(line)}
    return fields


def records(path):
    """The expected records of one file, in order."""
    for stream, time, line in joined(path):
        record = Record(path, stream, time, line)
        if line.startswith("{"):
            fields = json.loads(line)
            structured(record, fields, "message" if "message" in fields else "msg")
        elif line.startswith("time="):
            structured(record, logfmt(line), "msg")
        else:
            text(record)
        yield record
