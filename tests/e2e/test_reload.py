# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: another config for a clew that goes on. docs/delivery.md says what is promised."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
import urllib.request

import clew
from far_end import FarEnd, body

IN_EFFECT = "config reloaded"
REFUSED = "reload failed"


class Rig:
    """A clew with a config that can be changed, and logs of numbered lines."""

    def __init__(self, tmp, *fars, **more):
        self.tmp, self.counts, self.port = tmp, {}, clew.free_port()
        self.path = tmp / "clew.yaml"
        self.config = {
            "data_dir": str(tmp / "data"), "control": {"listen": f"127.0.0.1:{self.port}"},
            "checkpoint_interval": "100ms", "shutdown_timeout": "2s",
            "inputs": [self.input("one")],
            "outputs": [self.output(far, f"o{n}") for n, far in enumerate(fars)], **more}
        for name in ("one", "two"):
            (tmp / name).mkdir()
        self.save()

    def input(self, name, **more):
        return {"name": name, "include": [str(self.tmp / name / "*.log")],
                "scan_interval": "100ms", **more}

    def output(self, far, name, **more):
        return {"name": name, "endpoint": f"http://127.0.0.1:{getattr(far, 'port', far)}/v1/logs",
                "retry": {"initial": "50ms", "max": "200ms"}, "batch": {"bytes": "16KiB"}, **more}

    def save(self):
        self.path.write_text(json.dumps(self.config))

    def write(self, count, name="one"):
        begin = self.counts.get(name, 0)
        with open(self.tmp / name / "a.log", "a", encoding="utf-8") as out:
            out.writelines(f"{name} {n} {'x' * 60}\n" for n in range(begin, begin + count))
        self.counts[name] = begin + count

    @contextlib.contextmanager
    def start(self):
        with clew.start("run", "-c", self.path) as self.process:
            clew.wait_for_port(self.port, self.process)
            yield self.process

    def reload(self, said=IN_EFFECT):
        """SIGHUP, and the sentence that answers it."""
        before = self.process.err().count(said)
        self.process.send_signal(signal.SIGHUP)
        self.process.wait_for(lambda: self.process.err().count(said) > before, said)

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = {name: int(value) for name, value in re.findall(r"^(clew_\w+) (\d+)$", text, re.M)}
        found.update(re.findall(r"^(clew_\w+\{[^}]*\}) (\d+)$", text, re.M))
        return found


def numbers(far, name="one"):
    found = [body.split() for body in far.bodies()]
    return [int(words[1]) for words in found if words[0] == name]


def test_nothing_is_touched_that_did_not_change(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            rig.write(100)
            far.wait_for(100)
            opened = rig.metrics()["clew_files_added_total"]
            for _ in range(5):
                rig.reload()
                rig.write(100)
            far.wait_for(600)
            found = rig.metrics()
            clew.contains(process.err(), "1 of 1 inputs are unchanged")
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(600)))
        clew.equal(found["clew_files_added_total"], opened)
        clew.equal(found["clew_config_reloads_total"], 5)
        clew.equal(found["clew_config_last_reload_successful"], 1)
        clew.equal(found["clew_received_records_total"], 600)


def connections(port):
    """Ports from which somebody is connected with it."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split()[1:4] for line in table.readlines()[1:]]
    return {int(local.split(":")[1], 16) for local, remote, state in rows
            if int(remote.split(":")[1], 16) == port and state == "01"}


def test_connections_outlive_a_reload_that_does_not_change_their_output(tmp):
    with FarEnd(tmp, name="a") as a, FarEnd(tmp, name="b") as b:
        rig = Rig(tmp, a, b)
        with rig.start() as process:
            rig.write(10)
            a.wait_for(10)
            b.wait_for(10)
            kept, replaced = connections(a.port), connections(b.port)
            clew.equal((len(kept), len(replaced)), (1, 1))
            for turn in range(3):
                rig.config["filters"] = [{"set": {"turn": turn}}]
                rig.config["outputs"][1]["timeout"] = f"{20 + turn}s"
                rig.save()
                rig.reload()
                rig.write(10)
                a.wait_for(20 + 10 * turn)
                b.wait_for(20 + 10 * turn)
                clew.equal(connections(a.port), kept)
            assert connections(b.port) != replaced, "the other one is a new connection"
            clew.equal(process.stop(), 0)
        clew.equal(numbers(a), list(range(40)))


def test_filters_and_routes_change_between_two_lines(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, filters=[{"name": "f", "drop": {"field": "$body", "contains": "no"}}])
        with rig.start() as process:
            (tmp / "one/b.log").write_text("no 0\n")
            rig.write(100)
            far.wait_for(100)
            rig.config["filters"].append({"set": {"stage": "second"}})
            rig.save()
            rig.reload()
            rig.write(100)
            far.wait_for(200)
            rig.config["routes"] = [{"match": {"path": "nothing.log"}}]
            rig.save()
            rig.reload()
            rig.write(100)
            process.wait_for(lambda: rig.metrics()["clew_discarded_records_total"] == 101,
                             "no route takes them")
            found = rig.metrics()
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(200)))
        stages = ["stage" in {pair["key"] for pair in record.get("attributes", [])}
                  for _, record in far.records()]
        clew.equal(stages, [False] * 100 + [True] * 100)
        clew.equal(found['clew_filtered_records_total{filter="f"}'], "1")


def test_a_far_end_that_moved_gets_what_the_old_one_did_not_take(tmp):
    gone = clew.free_port()
    with FarEnd(tmp) as far:
        rig = Rig(tmp, gone)
        with rig.start() as process:
            rig.write(2000)
            process.wait_for(lambda: rig.metrics()["clew_request_failures_total"] > 0, "it fails")
            rig.config["outputs"] = [rig.output(far, "o0", compression="zstd")]
            rig.save()
            rig.reload()
            rig.write(1000)
            far.wait_for(3000)
            process.wait_for(lambda: rig.metrics()["clew_in_flight_records"] == 0, "all is sent")
            found = rig.metrics()
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(3000)))
        clew.equal(found["clew_sent_records_total"], 3000)


def test_inputs_come_change_and_go(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            rig.write(300)
            rig.write(300, "two")
            far.wait_for(300)
            rig.config["inputs"].append(rig.input("two"))
            rig.save()
            rig.reload()
            far.wait_for(600)
            rig.config["inputs"][0] = rig.input("one", format="text", read_bytes="64KiB")
            rig.save()
            rig.reload()
            rig.write(300)
            far.wait_for(900)
            rig.config["inputs"] = rig.config["inputs"][:1]
            rig.save()
            rig.reload()
            rig.write(100, "two")
            rig.write(100)
            process.wait_for(lambda: len(set(numbers(far))) == 700, "the one that stayed goes on")
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(700)), "the one that changed")
        clew.equal(numbers(far, "two"), list(range(300)))


def test_outputs_come_and_go(tmp):
    with FarEnd(tmp, name="a") as a, FarEnd(tmp, name="b") as b:
        rig = Rig(tmp, a)
        with rig.start() as process:
            rig.write(300)
            a.wait_for(300)
            rig.config["outputs"].insert(0, rig.output(b, "second"))
            rig.save()
            rig.reload()
            rig.write(300)
            a.wait_for(600)
            b.wait_for(300)
            rig.config["outputs"] = rig.config["outputs"][:1]
            rig.save()
            rig.reload()
            rig.write(300)
            b.wait_for(600)
            found = rig.metrics()
            clew.equal(process.stop(), 0)
        clew.equal(numbers(a), list(range(600)))
        clew.equal(numbers(b), list(range(300, 900)))
        clew.equal(found["clew_dropped_records_total"], 0)


def test_an_output_that_goes_while_it_is_down_holds_nothing(tmp):
    down = clew.free_port()
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, down, shutdown_timeout="500ms")
        with rig.start() as process:
            rig.write(500)
            far.wait_for(500)
            rig.config["outputs"].pop()
            rig.save()
            rig.reload()
            process.wait_for(lambda: "dropping 500 records that its backend has not accepted"
                             in process.err(), "it is given up")
            rig.write(500)
            far.wait_for(1000)
            process.wait_for(lambda: rig.metrics()["clew_in_flight_records"] == 0, "nothing waits")
            checkpoints = tmp / "data/checkpoints.json"
            process.wait_for(lambda: [place["offset"] for place in json.loads(
                checkpoints.read_text())["streams"].values()]
                == [(tmp / "one/a.log").stat().st_size], "all is promised")
            found = rig.metrics()
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(1000)))
        clew.equal(found["clew_dropped_records_total"], 500)


def test_one_that_is_required_no_more_holds_no_checkpoint(tmp):
    down = clew.free_port()
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far, down)
        with rig.start() as process:
            rig.write(500)
            far.wait_for(500)
            rig.config["outputs"][1]["required"] = False
            rig.save()
            rig.reload()
            checkpoints = tmp / "data/checkpoints.json"
            process.wait_for(lambda: checkpoints.exists() and [place["offset"] for place in json.loads(
                checkpoints.read_text())["streams"].values()]
                == [(tmp / "one/a.log").stat().st_size], "all is promised")
            with FarEnd(tmp, port=down, name="late") as late:
                late.wait_for(500)
                clew.equal(process.stop(), 0)
                clew.equal(sorted(set(numbers(late))), list(range(500)))


def test_a_config_with_a_mistake_is_refused_with_its_place(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            rig.write(100)
            far.wait_for(100)
            good = rig.path.read_text()
            cases = [
                ("inputs: [{include: /x}]\nouputs: []\n",
                 f"{rig.path}:2:1: error: unknown option `ouputs`; did you mean `outputs`?"),
                ("data_dir: [\n", f"{rig.path}:"),
                (good.replace(str(tmp / "data"), str(tmp / "other")),
                 f"`data_dir` cannot change from {tmp / 'data'} to {tmp / 'other'}"),
                (json.dumps({**rig.config, "kubernetes": {"node": "other"}}),
                 "options of `kubernetes` cannot change while clew runs; restart clew, "
                 "or undo the change"),
                (good.replace('"endpoint"', f'"spool": {{"dir": "{tmp}/data/elsewhere"}}, "endpoint"'),
                 "output o0: `spool.dir` cannot change from in data_dir to "
                 f"{tmp}/data/elsewhere while clew runs"),
                (good.replace('"endpoint"', '"tls": {"ca_file": "/nowhere.pem"}, "endpoint"'),
                 "/nowhere.pem"),
                (good.replace(str(rig.port), str(far.port)), "cannot listen"),
                (json.dumps({**rig.config, "trace": {"patterns": ["("]}}), "pattern"),
            ]
            for count, (text, said) in enumerate(cases, 1):
                rig.path.write_text(text)
                rig.reload(REFUSED)
                clew.contains(process.err(), said)
                rig.write(100)
                far.wait_for(100 + 100 * count)
                found = rig.metrics()
                clew.equal(found["clew_config_reload_failures_total"], count)
                clew.equal(found["clew_config_last_reload_successful"], 0)
            rig.path.write_text(good)
            rig.reload()
            clew.equal(rig.metrics()["clew_config_last_reload_successful"], 1)
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(900)))


def test_a_config_that_cannot_be_read_is_refused(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        with rig.start() as process:
            rig.write(100)
            far.wait_for(100)
            rig.path.unlink()
            rig.reload(REFUSED)
            clew.contains(process.err(), f"{rig.path}: error: cannot read the config: No such file")
            rig.path.mkdir()
            rig.reload(REFUSED)
            if os.geteuid() != 0:
                rig.path.rmdir()
                rig.save()
                rig.path.chmod(0)
                rig.reload(REFUSED)
                clew.contains(process.err(), "Permission denied")
            rig.write(100)
            far.wait_for(200)
            clew.equal(process.stop(), 0)
        clew.equal(numbers(far), list(range(200)))


def test_a_signal_while_it_ends_changes_nothing(tmp):
    rig = Rig(tmp, clew.free_port())
    with rig.start() as process:
        rig.write(100)
        process.wait_for(lambda: rig.metrics()["clew_request_failures_total"] > 0, "it fails")
        process.send_signal(signal.SIGTERM)
        process.wait_for(lambda: "SIGTERM" in process.err(), "it drains")
        rig.reload("SIGHUP: ignored during shutdown")
        clew.equal(process.wait(), 0)


def test_an_input_that_changes_hands_over_what_is_on_its_way(tmp):
    """An input changes while its far end takes nothing: that waits for nothing, and nothing comes twice."""
    port = clew.free_port()
    rig = Rig(tmp, port)
    with rig.start() as process:
        rig.write(100)
        process.wait_for(lambda: rig.metrics()["clew_request_failures_total"] > 0, "it fails")
        for size in (64, 65, 66):
            rig.config["inputs"][0]["read_bytes"] = f"{size}KiB"
            rig.save()
            rig.reload()
            rig.write(100)
        with FarEnd(tmp, port=port) as far:
            far.wait_for(400)
            clew.equal(process.stop(), 0)
            clew.equal(numbers(far), list(range(400)))


def write_pods(root, count, lines):
    for pod in range(count):
        folder = root / f"shop_p{pod}_0b1c2d3e-0000-4000-8000-{pod:012}/app"
        folder.mkdir(parents=True)
        with open(folder / "0.log", "w", encoding="utf-8") as out:
            out.writelines(f"2026-03-02T10:11:{n // 100:02}.{n % 100:02}Z stdout F pod{pod} {n} {'x' * 1000}\n"
                           for n in range(lines))


def remove_pods(root):
    for folder in root.iterdir():
        shutil.rmtree(folder)


def reload_with_deleted_pods(tmp, workers, change):
    """Pods are deleted while the backend is away, then the config changes."""
    port = clew.free_port()
    rig = Rig(tmp, port, workers=workers, memory_limit="8MiB")
    pods = tmp / "pods"
    rig.config["inputs"].append(rig.input("pods", include=[f"{pods}/*/*/*.log"]))
    rig.save()
    with rig.start() as process:
        write_pods(pods, 8, 2000)
        process.wait_for(lambda: rig.metrics()["clew_open_files"] == 8, "all are open")
        process.wait_for(lambda: rig.metrics()["clew_request_failures_total"] > 0, "it fails")
        remove_pods(pods)
        for _ in range(2):
            change(rig.config)
            rig.save()
            rig.reload()
        with FarEnd(tmp, port=port) as far:
            process.wait_for(lambda: len(far.bodies()) >= 16000, "all arrives", 60)
            lost = rig.metrics()["clew_lost_bytes_total"]
            process.wait_for(lambda: rig.metrics()["clew_open_files"] == 0, "they are released")
            clew.equal(process.stop(), 0)
            for pod in range(8):
                clew.equal(numbers(far, f"pod{pod}"), list(range(2000)), f"pod {pod}")
            clew.equal(lost, 0)


def change_an_option(config):
    config["inputs"][1]["read_bytes"] = "48KiB" if "read_bytes" not in config["inputs"][1] else "52KiB"


def test_a_reload_hands_over_files_that_were_deleted(tmp):
    reload_with_deleted_pods(tmp, 1, change_an_option)


def test_so_do_those_of_each_worker(tmp):
    reload_with_deleted_pods(tmp, 3, change_an_option)


def change_the_name(config):
    config["inputs"][1]["name"] += "s"


def test_an_input_of_another_name_goes_on_with_them(tmp):
    reload_with_deleted_pods(tmp, 1, change_the_name)


def test_logs_go_from_one_input_to_another(tmp):
    """One is split in two and made one again, while nothing is answered: who finds a log goes on with it."""
    port = clew.free_port()
    rig = Rig(tmp, port)
    both = rig.input("both", include=[str(tmp / "*" / "*.log")])
    split = [rig.input("one", service="first"), rig.input("two", service="second")]
    rig.config["inputs"] = [both]
    rig.config["outputs"][0]["batch"] = {"bytes": "1MiB"}
    rig.save()
    with rig.start() as process:
        for inputs in (split, [both], split):
            rig.write(100)
            rig.write(100, "two")
            received = 2 * rig.counts["one"]
            process.wait_for(lambda want=received: rig.metrics()["clew_received_records_total"] == want,
                             "they are read")
            rig.config["inputs"] = inputs
            rig.save()
            rig.reload()
        rig.write(100)
        rig.write(100, "two")
        with FarEnd(tmp, port=port) as far:
            far.wait_for(800)
            clew.equal(process.stop(), 0)
            for name, service in (("one", "first"), ("two", "second")):
                clew.equal(numbers(far, name), list(range(400)), name)
                last = [resource["service.name"] for resource, record in far.records()
                        if body(record).startswith(f"{name} 399 ")]
                clew.equal(last, [service])


def test_a_record_in_pieces_outlives_a_reload(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        rig.config["inputs"][0]["multiline"] = {"rules": ["java"], "timeout": "30s"}
        rig.save()
        with rig.start() as process:
            trace = ["Exception in thread \"main\" java.lang.IllegalStateException: no\n",
                     "\tat shop.Cart.add(Cart.java:17)\n", "\tat shop.Cart.main(Cart.java:3)\n"]
            for line in trace:
                with open(tmp / "one/a.log", "a", encoding="utf-8") as out:
                    out.write(line)
                count = trace.index(line) + 1
                process.wait_for(lambda count=count: rig.metrics()["clew_received_lines_total"] == count,
                                 "it is read")
                rig.config["inputs"][0]["read_bytes"] = f"{64 + count}KiB"
                rig.save()
                rig.reload()
            rig.write(1)
            far.wait_for(2)
            clew.equal(process.stop(), 0)
        clew.equal(len(far.bodies()), 2)


def test_a_record_that_would_have_been_joined_otherwise_is_shipped_as_it_is(tmp):
    with FarEnd(tmp) as far:
        rig = Rig(tmp, far)
        rig.config["inputs"][0]["multiline"] = {"rules": ["java"], "timeout": "30s"}
        rig.save()
        with rig.start() as process:
            with open(tmp / "one/a.log", "a", encoding="utf-8") as out:
                out.write("java.lang.IllegalStateException: no\n\tat shop.Cart.add(Cart.java:17)\n")
            process.wait_for(lambda: rig.metrics()["clew_received_lines_total"] == 2, "it is read")
            rig.config["inputs"][0]["multiline"]["lines_max"] = 7
            rig.save()
            rig.reload()
            rig.write(1)
            far.wait_for(2)
            clew.equal(process.stop(), 0)
        clew.equal(len(far.bodies()), 2)
        assert "Cart.java:17" in far.bodies()[0], far.bodies()


def never_answer(listener, stop):
    """Take connections, and say nothing."""
    taken = []
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            taken.append(listener.accept()[0])
    for one in taken:
        one.close()


@contextlib.contextmanager
def silent_far_end():
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=never_answer, args=(listener, stop))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def test_what_does_not_settle_holds_a_reload_no_longer_than_the_end(tmp):
    """An output changes whose far end never answers."""
    with silent_far_end() as port:
        rig = Rig(tmp, port, shutdown_timeout="600ms")
        with rig.start() as process:
            rig.write(100)
            process.wait_for(lambda: rig.metrics()["clew_requests_total"] > 0, "one is sent")
            rig.config["outputs"][0]["timeout"] = "20s"
            rig.save()
            begin = time.monotonic()
            rig.reload()
            assert 0.5 < time.monotonic() - begin < 60, time.monotonic() - begin
            process.kill()


def test_an_end_does_not_wait_for_a_reload_that_settles(tmp):
    with silent_far_end() as port:
        rig = Rig(tmp, port, shutdown_timeout="3s")
        with rig.start() as process:
            rig.write(100)
            process.wait_for(lambda: rig.metrics()["clew_requests_total"] > 0, "one is sent")
            for timeout in ("20s", "21s"):
                rig.config["outputs"][0]["timeout"] = timeout
                rig.save()
                process.send_signal(signal.SIGHUP)
            clew.equal(process.stop(), 0)
            assert IN_EFFECT not in process.err(), process.err()
    with FarEnd(tmp) as far:
        rig.config["outputs"] = [rig.output(far, "o0")]
        rig.save()
        clew.run_ok("run", "--once", "-c", rig.path)
        clew.equal(numbers(far), list(range(100)))


def test_many_in_a_row_under_load_lose_nothing(tmp):
    with FarEnd(tmp, name="a") as a, FarEnd(tmp, name="b") as b:
        rig = Rig(tmp, a, b)
        rig.config["inputs"].append(rig.input("two"))
        rig.save()
        with rig.start() as process:
            for turn in range(60):
                rig.write(100)
                rig.write(100, "two")
                rig.config["inputs"][1]["read_bytes"] = f"{64 + turn}KiB"
                rig.config["outputs"][1]["timeout"] = f"{5 + turn % 3}s"
                rig.config["filters"] = [{"set": {"turn": turn}}]
                rig.save()
                process.send_signal(signal.SIGHUP)
            for far in (a, b):
                process.wait_for(lambda far=far: len(set(numbers(far))) == 6000
                                 and len(set(numbers(far, "two"))) == 6000, "all arrives", 60)
            rig.reload()
            clew.equal(process.stop(), 0)
        for far in (a, b):
            for name in ("one", "two"):
                clew.equal(numbers(far, name), list(range(6000)), f"{name} at {far.path.name}")


if __name__ == "__main__":
    clew.main()
