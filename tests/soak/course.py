# SPDX-License-Identifier: Apache-2.0
"""The course of the soak: pods, moods of the backend, reloads, looks; and what must hold at its end."""

import json
import random
import signal
import subprocess
import threading
import time
import uuid

import clew
import cluster
import looks
import node as kubelet
import projected
import rig

PODS = 60
LINES = 5  # a second and pod, on average
ROWS = 15  # of the table
MOODS = [(0.0, "well"), (0.25, "slow"), (0.35, "away"), (0.5, "slow"), (0.6, "well")]  # from this share on
API_ENDS = (0.42, 0.75)  # it is restarted
RELOADS = 20
WARM_UP_S = 50  # before it is measured: until pods of every age are there, for more is remembered of older ones
TOKEN_S = 300  # the kubelet puts a new one before the old one ends
CATCH_UP_S = 120
TWICE_MAX = PODS * LINES * 5  # lines: what was under way when the backend went, rather than all that waited

# What may grow from the first rows in which all is well to the last ones: by this factor, or by this much.
LIMITS = {"rss": (1.25, 4 << 20), "private": (1.25, 4 << 20), "descriptors": (1.1, 10), "watches": (1.1, 10),
          "series": (1.1, 20), "checkpoint": (1.25, 8 << 10)}


class Container(kubelet.Container):
    """One whose lines say when they were written."""

    def text(self):
        return f"pod {self.number} line {self.written} {time.time_ns()} {'x' * random.randrange(200)}"


class Node:
    def __init__(self, tmp, books, k8s, scaled):
        self.tmp, self.books, self.k8s = tmp, books, k8s
        self.logs, self.links = tmp / "pods", tmp / "containers"
        self.logs.mkdir()
        self.links.mkdir()
        self.port = clew.free_port()
        self.alive, self.dead, self.written = [], [], {}
        self.looks, self.slowest, self.answers = [], 0.0, 0
        self.api_restart = None  # a thread, while it lasts: then no pod comes or goes
        self.settings = {
            "data_dir": str(tmp / "data"), "inputs": [{"include": [str(self.logs / "*/*/*.log")]}],
            "control": {"listen": f"127.0.0.1:{self.port}"},
            "outputs": [{"spool": {"max_bytes": "256MiB"}, "retry": {"max": "2s"}}]}
        for option, seconds in scaled.items():
            section, name = option.split(".")
            self.settings.setdefault(section, {})[name] = f"{max(1, round(seconds * 1000))}ms"
        if k8s is not None:
            self.watch_api()

    def watch_api(self):
        rig.install_account()
        self.k8s.namespace("soak")
        self.account = projected.Volume(self.tmp / "serviceaccount", {
            "token": self.k8s.token(*rig.ACCOUNT), "ca.crt": self.k8s.ca.read_text(), "namespace": "clew"})
        self.settings["kubernetes"] = {
            "source": "api", "endpoint": self.k8s.url, "node": "soak", "ca_file": str(self.account / "ca.crt"),
            "token_file": str(self.account / "token"), "retry": {"max": "2s"}}

    def restart_api(self):
        if self.k8s is not None:
            self.api_restart = threading.Thread(target=self.k8s.restart_api)
            self.api_restart.start()

    def may_change(self):
        """The API server is there, if there is one."""
        if self.api_restart is not None and not self.api_restart.is_alive():
            self.api_restart.join()
            self.api_restart = None
        return self.api_restart is None

    def renew_token(self):
        if self.k8s is not None:
            self.account.write({"token": self.k8s.token(*rig.ACCOUNT), "ca.crt": self.k8s.ca.read_text(),
                                "namespace": "clew"})

    def file(self, pod, container, restart=0):
        meta = pod["metadata"]
        path = self.logs / f"{meta['namespace']}_{meta['name']}_{meta['uid']}" / container
        path.mkdir(parents=True, exist_ok=True)
        return path / f"{restart}.log"

    # ---- clew ----

    def configure(self, reload=0):
        """Every second reload changes an option of the input."""
        self.settings["inputs"][0]["scan_interval"] = "500ms" if reload % 2 else "1s"
        self.settings["outputs"][0]["endpoint"] = self.books.far.url
        (self.tmp / "clew.yaml").write_text(json.dumps(self.settings))

    def __enter__(self):
        self.books.mood("well")
        self.configure()
        self.process = clew.start("run", "-c", self.tmp / "clew.yaml").__enter__()
        clew.wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *why):
        for one in self.alive:
            one.file.close()
        result = self.process.__exit__(*why)
        self.books.close()
        return result

    def reload(self, number):
        self.configure(number // 2)
        self.process.send_signal(signal.SIGHUP)

    # ---- pods ----

    def birth(self, number):
        """Every tenth is the pod of a job that has not been before and will not be again."""
        owner = f"job-{number}" if number % 10 == 9 else f"app-{number % 20}"
        name = f"{owner}-{number:05}"
        meta = {"name": name, "namespace": "soak", "uid": str(uuid.UUID(int=random.getrandbits(128)))}
        if self.k8s is not None:
            kind = "Job" if number % 10 == 9 else "ReplicaSet"
            meta = self.k8s.create_pod(
                "soak", name, "soak", labels={"app.kubernetes.io/name": owner},
                ownerReferences=[{"apiVersion": "batch/v1" if kind == "Job" else "apps/v1", "kind": kind,
                                  "controller": True, "name": owner, "uid": meta["uid"]}],
                status={"containerStatuses": [cluster.container_status("app", "i", f"{number:064x}")]})["metadata"]
        self.alive.append(Container(self, {"metadata": meta}, number))

    def death(self):
        last = self.alive.pop(0)
        last.log()
        self.written[last.number] = last.written
        if self.k8s is not None:
            self.k8s.delete_pod(last.pod)
        self.dead.append((time.monotonic(), last))

    def bury(self):
        while self.dead and self.dead[0][0] + kubelet.GRAVE_S < time.monotonic():
            self.dead.pop(0)[1].bury()

    # ---- looks ----

    def look(self, second):
        """As a Prometheus, a dashboard and a person do; what takes longest is kept."""
        self.slowest = max(self.slowest, looks.get(self.port, "/metrics")[1])
        if second % 5 == 0:
            self.slowest = max(self.slowest, looks.get(self.port, "/coverage")[1])
        if second % 15 == 0:
            subprocess.run([clew.CLEW, "top", "--once", "--format", "json", "--endpoint", f"127.0.0.1:{self.port}"],
                           stdout=subprocess.DEVNULL, check=True, env=clew.environment())
        self.answers += 1

    def note(self, at, mood, share):
        row = looks.take(self.process.pid, self.port, self.tmp / "data")
        before = self.looks[-1] if self.looks else {"at": -WARM_UP_S, "cpu": 0}
        row.update(at=at, share=share, mood=mood, pods=len(self.written) + len(self.alive),
                   late=self.books.lateness(), look_ms=self.slowest,
                   core=(row["cpu"] - before["cpu"]) / max(at - before["at"], 1e-9))
        self.slowest = 0.0
        self.looks.append(row)
        print(looks.table(self.looks).splitlines()[-1] if len(self.looks) > 1 else looks.table(self.looks), flush=True)

    # ---- the end ----

    def settle(self):
        """Wait until everything has come, or the time is over."""
        self.books.mood("well")
        while not self.may_change():
            time.sleep(0.1)
        written = {**self.written, **{one.number: one.written for one in self.alive}}
        end = time.monotonic() + CATCH_UP_S
        while self.books.missing(written) and time.monotonic() < end:
            time.sleep(0.5)
            self.books.drain()
        self.lacking, self.lines = self.books.missing(written), sum(written.values())

    def first_rows(self):
        """In which all is well, before anything has happened."""
        return [row for row in self.looks if MOODS[0][0] < row["share"] <= MOODS[1][0]]

    def churn(self):
        """How many pods have come since then, and as many have gone: what they left behind is looked for."""
        return len(self.written) + len(self.alive) - max(row["pods"] for row in self.first_rows())

    def verdicts(self):
        """(sentence, whether it holds), all of them."""
        lost, twice = self.looks[-1]["lost"], self.books.doubled()
        found = [(f"of {self.lines} lines {len(self.lacking)} are missing, {lost:.0f} bytes are counted as lost "
                  f"{self.lacking[:5] or ''}", not self.lacking and lost == 0),
                 (f"{self.books.strange} records are nobody's, {twice} came once more than once",
                  self.books.strange == 0 and twice <= TWICE_MAX),
                 (f"{self.answers} looks were answered", self.answers > 0),
                 (f"{self.churn()} pods came and went after the first part", self.churn() >= PODS)]
        first, last = self.first_rows(), self.looks[-2:]
        for name, (factor, more) in LIMITS.items():
            early, late = (max(row[name] for row in rows) for rows in (first, last))
            found.append((f"{name}: {early} in the first part, {late} in the last",
                          late <= max(early * factor, early + more)))
        return found


def mood_at(share):
    return [name for begin, name in MOODS if begin <= share][-1]


def is_over(node, at, seconds):
    """While the API server is away no pod comes or goes; a busy machine may take long to start it. What is
    left of pods that went is only seen when enough of them did."""
    is_played = at >= seconds and node.may_change() and node.churn() >= PODS
    return is_played or at >= seconds + CATCH_UP_S


def play(node, seconds):
    begin = time.monotonic() + WARM_UP_S
    second = rows = reloads = 0
    born, due, last = 0, float(PODS), -float(WARM_UP_S)
    api_ends, tokens = list(API_ENDS), TOKEN_S
    for _ in range(PODS):
        node.birth(born)
        born += 1
    while not is_over(node, at := time.monotonic() - begin, seconds):
        share = max(at, 0) / seconds
        node.books.mood(mood_at(share))
        due, last = due + (at - last if node.may_change() else 0), at
        if born < int(due):
            node.birth(born)
            node.death()
            born += 1
        for one in random.sample(node.alive, PODS * LINES // 50):
            one.log()
        node.bury()
        node.books.drain()
        if int(at) > second:
            second = int(at)
            node.look(second)
        if share * RELOADS >= reloads + 1:
            reloads += 1
            node.reload(reloads)
        if api_ends and share >= api_ends[0]:
            api_ends.pop(0)
            node.restart_api()
        if at > tokens and node.may_change():
            tokens += TOKEN_S
            node.renew_token()
        if share * ROWS >= rows + 1:
            rows += 1
            node.note(at, mood_at(share), share)
        time.sleep(max(0, 0.02 - (time.monotonic() - begin - at)))
    node.settle()
    node.note(time.monotonic() - begin, "end", 1.0)
