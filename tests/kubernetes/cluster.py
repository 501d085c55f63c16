# SPDX-License-Identifier: Apache-2.0
"""A real API server on loopback: Debian's etcd and a kube-apiserver of the pinned version. No kubelet,
no scheduler, no controller: what those would do, a test does by the API.

    with cluster.Cluster(folder, binaries) as k8s:
        k8s.create_pod(k8s.pod("shop", "pay-0", node="node-1"))
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess

import clew

ADMIN = "admin-token-of-a-test"
PACKAGES = "etcd-server, etcd-client and openssl (Debian)"


def missing():
    """Why the suite cannot run here; None if it can."""
    for program in ("etcd", "etcdctl", "openssl"):
        if shutil.which(program) is None:
            return f"{program} is not here: it needs {PACKAGES}"
    return None


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:400]}")
        self.status = status


class Cluster:
    def __init__(self, folder, binaries):
        self.folder, self.binaries = pathlib.Path(folder), binaries
        self.port, self.etcd_port, self.peer_port = (clew.free_port() for _ in range(3))
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = self.folder / "ca.crt"
        self.processes = {}
        self.connection = None
        self.namespaces = {"default", "kube-system"}

    # ---- life ----

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.make_certificates()
            self.start_etcd()
            self.start_api()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def make_certificates(self):
        at = self.folder
        (at / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=ca", "-keyout", at / "ca.key", "-out", self.ca)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=kube-apiserver", "-keyout", at / "api.key", "-out", at / "api.csr")
        openssl("x509", "-req", "-in", at / "api.csr", "-CA", self.ca, "-CAkey", at / "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", at / "names", "-out", at / "api.crt")
        openssl("genrsa", "-out", at / "sa.key", "2048")
        (at / "tokens.csv").write_text(f"{ADMIN},admin,1,system:masters\n")

    def start(self, name, *command):
        log = open(self.folder / f"{name}.log", "ab")  # pylint: disable=consider-using-with
        with log:
            self.processes[name] = subprocess.Popen([str(part) for part in command], stdout=log,
                                                    stderr=log, stdin=subprocess.DEVNULL)

    def end(self, name, signum=signal.SIGTERM):
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(signum)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop(self):
        for name in ("api", "etcd"):
            self.end(name, signal.SIGKILL)

    def start_etcd(self):
        client = f"http://127.0.0.1:{self.etcd_port}"
        peer = f"http://127.0.0.1:{self.peer_port}"
        self.start("etcd", "etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls",
                   client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
                   "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
                   "--unsafe-no-fsync")
        clew.wait_for_port(self.etcd_port)

    def start_api(self):
        at = self.folder
        self.start("api", self.binaries / "kube-apiserver",
                   "--etcd-servers", f"http://127.0.0.1:{self.etcd_port}",
                   "--bind-address=127.0.0.1", "--secure-port", self.port,
                   "--advertise-address=10.0.0.1", "--endpoint-reconciler-type=none",
                   "--tls-cert-file", at / "api.crt", "--tls-private-key-file", at / "api.key",
                   "--service-account-issuer=https://kubernetes.default.svc",
                   "--service-account-key-file", at / "sa.key",
                   "--service-account-signing-key-file", at / "sa.key",
                   "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
                   "--token-auth-file", at / "tokens.csv",
                   "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true",
                   "--profiling=false", "--etcd-compaction-interval=0", "--v=1")
        clew.wait_for(self.is_ready, "the API server to be ready", deadline=120)

    def restart_api(self, signum=signal.SIGTERM):
        self.end("api", signum)
        self.start_api()

    def is_ready(self):
        if self.processes["api"].poll() is not None:
            raise clew.Failure("kube-apiserver ended:\n"
                               + (self.folder / "api.log").read_text()[-3000:])
        try:
            return self.raw("GET", "/readyz")[0] == 200 and self.get("/api/v1/namespaces/default")
        except (OSError, http.client.HTTPException, ApiError):
            return False

    # ---- requests ----

    def raw(self, method, path, body=None, token=ADMIN, content="application/json"):
        """Status and text. One connection is kept; one that was closed meanwhile is made anew."""
        data = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content,
                   "Accept": "application/json"}
        for attempt in range(2):
            if self.connection is None:
                context = ssl.create_default_context(cafile=str(self.ca))
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30,
                                                              context=context)
            try:
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
                if attempt == 1:
                    raise
        return None

    def call(self, method, path, body=None, **options):
        status, text = self.raw(method, path, body, **options)
        if status >= 400:
            raise ApiError(status, text)
        return json.loads(text) if text else None

    def get(self, path):
        return self.call("GET", path)

    def patch(self, path, body):
        return self.call("PATCH", path, body, content="application/merge-patch+json")

    def kubectl(self, *args, stdin=None, check=True):
        config = self.folder / "kubeconfig"
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": self.url,
                                                   "certificate-authority": str(self.ca)}}],
            "users": [{"name": "u", "user": {"token": ADMIN}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))
        done = subprocess.run([str(self.binaries / "kubectl"), "--kubeconfig", str(config),
                               "--cache-dir", str(self.folder / "kubectl"), *map(str, args)],
                              input=stdin, capture_output=True, text=True, timeout=120,
                              check=False)
        if check and done.returncode != 0:
            raise clew.Failure(f"kubectl {' '.join(map(str, args))}: {done.stderr}")
        return done

    def compact(self):
        """Forget every version but the newest."""
        endpoint = f"http://127.0.0.1:{self.etcd_port}"
        env = {**os.environ, "ETCDCTL_API": "3"}
        status = subprocess.run(["etcdctl", "--endpoints", endpoint, "endpoint", "status", "-w",
                                 "json"], check=True, capture_output=True, text=True, env=env)
        revision = json.loads(status.stdout)[0]["Status"]["header"]["revision"]
        subprocess.run(["etcdctl", "--endpoints", endpoint, "compact", str(revision)], check=True,
                       capture_output=True, env=env)

    def token(self, namespace, account):
        answer = self.call("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token",
                           {"spec": {"expirationSeconds": 600}})
        return answer["status"]["token"]

    # ---- pods ----

    def namespace(self, name):
        if name not in self.namespaces:
            self.namespaces.add(name)
            self.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def create_pod(self, namespace, name, node, containers=None, status=None, **metadata):
        """With its status, as the kubelet would report it: container → (restarts, id, more)."""
        self.namespace(namespace)
        containers = containers or {"app": "registry.example.com/app:1"}
        pod = self.call("POST", f"/api/v1/namespaces/{namespace}/pods", {
            "metadata": {"name": name, **metadata},
            "spec": {"nodeName": node, "automountServiceAccountToken": False,
                     "containers": [{"name": n, "image": i} for n, i in containers.items()]}})
        if status is not None:
            pod = self.set_status(pod, status)
        return pod

    def set_status(self, pod, status):
        path = self.path(pod)
        return self.call("PATCH", path + "/status", {"status": status},
                         content="application/merge-patch+json")

    @staticmethod
    def path(pod):
        metadata = pod["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"

    def delete_pod(self, pod):
        self.call("DELETE", self.path(pod) + "?gracePeriodSeconds=0")


def container_status(name, image, container_id, restarts=0, last_id=None, image_id=None):
    status = {"name": name, "image": image, "imageID": image_id or image, "ready": True,
              "restartCount": restarts, "containerID": f"containerd://{container_id}",
              "state": {"running": {"startedAt": "2026-05-11T02:14:33Z"}}}
    if last_id is not None:
        status["lastState"] = {"terminated": {"exitCode": 1,
                                              "containerID": f"containerd://{last_id}"}}
    return status


