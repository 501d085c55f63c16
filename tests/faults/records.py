# SPDX-License-Identifier: Apache-2.0
"""Records that are split, interleaved, malformed, huge, or never end."""

import os
import time

from clew import Failure
from rig import STAMP, scenario

QUICK = ["inputs.unterminated_timeout=300ms", "inputs.partial_timeout=500ms"]
JOINED = ["inputs.multiline.rules=[java]", "inputs.multiline.timeout=30s"]
SLOW = ["inputs.unterminated_timeout=30s", "inputs.partial_timeout=30s"]


def cri(text, tag="F", stream="stdout"):
    data = text if isinstance(text, bytes) else text.encode()
    return f"{STAMP} {stream} {tag} ".encode() + data + b"\n"


def split(log, parts, between=lambda: None):
    """A numbered line as P, P, …, F, with something between the pieces."""
    text = log.text(log.count)
    log.count += 1
    step = len(text) // parts
    for n in range(parts):
        is_last = n == parts - 1
        log.out.write(cri(text[n * step:] if is_last else text[n * step:(n + 1) * step],
                          "F" if is_last else "P"))
        if not is_last:
            between()


@scenario("P and F split over rotations, one and several", short=True)
def split_over_rotation(rig):
    log = rig.pod(size=200)
    rig.start(sets=SLOW)
    for turn in range(20):
        log.write(10)
        split(log, 2 + turn % 3, lambda: (time.sleep(0.03), log.rotate_kubelet()))
    log.write(10)
    rig.wait_all()


def write_trace(log, between=lambda: None, size=400):
    """A numbered stack trace of five lines, with something between any two; it arrives as one record
    of `size` bytes, or it is not one that was written."""
    head = f"{log.stream} {log.count} {size} a.BException: failed".encode()
    log.count += 1
    frames = [b"\tat a.B.c(B.java:1) "] * 4
    room = size - len(head) - sum(len(frame) + 1 for frame in frames)
    frames[2] += b"x" * room
    for n, line in enumerate([head, *frames]):
        if n:
            between()
        log.out.write(cri(line, stream="stderr"))
        log.out.write(cri(log.text(log.count)))  # of the other stream, which is joined apart
        log.count += 1


@scenario("stack traces split over rotations: each is one record", short=True)
def traces_over_rotation(rig):
    log = rig.pod(size=90)
    rig.start(sets=[*SLOW, *JOINED])
    for turn in range(15):
        log.write(3)
        write_trace(log, (lambda: (time.sleep(0.03), log.rotate_kubelet())) if turn % 3 == 0
                    else lambda: None)
    log.out.write(cri("", stream="stderr"))
    rig.expect("")
    rig.wait_all()
    return {"unordered": True}


@scenario("stack traces split over kill -9 and over SIGTERM, rotated: whole, or sent again whole",
          short=True)
def traces_over_crash(rig):
    log = rig.pod(size=90)

    def trouble(end):
        time.sleep(0.3)
        end()
        log.rotate_kubelet()
        rig.start(sets=[*SLOW, *JOINED])
        time.sleep(0.2)
    rig.start(sets=[*SLOW, *JOINED])
    for turn, end in enumerate((rig.kill, rig.stop, rig.kill, rig.stop)):
        write_trace(log)
        write_trace(log, lambda end=end: trouble(end))
        write_trace(log)
        log.out.write(cri(f"end {turn}", stream="stderr"))
        rig.expect(f"end {turn}")
        rig.wait_all(10)
    return {"doubled": 400, "unordered": True}


@scenario("P and F split over kill -9 and over SIGTERM, with a rotation in between", short=True)
def split_over_crash(rig):
    log = rig.pod(size=200)

    def trouble(end):
        time.sleep(0.4)
        end()
        log.rotate_kubelet()
        rig.start(sets=SLOW)
        time.sleep(0.3)
    rig.start(sets=SLOW)
    for end in (rig.kill, rig.stop, rig.kill, rig.stop):
        log.write(10)
        split(log, 3, lambda end=end: trouble(end))
        rig.wait_all(10)
    return {"doubled": 100}


@scenario("stdout and stderr fragments interleaved", short=True)
def interleaved(rig):
    log = rig.pod()
    rig.start(sets=SLOW)
    for n in range(200):
        for stream in ("stdout", "stderr"):
            log.out.write(cri(f"{stream} {n} begins ", "P", stream))
        for stream in ("stderr", "stdout"):
            log.out.write(cri("and ends", "F", stream))
            rig.expect(f"{stream} {n} begins and ends")
    rig.wait_all()


@scenario("an F that never comes: shipped as it is after partial_timeout, counted", short=True)
def endless_partial(rig):
    log = rig.pod()
    rig.start(sets=QUICK)
    log.write(10)
    log.out.write(cri("no end in sight", "P", "stderr"))
    rig.expect("no end in sight")
    log.write(10)
    rig.wait_all()
    flushed = rig.counter("clew_partial_lines_flushed")
    if flushed != 1:
        raise Failure(f"{flushed} counted, not 1")


@scenario("an F that never comes holds the checkpoint, not the lines: killed, it comes again",
          short=True)
def endless_partial_killed(rig):
    log = rig.pod()
    rig.start(sets=SLOW)
    log.out.write(cri("half of ", "P", "stderr"))
    log.write(50)
    rig.wait_all()
    time.sleep(0.3)
    rig.kill()
    log.out.write(cri("a record", "F", "stderr"))
    rig.expect("half of a record")
    rig.start(sets=SLOW)
    rig.wait_all()
    return {"doubled": 50}


@scenario("malformed lines of the runtime: shipped raw, counted", short=True)
def malformed(rig):
    log = rig.pod()
    bad = [f"{STAMP} stdout {STAMP} stdout F + true", f"{STAMP} stdlog F text", f"{STAMP}",
           "2026-05-11 no envelope at all", "stdout F nothing before"]
    log.write(5)
    for text in bad:
        log.out.write(text.encode() + b"\n")
        rig.expect(text)
        log.write(5)
    rig.start()
    rig.wait_all()
    if rig.counter("clew_malformed_lines") != len(bad):
        raise Failure(f"{rig.counter('clew_malformed_lines')} counted, not {len(bad)}")


@scenario("records from 16 KiB to 16 MiB, as one line and as 16 KiB pieces of the runtime",
          short=True)
def large(rig):
    plain = rig.log("plain.log", size=100)
    pod = rig.pod(size=100)
    for kib in (16, 64, 512, 1024, 4096, 15 * 1024):
        plain.write(3).write(1, size=kib * 1024)
        text = pod.text(pod.count, size=kib * 1024)
        pod.count += 1
        pieces = [text[at:at + 16384] for at in range(0, len(text), 16384)]
        pod.out.write(b"".join(cri(piece, "P") for piece in pieces[:-1]) + cri(pieces[-1]))
        pod.write(3)
    rig.start(sets=["inputs.line_bytes_max=16MiB"])
    rig.wait_all()


@scenario("lines over the limit, split: every byte arrives, counted", short=True)
def split_long(rig):
    log = rig.log()
    want = []
    for n in range(20):
        text = bytes([97 + n]) * (1024 * (3 + n) + 7)
        log.out.write(text + b"\n")
        want.append(text)
        log.write(3)
    pieces = [text[at:at + 4096] for text in want for at in range(0, len(text), 4096)]
    for piece in pieces:
        rig.expect(piece)
    rig.start(sets=["inputs.line_bytes_max=4KiB", "inputs.long_line=split"])
    numbered = log.count
    distinct = len(rig.extra)
    rig.wait_all()
    time.sleep(0.3)
    got = b"".join(body for body in rig.far.got if not body.startswith(b"s0 "))
    if got != b"".join(want):
        raise Failure(f"{len(got)} bytes of long lines arrived, {sum(map(len, want))} were written")
    longer = sum(len(text) > 4096 for text in want)
    if rig.counter("clew_lines_split") != longer:
        raise Failure(f"{rig.counter('clew_lines_split')} counted, not {longer}")
    return {"doubled": len(pieces) - distinct, "note": f"{numbered} lines between"}


@scenario("lines over the limit, truncated: the beginning arrives, counted", short=True)
def truncate_long(rig):
    log = rig.log()
    for n in range(20):
        text = f"long {n} ".encode() + b"y" * (6000 + n)
        log.out.write(text + b"\n")
        rig.expect(text[:4096])
        log.write(3)
    rig.start(sets=["inputs.line_bytes_max=4KiB", "inputs.long_line=truncate"])
    rig.wait_all()
    if rig.counter("clew_lines_truncated") != 20:
        raise Failure(f"{rig.counter('clew_lines_truncated')} counted, not 20")


@scenario("NUL bytes, CRLF, a byte order mark, bytes that are no UTF-8", short=True)
def odd_bytes(rig):
    log = rig.log()
    for text, body in ((b"a\0b\0", b"a\0b\0"), (b"with cr\r", b"with cr"), (b"\xff\xfe\xfd", None),
                       ("ünï".encode(), None), (b"\0" * 50, None), (b"cr\rinside", None)):
        log.out.write(text + b"\n")
        rig.expect(body or text)
    log.write(5)
    rig.start()
    rig.wait_all()


@scenario("UTF-16 with its byte order mark, through rotation and kill -9")
def utf16(rig):
    path = rig.tmp / "logs" / "wide.log"
    path.parent.mkdir(exist_ok=True)

    def write(generation, numbers):
        with open(path, "ab") as out:
            if out.tell() == 0:
                out.write(b"\xff\xfe")
            for number in numbers:
                body = f"wide {generation} {number} Ċਊ 🧶 {'x' * (number % 50)}"
                rig.expect(body)
                out.write((body + "\r\n").encode("utf-16-le"))
    for generation in range(6):
        rig.start()
        write(generation, range(100))
        rig.wait_all()
        time.sleep(0.3)  # it is saved
        write(generation, range(100, 200))
        time.sleep(0.05)
        rig.kill()
        write(generation, range(200, 400))
        if generation % 2:
            rig.start()
            write(generation, range(400, 500))
            rig.stop()
        os.rename(path, f"{path}.{generation}")
    write(6, range(10))
    rig.start()
    rig.wait_all()
    return {"doubled": 6 * 100}


@scenario("no newline at the end: given after a time, its rest is not given twice", short=True)
def no_newline(rig):
    log = rig.log()
    rig.start(sets=QUICK)
    log.write(10)
    log.out.write(b"no newline yet")
    rig.expect("no newline yet")
    rig.wait_all()
    time.sleep(0.3)
    log.out.write(b"\n")
    log.write(10)
    rig.wait_all()
    rig.stop()
    log.out.write(b"again none")
    rig.expect("again none")
    rig.start(sets=QUICK)
    rig.wait_all()
    time.sleep(0.3)
    rig.kill()
    log.out.write(b", and its rest\n")
    rig.expect(", and its rest")
    log.write(10)
    rig.start(sets=QUICK)
    rig.wait_all()


@scenario("lines written byte by byte", short=True)
def byte_by_byte(rig):
    log = rig.log()
    rig.start(sets=SLOW)
    for _ in range(5):
        for byte in log.lines(1):
            os.write(log.out.fileno(), bytes([byte]))
            time.sleep(0.001)
    rig.wait_all()
