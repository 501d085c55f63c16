# SPDX-License-Identifier: Apache-2.0
"""What lies between: names, certificates, proxies, HTTP/2."""

import datetime
import gzip
import shutil
import ssl
import subprocess
import time

import clew
import otlp
from clew import Failure
from far_end import FarEnd
from rig import Skip, scenario

try:
    import h2.config
    import h2.connection
    import h2.events
    import h2.exceptions
except ImportError:
    h2 = None


# ---- certificates ----

def run_openssl(folder, *arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True,
                   timeout=30)


def certificate(folder, name, seconds, authority=None):
    """For localhost, good from yesterday for so many seconds from now; by itself or by an authority."""
    now = datetime.datetime.now(datetime.timezone.utc)
    form = "%Y%m%d%H%M%SZ"
    ends = (now + datetime.timedelta(seconds=seconds)).strftime(form)
    begins = (now - datetime.timedelta(days=1)).strftime(form)
    (folder / "index.txt").touch()
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=p\nunique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n"
        "[leaf]\nsubjectAltName=DNS:localhost\n[root]\nbasicConstraints=critical,CA:TRUE\n")
    run_openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    signer = (["-selfsign", "-keyfile", f"{name}.key", "-extensions", "root"] if authority is None
              else ["-cert", f"{authority}.pem", "-keyfile", f"{authority}.key",
                    "-extensions", "leaf"])
    run_openssl(folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", f"{name}.csr",
                "-out", f"{name}.pem", "-startdate", begins, "-enddate", ends, *signer)
    return folder / f"{name}.pem", folder / f"{name}.key"


def server(pem, key, *protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


@scenario("the certificate of the backend expires while clew runs, and is renewed")
def certificate_expires(rig):
    ca, _ = certificate(rig.tmp, "authority", 3600)
    begin = time.monotonic()
    brief = certificate(rig.tmp, "brief", 8, "authority")
    rig.far.tls = server(*brief)
    log = rig.log()
    log.write(100)
    rig.start(sets=[f"outputs.tls.ca_file={ca}"])
    rig.wait_all()
    time.sleep(max(0, begin + 9.5 - time.monotonic()))
    log.write(100)
    rig.wait_all()  # over the connection that is kept
    rig.far.close()
    rig.far.tls = server(*brief)  # its old sessions, which need no certificate, are gone
    rig.far.open()
    log.write(100).rotate()
    log.write(100)
    rig.wait_log("certificate")
    if rig.arrived() != 200:
        raise Failure("records went to a backend whose certificate had expired")
    rig.far.tls = server(*certificate(rig.tmp, "renewed", 3600, "authority"))
    rig.wait_all()
    said = [line for line in rig.err().splitlines() if "certificate" in line]
    if len(said) != 1 or "expired" not in said[0]:
        raise Failure(f"it should say once that the certificate has expired: {said}")


# ---- names ----

def may_mount():
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


def with_hosts(rig):
    """A prefix for clew: names are in a file of ours and nowhere else."""
    if not may_mount():
        raise Skip("a mount namespace is not allowed here")
    hosts, switch = rig.tmp / "hosts", rig.tmp / "nsswitch.conf"
    hosts.write_text("127.0.0.1 localhost\n")
    switch.write_text("hosts: files\npasswd: files\ngroup: files\n")
    script = (f"mount --bind {hosts} /etc/hosts && mount --bind {switch} /etc/nsswitch.conf && "
              'exec "$@"')
    return hosts, ["unshare", "-rm", "sh", "-c", script, "sh"]


@scenario("DNS does not know the backend, then does, forgets it, and returns with another address")
def names_fail(rig):
    hosts, prefix = with_hosts(rig)
    log = rig.log()
    log.write(100)
    far = f"http://collector.example:{rig.far.port}/v1/logs"
    rig.start(sets=[f"outputs.endpoint={far}"], prefix=prefix)
    rig.wait_log("collector.example")
    time.sleep(1)
    hosts.write_text("127.0.0.1 localhost collector.example\n")
    rig.wait_all()
    rig.far.close()
    hosts.write_text("127.0.0.1 localhost\n")
    log.write(100).rotate()
    log.write(100)
    time.sleep(3)
    rig.far.host = "127.0.0.2"
    rig.far.open()
    hosts.write_text("127.0.0.1 localhost\n127.0.0.2 collector.example\n")
    begin = time.monotonic()
    rig.wait_all(60)
    took = time.monotonic() - begin
    said = rig.err().count("accepts records again")
    if not 1 <= said <= 2:
        raise Failure(f"{said} ends of outages were said:\n{rig.err()}")
    return {"note": f"the new address is used after {took:.0f} s"}


# ---- proxies ----

class Tinyproxy:
    def __init__(self, rig):
        if not shutil.which("tinyproxy"):
            raise Skip("there is no tinyproxy")
        self.port, self.child = clew.free_port(), None
        self.config = rig.tmp / "tinyproxy.conf"
        self.config.write_text(f"Port {self.port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\n"
                               f"LogLevel Error\nLogFile \"{rig.tmp / 'tinyproxy.log'}\"\n")

    def start(self):
        self.child = subprocess.Popen(["tinyproxy", "-d", "-c", str(self.config)],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        clew.wait_for_port(self.port)
        return self

    def stop(self):
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None


def through_a_proxy(rig, endpoint, *sets):
    proxy = Tinyproxy(rig)
    rig.stack.callback(proxy.stop)
    log = rig.pod()
    log.write(100)
    rig.start(sets=[f"outputs.proxy=http://127.0.0.1:{proxy.port}", f"outputs.endpoint={endpoint}",
                    *sets])
    rig.wait_log("holding records")
    proxy.start()
    for turn in range(20):
        log.write(100)
        if turn % 8 == 4:
            log.rotate_kubelet()
            proxy.stop()
            time.sleep(0.2)
            proxy.start()
        time.sleep(0.05)
    rig.wait_all()
    return {"doubled": rig.far.requests * 100, "note": f"{rig.far.requests} requests"}


@scenario("a proxy in between, which is killed and comes back: http")
def proxy_http(rig):
    return through_a_proxy(rig, f"http://localhost:{rig.far.port}/v1/logs")


@scenario("a proxy in between, which is killed and comes back: https through its tunnel")
def proxy_https(rig):
    ca, _ = certificate(rig.tmp, "authority", 3600)
    rig.far.tls = server(*certificate(rig.tmp, "far", 3600, "authority"))
    return through_a_proxy(rig, f"https://localhost:{rig.far.port}/v1/logs",
                           f"outputs.tls.ca_file={ca}")


# ---- HTTP/2 ----

class FarEndOfHttp2(FarEnd):
    """Speaks nothing else. After every `patience` requests of a connection it says GOAWAY, takes what
    it had promised to, and not what came behind that."""

    def __init__(self, patience, **more):
        super().__init__(**more)
        self.patience, self.goaways = patience, 0

    def serve(self, connection):
        try:
            connection = self.wrap(connection)
            self.talk(connection)
        except (OSError, ValueError, h2.exceptions.ProtocolError):
            pass
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    def talk(self, connection):
        talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False,
                                                                        header_encoding="utf-8"))
        talk.initiate_connection()
        connection.sendall(talk.data_to_send())
        streams, taken = {}, 0
        while taken < self.patience and (data := connection.recv(65536)):
            for event in talk.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    streams[event.stream_id] = [dict(event.headers), b""]
                elif isinstance(event, h2.events.DataReceived):
                    streams[event.stream_id][1] += event.data
                    talk.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded) and taken < self.patience:
                    taken += 1
                    last = event.stream_id
                    self.take(talk, last, *streams.pop(last))
            if taken == self.patience:
                talk.close_connection(last_stream_id=last)
                self.goaways += 1
            connection.sendall(talk.data_to_send())
        time.sleep(0.05)

    def take(self, talk, stream, headers, body):
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with self.lock:
            self.requests += 1
            self.got += otlp.bodies(body)
        talk.send_headers(stream, [(":status", "200"), ("content-type", "application/x-protobuf")],
                          end_stream=True)


@scenario("HTTP/2: GOAWAY after every third request of a connection")
def goaway(rig):
    if h2 is None:
        raise Skip("there is no h2 for Python")
    ca, _ = certificate(rig.tmp, "authority", 3600)
    rig.far.close()
    rig.far = FarEndOfHttp2(3, tls=server(*certificate(rig.tmp, "far", 3600, "authority"), "h2"))
    rig.far.open()
    log = rig.pod()
    more = rig.log()
    rig.start(sets=[f"outputs.tls.ca_file={ca}", "outputs.batch.bytes=8KiB"])
    for turn in range(40):
        log.write(50)
        more.write(50)
        if turn % 10 == 9:
            log.rotate_kubelet()
        time.sleep(0.02)
    rig.wait_all(60)
    if rig.far.goaways < 5:
        raise Failure(f"only {rig.far.goaways} connections were ended so")
    return {"note": f"{rig.far.goaways} times, {rig.far.requests} requests taken"}
