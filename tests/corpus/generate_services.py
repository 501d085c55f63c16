#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the logs of ten services into services/ beside itself, each of another convention and with another fault.

Seeded, so that it always writes the same. The formats are those that the loggers' documentation
gives; nothing in them was recorded anywhere. docs/coverage.md shows the audit of that folder."""

import json
import pathlib
import random
import sys

FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / "services"
START = 1778465673


def hexes(rng, digits):
    return f"{rng.getrandbits(4 * digits) | 1:0{digits}x}"


def clock(n):
    seconds = START + 13 * n
    return f"2026-05-11T{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{n % 1000:03}Z"


def checkout(n, r):  # Python, OpenTelemetry: a worker lost the context over its queue
    worker = n % 5 > 1
    return json.dumps({"timestamp": clock(n), "levelname": "INFO",
                       "name": "celery.worker" if worker else "checkout.api",
                       "message": "charged" if worker else "order placed", "service.name": "checkout",
                       "otelTraceID": "0" if worker else hexes(r, 32),
                       "otelSpanID": "0" if worker else hexes(r, 16), "otelTraceSampled": not worker})


def payment(n, r):  # Node.js, pino
    line = {"level": 30, "time": (START + 13 * n) * 1000 + n, "pid": 7, "hostname": "payment-0",
            "name": "payment", "service.name": "payment", "msg": "captured"}
    if n % 9:
        line |= {"trace_id": hexes(r, 32), "span_id": hexes(r, 16), "trace_flags": "01"}
    return json.dumps(line)


def inventory(n, r):  # Go, slog, logfmt; traces are sampled one in four
    return (f"time={clock(n)} level=INFO msg=\"stock read\" service.name=inventory sku=A{n} "
            f"trace_id={hexes(r, 32)} span_id={hexes(r, 16)} trace_flags={'00' if n % 4 else '01'}")


def orders(n, r):  # Java, Spring Boot: outside of a span the brackets hold blanks
    ids = f"{hexes(r, 32)}-{hexes(r, 16)}" if n % 10 else " " * 49
    return (f"{clock(n)}  INFO 1 --- [orders] [nio-8080-exec-{n % 4}] [{ids}] "
            f"com.example.orders.OrderController : order {n} stored")


def billing(n, r):  # .NET, Serilog's compact JSON
    return json.dumps({"@t": clock(n), "@mt": "Invoice {Id} sent", "@tr": hexes(r, 32),
                       "@sp": hexes(r, 16), "Id": n, "service.name": "billing"})


def search(n, r):  # Ruby, Datadog: decimals of 64 bits, the other half is not logged
    return json.dumps({"date": clock(n), "level": "INFO", "message": "found", "dd": {
        "trace_id": str(r.getrandbits(63) | 1), "span_id": str(r.getrandbits(63) | 1),
        "service": "search"}, "service": "search"})


def gateway(n, r):  # an access log with a traceparent
    return json.dumps({"start_time": clock(n), "method": "GET", "path": "/api", "response_code": 200,
                       "service.name": "gateway",
                       "traceparent": f"00-{hexes(r, 32)}-{hexes(r, 16)}-01"})


def legacy(n, r):  # C++, ids printed with %x into 24 digits
    return json.dumps({"time": clock(n), "level": "info", "msg": "tick", "service.name": "legacy",
                       "trace_id": hexes(r, 24) if n % 5 else hexes(r, 32)})


def notifier(n, r):  # PHP: ids only in the message, without a label
    return json.dumps({"datetime": clock(n), "level_name": "INFO", "channel": "app",
                       "message": f"mail sent {hexes(r, 32)}" if n % 2 else "mail queued",
                       "context": {}, "extra": {}, "service.name": "notifier"})


def batch(n, r):  # nothing at all
    return f"{clock(n)} INFO nightly export, part {n} of 120"


SERVICES = [checkout, payment, inventory, orders, billing, search, gateway, legacy, notifier, batch]

for number, service in enumerate(SERVICES):
    rng = random.Random(number)
    name = service.__name__
    folder = FOLDER / f"shop_{name}-0_0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b9{number:02}" / name
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "0.log", "w", encoding="utf-8") as out:
        for n in range(120):
            out.write(f"{clock(n)} stdout F {service(n, rng)}\n")
