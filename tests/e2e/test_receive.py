# SPDX-License-Identifier: Apache-2.0
"""`clew receive` from outside: what it takes, what it refuses, what it writes and counts.

The protobuf bytes are made by the few lines below and not by clew or by a library, so that a
mistake common to clew's encoder and decoder would be seen.
"""

import gzip
import http.client
import json
import re
import signal
import socket
import struct
import subprocess

import clew

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
TRACE_ID = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736")
SPAN_ID = bytes.fromhex("00f067aa0ba902b7")


# ---- the wire ----

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def fixed64(field, value):
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def fixed32(field, value):
    return varint(field << 3 | 5) + struct.pack("<I", value)


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value)


def text(field, value):
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def key_value(key, any_value):
    return text(1, key) + text(2, any_value)


def request(*records, service="checkout"):
    resource = text(1, key_value("service.name", text(1, service)))
    scope_logs = b"".join(text(2, record) for record in records)
    return text(1, text(1, resource) + text(2, scope_logs))


def record(body="hello", trace_id=TRACE_ID, span_id=SPAN_ID, more=b""):
    return fixed64(1, 1746929673221000000) + text(5, text(1, body)) + text(9, trace_id) + \
        text(10, span_id) + more


# ---- HTTP ----

class Receiver:
    """A running `clew receive` on a free port."""

    def __init__(self, *args):
        self.process = clew.start("receive", "--listen", "127.0.0.1:0", *args)

    def __enter__(self):
        self.process.__enter__()
        found = self.process.wait_for(
            lambda: re.match(r"listening on http://127\.0\.0\.1:(\d+)\n", self.process.err()),
            "the line that says where it listens")
        self.port = int(found.group(1))
        return self

    def __exit__(self, *error):
        return self.process.__exit__(*error)

    def send(self, body, content_type=PROTOBUF, encoding=None, path="/v1/logs", method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {}
        if content_type is not None:
            headers["Content-Type"] = content_type
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.text = answer.read()
        connection.close()
        return answer

    def end(self):
        clew.equal(self.process.stop(signal.SIGINT), 0, "exit status")
        return self.process.out(), self.process.err()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def only_record(line):
    (resource_logs,) = line["resourceLogs"]
    (scope_logs,) = resource_logs["scopeLogs"]
    (log_record,) = scope_logs["logRecords"]
    return log_record


def status_message(answer):
    """The message of the google.rpc.Status that a refusal must have as its body."""
    if answer.getheader("Content-Type") == JSON:
        status = json.loads(answer.text)
        assert isinstance(status["code"], int), status
        return status["message"]
    clew.equal(answer.getheader("Content-Type"), PROTOBUF, "type of the refusal")
    assert answer.text[0:1] == b"\x08" and answer.text[2:3] == b"\x12", answer.text
    clew.equal(len(answer.text), 4 + answer.text[3], "length of the Status")
    return answer.text[4:].decode()


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


# ---- what it takes ----

EVERY_KIND = [
    ("string", text(1, "gr\u00fc\u00df \U0001f9f6 \"\\\n\x00\x01end"),
     {"stringValue": "gr\u00fc\u00df \U0001f9f6 \"\\\n\x00\x01end"}),
    ("empty string", text(1, ""), {"stringValue": ""}),
    ("true", number(2, 1), {"boolValue": True}),
    ("false", number(2, 0), {"boolValue": False}),
    ("zero", number(3, 0), {"intValue": "0"}),
    ("largest", number(3, (1 << 63) - 1), {"intValue": "9223372036854775807"}),
    ("smallest", number(3, -(1 << 63)), {"intValue": "-9223372036854775808"}),
    ("double", double(4, 1626175065.5934923), {"doubleValue": 1626175065.5934923}),
    ("minus zero", double(4, -0.0), {"doubleValue": -0.0}),
    ("tenth", double(4, 0.1), {"doubleValue": 0.1}),
    ("tiny", double(4, 5e-324), {"doubleValue": 5e-324}),
    ("huge", double(4, 1.7976931348623157e308), {"doubleValue": 1.7976931348623157e308}),
    ("not a number", double(4, float("nan")), {"doubleValue": "NaN"}),
    ("infinity", double(4, float("-inf")), {"doubleValue": "-Infinity"}),
    ("bytes", text(7, b"\x00\xff\xfe\x80"), {"bytesValue": "AP/+gA=="}),
    ("null", b"", {}),
    ("array", text(5, text(1, number(3, 1)) + text(1, b"") + text(1, text(1, "x"))),
     {"arrayValue": {"values": [{"intValue": "1"}, {}, {"stringValue": "x"}]}}),
    ("empty array", text(5, b""), {"arrayValue": {"values": []}}),
    ("map", text(6, text(1, key_value("in", text(6, text(1, key_value("a", number(2, 0))))))),
     {"kvlistValue": {"values": [{"key": "in", "value": {"kvlistValue": {"values": [
         {"key": "a", "value": {"boolValue": False}}]}}}]}}),
    ("empty map", text(6, b""), {"kvlistValue": {"values": []}}),
]


def test_every_kind_of_value_is_written_as_it_was_sent(tmp):
    out = tmp / "out.jsonl"
    more = b"".join(text(6, key_value(name, wire)) for name, wire, _ in EVERY_KIND)
    more += fixed64(11, 1746929673999999999) + number(2, 17) + text(3, "ERROR") + fixed32(8, 1) + \
        number(7, 3) + text(12, "charge.declined")
    with Receiver("--out", str(out)) as receiver:
        answer = receiver.send(request(record(more=more)))
        clew.equal(answer.status, 200, "status")
        clew.equal(answer.getheader("Content-Type"), PROTOBUF, "type of the answer")
        clew.equal(answer.text, b"", "an empty ExportLogsServiceResponse")
        (line,) = lines(out)
        receiver.end()
    clew.equal(line["resourceLogs"][0]["resource"],
               {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]})
    got = only_record(line)
    for (name, _, expected), attribute in zip(EVERY_KIND, got.pop("attributes")):
        clew.equal(attribute, {"key": name, "value": expected}, name)
    clew.equal(got, {
        "timeUnixNano": "1746929673221000000", "observedTimeUnixNano": "1746929673999999999",
        "severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": "hello"},
        "droppedAttributesCount": 3, "flags": 1, "eventName": "charge.declined",
        "traceId": TRACE_ID.hex(), "spanId": SPAN_ID.hex()})


def test_json_gives_what_protobuf_gives(tmp):
    out = tmp / "out.jsonl"
    more = b"".join(text(6, key_value(name, wire)) for name, wire, _ in EVERY_KIND)
    with Receiver("--out", str(out)) as receiver:
        clew.equal(receiver.send(request(record(more=more))).status, 200, "protobuf")
        sent = lines(out)[0]
        answer = receiver.send(json.dumps(sent), "application/json; charset=utf-8")
        clew.equal(answer.status, 200, answer.text)
        clew.equal(answer.getheader("Content-Type"), JSON, "type of the answer")
        clew.equal(json.loads(answer.text), {}, "answer")
        first, second = out.read_text().splitlines()
    clew.equal(second, first)


def test_json_is_read_as_otlp_says(tmp):
    out = tmp / "out.jsonl"
    sent = """{"unknown":[{"x":1}],"resourceLogs":[{"resource":null,"scopeLogs":[{"logRecords":[{
        "timeUnixNano":1746929673221000000,"traceId":"4BF92F3577B34DA6A3CE929D0E0E4736",
        "spanId":"","trace_id":"ignored","severityNumber":9,"attributes":[
        {"key":"i","value":{"intValue":-9223372036854775808}},
        {"key":"d","value":{"doubleValue":10000000000000000000}},
        {"key":"n","value":{"doubleValue":"-1.5e3"}},
        {"key":"b","value":{"bytesValue":"_-8"}},
        {"key":"none"}]}]}]}]}"""
    with Receiver("--out", str(out)) as receiver:
        answer = receiver.send(sent, JSON)
        clew.equal(answer.status, 200, answer.text)
        got = only_record(lines(out)[0])
    clew.equal(got, {
        "timeUnixNano": "1746929673221000000", "traceId": TRACE_ID.hex(), "severityNumber": 9,
        "attributes": [{"key": "i", "value": {"intValue": "-9223372036854775808"}},
                       {"key": "d", "value": {"doubleValue": 1e19}},
                       {"key": "n", "value": {"doubleValue": -1500}},
                       {"key": "b", "value": {"bytesValue": "/+8="}},
                       {"key": "none"}]})


def test_compressed_bodies_are_taken(tmp):
    out = tmp / "out.jsonl"
    plain = request(*[record("x" * 3000 + str(i)) for i in range(500)])
    gzipped = gzip.compress(plain)
    cases = [(None, plain), ("identity", plain), ("gzip", gzipped), ("GZIP", gzipped),
             ("zstd", zstd(plain)),
             ("gzip", gzip.compress(plain[:1000]) + gzip.compress(plain[1000:])),
             ("zstd", zstd(plain[:1000]) + zstd(plain[1000:]))]
    with Receiver("--out", str(out)) as receiver:
        for encoding, body in cases:
            answer = receiver.send(body, encoding=encoding)
            clew.equal(answer.status, 200, (encoding, answer.text))
        written = out.read_text().splitlines()
    clew.equal(len(written), len(cases), "lines")
    clew.equal(set(written), {written[0]})


def test_a_kept_connection_takes_request_after_request(tmp):
    out = tmp / "out.jsonl"
    with Receiver("--out", str(out)) as receiver:
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=30)
        for i in range(20):
            connection.request("POST", "/v1/logs", request(record(str(i))),
                               {"Content-Type": PROTOBUF})
            answer = connection.getresponse()
            answer.read()
            clew.equal(answer.status, 200, "status")
            clew.equal(len(lines(out)), i + 1, "lines when the answer is there")
        connection.close()
    clew.equal([only_record(line)["body"]["stringValue"] for line in lines(out)],
               [str(i) for i in range(20)])


def test_a_chunked_body_is_taken(tmp):
    out = tmp / "out.jsonl"
    body = request(record("y" * 100000))
    with Receiver("--out", str(out)) as receiver:
        answer = receiver.send(iter([body[:7], body[7:50000], body[50000:]]))
        clew.equal(answer.status, 200, answer.text)
        clew.equal(only_record(lines(out)[0])["body"]["stringValue"], "y" * 100000)


def test_an_existing_file_is_appended_to(tmp):
    out = tmp / "out.jsonl"
    for i in range(2):
        with Receiver("--out", str(out)) as receiver:
            clew.equal(receiver.send(request(record(str(i)))).status, 200, "status")
            receiver.end()
    clew.equal(len(lines(out)), 2, "lines")


# ---- what it refuses ----

def test_the_wrong_way_to_ask_is_refused_in_plain_text(tmp):
    good = request(record())
    cases = [
        (dict(path="/"), 404), (dict(path="/v1/traces"), 404), (dict(path="/v1/logs/"), 404),
        (dict(method="GET", body=None), 405), (dict(method="PUT"), 405),
        (dict(content_type="text/plain"), 415), (dict(content_type=None), 415),
        (dict(content_type="application/x-protobufs"), 415),
        (dict(encoding="br"), 415), (dict(encoding="gzip, gzip"), 415),
    ]
    with Receiver("--out", str(tmp / "out")) as receiver:
        for case, expected in cases:
            answer = receiver.send(**{"body": good, **case})
            clew.equal(answer.status, expected, (case, answer.text))
            if expected == 405:
                clew.equal(answer.getheader("Allow"), "POST", "Allow")
        clew.equal(receiver.send(good).status, 200, "a good one after all that")
    clew.equal(len(lines(tmp / "out")), 1, "lines")


def nested(depth):
    value = text(1, "deep")
    for _ in range(depth):
        value = text(5, text(1, value))
    return value


def test_malformed_protobuf_is_refused(tmp):
    good = request(record())
    cases = [
        ("cut short", good[:-1], "not a protobuf"),
        ("text", b"this is not protobuf", "not a protobuf"),
        ("a group", b"\x0b\x0c", "not a protobuf"),
        ("a length past the end", b"\x0a\xff\xff\xff\xff\x0f", "not a protobuf"),
        ("trace id of 4 bytes", request(record(trace_id=b"abcd")), "traceId length"),
        ("trace id of 17 bytes", request(record(trace_id=TRACE_ID + b"x")), "traceId length"),
        ("span id of 16 bytes", request(record(span_id=TRACE_ID)), "spanId length"),
        ("a body that is not UTF-8", request(record(body=b"\xff")), "not UTF-8"),
        ("a key that is not UTF-8",
         request(record(more=text(6, key_value(b"\xed\xa0\x80", b"")))), "not UTF-8"),
        ("severity text that is not UTF-8", request(record(more=text(3, b"\xc0\x80"))),
         "not UTF-8"),
        ("nesting 10,000 deep", request(record(more=text(6, key_value("k", nested(10000))))),
         "too deep"),
        ("compressed garbage", b"\x1f\x8b garbage", "Content-Encoding", "gzip"),
        ("half a gzip", gzip.compress(good)[:-9], "Content-Encoding", "gzip"),
        ("plain text said to be gzip", good, "Content-Encoding", "gzip"),
        ("half a zstd", zstd(good)[:-3], "Content-Encoding", "zstd"),
        ("nothing said to be zstd", b"", "Content-Encoding", "zstd"),
    ]
    with Receiver("--out", str(tmp / "out")) as receiver:
        for name, body, message, *encoding in cases:
            answer = receiver.send(body, encoding=encoding[0] if encoding else None)
            clew.equal(answer.status, 400, name)
            clew.contains(status_message(answer), message, name)
        clew.equal(receiver.send(request(text(5, nested(60)))).status, 200, "60 deep")
    clew.equal(len(lines(tmp / "out")), 1, "lines")


def log_json(**members):
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [members]}]}]})


def test_malformed_json_is_refused(tmp):
    deep = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + \
        '{"arrayValue":{"values":[' * 600 + "{}" + "]}}" * 600 + "}]}]}]}"
    cases = [
        ("not JSON", "{", "line 1"),
        ("an array", "[]", "JSON object"),
        ("nothing", "", "not JSON"),
        ("not UTF-8", b'{"x":"\xff"}', "not JSON"),
        ("base64 of an id", log_json(traceId="S/kvNXezTaajzpKdDg5HNg=="), "traceId"),
        ("an id too short", log_json(traceId="4bf9"), "traceId length"),
        ("an id of odd length", log_json(spanId="123"), "spanId"),
        ("an id that is a number", log_json(traceId=5), "traceId"),
        ("an enum by name", log_json(severityNumber="SEVERITY_NUMBER_INFO"), "severityNumber"),
        ("a time with letters", log_json(timeUnixNano="12x"), "timeUnixNano"),
        ("a negative time", log_json(timeUnixNano="-1"), "timeUnixNano"),
        ("a time over 64 bits", log_json(timeUnixNano="18446744073709551616"), "timeUnixNano"),
        ("an int over 64 bits", log_json(body={"intValue": 9223372036854775808}), "intValue"),
        ("an int that is a real", log_json(body={"intValue": 1.5}), "intValue"),
        ("a string that is a number", log_json(body={"stringValue": 1}), "stringValue"),
        ("a bool that is a string", log_json(body={"boolValue": "true"}), "boolValue"),
        ("bytes that are not base64", log_json(body={"bytesValue": "a*"}), "bytesValue"),
        ("attributes as an object", log_json(attributes={"a": 1}), "attributes"),
        ("an attribute that is a string", log_json(attributes=["a"]), "attributes"),
        ("flags over 32 bits", log_json(flags=1 << 32), "flags"),
        ("600 arrays in each other", deep, "nesting"),
        ("5,000 arrays in each other", "[" * 5000 + "]" * 5000, "not JSON"),
    ]
    with Receiver("--out", str(tmp / "out")) as receiver:
        for name, body, message in cases:
            answer = receiver.send(body, JSON)
            clew.equal(answer.status, 400, (name, answer.text))
            clew.contains(status_message(answer), message, name)
    clew.equal((tmp / "out").read_text(), "", "what was written")


def test_a_body_over_the_limit_is_refused_before_and_after_decompression(tmp):
    limit = 100000
    fits = request(record("x" * (limit - 200)))
    large = request(record("x" * limit))
    cases = [
        ("just below", fits, None, 200), ("just below", gzip.compress(fits), "gzip", 200),
        ("over", large, None, 413), ("over", gzip.compress(large), "gzip", 413),
        ("over", zstd(large), "zstd", 413), ("chunked", iter([large[:5000], large[5000:]]), None, 413),
        ("far over", b"x" * (limit * 3), None, 413),
        ("a bomb", gzip.compress(b"\0" * 200000000), "gzip", 413),
        ("a bomb", zstd(b"\0" * 200000000), "zstd", 413),
    ]
    with Receiver("--out", str(tmp / "out"), "--max-body", str(limit)) as receiver:
        for name, body, encoding, expected in cases:
            answer = receiver.send(body, encoding=encoding)
            clew.equal(answer.status, expected, name)
            if expected == 413:
                clew.contains(status_message(answer), "limit", name)
        clew.equal(receiver.send(json.dumps({"x": "y" * limit}), JSON).status, 413, "JSON")
    clew.equal(len(lines(tmp / "out")), 2, "lines")


def test_a_small_body_that_decodes_to_much_is_refused(tmp):
    """Two bytes of an empty record take a hundred when decoded."""
    limit = 100000
    many = request(*[b""] * (limit // 2 - 100))
    much = json.dumps({"resourceLogs": [{}] * (limit // 4 - 100)}).encode()
    with Receiver("--out", str(tmp / "out"), "--max-body", str(limit)) as receiver:
        for body, content_type in [(many, PROTOBUF), (much, JSON)]:
            answer = receiver.send(body, content_type)
            clew.equal(answer.status, 413, content_type)
            clew.contains(status_message(answer), "memory", content_type)


def test_a_full_disk_is_answered_503(tmp):
    with Receiver("--out", "/dev/full") as receiver:
        answer = receiver.send(request(record()))
        clew.equal(answer.status, 503, "status")
        clew.equal(answer.getheader("Retry-After"), "1", "Retry-After")
        clew.contains(status_message(answer), "cannot write")
        clew.contains(receiver.process.err(), "No space left on device")
        answer = receiver.send(b"bad")
        clew.equal(answer.status, 400, "what can never be taken is refused all the same")


# ---- what it says ----

def test_health_is_told():
    with Receiver() as receiver:
        clew.equal(receiver.send(None, None, path="/healthz", method="GET").status, 200)
        clew.equal(receiver.send(None, None, path="/healthz", method="HEAD").text, b"")
        clew.equal(receiver.send(b"", path="/healthz").status, 405)


def send_some(receiver):
    receiver.send(request(record(), record(), record(trace_id=b"", span_id=b"")))
    receiver.send(request(record(trace_id=bytes(16)), service="cart"))
    receiver.send(b"bad")


def test_counts_are_told_at_the_end_as_json(tmp):
    with Receiver("--out", str(tmp / "out"), "--format", "json") as receiver:
        send_some(receiver)
        out, _ = receiver.end()
    counts = json.loads(out)
    clew.equal({k: counts[k] for k in ("requests", "refused", "records", "with_trace_id",
                                       "coverage")},
               {"requests": 2, "refused": 1, "records": 4, "with_trace_id": 2, "coverage": 0.5})
    clew.equal([(s["service"], s["records"], s["with_trace_id"]) for s in counts["services"]],
               [("checkout", 3, 2), ("cart", 1, 0)])


def test_counts_are_told_at_the_end_as_a_table():
    with Receiver() as receiver:
        send_some(receiver)
        out, err = receiver.end()
    clew.equal(len(out.splitlines()), 2, "lines on standard output")
    clew.contains(re.sub(" +", " ", err), "checkout 3 2 66.7 %")
    clew.contains(re.sub(" +", " ", err), "cart 1 0 0.0 %")
    clew.contains(re.sub(" +", " ", err), "all 4 2 50.0 %")
    clew.contains(err, "2 requests taken, 1 refused")


def test_discarding_counts_and_writes_nothing():
    with Receiver("--discard", "--format", "json") as receiver:
        send_some(receiver)
        clew.equal(receiver.send(gzip.compress(request(record())), encoding="gzip").status, 200)
        out, _ = receiver.end()
    counts = json.loads(out)
    clew.equal((counts["requests"], counts["refused"], counts["records"], counts["with_trace_id"]),
               (3, 1, 5, 3))


def test_a_reader_that_goes_away_ends_it_with_a_failure():
    import os
    read_end, write_end = os.pipe()
    child = subprocess.Popen([clew.CLEW, "receive", "--listen", "127.0.0.1:0"], stdout=write_end,
                             stderr=subprocess.PIPE, env=clew.environment())
    os.close(write_end)
    os.close(read_end)
    port = int(re.match(rb"listening on http://127\.0\.0\.1:(\d+)", child.stderr.readline())[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/v1/logs", request(record()), {"Content-Type": PROTOBUF})
    clew.equal(connection.getresponse().status, 503, "status")
    connection.close()
    child.stderr.read()
    clew.equal(child.wait(clew.END_TIMEOUT), 1, "exit status")


def test_wrong_usage_is_told(tmp):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cases = [
            (["--listen", "nowhere"], 1, "ADDRESS:PORT"),
            (["--listen", "127.0.0.1:99999"], 1, "ADDRESS:PORT"),
            (["--listen", "::1:4318"], 1, "ADDRESS:PORT"),
            (["--listen", f"127.0.0.1:{taken.getsockname()[1]}"], 1, "in use"),
            (["--listen", "192.0.2.1:0"], 1, "assign"),
            (["--out", str(tmp)], 1, "directory"),
            (["--out", str(tmp / "no" / "such")], 1, "No such file"),
            (["--out", "x", "--discard"], 2, "cannot be used together"),
            (["--max-body", "0"], 2, "--max-body"),
            (["--max-body", "many"], 2, "max-body"),
            (["extra"], 2, "extra"),
        ]
        for args, code, message in cases:
            result = clew.run("receive", *args)
            clew.equal(result.code, code, args)
            clew.contains(result.err, message, args)


def test_ipv6_is_listened_on_where_there_is_any():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return  # this machine has none
    with clew.start("receive", "--listen", "[::1]:0") as process:
        process.wait_for(lambda: re.match(r"listening on http://\[::1\]:\d+\n", process.err()),
                         "where it listens")


if __name__ == "__main__":
    clew.main()
