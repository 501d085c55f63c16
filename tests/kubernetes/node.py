# SPDX-License-Identifier: Apache-2.0
"""A node as containerd and the kubelet keep it: pods come and go, files rotate, lines are split."""

import gzip
import json
import os
import random
import shutil
import time

import clew
import cluster
import far_end
import rig

SECONDS = 300
PODS = 110
CHURN = 10  # pods a second that end, and as many that begin
LINES = 12  # a second and pod, on average
ROTATE_AFTER = 60  # lines
GRAVE_S = 4  # how long the kubelet leaves a dead pod's logs
CPU_MAX = 0.25  # of a core
MEMORY_MAX_KB = 64 * 1024


class Container:
    """One that logs numbered lines, some of them in pieces, on both of its streams."""

    def __init__(self, node, pod, number):
        self.node, self.pod, self.number = node, pod, number
        self.restart, self.lines, self.rotations = 0, 0, 0
        self.deployment = f"app-{number % 20}"
        self.written = self.in_file = 0
        self.link = None
        self.open()

    def open(self):
        self.path = self.node.file(self.pod, "app", self.restart)
        self.file = open(self.path, "a", encoding="utf-8")  # pylint: disable=consider-using-with
        meta = self.pod["metadata"]
        if self.link is not None:
            self.link.unlink()
        self.link = self.node.links / (f"{meta['name']}_{meta['namespace']}_app-"
                                       f"{self.number:060x}{self.restart:04x}.log")
        self.link.symlink_to(self.path)

    def text(self):
        return f"pod {self.number} line {self.written} {'x' * random.randrange(200)}"

    def log(self):
        now = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9))
        stream = random.choice(("stdout", "stderr"))
        text = self.text()
        self.written += 1
        self.in_file += 1
        cuts = sorted(random.sample(range(1, len(text)), 2)) if random.random() < 0.05 else []
        edges = [0, *cuts, len(text)]
        for begin, end in zip(edges, edges[1:]):
            tag = "F" if end == len(text) else "P"
            self.file.write(f"{stamp}.{now % 10**9:09}Z {stream} {tag} {text[begin:end]}\n")
        self.file.flush()
        if self.in_file >= ROTATE_AFTER:
            self.rotate()

    def rotate(self):
        """Rename, reopen, pack the one before: the kubelet's way. Two seconds never share a name."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(time.time()))
        rotated = self.path.with_name(f"{self.path.name}.{stamp}")
        if rotated.exists() or self.path.with_name(rotated.name + ".gz").exists():
            return
        older = [p for p in self.path.parent.glob(f"{self.path.name}.*") if p.suffix != ".gz"]
        os.rename(self.path, rotated)
        self.file.close()
        self.file = open(self.path, "a", encoding="utf-8")  # pylint: disable=consider-using-with
        self.in_file = 0
        for path in older:
            packed = path.with_name(path.name + ".tmp")
            packed.write_bytes(gzip.compress(path.read_bytes(), 1))
            os.rename(packed, path.with_name(path.name + ".gz"))
            path.unlink()

    def start_again(self):
        self.file.close()
        self.restart += 1
        self.in_file = 0
        self.open()

    def bury(self):
        self.file.close()
        self.link.unlink()
        shutil.rmtree(self.path.parents[1])


def birth(node, number):
    deployment = f"app-{number % 20}"
    pod = rig.K8S.create_pod(
        "churn", f"{deployment}-7d9c5b8f4-{number:05}", node.name,
        labels={"app": deployment, "pod-template-hash": "7d9c5b8f4"},
        annotations={"example.org/large": "x" * 4000},
        ownerReferences=[{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True,
                          "name": f"{deployment}-7d9c5b8f4",
                          "uid": "0f0e0d0c-1111-4222-8333-444455556666"}],
        status={"containerStatuses": [cluster.container_status("app", "i", f"{number:064x}")]})
    return Container(node, pod, number)


def live(node, began, until):
    """All containers that ever were."""
    alive, dead, every = [], [], []
    number = 0
    while time.monotonic() < until:
        now = time.monotonic()
        due = PODS + int((now - began) * CHURN)
        if number < due:
            alive.append(birth(node, number))
            every.append(alive[-1])
            number += 1
            if len(alive) > PODS:
                last = alive.pop(0)
                last.log()
                rig.K8S.delete_pod(last.pod)
                dead.append((now, last))
        for one in random.sample(alive, min(len(alive), max(1, PODS * LINES // 100))):
            one.log()
            if random.random() < 0.002:
                one.start_again()
        while dead and dead[0][0] + GRAVE_S < now:
            dead.pop(0)[1].bury()
        time.sleep(max(0, 0.01 - (time.monotonic() - now)))
    for one in alive:
        one.file.close()
    return every


def usage(pid):
    """CPU seconds, and the most memory (KB) that was in use."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak


def arrived(far):
    """text → (how often, its resource), of every line."""
    found = {}
    with open(far.path, encoding="utf-8") as file:
        for line in file:
            for logs in json.loads(line)["resourceLogs"]:
                resource = far_end.plain(logs["resource"]["attributes"])
                for scope in logs["scopeLogs"]:
                    for record in scope["logRecords"]:
                        key = " ".join(far_end.body(record).split()[:4])
                        found[key] = (found.get(key, (0,))[0] + 1, resource)
    return found


def count_lines(path):
    with open(path, "rb") as file:
        return sum(line.count(b'"observedTimeUnixNano"') for line in file)


def test_a_node_of_110_pods_with_ten_a_second_coming_and_going(tmp):
    with rig.Node(tmp) as node:
        node.links = tmp / "containers"
        node.links.mkdir()
        random.seed(11)
        rig.K8S.namespace("churn")
        began = time.monotonic()
        every = live(node, began, began + SECONDS)
        took = time.monotonic() - began
        cpu, memory = usage(node.process.pid)
        total = sum(one.written for one in every)
        clew.wait_for(lambda: count_lines(node.far.path) >= total, f"{total} lines", 60)
        found = arrived(node.far)
        lost = [f"pod {one.number} line {n}" for one in every for n in range(one.written)
                if f"pod {one.number} line {n}" not in found]
        clew.equal(lost[:10], [], f"{len(lost)} lines lost")
        clew.equal([k for k, v in found.items() if v[0] != 1][:10], [], "lines that came twice")
        for one in every:
            for n in range(one.written):
                resource = found[f"pod {one.number} line {n}"][1]
                clew.equal((resource.get("k8s.deployment.name"), resource["k8s.pod.uid"]),
                           (one.deployment, one.pod["metadata"]["uid"]))
        numbers = {name: node.metric(name) for name in
                   ("lists", "watches", "events", "failures", "unknown_containers", "pods")}
        print(f"    {len(every)} pods, {total} lines in {took:.0f} s: {cpu / took:.1%} of a core, "
              f"{memory / 1024:.1f} MiB at most; {numbers}")
        clew.equal((numbers["failures"], numbers["unknown_containers"]), (0, 0))
        clew.wait_for(lambda: node.metric("in_flight_records", "clew_") == 0, "all to be taken")
        books = {name: node.metric(name, "clew_") for name in
                 ("received_records", "sent_records", "in_flight_records", "lost_bytes",
                  "malformed_lines", "partial_lines_flushed")}
        clew.equal(books, {"received_records": total, "sent_records": total, "in_flight_records": 0,
                           "lost_bytes": 0, "malformed_lines": 0, "partial_lines_flushed": 0})
        clew.equal((numbers["lists"], numbers["watches"] <= 2), (1, True))
        if "asan" not in clew.CLEW:
            assert cpu / took < CPU_MAX, cpu / took
            assert memory < MEMORY_MAX_KB, memory
