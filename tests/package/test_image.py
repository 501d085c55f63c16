#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The root file system of the container image, assembled and run without a container engine."""

import io
import os
import pathlib
import re
import ssl
import stat
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import clew  # noqa: E402
from far_end import FarEnd  # noqa: E402

ENTER = pathlib.Path(__file__).with_name("enter.py")
USER = "65532"
BYTES_MAX = 30_000_000
POD = "shop_pay-0_0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b901"


def assemble(tmp):
    if os.geteuid() != 0:
        raise clew.Skipped("a root file system can be entered by root only")
    tmp.chmod(0o755)
    image = tmp / "image"
    done = subprocess.run([ROOT / "scripts" / "rootfs", image, clew.CLEW], capture_output=True, text=True,
                          check=False)
    clew.equal(done.returncode, 0, done.stdout + done.stderr)
    return image


def entered(image, *args, user=USER):
    return subprocess.run([sys.executable, ENTER, image, user, "none", "/usr/bin/clew", *map(str, args)],
                          capture_output=True, text=True, timeout=60, check=False)


def write_pod_log(image):
    """As the kubelet and containerd leave it: root's, and nobody else's."""
    folder = image / "var/log/pods" / POD / "pay"
    folder.mkdir(parents=True)
    log = folder / "0.log"
    log.write_text("".join(
        f'2026-05-11T02:14:24.{n:09}Z stdout F {{"msg":"line {n}","trace_id":"{n + 1:032x}"}}\n'
        for n in range(100)))
    log.chmod(0o640)
    (image / "var/log/pods" / POD).chmod(0o750)


def run_in(image, far, user):
    return entered(image, "run", "--once", "--set", f"outputs.endpoint={far.endpoint}", "--set",
                   "control.listen=off", "--set", "data_dir=/var/lib/clew", "/var/log/pods",
                   user=user)


def test_it_is_small_and_holds_nothing_that_is_not_needed(tmp):
    image = assemble(tmp)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.add(image, arcname=".")
    assert packed.tell() < BYTES_MAX, f"{packed.tell()} bytes compressed"
    programs = []
    for path in image.rglob("*"):
        mode = path.lstat().st_mode
        assert not mode & (stat.S_ISUID | stat.S_ISGID), f"{path} changes who runs it"
        if path.is_file() and mode & 0o111 and ".so" not in path.name:
            programs.append(path.relative_to(image).as_posix())
    clew.equal(programs, ["usr/bin/clew"], "programs")


def test_root_without_a_capability_ships_what_the_runtime_writes_as_root(tmp):
    image = assemble(tmp)
    write_pod_log(image)
    os.chown(image / "var/lib/clew", 0, 0)  # the node's: the kubelet makes it
    with FarEnd(tmp) as far:
        done = run_in(image, far, "0")
        clew.equal(done.returncode, 0, done.stderr)
        far.wait_for(100)
        clew.equal(sorted(far.bodies()), sorted(f"line {n}" for n in range(100)))


def test_its_own_user_starts_without_a_capability_and_says_what_it_may_not_read(tmp):
    image = assemble(tmp)
    write_pod_log(image)
    (image / "var/log/everybodys.log").write_text("for all\n")
    with FarEnd(tmp) as far:
        done = entered(image, "run", "--once", "--set", f"outputs.endpoint={far.endpoint}", "--set",
                       "control.listen=off", "--set", "data_dir=/var/lib/clew",
                       "/var/log/pods", "/var/log/everybodys.log")
        far.wait_for(1)
        clew.equal(far.bodies(), ["for all"])
    clew.contains(done.stderr, "Permission denied")
    clew.equal((image / "var/lib/clew/checkpoints.json").stat().st_uid, int(USER))


def test_no_program_in_it_gives_a_capability(tmp):
    image = assemble(tmp)
    for path in image.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert "security.capability" not in os.listxattr(path), path


def test_what_it_reads_of_the_system_is_there(tmp):
    """Certificates and time zones: what fails only in an image."""
    image = assemble(tmp)
    key, cert = tmp / "key.pem", tmp / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    write_pod_log(image)
    os.chown(image / "var/lib/clew", 0, 0)
    import http.server
    import threading
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    far = type("Far", (), {"endpoint": f"https://127.0.0.1:{server.server_port}"})
    done = entered(image, "run", "--once", "--set", f"outputs.endpoint={far.endpoint}", "--set",
                   "control.listen=off", "--set", "data_dir=/var/lib/clew", "--set", "shutdown_timeout=1s",
                   "/var/log/pods", user="0")
    server.shutdown()
    clew.equal(done.returncode, 1, done.stderr)
    clew.contains(done.stderr, "self-signed certificate")  # it looked, and has authorities to ask
    (image / "tmp/line").write_text('{"time":"2026-07-01 12:00:00","msg":"x"}\n')
    done = entered(image, "parse", "--set", "trace.zone=Europe/Berlin", "/tmp/line")
    clew.contains(done.stdout, '"timeUnixNano":"1782900000000000000"')


def test_a_library_that_is_missing_shows(tmp):
    image = assemble(tmp)
    next(image.rglob("libjansson.so.4")).unlink()
    done = entered(image, "version")
    assert done.returncode != 0 and "libjansson" in done.stderr, done


def test_the_dockerfile_makes_it_by_the_same_script():
    text = (ROOT / "Dockerfile").read_text()
    clew.contains(text, "RUN scripts/rootfs /rootfs\n")
    clew.contains(text, "COPY --from=build /rootfs /\n")
    clew.contains(text, f"USER {USER}:{USER}\n")
    for path in re.findall(r"^COPY (scripts/\S+) ", text, re.MULTILINE):
        assert (ROOT / path).exists(), path


if __name__ == "__main__":
    clew.main()
