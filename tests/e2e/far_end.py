# SPDX-License-Identifier: Apache-2.0
"""A far end for the tests of `clew run`: clew's own receiver, which writes down what it gets."""
import json
import sys

import clew

sys.path.append(str(clew.ROOT / "tests/interop"))
import saved  # noqa: E402


class FarEnd:
    """`with FarEnd(tmp) as far: … far.bodies()`"""

    def __init__(self, tmp, port=None, name="received.jsonl"):
        self.path = tmp / name
        self.port = port or clew.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        port = clew.free_port() if saved.directory() else self.port
        self.process = clew.start("receive", "--listen", f"127.0.0.1:{port}", "--out", self.path)
        self.process.__enter__()
        clew.wait_for_port(port, self.process)
        self.relay = saved.Relay(self.port, port) if saved.directory() else None
        return self

    def __exit__(self, *why):
        if self.relay is not None:
            self.relay.close()
        return self.process.__exit__(*why)

    def records(self):
        """(resource attributes, record) of everything that has arrived so far, in order; attributes
        as plain dicts of the AnyValue's content."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            for resource_logs in json.loads(line)["resourceLogs"]:
                resource = plain(resource_logs["resource"]["attributes"])
                for scope_logs in resource_logs["scopeLogs"]:
                    found += [(resource, record) for record in scope_logs["logRecords"]]
        return found

    def bodies(self):
        return [body(record) for _, record in self.records()]

    def wait_for(self, count, deadline=clew.EVENT_TIMEOUT):
        """The records, once at least `count` are there."""
        clew.wait_for(lambda: len(self.records()) >= count,
                      f"{count} records arrive (there are {len(self.records())})", deadline)
        return self.records()


def content(value):
    """What an AnyValue holds, without its kind."""
    return next(iter(value.values())) if value else None


def plain(attributes):
    return {pair["key"]: content(pair.get("value")) for pair in attributes}


def body(record):
    return content(record.get("body"))


def options(tmp, far, *more):
    """The arguments of `clew run` for a test: state in `tmp`, no HTTP endpoint, quick."""
    sets = [f"data_dir={tmp / 'data'}", "control.listen=off", f"outputs.endpoint={far.endpoint}/v1/logs",
            "checkpoint_interval=100ms", "inputs.scan_interval=100ms", *more]
    return [part for one in sets for part in ("--set", one)]


def start_run(tmp, far, *paths, sets=()):
    return clew.start("run", *options(tmp, far, *sets), *paths)


def run_once(tmp, far, *paths, sets=(), **more):
    return clew.run("run", "--once", *options(tmp, far, *sets), *paths, **more)
