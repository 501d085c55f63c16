# SPDX-License-Identifier: Apache-2.0
"""The real programs of the interop suite, as scripts/parts builds them.

What cannot be had here is Missing, with a sentence; a build that fails is an error and fails the suite.
"""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import real_parts  # noqa: E402

Missing = real_parts.Missing


def need(program):
    path = shutil.which(program)
    if path is None:
        raise Missing("%s is not installed" % program)
    return path


def part(name, path=""):
    return os.path.join(real_parts.folder(name), path)


def collector():
    return part("collector", "collector")


def go_app():
    return part("shipping", "shipping")


def node_app():
    """The command of the Node application."""
    return [need("node"), part("payment", "app.mjs")]


def python_app():
    """The command of the Python application."""
    return [part("checkout", "bin/python"), os.path.join(HERE, "apps/python/app.py")]


def request_reader():
    """The command that reads OTLP requests with OpenTelemetry's own package."""
    return [part("opentelemetry-proto", "bin/python"), os.path.join(HERE, "check_requests.py")]


def metrics_reader():
    """The command that reads OpenMetrics text as Prometheus' own client library does."""
    return [part("prometheus-client", "bin/python"), os.path.join(HERE, "read_metrics.py")]
