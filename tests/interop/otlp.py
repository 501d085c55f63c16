# SPDX-License-Identifier: Apache-2.0
"""Reads OTLP/JSON as the Collector's file exporter and `clew receive` write it."""
import base64
import json


class Bytes(bytes):
    """A bytesValue: never equal to a string."""


class Double(float):
    """A doubleValue: an int never is one."""


def value(any_value):
    """An AnyValue as Python has it, its type kept: int and Double are different things."""
    if not any_value:
        return None
    (kind, content), = any_value.items()
    if kind == "stringValue" or kind == "boolValue":
        return content
    if kind == "intValue":
        return int(content)
    if kind == "doubleValue":
        return Double(content)
    if kind == "bytesValue":
        return Bytes(base64.b64decode(content))
    if kind == "arrayValue":
        return [value(v) for v in content.get("values", [])]
    if kind == "kvlistValue":
        return attributes(content.get("values", []))
    raise ValueError("unknown AnyValue member %r" % kind)


def attributes(list_of_key_values):
    result = {}
    for pair in list_of_key_values:
        if pair.get("key", "") in result:
            raise ValueError("attribute %r is there twice" % pair["key"])
        result[pair.get("key", "")] = value(pair.get("value"))
    return result


def records(path):
    """(resource attributes, scope, LogRecord) of every record in a file of OTLP/JSON lines."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            for resource_logs in json.loads(line).get("resourceLogs", []):
                resource = attributes(resource_logs.get("resource", {}).get("attributes", []))
                for scope_logs in resource_logs.get("scopeLogs", []):
                    for record in scope_logs.get("logRecords", []):
                        yield resource, scope_logs.get("scope", {}), record
