# SPDX-License-Identifier: Apache-2.0
"""Compares what a far end wrote down with what the pods' log files say must have arrived."""
import expected
import otlp


def differences(want, resource, record):
    """Sentences, one for each thing that is not as it must be."""
    have = otlp.attributes(record.get("attributes", []))
    parts = expected.PATH.match(want.path)
    uid = have.pop("log.record.uid", None)
    checks = [
        ("traceId", record.get("traceId", ""), want.trace_id),
        ("spanId", record.get("spanId", ""), want.span_id),
        ("flags", record.get("flags", 0), want.flags or 0),
        ("severityNumber", record.get("severityNumber", 0), want.severity),
        ("severityText", record.get("severityText", ""), want.severity_text),
        ("timeUnixNano", int(record.get("timeUnixNano", 0)), want.time),
        ("body", otlp.value(record.get("body")), want.body),
        ("observedTimeUnixNano is set", int(record.get("observedTimeUnixNano", 0)) > 0, True),
        ("log.record.uid is set", bool(uid), True),
        ("log.iostream", have.pop("log.iostream", None), want.stream),
        ("log.file.path", have.pop("log.file.path", None), want.path),
        ("service.name", resource.get("service.name"), want.service),
        ("k8s.namespace.name", resource.get("k8s.namespace.name"), parts[1]),
        ("k8s.pod.name", resource.get("k8s.pod.name"), parts[2]),
        ("k8s.pod.uid", resource.get("k8s.pod.uid"), parts[3]),
        ("k8s.container.name", resource.get("k8s.container.name"), parts[4]),
        ("k8s.container.restart_count", resource.get("k8s.container.restart_count"), int(parts[5])),
    ]
    have.pop("clew.time.zone_assumed", None)
    for name in sorted(set(have) | set(want.attributes)):
        checks.append(("attribute " + name, have.get(name, "(missing)"),
                       want.attributes.get(name, "(none)")))
    return ["%s is %r, not %r" % (name, got, must) for name, got, must in checks
            if repr(got) != repr(must)]


def files(paths, received):
    """Every line of every file against what arrived; the number of lines."""
    arrived = {}
    for resource, _, record in otlp.records(received):
        path = otlp.attributes(record["attributes"])["log.file.path"]
        arrived.setdefault(path, []).append((resource, record))
    lines = 0
    for path in paths:
        want = list(expected.records(path))
        have = arrived.pop(path, [])
        assert len(want) == len(have), "%s: %d lines, %d arrived" % (path, len(want), len(have))
        for number, (line, (resource, record)) in enumerate(zip(want, have), 1):
            wrong = differences(line, resource, record)
            assert not wrong, "%s: line %d: %s\n  %s" % (path, number, "; ".join(wrong), line.line)
        lines += len(want)
    assert not arrived, "records of files that were not shipped: %s" % list(arrived)
    return lines
