# SPDX-License-Identifier: Apache-2.0
"""Five kinds of lines as loggers write them, as pod logs: what a change costs is told for each."""
import json
import random

MESSAGES = ["order placed", "request completed", "payment authorised", "cache miss, asking the store",
            "retrying after a timeout", "user signed in", "stock is low"]
PATHS = ["/cart", "/orders/17", "/api/v1/items", "/healthz", "/pay"]
NAMES = ["Jürgen Müller", "Zoë", "佐藤 花子", "Анна", "O'Neil"]
LEVELS = ["debug", "info", "info", "info", "warning", "error"]
PINO = {"debug": 20, "info": 30, "warning": 40, "error": 50}


class Draw:
    """Values of one line, the same for each run."""

    def __init__(self, number):
        self.random = random.Random(number)
        self.number = number
        self.trace = f"{self.random.getrandbits(128) | 1:032x}"
        self.span = f"{self.random.getrandbits(64) | 1:016x}"
        self.level, self.message = self.one(LEVELS), self.one(MESSAGES)
        self.path, self.name = self.one(PATHS), self.one(NAMES)
        self.status = self.one([200, 200, 200, 201, 404, 500])
        self.took = self.below(90000) / 100
        self.clock = f"10:{number // 60 % 60:02}:{number % 60:02}"

    def below(self, end):
        return self.random.getrandbits(32) % end

    def one(self, values):
        return values[self.below(len(values))]


def dense(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def pino(draw):
    record = {"level": PINO[draw.level], "time": 1787306400000 + draw.number, "pid": 1,
              "hostname": "checkout-7d9c5b8f4-x2kqp", "trace_id": draw.trace, "span_id": draw.span,
              "trace_flags": "01", "reqId": f"req-{draw.number}", "msg": draw.message}
    if draw.below(3) == 0:
        record |= {"responseTime": draw.took, "statusCode": draw.status}
    return dense(record)


def nested(draw):
    return dense({
        "timestamp": f"2026-08-21T{draw.clock}.123Z", "level": draw.level, "message": draw.message,
        "trace": {"id": draw.trace}, "span": {"id": draw.span},
        "http": {"request": {"method": "GET", "path": draw.path, "headers": {"accept": "*/*"}},
                 "response": {"status_code": draw.status, "bytes": draw.below(10000)}},
        "user": {"id": draw.below(1000), "name": draw.name, "roles": ["buyer", "admin"][:draw.below(3)]},
        "items": [{"sku": f"A-{draw.below(100)}", "qty": 1 + n} for n in range(draw.below(4))]})


def python(draw):
    """As json.dumps writes by itself: with blanks, and ASCII alone."""
    return json.dumps({
        "asctime": f"2026-08-21 {draw.clock},123", "levelname": draw.level.upper(), "name": "shop.checkout",
        "message": f'{draw.message} for "{draw.name}"', "otelTraceID": draw.trace, "otelSpanID": draw.span,
        "otelServiceName": "checkout", "customer": draw.name, "amount": draw.took, "is_new": draw.below(2) == 1,
        "note": None if draw.below(2) else "first line\nsecond line\t\u2192 end"})


def text(draw):
    return (f"2026-08-21T{draw.clock}.123Z {draw.level.upper():7} shop.checkout {draw.message} "
            f"trace_id={draw.trace} span_id={draw.span} path={draw.path} status={draw.status} took={draw.took}ms")


def key_value(draw):
    return (f'ts=2026-08-21T{draw.clock}.123Z level={draw.level} caller=main.go:{draw.below(300)} '
            f'msg="{draw.message}" trace_id={draw.trace} span_id={draw.span} order={draw.below(1000)} '
            f'customer="{draw.name}" took={draw.took}ms')


KINDS = {"pino": pino, "nested": nested, "python": python, "text": text, "key=value": key_value}


def write(kind, path, count):
    """`count` lines of the kind, as a container runtime would have written them."""
    with open(path, "w", encoding="utf-8") as out:
        for number in range(count):
            draw = Draw(number)
            out.write(f"2026-08-21T{draw.clock}.123456789Z stdout F {KINDS[kind](draw)}\n")
