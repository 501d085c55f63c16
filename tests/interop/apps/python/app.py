#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A shop's checkout service as people write it: Python logging with OpenTelemetry's
LoggingInstrumentor, as JSON (python-json-logger) or in the instrumentor's own text format, or
("plain") with no instrumentation of the log at all.

usage: app.py json|text|plain SERVICE
"""
import logging
import os
import sys
import time

from opentelemetry import trace
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

mode, service = sys.argv[1], sys.argv[2]

trace.set_tracer_provider(TracerProvider(resource=Resource.create({"service.name": service})))
tracer = trace.get_tracer("shop")

if mode == "json":
    from pythonjsonlogger.json import JsonFormatter

    os.environ["OTEL_PYTHON_LOG_CORRELATION"] = "true"
    handler = logging.StreamHandler(sys.stdout)
    LoggingInstrumentor().instrument(set_logging_format=False, inject_trace_context=True)
    handler.setFormatter(JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s %(otelTraceID)s %(otelSpanID)s "
        "%(otelTraceSampled)s %(otelServiceName)s", json_ensure_ascii=False))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])
elif mode == "text":
    LoggingInstrumentor().instrument(set_logging_format=True, log_level=logging.DEBUG)
else:
    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)-8s %(name)s: %(message)s")

log = logging.getLogger("shop." + service)
worker = logging.getLogger("shop.worker")


def charge(order):
    with tracer.start_as_current_span("charge"):
        log.info("charging %s", order["id"], extra={"order": order, "attempt": 1})
        time.sleep(0.001)
        if order["total"] < 0:
            raise ValueError("total of order %s is negative" % order["id"])
        log.debug("gateway answered", extra={"gateway": {"code": 0, "ms": 12.75, "tags": ["eu", "visa"]}})


def handle(n):
    order = {"id": "o-%d" % n, "total": -1 if n % 7 == 3 else 10 * n + 0.1,
             "ledger": 9007199254740993 + n, "big": 18446744073709551615, "lines": [{"sku": "ä-1", "qty": n}],
             "note": None, "gift": n % 2 == 0}
    with tracer.start_as_current_span("POST /checkout"):
        log.info("order received: Grüße, 世界 🧶", extra={"order": order, "user": 92041 + n})
        try:
            charge(order)
        except ValueError:
            log.exception("charge failed", extra={"order_id": order["id"]})
        log.warning('a "quoted" \\ back\\slash\tand a tab', extra={"path": "/checkout?x=1&y=2"})


log.info("starting %s", service, extra={"pid_file": None, "version": "2.3.1"})
for n in range(12):
    handle(n)
    worker.info("cleanup swept %d carts", n, extra={"batch": n})
log.critical("stopping")
