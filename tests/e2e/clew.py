# SPDX-License-Identifier: Apache-2.0
"""What every black-box test shares: the binary, processes, temporary folders, waiting, ports.

A test file defines functions `test_…` and ends with `clew.main()`. A function with a parameter
named `tmp` is given a fresh folder (a pathlib.Path) that is gone afterwards. The docstring or the
name is the sentence that is shown. The last line printed is `N passed, N failed`, and `N skipped`
where a test raised Skipped because something that is not clew's is missing.

    import clew

    def test_version_is_printed():
        result = clew.run("version")
        assert result.code == 0, result
        assert result.out.startswith("clew ")

    if __name__ == "__main__":
        clew.main()

Arguments given to the file choose the tests whose name contains one of them.
The binary is $CLEW, else build/clew beside the sources. Only Debian's python3 is needed.
"""

import contextlib
import functools
import inspect
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLEW = os.environ.get("CLEW", str(ROOT / "build" / "clew"))
END_TIMEOUT = 300  # seconds: what ends on a busy machine has ended then; a hang is told, a pace is not
EVENT_TIMEOUT = 120  # seconds: the same of what a test waits for while clew runs
RESERVED_PORTS = []  # sockets that hold them
SANITIZER_EXIT = 99
SANITIZER_SIGNS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


class Failure(AssertionError):
    """A test's own sentence, shown without a stack."""


class Skipped(Exception):
    """What the test needs is not here; the sentence says what that is."""


def environment(extra=None):
    """The environment of a child: this one without what would configure clew, plus `extra`
    (a value of None takes a variable away)."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("OTEL_", "CLEW_")) and k.lower() not in
           ("no_color", "http_proxy", "https_proxy", "all_proxy", "no_proxy")}
    env["ASAN_OPTIONS"] = f"exitcode={SANITIZER_EXIT}:handle_segv=2"
    env["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
    for key, value in (extra or {}).items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = str(value)
    return env


def text(data):
    return data.decode("utf-8", "surrogateescape")


def has_sanitizer():
    """It is slower then, and takes more memory."""
    program = pathlib.Path(CLEW).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def check_sanitizers(err, what):
    if any(sign in err for sign in SANITIZER_SIGNS):
        raise Failure(f"a sanitizer stopped {what}:\n{err[-8000:]}")


def once(function):
    """For what several tests need and the first of them makes: its result for all; if it fails, each of
    them fails with what made it fail."""
    made = {}

    @functools.wraps(function)
    def get():
        if not made:
            try:
                made["result"] = function()
            except Exception as error:  # kept for the others
                made["error"] = error
        if "error" in made:
            raise made["error"]
        return made["result"]
    return get


class Result:
    """A finished run: `code`, `out` and `err` as text, `out_bytes` as they came."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out_bytes = args, code, out
        self.out, self.err = text(out), text(err)

    def json(self):
        return json.loads(self.out)

    def json_lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __repr__(self):
        return (f"{' '.join(map(str, self.args))}: exit {self.code}\n"
                f"--- out\n{self.out[-4000:]}\n--- err\n{self.err[-4000:]}")


def run(*args, stdin=None, env=None, cwd=None, timeout=END_TIMEOUT):
    """Run `clew args…` to its end. `stdin` is text or bytes; without it standard input is empty."""
    data = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else (stdin or b"")
    command = [CLEW, *map(str, args)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, cwd=cwd,
                              env=environment(env), timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"{' '.join(command)} did not end within {timeout} s\n"
                      f"{text(late.stderr or b'')[-4000:]}") from None
    result = Result(command, done.returncode, done.stdout, done.stderr)
    check_sanitizers(result.err, " ".join(command))
    return result


def run_ok(*args, **options):
    """The same, and it must exit with 0."""
    result = run(*args, **options)
    if result.code != 0:
        raise Failure(f"expected success of {result!r}")
    return result


class Process:
    """A clew that goes on in the background; use it in a `with`, which ends it by its pid."""

    def __init__(self, args, env=None, cwd=None, stdin=None, prefix=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="clew-process-"))
        self.args = [*prefix, CLEW, *map(str, args)]
        with open(self.folder / "out", "wb") as out, open(self.folder / "err", "wb") as err:
            self.child = subprocess.Popen(self.args, stdout=out, stderr=err, cwd=cwd,
                                          stdin=stdin if stdin is not None else subprocess.DEVNULL,
                                          env=environment(env))
        self.pid = self.child.pid

    def out(self):
        return text((self.folder / "out").read_bytes())

    def err(self):
        return text((self.folder / "err").read_bytes())

    def is_running(self):
        return self.child.poll() is None

    def send_signal(self, number):
        if self.is_running():
            os.kill(self.pid, number)

    def wait(self, timeout=END_TIMEOUT):
        """Its exit status (negative: the signal that ended it)."""
        try:
            code = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(self.args)} (pid {self.pid}) did not end within {timeout} s\n"
                          f"{self.err()[-4000:]}") from None
        check_sanitizers(self.err(), " ".join(self.args))
        return code

    def stop(self, number=signal.SIGTERM, timeout=END_TIMEOUT):
        """Ask it to end and wait; its exit status."""
        self.send_signal(number)
        return self.wait(timeout)

    def kill(self):
        """As a crash would: SIGKILL."""
        self.send_signal(signal.SIGKILL)
        return self.child.wait(END_TIMEOUT)

    def wait_for(self, condition, what, deadline=EVENT_TIMEOUT):
        """Wait while it runs; its standard error is shown if the condition never holds."""
        def check():
            if not self.is_running():
                check_sanitizers(self.err(), " ".join(self.args))
                raise Failure(f"it ended with {self.child.returncode} before: {what}\n"
                              f"{self.err()[-4000:]}")
            return condition()
        try:
            return wait_for(check, what, deadline)
        except Failure as failure:
            raise Failure(f"{failure}\n--- err of {' '.join(self.args)}\n"
                          f"{self.err()[-4000:]}") from None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.is_running():
                self.send_signal(signal.SIGTERM)
                try:
                    self.child.wait(END_TIMEOUT)
                except subprocess.TimeoutExpired:
                    self.kill()
                    if kind is None:
                        raise Failure(f"{' '.join(self.args)} did not end within {END_TIMEOUT} s "
                                      f"of SIGTERM\n"
                                      f"{self.err()[-4000:]}") from None
            if kind is None:
                check_sanitizers(self.err(), " ".join(self.args))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def start(*args, env=None, cwd=None, stdin=None, prefix=()):
    """Start `clew args…` in the background: `with clew.start("run", …) as process:`. `prefix` is a
    program that runs it, by exec."""
    return Process(args, env=env, cwd=cwd, stdin=stdin, prefix=prefix)


def wait_for(condition, what, deadline=EVENT_TIMEOUT):
    """Call `condition` until it returns something true, and return that; a sentence of `what` was
    waited for after `deadline` seconds. The pause is for the machine, not for luck."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {deadline} s in vain for: {what}")
        time.sleep(0.02)


def reserve_port(port):
    """False if another test has it. It is ours while this process lives: a socket's abstract name says so."""
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0clew-test-port-{port}")
    except OSError:
        holder.close()
        return False
    RESERVED_PORTS.append(holder)
    return True


def free_port():
    """A TCP port of the loopback interface that nobody listens on.

    It lies below those that the kernel gives to clients (net.ipv4.ip_local_port_range), which would take it
    between two lives of a program that listens there, and no other test is given it either.
    """
    first_of_clients = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10000, max(first_of_clients, 20000))
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            if reserve_port(port):
                return port


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for_port(port, process=None, deadline=EVENT_TIMEOUT):
    waiting = process.wait_for if process is not None else wait_for
    waiting(lambda: is_listening(port), f"someone listens on port {port}", deadline)


def equal(actual, expected, what="value"):
    if actual != expected:
        raise Failure(f"{what}: expected {expected!r}\n but got {actual!r}")


def contains(haystack, needle, what="text"):
    if needle not in haystack:
        raise Failure(f"{what}: no {needle!r} in\n{haystack}")


def no_configs(tmp):
    """What somebody might name by mistake."""
    texts = {
        "empty": b"", "blank": b"\n \n", "binary": bytes(range(256)) * 20,
        "app.log": b'{"level":"info","message":"ok","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}\n' * 3,
        "list.json": b'[{"input": 1}, {"filter": 2}]\n', "run.sh": b"#!/bin/sh\nset -eu\n[ -f x ] && exit\n",
        "links.md": b"# Pages\n\n[input](a.md)\n[filter](b.md) and more\n[output]: c.md\n",
        "clew.service": b"[Unit]\nDescription=A\n[Service]\nExecStart=/usr/bin/clew run\n",
        "tox.ini": b"[tox]\nenvlist = a\n[testenv]\ndeps = b\n",
    }
    for name, text in texts.items():
        (tmp / name).write_bytes(text)
    pages = [ROOT / "README.md", ROOT / "docs" / "filters.md", ROOT / "meson.build"]
    return [tmp / name for name in texts] + pages


def run_test(function):
    if "tmp" not in inspect.signature(function).parameters:
        function()
        return
    with tempfile.TemporaryDirectory(prefix="clew-test-") as folder:
        function(tmp=pathlib.Path(folder))


def passes(function):
    title = function.__name__[len("test_"):].replace("_", " ")
    try:
        run_test(function)
    except Skipped as reason:
        print(f"skipped {title}: {reason}")
        return None
    except Failure as failure:
        print(f"FAILED {title}\n    " + str(failure).replace("\n", "\n    "))
        return False
    except Exception:  # a test that breaks has failed, the others go on
        print(f"FAILED {title}\n    " + traceback.format_exc().replace("\n", "\n    "))
        return False
    print(f"ok {title}")
    return True


def main():
    """Run the calling file's tests and exit: 0 if all passed."""
    wanted = sys.argv[1:]
    names = [name for name in vars(sys.modules["__main__"]) if name.startswith("test_")]
    chosen = [n for n in names if not wanted or any(w in n for w in wanted)]
    if not os.access(CLEW, os.X_OK):
        print(f"there is no program at {CLEW}: build it, or set CLEW")
        print(f"0 passed, {max(len(chosen), 1)} failed")
        sys.exit(1)
    results = []
    for name in chosen:
        results.append(passes(getattr(sys.modules["__main__"], name)))
        sys.stdout.flush()
    failed = results.count(False) + (not results)
    skipped = f", {results.count(None)} skipped" if None in results else ""
    print(f"{results.count(True)} passed, {failed} failed{skipped}")
    sys.exit(1 if failed else 0)
