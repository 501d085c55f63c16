# SPDX-License-Identifier: Apache-2.0
"""The manifests and the chart, by kubectl and helm and by a real API server."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import clew
import rig

MANIFESTS = clew.ROOT / "conf/kubernetes"
CHART = clew.ROOT / "conf/helm/clew"
POD = {"NODE_NAME": "n", "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443",
       "OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:5080/api/default/"}
SAFE = {"privileged": False, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
        "runAsUser": 0, "runAsGroup": 0}


def documents(text):
    """YAML to objects, by kubectl: there is no YAML in Debian's plain python3."""
    made = rig.K8S.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-",
                           stdin=text).stdout
    found, decoder, at = [], json.JSONDecoder(), 0
    while at < len(made.rstrip()):
        one, at = decoder.raw_decode(made, at)
        found += one["items"] if one["kind"] == "List" else [one]
        while at < len(made) and made[at].isspace():
            at += 1
    return {one["kind"]: one for one in found}


def kustomized():
    return rig.K8S.kubectl("kustomize", MANIFESTS).stdout


def helm(*args, check=True):
    program = rig.K8S.binaries / "helm"
    if not program.exists():
        raise clew.Skipped("helm is not here (scripts/parts)")
    done = subprocess.run([str(program), *map(str, args)], capture_output=True, text=True,
                          check=False)
    if check and done.returncode != 0:
        raise clew.Failure(f"helm {' '.join(map(str, args))}: {done.stdout}{done.stderr}")
    return done


def template(*args, check=True, endpoint="http://collector:4318"):
    named = ["--set", f"otlp.endpoint={endpoint}"] if endpoint else []
    return helm("template", "clew", CHART, "-n", "clew", "--kube-version", "1.34", *named, *args,
                check=check)


def shell_blocks(page):
    return re.findall(r"```sh\n(.*?)```", (clew.ROOT / page).read_text(encoding="utf-8"), re.S)


def test_the_commands_of_the_pages_install_it():
    """As they are written: the README's, which begin the page on Kubernetes too, and those by Helm."""
    install = next(block for block in shell_blocks("README.md") if "apply -k" in block)
    page = shell_blocks("docs/kubernetes.md")
    clew.equal(page[0], install)
    rig.K8S.kubectl("version")  # writes the kubeconfig
    env = {**os.environ, "KUBECONFIG": str(rig.K8S.folder / "kubeconfig"),
           "PATH": f"{rig.K8S.binaries}:{os.environ['PATH']}", "HOME": str(rig.K8S.folder)}
    second = page[1].replace("install clew", "install second").replace("-n clew", "-n second") \
        .replace("namespace clew", "namespace second")
    for block in (install, second):
        done = subprocess.run(["sh", "-eu", "-c", block], cwd=clew.ROOT, env=env,
                              capture_output=True, text=True, check=False)
        clew.equal(done.returncode, 0, done.stdout + done.stderr)
    for namespace, name in (("clew", "clew"), ("second", "second-clew")):
        found = rig.K8S.get(f"/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}")
        spec = found["spec"]["template"]["spec"]["containers"][0]
        secret = spec["envFrom"][0]["secretRef"]["name"]
        data = rig.K8S.get(f"/api/v1/namespaces/{namespace}/secrets/{secret}")["data"]
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in data


def test_apply_k_is_taken_by_the_server_and_lets_clew_read_pods_and_nothing_else(tmp):
    rig.K8S.kubectl("apply", "-k", MANIFESTS)
    again = rig.K8S.kubectl("apply", "-k", MANIFESTS).stdout.splitlines()
    clew.equal([line for line in again if not line.endswith("unchanged")], [])
    account = "system:serviceaccount:clew:clew"
    rules = rig.K8S.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/clew")["rules"]
    clew.equal(rules, [{"apiGroups": [""], "resources": ["pods"],
                        "verbs": ["get", "list", "watch"]}])
    listed = rig.K8S.kubectl("auth", "can-i", "--list", "--as", account, "-n", "shop").stdout
    rights = [line.split() for line in listed.splitlines()[1:]]
    own = [r for r in rights if "selfsubject" not in r[0] and not r[0].startswith("[")]
    clew.equal([(r[0], r[-3:]) for r in own], [("pods", ["[get", "list", "watch]"])])
    with rig.Node(tmp, account=False) as node:  # … and is enough
        pod = rig.K8S.create_pod("shop", "allowed", node.name)
        node.write(pod, "app", "hello")
        clew.equal(node.resource_of("hello")["k8s.node.name"], node.name)
        clew.equal(node.metric("failures"), 0)


def test_without_the_right_to_watch_it_says_what_is_missing(tmp):
    rig.K8S.namespace("poor")
    rig.K8S.call("POST", "/api/v1/namespaces/poor/serviceaccounts", {"metadata": {"name": "poor"}})
    with rig.Node(tmp, token=rig.K8S.token("poor", "poor"), hold=False) as node:
        node.wait_metric("failures", 1)
        pod = rig.K8S.create_pod("poor", "unseen", node.name)
        node.write(pod, "app", "shipped all the same")
        assert "k8s.node.name" not in node.resource_of("shipped all the same")
        clew.contains(node.process.err(), "403")
        clew.contains(node.process.err(), "get, list and watch on pods")


def test_the_server_takes_every_field_strictly():
    out = rig.K8S.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", MANIFESTS)
    clew.equal(out.stderr, "")


def check_daemonset(found):
    spec = found["DaemonSet"]["spec"]["template"]["spec"]
    container = spec["containers"][0]
    clew.equal(container["securityContext"], SAFE)
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        assert not spec.get(name), name
    mounts = {m["mountPath"]: m.get("readOnly", False) for m in container["volumeMounts"]}
    clew.equal(mounts, {"/etc/clew": True, "/var/log": True, "/var/lib/clew": False})
    clew.equal(spec["tolerations"], [{"operator": "Exists"}])
    clew.equal(container["livenessProbe"]["httpGet"]["path"], "/healthz")
    clew.equal(container["readinessProbe"]["httpGet"]["path"], "/readyz")
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    return container


def check_policy(found):
    """It selects the DaemonSet's pods and lets scrapers, and nobody else, to the port of the metrics."""
    policy = found["NetworkPolicy"]["spec"]
    daemonset = found["DaemonSet"]["spec"]
    clew.equal(policy["podSelector"], daemonset["selector"])
    clew.equal(policy["policyTypes"], ["Ingress"])
    (rule,) = policy["ingress"]
    clew.equal(rule["ports"], [{"port": "control", "protocol": "TCP"}])
    assert rule["from"] and {} not in rule["from"], rule
    names = [p["name"] for p in daemonset["template"]["spec"]["containers"][0]["ports"]]
    clew.equal(names, ["control"])


def check_config(text, tmp):
    file = tmp / "clew.yaml"
    file.write_text(text)
    result = clew.run("check", "-c", file, "--format", "json", env=POD)
    clew.equal(result.code, 0, result.err)
    clew.contains(result.json()["effective"], "endpoint: http://o:5080/api/default/v1/logs")
    assert re.search(r"^ +max_bytes: 1GiB$", result.json()["effective"], re.M), "a spool outlasts an update"
    lost = clew.run("check", "-c", file, env={**POD, "OTEL_EXPORTER_OTLP_ENDPOINT": None})
    clew.equal(lost.code, 2, "without an endpoint")
    clew.contains(lost.err, "has to name the receiver")


def test_the_manifests_are_safe_and_their_config_is_good(tmp):
    found = documents(kustomized())
    clew.equal(set(found), {"Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding",
                            "ConfigMap", "DaemonSet", "NetworkPolicy"})
    check_daemonset(found)
    check_policy(found)
    check_config(found["ConfigMap"]["data"]["clew.yaml"], tmp)


def test_the_chart_is_clean_and_says_the_same(tmp):
    helm("lint", "--strict", CHART, "--set", "otlp.endpoint=http://collector:4318")
    found = documents(template().stdout)
    plain = documents(kustomized())
    chart = check_daemonset(found)
    check_policy(found)
    clew.equal(found["NetworkPolicy"]["spec"]["ingress"], plain["NetworkPolicy"]["spec"]["ingress"])
    for text in (found, plain):
        clew.contains(text["ConfigMap"]["data"]["clew.yaml"], "[::]:9464")
    for key in ("securityContext", "volumeMounts", "livenessProbe", "readinessProbe", "resources",
                "args", "env", "ports"):
        clew.equal(chart[key], check_daemonset(plain)[key], key)
    clew.equal(found["ClusterRole"]["rules"], plain["ClusterRole"]["rules"])
    check_config(found["ConfigMap"]["data"]["clew.yaml"], tmp)
    rig.K8S.kubectl("apply", "-f", MANIFESTS / "namespace.yaml")
    rig.K8S.kubectl("apply", "--dry-run=server", "--validate=strict", "-n", "clew", "-f", "-",
                    stdin=helm("template", "second", CHART, "-n", "clew", "--kube-version", "1.34",
                               "--set", "otlp.endpoint=http://o:5080").stdout)


def test_the_charts_values_do_what_they_say(tmp):
    found = documents(template(
        "--set", "otlp.endpoint=http://collector:4318", "--set", "otlp.headers.X-A=a b,otlp.headers.Y=c=d",
        "--set", "clusterName=prod-1", "--set", "config.memory_limit=32MiB", "--set",
        "config.kubernetes.wait.time=1s", "--set", "kubernetes.labels={app,team}", "--set",
        "image.repository=r/clew", "--set", "image.tag=v9", "--set", "priorityClassName=high",
        "--set", "env[0].name=A,env[0].value=b", "--set", "stateDirectory=/mnt/clew",
        "--set", "readLogsOfOtherOwners=true").stdout)
    clew.equal(found["Secret"]["stringData"], {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "X-A=a%20b,Y=c%3Dd"})
    text = found["ConfigMap"]["data"]["clew.yaml"]
    check_config(text, tmp)
    result = clew.run("check", "-c", tmp / "clew.yaml", env=POD)
    for word in ("memory_limit: 32MiB", "cluster: prod-1", "time: 1s", "team"):
        clew.contains(result.out, word)
    assert "NetworkPolicy" not in documents(template("--set", "networkPolicy.create=false").stdout)
    small = documents(template("--set", "spool.maxBytes=64MiB").stdout)["ConfigMap"]["data"]["clew.yaml"]
    clew.contains(small, "max_bytes: 64MiB")
    nobody = documents(template("--set-json", "networkPolicy.from=[]").stdout)["NetworkPolicy"]["spec"]
    clew.equal(nobody.get("ingress", []), [])
    spec = found["DaemonSet"]["spec"]["template"]["spec"]
    clew.equal(spec["containers"][0]["image"], "r/clew:v9")
    clew.equal(spec["priorityClassName"], "high")
    clew.equal(spec["containers"][0]["securityContext"],
               {**SAFE, "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]}})
    clew.contains(json.dumps(spec["containers"][0]["env"]), '"A"')
    clew.contains(json.dumps(spec["volumes"]), "/mnt/clew")


def secrets(found):
    container = found["DaemonSet"]["spec"]["template"]["spec"]["containers"][0]
    return [source["secretRef"] for source in container.get("envFrom", [])]


def test_the_secret_is_not_optional():
    clew.equal(secrets(documents(kustomized())), [{"name": "clew-otlp"}])
    clew.equal(secrets(documents(template().stdout)), [{"name": "clew"}])
    own = documents(template("--set", "otlp.existingSecret=mine", endpoint=None).stdout)
    clew.equal((secrets(own), "Secret" in own), ([{"name": "mine"}], False))


def test_the_chart_fails_where_nothing_says_where_logs_go():
    failed = template(check=False, endpoint=None)
    assert failed.returncode != 0
    clew.contains(failed.stderr, "otlp.endpoint: say where logs go")
    outputs = template("--set", "config.outputs[0].endpoint=http://a/v1/logs", endpoint=None)
    clew.equal(secrets(documents(outputs.stdout)), [])
    clew.equal(outputs.stdout.count("has to name the receiver"), 0)
    template("--set", "env[0].name=OTEL_EXPORTER_OTLP_ENDPOINT,env[0].value=http://a", endpoint=None)


def test_the_schema_refuses_what_is_no_value():
    for wrong in ("imagee.tag=1", "kubernetes.service=both", "otlp.endpoint=collector:4317",
                  "stateDirectory=relative", "kubernetes.serviceLabels=perhaps",
                  "readLogsOfOtherOwners=some", "spool.maxBytes=much"):
        assert template("--set", wrong, check=False).returncode != 0, wrong


def test_the_images_program_starts_and_reads_with_the_rights_of_the_manifests(tmp):
    """Root without a capability and without a way to one."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise clew.Skipped("this needs root and setpriv")
    pod = tmp / "pods" / "shop_a_0b5a1d2e-7c0f-4b6a-9d8e-1f2a3b4c5d6e" / "app"
    pod.mkdir(parents=True)
    (pod / "0.log").write_text("2026-05-11T02:14:33.1Z stdout F hello\n")
    os.chmod(pod / "0.log", 0o640)
    os.chmod(pod.parent, 0o750)
    others = pathlib.Path(tmp / "of-others")
    others.write_text("x")
    os.chown(others, 65534, 65534)
    os.chmod(others, 0o400)
    bare = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    refused = subprocess.run([*bare, "cat", str(others)], capture_output=True, check=False)
    assert refused.returncode != 0, "capabilities are still there"
    done = subprocess.run([*bare, clew.CLEW, "audit", "--format", "json", str(tmp / "pods")],
                          capture_output=True, text=True, check=False)
    clew.equal(json.loads(done.stdout)["records"], 1, done.stderr)

