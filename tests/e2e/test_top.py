#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`clew top` against a running clew: one look, JSON, and a terminal's screen."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import clew
from far_end import FarEnd, start_run

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def write_log(path):
    with_ids = json.dumps({"msg": "paid", "service.name": "shop", "trace_id": TRACE, "span_id": SPAN})
    bare = json.dumps({"msg": "up", "service.name": "ca\x1b[31mrt"})
    path.write_text("".join([with_ids + "\n"] * 30 + [bare + "\n"] * 10))


def running(tmp, far):
    log = tmp / "a.log"
    write_log(log)
    port = clew.free_port()
    return start_run(tmp, far, log, sets=[f"control.listen=127.0.0.1:{port}"]), f"127.0.0.1:{port}"


def test_one_look_has_the_numbers_of_the_endpoint(tmp):
    with FarEnd(tmp) as far:
        process, address = running(tmp, far)
        with process:
            far.wait_for(40)
            clew.wait_for(lambda: "in flight 0" in clew.run_ok("top", "-e", address).out, "all is sent")
            out = clew.run_ok("top", "--endpoint", f"http://{address}/").out
            found = clew.run_ok("top", "-e", address, "--once", "--format", "json").json()
            clew.equal(process.stop(), 0)
    assert re.search(r"^read +40 records ", out, re.MULTILINE), out
    assert re.search(r"^sent +40 records ", out, re.MULTILINE), out
    assert re.search(r"^unread +0 B   in deleted files 0 B   oldest line 0m 00s$", out, re.MULTILINE), out
    assert re.search(r"^ids +30 records with a trace id read, all of them kept$", out, re.MULTILINE), out
    assert re.search(r"^shop +- +30( +100\.0 %){4}  met$", out, re.MULTILINE), out
    assert "\x1b" not in out, "a log speaks to the terminal"
    assert all(len(line) <= 100 for line in out.splitlines()), out
    clew.equal(found["endpoint"], address)
    clew.equal(found["metrics"]["clew_sent_records_total"], 40)
    clew.equal(found["coverage"]["records"], 40)
    clew.equal(found["backlog"], {"tail": {"unread_bytes": 0, "deleted_bytes": 0, "oldest_unread_seconds": 0}})


def test_json_goes_on_line_by_line(tmp):
    with FarEnd(tmp) as far:
        process, address = running(tmp, far)
        with process:
            far.wait_for(40)
            command = [clew.CLEW, "top", "-e", address, "-i", "100ms", "--format", "json"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                  env=clew.environment()) as child:
                looks = [json.loads(child.stdout.readline()) for _ in range(3)]
                child.terminate()
                clew.equal(child.wait(), 0)
            clew.equal(process.stop(), 0)
    clew.equal([look["metrics"]["clew_received_records_total"] for look in looks], [40, 40, 40])


def read_until(fd, wanted, seconds=clew.EVENT_TIMEOUT):
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen:
        if time.monotonic() > end:
            raise clew.Failure(f"no {wanted!r} on the screen: {seen[-600:]!r}")
        if select.select([fd], [], [], 0.1)[0]:
            try:
                seen += os.read(fd, 65536)
            except OSError:
                break
    return seen


def test_a_terminal_gets_a_screen_with_rates_and_q_gives_it_back(tmp):
    with FarEnd(tmp) as far:
        process, address = running(tmp, far)
        with process:
            far.wait_for(40)
            main, side = pty.openpty()
            child = subprocess.Popen([clew.CLEW, "top", "-e", address, "-i", "100ms"], stdin=side,
                                     stdout=side, stderr=side, env=clew.environment())
            read_until(main, b"\x1b[?1049h")
            read_until(main, b"records/s")
            process.kill()
            read_until(main, b"cannot read")  # it waits for clew to come back
            os.write(main, b"q")
            read_until(main, b"\x1b[?1049l")
            clew.equal(child.wait(clew.END_TIMEOUT), 0)
            os.close(side)
            os.close(main)


def test_pages_are_turned_by_keys_and_no_more_is_asked_for_than_fits(tmp):
    log, port = tmp / "a.log", clew.free_port()
    log.write_text("".join(json.dumps({"msg": "x", "service.name": f"s{n:04}"}) + "\n" for n in range(90)))
    with FarEnd(tmp) as far, start_run(tmp, far, log,
                                       sets=[f"control.listen=127.0.0.1:{port}"]) as process:
        far.wait_for(90)
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        with subprocess.Popen([clew.CLEW, "top", "-e", f"127.0.0.1:{port}", "-i", "100ms"], stdin=side,
                              stdout=side, stderr=side, env=clew.environment()) as child:
            read_until(main, b"60 more services; n: next page")
            os.write(main, b"n")
            read_until(main, b"services 31 to 60 of 90")
            os.write(main, b"p")
            read_until(main, b"60 more services")
            os.write(main, b"q")
            clew.equal(child.wait(clew.END_TIMEOUT), 0)
        os.close(side)
        os.close(main)
        clew.equal(process.stop(), 0)


def test_where_nobody_answers_it_says_what_to_do():
    done = clew.run("top", "-e", f"127.0.0.1:{clew.free_port()}")
    clew.equal(done.code, 1)
    clew.contains(done.err, "control.listen")
    done = clew.run("top", "--set", "control.listen=off")
    clew.equal(done.code, 2)
    clew.contains(done.err, "--endpoint")


def test_what_is_not_clew_is_told_apart(tmp):
    with FarEnd(tmp) as far:
        done = clew.run("top", "-e", f"127.0.0.1:{far.port}")
    clew.equal(done.code, 1)
    clew.contains(done.err, "clew top: ")


if __name__ == "__main__":
    clew.main()
