# SPDX-License-Identifier: Apache-2.0
"""Several workers: what one does, several do side by side. docs/workers.md says what is promised."""
import collections
import contextlib
import json
import os
import re
import signal
import urllib.request

import clew
from far_end import FarEnd

LINES_A_FILE = 400


class Rig:
    """A clew with so many workers, and logs of numbered lines."""

    def __init__(self, tmp, far, **more):
        self.tmp, self.far, self.port = tmp, far, clew.free_port()
        self.written = collections.Counter()
        self.logs = tmp / "logs"
        self.logs.mkdir()
        self.more = more

    def config(self, workers, **more):
        """Its path."""
        config = {"data_dir": str(self.tmp / "data"), "workers": workers,
                  "control": {"listen": f"127.0.0.1:{self.port}"},
                  "checkpoint_interval": "50ms", "shutdown_timeout": "10s",
                  "inputs": [{"include": [f"{self.logs}/*"], "scan_interval": "100ms"}],
                  "outputs": [{"endpoint": f"http://127.0.0.1:{self.far.port}/v1/logs",
                               "retry": {"initial": "50ms", "max": "200ms"},
                               "batch": {"bytes": "16KiB"}}]}
        config.update(self.more)
        config.update(more)
        path = self.tmp / "clew.yaml"
        path.write_text(json.dumps(config))
        return path

    def write(self, name, count):
        begin = self.written[name]
        with open(self.logs / f"{name}.log", "a", encoding="utf-8") as out:
            out.writelines('{"service":"%s","n":%d,"trace_id":"%032x","pad":"%s"}\n' % (
                name, n, n + 1, "x" * 60) for n in range(begin, begin + count))
        self.written[name] += count

    def rotate(self, name):
        for n in range(8, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.rename(self.logs / f"{name}.log.{n}", self.logs / f"{name}.log.{n + 1}")
        os.rename(self.logs / f"{name}.log", self.logs / f"{name}.log.1")

    def sum(self):
        return sum(self.written.values())

    @contextlib.contextmanager
    def start(self, workers, **more):
        with clew.start("run", "-c", self.config(workers, **more)) as self.process:
            clew.wait_for_port(self.port, self.process)
            yield self.process

    def get(self, page):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=20) as answer:
            return answer.read().decode()

    def metrics(self):
        return {name: int(value) for name, value in
                re.findall(r"^(clew_\w+) (\d+)$", self.get("/metrics"), re.M)}

    def arrived(self):
        """The numbers of each file's lines, as they came."""
        found = collections.defaultdict(list)
        for resource, record in self.far.records():
            number = next(int(a["value"]["intValue"]) for a in record["attributes"]
                          if a["key"] == "n")
            found[resource["service.name"]].append(number)
        return found

    def has_all(self):
        found = self.arrived()
        return all(len(set(found[name])) == count for name, count in self.written.items())

    def wait_for_all(self):
        self.process.wait_for(self.has_all, "every line arrives", 60)

    def assert_exactly_once(self):
        for name, numbers in self.arrived().items():
            clew.equal(numbers, list(range(self.written[name])), f"lines of {name}, in order")
        clew.equal(len(self.arrived()), len(self.written))

    def assert_nothing_lost(self):
        """… and what came again came in the order of the file, from the place it was gone back to."""
        for name, count in self.written.items():
            numbers = self.arrived()[name]
            clew.equal(set(numbers), set(range(count)), f"lines of {name}")
            firsts = list(dict.fromkeys(numbers))
            clew.equal(firsts, sorted(firsts), f"lines of {name}, when they came first")


NAMES = [f"app{n}" for n in range(12)]


def threads(process):
    return len(os.listdir(f"/proc/{process.pid}/task"))


def test_every_line_arrives_once_and_in_order(tmp):
    for workers in (1, 2, 4):
        (tmp / str(workers)).mkdir()
        with FarEnd(tmp / str(workers)) as far:
            rig = Rig(tmp / str(workers), far)
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            with rig.start(workers) as process:
                for _ in range(3):
                    rig.wait_for_all()
                    for name in NAMES:
                        rig.write(name, LINES_A_FILE)
                        rig.rotate(name)
                        rig.write(name, LINES_A_FILE)
                rig.wait_for_all()
                clew.equal(process.stop(), 0)
            rig.assert_exactly_once()


def test_each_has_its_share_of_the_files(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        for name in NAMES:
            rig.write(name, 10)
        with rig.start(4) as process:
            rig.wait_for_all()
            clew.equal(threads(process) >= 4, True)
            readers = collections.Counter()
            for name in os.listdir(f"/proc/{process.pid}/fd"):
                with contextlib.suppress(OSError):
                    readers[os.readlink(f"/proc/{process.pid}/fd/{name}")] += 1
            opened = {path: n for path, n in readers.items() if path.startswith(str(rig.logs))}
            clew.equal(max(opened.values()), 1, "descriptors of one file")
            clew.equal(rig.metrics()["clew_files_added_total"], len(NAMES))


def test_once_ends_when_all_have_ended(tmp):
    for workers in (2, 5):
        (tmp / str(workers)).mkdir()
        with FarEnd(tmp / str(workers)) as far:
            rig = Rig(tmp / str(workers), far, control={"listen": "off"})
            for name in NAMES[:3]: # fewer files than workers
                rig.write(name, LINES_A_FILE)
            done = clew.run_ok("run", "--once", "-c", rig.config(workers))
            rig.assert_exactly_once()
            total = re.search(r"^TOTAL +([\d,]+)", done.out, re.M)
            clew.equal(int(total[1].replace(",", "")), rig.sum(), "the report's records")
            again = clew.run_ok("run", "--once", "-c", rig.config(workers + 1))
            rig.assert_exactly_once()
            clew.equal("TOTAL" in again.out and rig.far.records() != [], True)


def test_one_worker_that_cannot_deliver_fails_a_run_with_once(tmp):
    port = clew.free_port()
    rig = Rig(tmp, type("Nobody", (), {"port": port}), control={"listen": "off"},
              shutdown_timeout="1s")
    for name in NAMES:
        rig.write(name, 10)
    done = clew.run("run", "--once", "-c", rig.config(3))
    clew.equal(done.code, 1)
    clew.contains(done.err, "shutdown timeout (1000 ms) reached")


def test_metrics_and_coverage_are_those_of_all(tmp):
    with FarEnd(tmp) as far:
        filters = [{"name": "drop one", "drop": {"field": "n", "equals": 7}}]
        rig = Rig(tmp, far, filters=filters)
        with rig.start(3) as process:
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            process.wait_for(lambda: rig.metrics()["clew_sent_records_total"] ==
                             rig.sum() - len(NAMES), "all are acknowledged")
            found = rig.metrics()
            text = rig.get("/metrics")
            coverage = json.loads(rig.get("/coverage"))
            clew.equal(rig.get("/readyz"), "ready\n")
            clew.equal(process.stop(), 0)
        size = sum(path.stat().st_size for path in rig.logs.iterdir())
        clew.equal(found["clew_received_records_total"], rig.sum())
        clew.equal(found["clew_received_bytes_total"] >= size, True)
        clew.equal(found["clew_discarded_records_total"], len(NAMES))
        clew.equal(found["clew_in_flight_records"], 0)
        clew.equal(found["clew_config_last_reload_successful"], 1)
        clew.contains(text, 'clew_filtered_records_total{filter="drop one"} %d\n' % len(NAMES))
        clew.contains(text, 'clew_output_sent_records_total{output="otlp_http"} %d\n' % (
            rig.sum() - len(NAMES)))
        clew.equal(coverage["records"], rig.sum())
        services = {service["service"]: service["records"] for service in coverage["groups"]}
        clew.equal(services, dict(rig.written))
        clew.equal(len(rig.far.records()), rig.sum() - len(NAMES))


def test_a_crash_and_another_number_of_workers_lose_nothing(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        for round_, workers in enumerate((2, 4, 1, 3, 1, 2)):
            with rig.start(workers) as process:
                for name in NAMES:
                    rig.write(name, LINES_A_FILE)
                    if round_ % 2:
                        rig.rotate(name)
                        rig.write(name, LINES_A_FILE)
                before = len(far.records())
                process.wait_for(lambda: len(far.records()) > before + 500, "it is at it")
                process.kill()
        with rig.start(2) as process:
            rig.wait_for_all()
            clew.equal(process.stop(), 0)
        rig.assert_nothing_lost()


def test_an_end_delivers_what_was_read_and_the_next_start_goes_on(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        for workers in (3, 1, 4, 2):
            with rig.start(workers) as process:
                for name in NAMES:
                    rig.write(name, LINES_A_FILE)
                before = len(far.records())
                process.wait_for(lambda: len(far.records()) > before, "it is at it")
                clew.equal(process.stop(), 0)
        with rig.start(3) as process:
            rig.wait_for_all()
            clew.equal(process.stop(), 0)
        rig.assert_exactly_once()


def test_an_end_in_an_outage_keeps_its_time_and_a_second_signal_ends_at_once(tmp):
    rig = Rig(tmp, type("Nobody", (), {"port": clew.free_port()}))
    for name in NAMES:
        rig.write(name, LINES_A_FILE)
    with rig.start(3, shutdown_timeout="1s") as process:
        process.wait_for(lambda: rig.metrics()["clew_request_failures_total"] > 0, "it tries")
        clew.equal(process.stop(), 0)
        clew.contains(process.err(), "shutdown timeout (1000 ms) reached")
    with rig.start(3, shutdown_timeout="1h") as process:
        process.wait_for(lambda: rig.metrics()["clew_request_failures_total"] > 0, "it tries")
        process.send_signal(signal.SIGTERM)
        process.wait_for(lambda: "SIGTERM" in process.err(), "it is ending")
        clew.equal(process.stop(), 0)


def test_a_spool_goes_on_with_another_number_of_workers(tmp):
    port = clew.free_port()
    rig = Rig(tmp, type("Nobody", (), {"port": port}), memory_limit="8MiB")
    output = {"endpoint": f"http://127.0.0.1:{port}/v1/logs", "spool": {"max_bytes": "64MiB"},
              "retry": {"initial": "50ms", "max": "200ms"}, "batch": {"bytes": "16KiB"}}
    for workers in (3, 2):
        with rig.start(workers, outputs=[output], shutdown_timeout="1s") as process:
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            process.wait_for(lambda: rig.metrics()["clew_received_records_total"] ==
                             len(NAMES) * LINES_A_FILE, "all is read")
            clew.equal(process.stop(), 0)
    for path in rig.logs.iterdir():
        path.unlink() # what is not in the spool is lost now
    with FarEnd(tmp, port) as far:
        rig.far = far
        with rig.start(4, outputs=[output]) as process:
            rig.wait_for_all()
            process.wait_for(lambda: rig.metrics()["clew_spool_requests"] == 0, "the spool empties")
            found = rig.metrics()
            clew.equal(process.stop(), 0)
        clew.equal(found["clew_restored_records_total"], rig.sum())
        clew.equal({name: sorted(numbers) for name, numbers in rig.arrived().items()},
                   {name: list(range(count)) for name, count in rig.written.items()})


def test_a_reload_is_all_or_nothing_over_all_workers(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)

        def reload(said, **more):
            before = rig.process.err().count(said)
            rig.config(3, **more)
            rig.process.send_signal(signal.SIGHUP)
            rig.process.wait_for(lambda: rig.process.err().count(said) > before, said)

        with rig.start(3) as process:
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            rig.wait_for_all()
            reload("config reloaded", filters=[{"name": "mark", "set": {"stage": "second"}}])
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            rig.wait_for_all()
            reload("reload failed", filters=[{"name": "mark", "set": {"stage": "third"}}],
                   data_dir=str(tmp / "other"))
            rig.config(2)
            process.send_signal(signal.SIGHUP)
            process.wait_for(lambda: "`workers` cannot change from 3 to 2" in process.err(), "refused")
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            rig.wait_for_all()
            found = rig.metrics()
            clew.equal(process.stop(), 0)
        rig.assert_exactly_once()
        clew.equal(found["clew_config_reloads_total"], 1)
        clew.equal(found["clew_config_reload_failures_total"], 2)
        for _, record in far.records():
            number = next(int(a["value"]["intValue"]) for a in record["attributes"]
                          if a["key"] == "n")
            stage = [a["value"]["stringValue"] for a in record["attributes"] if a["key"] == "stage"]
            clew.equal(stage, ["second"] if number >= LINES_A_FILE else [])


def test_a_file_that_is_moved_is_read_on_by_whoever_read_it(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start(4) as process:
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            rig.wait_for_all()
            for name in NAMES: # another log by its name, the same file
                os.rename(rig.logs / f"{name}.log", rig.logs / f"moved-{name}.log")
                (rig.logs / f"{name}.log").touch()
            before = rig.metrics()["clew_scans_total"]
            process.wait_for(lambda: rig.metrics()["clew_scans_total"] >= before + 12, "scans")
            for name in NAMES:
                rig.write(name, LINES_A_FILE)
            rig.wait_for_all()
            clew.equal(process.stop(), 0)
        rig.assert_exactly_once()


def test_containers_come_and_go(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, inputs=[{"include": [f"{tmp}/logs/*/*/*.log"], "scan_interval": "100ms"}])
        written = collections.Counter()

        def log(pod):
            path = rig.logs / f"ns_{pod}_00000000-0000-4000-8000-{pod[3:]:>012}" / pod / "0.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "a", encoding="utf-8") as out:
                out.writelines(f"2026-05-11T00:00:00.{n:09}Z stdout F {pod} {n}\n" for n in range(
                    written[pod], written[pod] + 100))
            written[pod] += 100
            return path

        def has_all():
            found = collections.Counter(body.split()[0] for body in far.bodies())
            return found == written

        pods = [f"pod{n}" for n in range(20)]
        with rig.start(3) as process:
            for round_ in range(3):
                paths = [log(pod) for pod in pods]
                process.wait_for(has_all, "every line arrives", 60)
                opened = rig.metrics()["clew_files_deleted_total"]
                for path in paths:  # the directory stays, with another file in it later
                    path.unlink()
                process.wait_for(lambda: rig.metrics()["clew_files_deleted_total"] ==
                                 opened + len(pods), "they are gone")
                for path in paths:  # all look at the pod's directory, and pass by its containers
                    (path.parents[1] / f"other{round_}").mkdir()
                before = rig.metrics()["clew_scans_total"]
                process.wait_for(lambda: rig.metrics()["clew_scans_total"] >= before + 9, "scans")
            clew.equal(process.stop(), 0)
        numbers = collections.defaultdict(list)
        for text in far.bodies():
            numbers[text.split()[0]].append(int(text.split()[1]))
        clew.equal(dict(numbers), {pod: list(range(count)) for pod, count in written.items()})


def test_what_is_no_file_is_the_first_ones(tmp):
    with FarEnd(tmp) as far:
        port = clew.free_port()
        lines = "".join(f"line {n}\n" for n in range(1000))
        done = clew.run("run", "--set", f"data_dir={tmp}/data", "--set", "workers=3",
                        "--set", f"control.listen=127.0.0.1:{port}", "--set", "inputs.type=stdin",
                        "--set", f"outputs.endpoint=http://127.0.0.1:{far.port}/v1/logs",
                        stdin=lines)
        clew.equal(done.code, 0, repr(done))
        clew.equal(far.bodies(), lines.splitlines())


def test_a_wrong_number_is_told(tmp):
    for number in ("0", "33", "two"):
        done = clew.run("check", "--set", f"workers={number}")
        clew.equal(done.code != 0, True, repr(done))
        clew.contains(done.err + done.out, "workers")


if __name__ == "__main__":
    clew.main()
