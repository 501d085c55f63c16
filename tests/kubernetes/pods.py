# SPDX-License-Identifier: Apache-2.0
"""What clew ships and logs while pods come, change and go at a real API server."""

import http.server
import json
import signal
import threading
import time

import clew
import cluster
import far_end
import projected
import rig

DIGEST = "sha256:" + "5d" * 32
ID_1, ID_2 = "a1" * 32, "b2" * 32


def owner(kind, name, uid="0f0e0d0c-1111-4222-8333-444455556666"):
    api = "batch/v1" if kind == "Job" else "apps/v1"
    return [{"apiVersion": api, "kind": kind, "name": name, "uid": uid, "controller": True}]


def status(*containers, ip="10.42.0.7"):
    return {"podIP": ip, "startTime": "2026-05-11T02:14:33Z", "containerStatuses": list(containers)}


def test_every_attribute_of_a_deployments_pod_is_shipped(tmp):
    with rig.Node(tmp, "kubernetes.labels=[app, 'team.*']", "kubernetes.annotations=[example.org/*]",
                  "kubernetes.cluster=prod-1") as node:
        pod = rig.K8S.create_pod(
            "shop", "checkout-7d9c5b8f4-x2kqp", node.name,
            containers={"app": f"registry.example.com:5000/shop/checkout:1.42@{DIGEST}",
                        "proxy": "envoy"},
            status=status(cluster.container_status(
                "app", "x", ID_2, restarts=1, last_id=ID_1,
                image_id=f"registry.example.com:5000/shop/checkout@{DIGEST}")),
            labels={"app": "checkout", "team.name": "shop", "pod-template-hash": "7d9c5b8f4",
                    "unwanted": "1"},
            annotations={"example.org/owner": "ann", "unwanted": "2",
                         "resource.opentelemetry.io/deployment.environment.name": "production",
                         "resource.opentelemetry.io/k8s.namespace.name": "kube-system"},
            ownerReferences=owner("ReplicaSet", "checkout-7d9c5b8f4"))
        node.write(pod, "app", "of the second run", restart=1)
        node.write(pod, "app", "of the first run", restart=0)
        node.write(pod, "proxy", "of the proxy")
        common = {
            "k8s.cluster.name": "prod-1", "k8s.node.name": node.name, "k8s.namespace.name": "shop",
            "k8s.pod.name": "checkout-7d9c5b8f4-x2kqp", "k8s.pod.uid": pod["metadata"]["uid"],
            "k8s.pod.ip": "10.42.0.7", "k8s.pod.start_time": "2026-05-11T02:14:33Z",
            "k8s.replicaset.name": "checkout-7d9c5b8f4",
            "k8s.replicaset.uid": "0f0e0d0c-1111-4222-8333-444455556666",
            "k8s.deployment.name": "checkout", "k8s.pod.label.app": "checkout",
            "k8s.pod.label.team.name": "shop", "k8s.pod.annotation.example.org/owner": "ann",
            "service.name": "checkout", "service.namespace": "shop",
            "deployment.environment.name": "production"}
        app = {**common, "k8s.container.name": "app",
               "container.image.name": "registry.example.com:5000/shop/checkout",
               "container.image.tags": ["1.42"],
               "container.image.repo_digests": [f"registry.example.com:5000/shop/checkout@{DIGEST}"],
               "service.version": f"1.42@{DIGEST}",
               "service.instance.id": "shop.checkout-7d9c5b8f4-x2kqp.app"}
        clew.equal(node.resource_of("of the second run"),
                   {**app, "k8s.container.restart_count": 1, "container.id": ID_2})
        clew.equal(node.resource_of("of the first run"),
                   {**app, "k8s.container.restart_count": 0, "container.id": ID_1})
        clew.equal(node.resource_of("of the proxy"),
                   {**common, "k8s.container.name": "proxy", "k8s.container.restart_count": 0,
                    "container.image.name": "envoy",
                    "service.instance.id": "shop.checkout-7d9c5b8f4-x2kqp.proxy"})


def test_each_kind_of_workload_names_the_service(tmp):
    cases = {
        "db-0": (owner("StatefulSet", "db"), {"k8s.statefulset.name": "db"}, "db"),
        "agent-x": (owner("DaemonSet", "agent"), {"k8s.daemonset.name": "agent"}, "agent"),
        "mail-28934567-k": (owner("Job", "mail-28934567"),
                            {"k8s.job.name": "mail-28934567", "k8s.cronjob.name": "mail"}, "mail"),
        "once-k": (owner("Job", "once"), {"k8s.job.name": "once"}, "once"),
        "alone": (None, {}, "alone"),
    }
    with rig.Node(tmp) as node:
        for name, (owners, _, _) in cases.items():
            more = {"ownerReferences": owners} if owners else {}
            node.write(rig.K8S.create_pod("work", name, node.name, **more), "app", f"from {name}")
        for name, (owners, attributes, service) in cases.items():
            found = node.resource_of(f"from {name}")
            uids = {key.replace(".name", ".uid"): owners[0]["uid"]
                    for key in attributes if key != "k8s.cronjob.name"} if owners else {}
            kinds = ("deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob")
            clew.equal({k: v for k, v in found.items() if k.split(".")[1] in kinds},
                       {**attributes, **uids}, name)
            clew.equal(found["service.name"], service, name)
            clew.equal(found["service.version"], "1", name)


def test_a_static_pod_is_found_by_its_mirror(tmp):
    with rig.Node(tmp) as node:
        pod = rig.K8S.create_pod("kube-system", f"etcd-{node.name}", node.name,
                                 annotations={"kubernetes.io/config.mirror": "9f86d081884c7d65" * 2})
        node.write(pod, "app", "of the static pod")
        clew.equal(node.resource_of("of the static pod")["k8s.pod.uid"], pod["metadata"]["uid"])


def test_a_change_is_seen_and_costs_no_further_list(tmp):
    with rig.Node(tmp, "kubernetes.labels=[stage]") as node:
        pod = rig.K8S.create_pod("shop", "changing", node.name, labels={"stage": "one"})
        node.write(pod, "app", "first")
        clew.equal(node.resource_of("first")["k8s.pod.label.stage"], "one")
        before = node.metric("events")
        rig.K8S.patch(rig.K8S.path(pod), {"metadata": {"labels": {"stage": "two"}}})
        node.wait_metric("events", before + 1)
        node.write(pod, "app", "second")
        clew.equal(node.resource_of("second")["k8s.pod.label.stage"], "two")
        before = node.metric("events")
        rig.K8S.patch(rig.K8S.path(pod), {"metadata": {"labels": {"stage": None}}})
        node.wait_metric("events", before + 1)
        node.write(pod, "app", "third")
        assert "k8s.pod.label.stage" not in node.resource_of("third")
        clew.equal((node.metric("lists"), node.metric("watches"), node.metric("failures")), (1, 1, 0))


def test_lines_of_a_pod_that_is_not_known_yet_wait_and_others_do_not(tmp):
    with rig.Node(tmp) as node:
        known = rig.K8S.create_pod("shop", "known", node.name)
        late = {"metadata": {"namespace": "shop", "name": "late", "uid": None}}
        # A uid is the server's to give: make the pod on no node, and bind it to this one later.
        node.write(known, "app", "not held")
        node.resource_of("not held")
        made = rig.K8S.create_pod("shop", "late", "")
        late["metadata"]["uid"] = made["metadata"]["uid"]
        for n in range(50):
            node.write(late, "app", f"held {n}")
        node.wait_metric("held_containers", 1)
        node.write(known, "app", "meanwhile")
        node.resource_of("meanwhile")
        assert not any(text.startswith("held") for text in node.far.bodies())
        rig.K8S.call("POST", rig.K8S.path(made) + "/binding", {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "late"},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node.name}})
        for n in range(50):
            clew.equal(node.resource_of(f"held {n}")["k8s.node.name"], node.name)
        clew.equal(node.metric("unknown_containers"), 0)


def test_a_pod_nobody_tells_of_is_shipped_after_the_wait_with_what_its_path_says(tmp):
    with rig.Node(tmp, "kubernetes.wait.time=700ms") as node:
        ghost = {"metadata": {"namespace": "shop", "name": "ghost",
                              "uid": "0b5a1d2e-7c0f-4b6a-9d8e-1f2a3b4c5d6e"}}
        began = time.monotonic()
        node.write(ghost, "app", "boo")
        found = node.resource_of("boo")
        assert time.monotonic() - began >= 0.6
        clew.equal(found, {"service.name": "app", "k8s.namespace.name": "shop",
                           "k8s.pod.name": "ghost", "k8s.pod.uid": ghost["metadata"]["uid"],
                           "k8s.container.name": "app", "k8s.container.restart_count": 0})
        clew.equal((node.metric("held_containers"), node.metric("unknown_containers")), (1, 1))


def test_much_to_read_ends_the_wait(tmp):
    with rig.Node(tmp, "kubernetes.wait.bytes=100KiB") as node:
        ghost = {"metadata": {"namespace": "shop", "name": "big",
                              "uid": "0b5a1d2e-7c0f-4b6a-9d8e-1f2a3b4c5d6f"}}
        with open(node.file(ghost, "app"), "w", encoding="utf-8") as file:
            for n in range(2000):
                file.write(f"2026-05-11T02:14:33.{n:09}Z stdout F {'x' * 80} {n}\n")
        began = time.monotonic()
        node.far.wait_for(2000)
        assert time.monotonic() - began < 10


def test_a_pod_that_lived_200_ms_is_read_whole_and_known_after_its_end(tmp):
    with rig.Node(tmp) as node:
        pod = rig.K8S.create_pod("shop", "short", node.name, labels={"pod-template-hash": "77"},
                                 ownerReferences=owner("ReplicaSet", "brief-77"))
        for n in range(20):
            node.write(pod, "app", f"short {n}")
        time.sleep(0.2)
        rig.K8S.delete_pod(pod)
        for n in range(20):
            clew.equal(node.resource_of(f"short {n}")["k8s.deployment.name"], "brief")
        clew.wait_for(lambda: node.metric("events") >= 2, "the deletion to be told")
        node.write(pod, "side", "from its grave")  # a file that is only found now
        clew.equal(node.resource_of("from its grave")["k8s.deployment.name"], "brief")


def test_annotations_do_what_they_say_to_their_own_pod(tmp):
    with rig.Node(tmp) as node:
        def make(name, **annotations):
            return rig.K8S.create_pod("notes", name, node.name,
                                      containers={"app": "i:1", "side": "i:1"},
                                      annotations={k.replace("__", "/"): v
                                                   for k, v in annotations.items()})
        plain = make("plain")
        out = make("out", **{"clew.dev/exclude": "true"})
        side = make("side", **{"vector.dev/exclude-containers": "side"})
        stderr = make("stderr", **{"fluentbit.io/exclude_stderr": "true"})
        raw = make("raw", **{"clew.dev/parser": "text"})
        line = json.dumps({"message": "parsed", "n": 1})
        for n in range(3):
            for pod in (out, side, stderr):
                for container in ("app", "side"):
                    for stream in ("stdout", "stderr"):
                        node.write(pod, container,
                                   f"{pod['metadata']['name']} {container} {stream} {n}",
                                   stream=stream)
        node.write(raw, "app", line)
        node.write(plain, "app", line)
        node.write(plain, "app", "the end")
        node.resource_of("the end")
        node.resource_of(line)
        node.resource_of("parsed")
        expected = {f"side app {s} {n}" for s in ("stdout", "stderr") for n in range(3)}
        expected |= {f"stderr {c} stdout {n}" for c in ("app", "side") for n in range(3)}
        clew.wait_for(lambda: expected <= set(node.far.bodies()), "what is not excluded")
        clew.equal(set(node.far.bodies()), expected | {"the end", line, "parsed"})
        clew.wait_for(lambda: node.metric("excluded_lines") == 12 + 6 + 6, "24 lines to be counted")


def test_a_line_names_its_service_unless_the_config_prefers_the_pods(tmp):
    line = json.dumps({"message": "hello", "service.name": "of-the-line"})
    for prefers, expected in (("line", "of-the-line"), ("pod", "of-the-pod")):
        folder = tmp / prefers
        folder.mkdir()
        with rig.Node(folder, f"kubernetes.service={prefers}") as node:
            pod = rig.K8S.create_pod("shop", f"prefers-{prefers}", node.name, annotations={
                "resource.opentelemetry.io/service.name": "of-the-pod"})
            node.write(pod, "app", line)
            clew.equal(node.resource_of("hello")["service.name"], expected)


def test_after_compaction_and_a_restart_it_lists_again_and_loses_nothing(tmp):
    """410 Gone: the server has forgotten what came after the version that clew knows."""
    with rig.Node(tmp) as node:
        gone = rig.K8S.create_pod("shop", "gone-meanwhile", node.name)
        node.write(gone, "app", "before")
        node.resource_of("before")
        node.process.send_signal(signal.SIGSTOP)
        rig.K8S.restart_api(signal.SIGKILL)  # so that nothing is told while clew stands still
        rig.K8S.delete_pod(gone)
        new = rig.K8S.create_pod("shop", "new-meanwhile", node.name)
        rig.K8S.compact()
        rig.K8S.restart_api(signal.SIGKILL)  # its cache knows no change before now
        node.process.send_signal(signal.SIGCONT)
        node.write(new, "app", "after")
        clew.equal(node.resource_of("after")["k8s.pod.name"], "new-meanwhile")
        node.wait_metric("expired_watches", 1)
        clew.equal(node.metric("lists"), 2)
        clew.equal(node.metric("unknown_containers"), 0)
        clew.equal(node.metric("pods"), 2)  # the one that is gone for two minutes more


def test_without_the_server_reading_goes_on_and_it_comes_back(tmp):
    with rig.Node(tmp, "kubernetes.wait.time=500ms") as node:
        pod = rig.K8S.create_pod("shop", "steady", node.name)
        node.write(pod, "app", "one")
        node.resource_of("one")
        rig.K8S.end("api", signal.SIGKILL)
        node.wait_metric("failures", 2)
        node.write(pod, "app", "two")
        clew.equal(node.resource_of("two")["k8s.node.name"], node.name)
        stranger = {"metadata": {"namespace": "shop", "name": "stranger",
                                 "uid": "0b5a1d2e-7c0f-4b6a-9d8e-1f2a3b4c5d70"}}
        node.write(stranger, "app", "three")
        assert "k8s.node.name" not in node.resource_of("three")
        rig.K8S.start_api()
        fresh = rig.K8S.create_pod("shop", "fresh", node.name)
        node.write(fresh, "app", "four")
        clew.equal(node.resource_of("four")["k8s.node.name"], node.name)
        log = node.process.err()
        clew.equal(log.count("cannot list pods"), 1, log)
        clew.equal(log.count("lists the pods again"), 1, log)
        clew.equal(node.metric("lists"), 1)


def test_a_renewed_token_is_read_and_a_bad_one_is_told(tmp):
    with rig.Node(tmp, "kubernetes.watch=1s", token="not-a-token") as node:
        node.wait_metric("failures", 2)
        clew.contains(node.process.err(), "401")
        node.renew(rig.K8S.token(*rig.ACCOUNT) + "\n")
        pod = rig.K8S.create_pod("shop", "token", node.name)
        node.write(pod, "app", "known")
        clew.equal(node.resource_of("known")["k8s.node.name"], node.name)
        # Watches of one to two seconds: the next one needs the token that is there then.
        node.renew(rig.K8S.token(*rig.ACCOUNT))
        watches = node.metric("watches")
        node.wait_metric("watches", watches + 2)
        node.renew(None)
        failures = node.metric("failures")
        node.wait_metric("failures", failures + 1)
        clew.contains(node.process.err(), "cannot be read")
        node.renew(rig.K8S.token(*rig.ACCOUNT))
        pod = rig.K8S.create_pod("shop", "token-2", node.name)
        node.write(pod, "app", "known again")
        clew.equal(node.resource_of("known again")["k8s.node.name"], node.name)


def test_a_server_of_another_authority_is_refused(tmp):
    other = tmp / "other.crt"
    cluster.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=ca", "-keyout", tmp / "k", "-out", other)
    with rig.Node(tmp, f"kubernetes.ca_file={other}") as node:
        node.wait_metric("failures", 1)
        clew.contains(node.process.err(), "certificate")
        clew.equal(node.metric("pods"), 0)


def test_only_pods_of_the_node_are_asked_for(tmp):
    with rig.Node(tmp) as node:
        rig.K8S.create_pod("shop", "elsewhere", "another-node")
        here = rig.K8S.create_pod("shop", "here", node.name)
        node.write(here, "app", "here")
        node.resource_of("here")
        clew.equal(node.metric("pods"), 1)


def test_a_saved_list_of_kubectl_is_understood(tmp):
    pod = rig.K8S.create_pod("shop", "saved", "node-of-nobody", labels={"pod-template-hash": "5"},
                             ownerReferences=owner("ReplicaSet", "kept-5"))
    path = tmp / f"shop_saved_{pod['metadata']['uid']}" / "app"
    path.mkdir(parents=True)
    (path / "0.log").write_text("2026-05-11T02:14:33.1Z stdout F hello\n")
    saved = rig.K8S.kubectl("get", "pods", "-A", "-o", "json").stdout
    result = clew.run("audit", "--format", "json", "--by", "deployment", "--pods", "-", tmp,
                      stdin=saved)
    clew.equal([g["service"] for g in result.json()["groups"]], ["kept"])
    clew.equal(result.json()["groups"][0]["parts"][0]["by"], {"deployment": "kept"})


def test_the_audit_asks_the_api_itself(tmp):
    rig.install_account()
    pod = rig.K8S.create_pod("shop", "asked", "node-of-the-audit", labels={"pod-template-hash": "6"},
                             ownerReferences=owner("ReplicaSet", "asked-6"))
    path = tmp / "pods" / f"shop_asked_{pod['metadata']['uid']}" / "app"
    path.mkdir(parents=True)
    (path / "0.log").write_text("2026-05-11T02:14:33.1Z stdout F hello\n")
    account = projected.Volume(tmp / "serviceaccount", {"token": rig.K8S.token(*rig.ACCOUNT)})
    sets = ["--set", f"kubernetes.endpoint={rig.K8S.url}", "--set",
            f"kubernetes.ca_file={rig.K8S.ca}", "--set",
            f"kubernetes.token_file={account / 'token'}"]
    for more in ([], ["--set", "kubernetes.node=node-of-the-audit"]):
        result = clew.run("audit", "--format", "json", "--kubernetes", *sets, *more,
                          tmp / "pods")
        clew.equal([g["service"] for g in result.json()["groups"]], ["asked"])
    account.write({"token": "wrong"})
    result = clew.run("audit", "--kubernetes", *sets, tmp / "pods")
    clew.equal(result.code, 1)
    clew.contains(result.err, "401")
    clew.contains(clew.run("audit", "--kubernetes", tmp / "pods").err, "kubectl get pods")


def test_a_route_goes_by_a_label_that_changes(tmp):
    routes = tmp / "clew.yaml"
    with rig.Node(tmp) as node:
        node.process.stop()
        second = clew.free_port()
        routes.write_text(f"""
outputs:
  - {{name: first, endpoint: "{node.far.endpoint}/v1/logs"}}
  - {{name: second, endpoint: "http://127.0.0.1:{second}/v1/logs"}}
routes:
  - {{match: {{labels: {{tier: "gold*"}}}}, outputs: [second]}}
  - {{otherwise: true, outputs: [first]}}
""")
        other = tmp / "other"
        other.mkdir()
        sets = [part for one in [*node.sets, f"data_dir={tmp / 'data'}", "control.listen=off"]
                for part in ("--set", one)]
        with far_end.FarEnd(other, port=second) as gold, \
                clew.start("run", "-c", routes, *sets, node.logs / "*/*/*.log") as process:
            pod = rig.K8S.create_pod("shop", "routed", node.name, labels={"tier": "tin"})
            node.write(pod, "app", "to the first")
            found = node.resource_of("to the first")
            clew.equal(found["k8s.pod.label.tier"], "tin")
            rig.K8S.patch(rig.K8S.path(pod), {"metadata": {"labels": {"tier": "gold-1"}}})

            def arrives():
                node.write(pod, "app", "to whom it may concern")
                return "to whom it may concern" in gold.bodies()
            process.wait_for(arrives, "lines by the new label")
            assert "to the first" not in gold.bodies()
        node.start()


class Kubelet(http.server.BaseHTTPRequestHandler):
    """Answers /pods as a kubelet does: with the list that the API server gives for the node."""

    def do_GET(self):
        good = self.path == "/pods" and self.headers["Authorization"] == "Bearer of-the-kubelet"
        self.server.asked += 1
        text = self.server.text.encode() if good else b"Forbidden (user=x, verb=get)"
        self.send_response(200 if good else 403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def test_the_kubelet_is_asked_again_when_a_pod_is_missed(tmp):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kubelet)
    server.asked = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def pods_of(name):
        server.text = rig.K8S.raw("GET", f"/api/v1/pods?fieldSelector=spec.nodeName%3D{name}")[1]
    server.text = '{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}'
    with rig.Node(tmp, "kubernetes.source=kubelet", "kubernetes.poll=20s",
                  f"kubernetes.endpoint=http://127.0.0.1:{server.server_port}",
                  token="of-the-kubelet") as node:
        node.wait_metric("lists", 1)
        pod = rig.K8S.create_pod("shop", "of-the-kubelet", node.name)
        pods_of(node.name)
        began = time.monotonic()
        node.write(pod, "app", "hello")
        clew.equal(node.resource_of("hello")["k8s.node.name"], node.name)
        assert time.monotonic() - began < 10
        clew.equal((node.metric("lists"), node.metric("failures"), server.asked), (2, 0, 2))
    server.shutdown()


def test_going_over_from_another_shipper_loses_nothing_and_doubles_a_moment(tmp):
    """docs/kubernetes.md: first by annotation, pod by pod, then the rest at once."""
    with rig.Node(tmp, "kubernetes.ship=annotated") as node:
        old = rig.K8S.create_pod("move", "old", node.name)
        new = rig.K8S.create_pod("move", "new", node.name, annotations={
            "fluentbit.io/exclude": "true", "clew.dev/exclude": "false"})
        for n in range(20):
            node.write(old, "app", f"old {n}")  # the other shipper's
            node.write(new, "app", f"new {n}")
        node.resource_of("new 19")
        clew.wait_for(lambda: node.metric("excluded_lines") == 20, "the others to be read")
        time.sleep(0.5)  # a checkpoint is written every 100 ms
        node.process.stop()
        for n in range(20, 30):
            node.write(old, "app", f"old {n}")
            node.write(new, "app", f"new {n}")
        node.sets.append("kubernetes.ship=all")
        node.start()
        node.resource_of("old 29")
        node.resource_of("new 29")
        clew.equal(sorted(node.far.bodies()), sorted(
            [f"old {n}" for n in range(20, 30)] + [f"new {n}" for n in range(30)]))


def test_a_pod_has_its_lines_joined_as_it_asks(tmp):
    trace = ["java.lang.IllegalStateException: no", "\tat shop.Load.load(Load.java:12)",
             "Caused by: java.io.IOException: gone", "\tat shop.Load.read(Load.java:8)"]
    with rig.Node(tmp, "inputs.multiline.timeout=300ms") as node:
        for name, value in (("joined", "python, java"), ("apart", None), ("wrong", "java,cobol"),
                            ("twice", "java,java")):
            notes = {"annotations": {"clew.dev/multiline": value}} if value else {}
            pod = rig.K8S.create_pod("lines", name, node.name, **notes)
            for line in trace:
                node.write(pod, "app", line)
        node.far.wait_for(1 + 3 * 4)
        bodies = {}
        for resource, record in node.far.records():
            bodies.setdefault(resource["k8s.pod.name"], []).append(far_end.body(record))
        clew.equal(bodies, {"joined": ["\n".join(trace)], "apart": trace, "wrong": trace,
                            "twice": trace})
        clew.equal(node.metric("ignored_annotations"), 2)
