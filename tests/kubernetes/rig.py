# SPDX-License-Identifier: Apache-2.0
"""What the tests share: one API server for all, a service account with the rights of the manifests,
and clew on a node of its own for each."""

import itertools
import json
import re
import urllib.request

import clew
import far_end
import projected

K8S = None  # the cluster.Cluster of this run
ACCOUNT = ("clew", "clew")
NODES = itertools.count(1)


def install_account():
    """The namespace, account and RBAC of conf/kubernetes, by kubectl; nothing else."""
    for name in ("namespace.yaml", "rbac.yaml"):
        K8S.kubectl("apply", "-n", "clew", "-f", clew.ROOT / "conf/kubernetes" / name)


class Node:
    """`with Node(tmp) as node: node.write(pod, "app", "line"); node.far.wait_for(1)`"""

    def __init__(self, tmp, *sets, account=True, token=None, hold=True):
        self.tmp = tmp
        self.name = f"node-{next(NODES)}"
        self.logs = tmp / "pods"
        self.logs.mkdir()
        if account:
            install_account()
        self.account = projected.Volume(tmp / "serviceaccount", {
            "token": token if token is not None else K8S.token(*ACCOUNT),
            "ca.crt": K8S.ca.read_text(), "namespace": "clew"})
        self.port = clew.free_port()
        self.sets = ["kubernetes.source=api", f"kubernetes.endpoint={K8S.url}",
                     f"kubernetes.node={self.name}", f"kubernetes.ca_file={self.account / 'ca.crt'}",
                     f"kubernetes.token_file={self.account / 'token'}",
                     "kubernetes.retry.initial=100ms", "kubernetes.retry.max=1s",
                     f"kubernetes.wait.time={'20s' if hold else '0'}",
                     f"control.listen=127.0.0.1:{self.port}", *sets]
        self.lines = itertools.count(1)

    def __enter__(self):
        self.far = far_end.FarEnd(self.tmp).__enter__()
        self.start()
        return self

    def __exit__(self, *why):
        self.process.__exit__(*why)
        return self.far.__exit__(*why)

    def start(self):
        self.process = far_end.start_run(self.tmp, self.far, self.logs / "*/*/*.log",
                                         sets=self.sets).__enter__()
        clew.wait_for_port(self.port, self.process)

    def renew(self, token):
        """As the kubelet does; None: the token is gone from the volume."""
        files = {name: self.account.text(name) for name in ("ca.crt", "namespace")}
        self.account.write({**files, "token": token} if token is not None else files)

    def metric(self, name, prefix="clew_kubernetes_"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(rf"^{prefix}{name}(?:_total)? (\d+)", text, re.M)
        return int(found[1])

    def wait_metric(self, name, value):
        clew.wait_for(lambda: self.metric(name) >= value, f"{name} to be {value} "
                      f"(it is {self.metric(name)})")

    def file(self, pod, container, restart=0):
        meta = pod["metadata"]
        uid = meta.get("annotations", {}).get("kubernetes.io/config.mirror", meta["uid"])
        path = self.logs / f"{meta['namespace']}_{meta['name']}_{uid}" / container
        path.mkdir(parents=True, exist_ok=True)
        return path / f"{restart}.log"

    def write(self, pod, container, text, restart=0, stream="stdout"):
        with open(self.file(pod, container, restart), "a", encoding="utf-8") as file:
            file.write(f"2026-05-11T02:14:33.{next(self.lines):09}Z {stream} F {text}\n")

    def resource_of(self, text, deadline=30):
        """The attributes of the resource of the record with this body, its arrays too."""
        clew.wait_for(lambda: text in self.far.bodies(), f"{text!r} arrives", deadline)
        for line in self.far.path.read_text().splitlines():
            for logs in json.loads(line)["resourceLogs"]:
                for scope in logs["scopeLogs"]:
                    if any(far_end.body(r) == text for r in scope["logRecords"]):
                        return {a["key"]: value_of(a["value"])
                                for a in logs["resource"]["attributes"]}
        raise clew.Failure(f"{text!r} was there and is not")


def value_of(value):
    kind, content = next(iter(value.items()))
    if kind == "arrayValue":
        return [value_of(item) for item in content.get("values", [])]
    return int(content) if kind == "intValue" else content
