#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of each form that a clew has written, kept for ever in tests/e2e/checkpoints.

usage: CLEW=<program> tests/e2e/checkpoint_forms.py NAME
       tests/e2e/checkpoint_forms.py --between <older program> <newer program>

The first writes checkpoints/NAME.json with that program: of logs that were rotated and read, and some that
wait since the backend is down. The second plays upgrades and rollbacks with both, each life to its end;
tests/faults/versions.py plays them with kills. `place` puts such a file under logs with the same content in
another directory: keys, paths and inodes become those of there, and the checksums follow. The hash is written
here a second time, so the file's form is not only what clew itself makes of it.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

KEPT = pathlib.Path(__file__).resolve().parent / "checkpoints"
MASK = (1 << 64) - 1
K0, K1, K2 = 0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x9E3779B97F4A7C15
FORM_1 = ("path", "generation", "offset", "size", "device", "inode", "born", "fingerprint",
          "fingerprint_bytes", "seen", "guard", "past")
KNOWN = (*FORM_1, "past_content", "unread")


def lines(name, first, last):
    return "".join(f"{name}: line {number} of those that were written\n"
                   for number in range(first, last + 1))


def numbered(name, first, last):
    return lines(name, first, last).splitlines()


# ---- the checksums ----

def fold(a, b):
    product = a * b
    return (product ^ product >> 64) & MASK


def hash_bytes(data, seed):
    state, rest = seed ^ K2, data
    while len(rest) > 16:
        a, b = (int.from_bytes(rest[i:i + 8], "little") for i in (0, 8))
        state = fold(a ^ K0 ^ state, b ^ K1)
        rest = rest[16:]
    a, b = (int.from_bytes(rest[i:i + 8], "little") for i in (0, 8))
    state = fold(a ^ K0 ^ state, b ^ K1)
    return fold(state ^ K0, len(data) ^ K2)


def words(*numbers):
    return b"".join((number & MASK).to_bytes(8, "little") for number in numbers)


def unescape(text):
    return re.sub(rb"%([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())


def sum_of_form_1(key, stream):
    value = hash_bytes(unescape(key), 1)
    value = hash_bytes(unescape(stream["path"]), value)
    value = hash_bytes(words(stream["device"], stream["inode"], stream["born"],
                             int(stream["fingerprint"], 16), stream["fingerprint_bytes"],
                             stream["generation"], stream["offset"], stream["size"],
                             stream["seen"]), value)
    if "guard" in stream:
        offset, length, guard = stream["guard"]
        value = hash_bytes(words(offset, int(guard, 16), length), value)
    return hash_bytes(b"".join(words(*past) for past in stream.get("past", [])), value)


def sum_of_all(key, stream, form):
    value = hash_bytes(words(form), sum_of_form_1(key, stream))
    for length, fingerprint, offset, guard_length, guard in stream.get("past_content", []):
        value = hash_bytes(words(length, int(fingerprint, 16), offset, guard_length,
                                 int(guard, 16)), value)
    for path, size, offset, inode, born, length, fingerprint in stream.get("unread", []):
        value = hash_bytes(unescape(path), value)
        value = hash_bytes(words(size, offset, inode, born, length, int(fingerprint, 16)), value)
    others = {name: stream[name] for name in stream if name not in KNOWN}
    if others:
        text = json.dumps(others, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        value = hash_bytes(text.encode(), value)
    return value


def seal(text):
    """With checksums that are right for what it says."""
    streams = text["streams"].items()
    text["checksum"] = f"{sum(sum_of_form_1(*one) for one in streams) & MASK:016x}"
    if "form" in text:
        form = text["form"]
        whole = hash_bytes(words(form), 0) + sum(sum_of_all(*one, form) for one in streams)
        text["checksum_all"] = f"{whole & MASK:016x}"
    return text


def as_form_1(text):
    """As a clew that knows form 1 alone reads it, and writes it back: the sum that it looks at is that of the
    file, and what it does not know is not there any more."""
    if text["version"] != 1:
        raise ValueError("form 1 does not read this")
    streams = {}
    for key, stream in text["streams"].items():
        streams[key] = {name: stream[name] for name in stream if name in FORM_1}
        past = stream.get("past", [])
        if len(past) > 4 or any(len(one) != 3 for one in past):
            raise ValueError(f"form 1 does not read this: {past}")
    old = seal({"version": 1, "streams": streams})
    if old["checksum"] != text["checksum"]:
        raise ValueError("form 1 calls this damaged")
    return old


# ---- under other files ----

def identity(path):
    """Inode and time of birth, in nanoseconds."""
    told = subprocess.run(["stat", "-c", "%i %.9W", path], check=True, capture_output=True, text=True)
    inode, born = told.stdout.split()
    return int(inode), int(born.replace(".", ""))


def place(text, files, tmp):
    """The checkpoints `text`, made below the directory text["tmp"] where the file NAME had the inode
    files[NAME], as if they had been made below `tmp`."""
    names = {inode: name for name, inode in files.items()}
    moved = {}
    for key, stream in text["streams"].items():
        name = names[stream["inode"]]
        stream["path"] = stream["path"].replace("@TMP@", str(tmp))
        stream["device"] = (tmp / name).stat().st_dev
        stream["inode"], stream["born"] = identity(tmp / name)
        stream["past"] = [[*identity(tmp / names[past[0]]), past[2]] for past in stream.get("past", [])]
        if not stream["past"]:
            del stream["past"]
        for file in stream.get("unread", []):
            file[0] = file[0].replace("@TMP@", str(tmp))
            file[3:5] = identity(tmp / names[file[3]])
        moved[key.replace("@TMP@", str(tmp))] = stream
    return seal({**text, "streams": moved})


# ---- what is kept ----

# The logs as they are when the checkpoints are written, and what has not been acknowledged by then.
LOGS = {"app.log.2": ("app", 1, 60), "app.log.1": ("app", 61, 120), "app.log": ("app", 121, 180),
        "50%.log.2": ("fifty", 1, 40), "50%.log.1": ("fifty", 41, 80), "50%.log": ("fifty", 81, 120)}
WAITING = ["50%.log.1", "50%.log"]


def write_world(tmp, logs):
    for name, (what, first, last) in logs.items():
        (tmp / name).write_text(lines(what, first, last))


def load(name):
    """checkpoints, files (inode of each), logs, waiting"""
    return json.loads((KEPT / f"{name}.json").read_text())


def rotate(log):
    one, two = (log.with_name(f"{log.name}.{number}") for number in (1, 2))
    for old, new in ((one, two), (log, one)):
        if old.exists():
            old.rename(new)


def write(tmp, name, first, count):
    """The next file of a log."""
    rotate(tmp / name)
    (tmp / name).write_text(lines({"app.log": "app"}.get(name, "fifty"), first, first + count - 1))


def read_world(tmp, far, process):
    """The logs, acknowledged but for those that wait."""
    write(tmp, "50%.log", 1, 40)
    for first in (1, 61, 121):
        write(tmp, "app.log", first, 60)
        far.wait_for(40 + first + 59)
    process.wait_for(lambda: '"past"' in (tmp / "data/checkpoints.json").read_text(), "a save")


def record(name):
    import clew
    from far_end import FarEnd, start_run

    def saved():
        return (tmp / "data/checkpoints.json").read_text()

    with tempfile.TemporaryDirectory() as directory:
        tmp = pathlib.Path(directory)
        far = FarEnd(tmp)
        with start_run(tmp, far, tmp / "app.log", tmp / "50%.log") as process:
            with far:
                read_world(tmp, far, process)
            for first in (41, 81):
                write(tmp, "50%.log", first, 40)
            process.wait_for(lambda: saved().count("50%25.log.1") == 1 and "50%25.log.2" in saved(),
                             "what waits is known")
            process.kill()
        files = {one: (tmp / one).stat().st_ino for one in LOGS}
        text = saved().replace(str(tmp), "@TMP@")
    KEPT.mkdir(exist_ok=True)
    kept = {"files": files, "logs": LOGS, "waiting": WAITING, "checkpoints": json.loads(text)}
    (KEPT / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")


def between(older, newer):
    """Upgrade, rollback, upgrade, … with both programs: two rotations, and some late lines, between two lives."""
    import clew
    from far_end import FarEnd, run_once

    def live(program):
        clew.CLEW = program
        result = run_once(tmp, far, tmp / "app.log")
        clew.equal(result.code, 0, result)

    with tempfile.TemporaryDirectory() as directory:
        tmp, last = pathlib.Path(directory), 50
        with FarEnd(tmp) as far:
            write(tmp, "app.log", 1, last)
            live(older)
            for number in range(8):
                for _ in range(2):
                    write(tmp, "app.log", last + 1, 50)
                    last += 50
                for old in ("app.log.1", "app.log.2"):
                    with (tmp / old).open("a") as log:
                        log.write(lines(old, number, number))
                live((newer, older)[number % 2])
            bodies = far.bodies()
        late = [line for old in ("app.log.1", "app.log.2") for line in numbered(old, 0, 7)]
        expected = numbered("app", 1, last) + late
        print(f"{len(expected)} lines in 9 lives: {len(set(expected) - set(bodies))} lost, "
              f"{len(bodies) - len(set(bodies))} doubled")


if __name__ == "__main__":
    between(*sys.argv[2:]) if sys.argv[1] == "--between" else record(sys.argv[1])
