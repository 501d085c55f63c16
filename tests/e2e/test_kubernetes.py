#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clew run with the answers of a real API server, replayed (tests/corpus/kubernetes); tests/kubernetes has
the server itself."""

import http.server
import json
import threading
import time
import urllib.parse

import clew
import far_end
import projected

CORPUS = clew.ROOT / "tests/corpus/kubernetes"
LIST = json.loads((CORPUS / "list.json").read_text())
CHECKOUT, DB = (pod["metadata"] for pod in LIST["items"])


class Api(http.server.BaseHTTPRequestHandler):
    """The list, then watches: each takes the next of the server's `watches`, a file or a silence."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.server.asked.append((url.path, query, self.headers["Authorization"]))
        if self.headers["Authorization"] != "Bearer good":
            self.answer(401, (CORPUS / "unauthorized.json").read_bytes())
        elif "watch" in query:
            self.watch()
        else:
            time.sleep(self.server.list_delay)
            self.answer(200, (CORPUS / "list.json").read_bytes())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def watch(self):
        name = self.server.watches.pop(0) if self.server.watches else None
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        text = (CORPUS / name).read_bytes() if name else b""
        for at in range(0, len(text), 1000):  # pieces that end anywhere
            piece = text[at:at + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(0.01)
        if name == "expired.json":
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.server.end.wait(60)
            self.close_connection = True

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, *watches, list_delay=0):
        self.watches, self.list_delay = list(watches), list_delay

    def __enter__(self):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.http.daemon_threads = True
        self.http.asked, self.http.watches = [], self.watches
        self.http.list_delay, self.http.end = self.list_delay, threading.Event()
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self.http

    def __exit__(self, *_):
        self.http.end.set()
        self.http.shutdown()


def write(tmp, pod, text, container="app", restart=1):
    path = tmp / "pods" / f"{pod['namespace']}_{pod['name']}_{pod['uid']}" / container
    path.mkdir(parents=True, exist_ok=True)
    with open(path / f"{restart}.log", "a", encoding="utf-8") as file:
        file.write(f"2026-05-11T02:14:33.221456789Z stdout F {text}\n")


def start(tmp, far, api, *sets, token="good"):
    """`token` may be a projected.Volume, which has one; else one is made."""
    if isinstance(token, str):
        token = projected.Volume(tmp / "serviceaccount", {"token": token})
    (tmp / "pods").mkdir(exist_ok=True)
    return far_end.start_run(tmp, far, tmp / "pods/*/*/*.log", sets=(
        "kubernetes.source=api", f"kubernetes.endpoint=http://127.0.0.1:{api.server_port}",
        "kubernetes.node=node-1", f"kubernetes.token_file={token / 'token'}",
        "kubernetes.retry.initial=50ms", "kubernetes.retry.max=200ms", *sets))


def resources(far):
    return {far_end.body(record): resource for resource, record in far.records()}


def test_lines_wait_for_the_list_and_have_what_it_tells(tmp):
    with Server("watch.json", list_delay=0.7) as api, far_end.FarEnd(tmp) as far:
        write(tmp, CHECKOUT, "of the deployment")
        write(tmp, DB, "of the database")
        began = time.monotonic()
        with start(tmp, far, api, "kubernetes.cluster=prod-1") as process:
            process.wait_for(lambda: len(far.records()) == 2, "both lines")
        assert time.monotonic() - began > 0.6
        found = resources(far)
        shop = found["of the deployment"]
        clew.equal((shop["k8s.deployment.name"], shop["k8s.cluster.name"], shop["service.name"],
                    shop["container.id"], shop["deployment.environment.name"]),
                   ("checkout", "prod-1", "checkout", "b2" * 32, "prod"))
        clew.equal(found["of the database"]["k8s.statefulset.name"], "db")
        path, query, token = api.asked[0]
        clew.equal((path, token), ("/api/v1/pods", "Bearer good"))
        clew.equal(query, {"fieldSelector": "spec.nodeName=node-1", "resourceVersion": "0"})
        version = LIST["metadata"]["resourceVersion"]
        clew.equal((api.asked[1][1]["resourceVersion"], api.asked[1][1]["allowWatchBookmarks"]),
                   (version, "true"))


def test_when_the_server_has_forgotten_it_is_asked_for_all_again(tmp):
    with Server("expired.json") as api, far_end.FarEnd(tmp) as far:
        with start(tmp, far, api) as process:
            process.wait_for(lambda: len(api.asked) >= 4, "a second list and a second watch")
            write(tmp, CHECKOUT, "after all")
            process.wait_for(lambda: len(far.records()) == 1, "the line")
        clew.equal(["watch" in query for _, query, _ in api.asked], [False, True, False, True])
        assert "resourceVersion" not in api.asked[2][1]  # not from a cache that may be behind
        clew.equal(resources(far)["after all"]["k8s.deployment.name"], "checkout")


def test_a_token_that_is_refused_is_read_again(tmp):
    token = projected.Volume(tmp / "serviceaccount", {"token": "bad"})
    with Server() as api, far_end.FarEnd(tmp) as far:
        with start(tmp, far, api, "kubernetes.wait.time=20s", token=token) as process:
            write(tmp, CHECKOUT, "patience")
            process.wait_for(lambda: "HTTP 401" in process.err(), "it to be told")
            token.write({"token": "good\n"})
            process.wait_for(lambda: len(far.records()) == 1, "the line")
        clew.equal(resources(far)["patience"]["k8s.deployment.name"], "checkout")


def test_whatever_the_kubelet_mounts_is_read_through_its_links(tmp):
    bit = "[INPUT]\n  Name tail\n  Path /a.log\n[OUTPUT]\n  Name opentelemetry\n  Host h\n"
    (tmp / "app.log").write_text('{"service.name": "pay", "trace_id": "' + "4b" * 16 + '"}\n')
    volume = projected.Volume(tmp / "config", {
        "clew.yaml": f"data_dir: {tmp / 'data'}\n", "fluent-bit.conf": "@INCLUDE in.conf\n",
        "in.conf": bit, "base.json": clew.run_ok("audit", "--format", "json", tmp / "app.log").out,
        "pods.json": (CORPUS / "list.json").read_text()})
    clew.contains(clew.run_ok("check", "-c", volume / "clew.yaml").out, str(tmp / "data"))
    clew.contains(clew.run("lint", volume / "fluent-bit.conf").out, "in.conf:2")
    clew.contains(clew.run("import", volume / "fluent-bit.conf").out, "/a.log")
    for option, name in (("--baseline", "base.json"), ("--pods", "pods.json")):
        clew.run_ok("audit", option, volume / name, tmp / "app.log")


def test_without_an_api_lines_are_shipped_after_the_wait_and_others_at_once(tmp):
    with far_end.FarEnd(tmp) as far:
        class Nobody:
            server_port = clew.free_port()
        (tmp / "plain.log").write_text("plain\n")
        write(tmp, CHECKOUT, "known by its path")
        with start(tmp, far, Nobody, "kubernetes.wait.time=1s",
                   f"inputs.include=[{tmp}/plain.log, {tmp}/pods/*/*/*.log]") as process:
            process.wait_for(lambda: far.bodies() == ["plain"], "the plain line")
            process.wait_for(lambda: len(far.records()) == 2, "the other one")
            clew.contains(process.err(), "cannot list pods")
        found = resources(far)["known by its path"]
        clew.equal((found["k8s.pod.name"], found["service.name"]), (CHECKOUT["name"], "app"))


def test_what_cannot_be_asked_is_told_at_the_start(tmp):
    for sets in (["kubernetes.source=api"],
                 ["kubernetes.source=api", "kubernetes.endpoint=https://127.0.0.1:1"],
                 ["kubernetes.source=kubelet"]):
        args = [part for one in [*sets, f"data_dir={tmp}", "control.listen=off"]
                for part in ("--set", one)]
        result = clew.run("run", *args, tmp / "*.log", env={
            "KUBERNETES_SERVICE_HOST": None, "NODE_NAME": None, "K8S_NODE_NAME": None,
            "KUBERNETES_NODE_NAME": None})
        assert result.code != 0, sets
        clew.contains(result.err, "kubernetes.source")


if __name__ == "__main__":
    clew.main()
