# SPDX-License-Identifier: Apache-2.0
"""Reads OpenMetrics text from standard input with the strict parser of Prometheus' client library
and prints `name value` for each sample."""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        print(sample.name, sample.value)
