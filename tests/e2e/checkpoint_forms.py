#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of each form that a clew has written, kept for ever in tests/e2e/checkpoints.

usage: CLEW=<program> tests/e2e/checkpoint_forms.py NAME

writes checkpoints/NAME.json with that program: of logs that were rotated and read, and of one whose backend
was down since (`world` says which). `place` puts such a file under logs with the same content in another
directory: keys, paths and inodes become those of there, and the checksums follow. The hash is written here a
second time, so the file's form is not only what clew itself makes of it.
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
KNOWN = (*FORM_1, "past_content")


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
        moved[key.replace("@TMP@", str(tmp))] = stream
    return seal({**text, "streams": moved})


# ---- what is kept ----

READ = {"app.log.2": ("app", 1, 60), "app.log.1": ("app", 61, 120), "app.log": ("app", 121, 180),
        "50%.log": ("fifty", 1, 40)}


def write_world(tmp):
    """The logs as they are when the checkpoints were written."""
    for name, (what, first, last) in READ.items():
        (tmp / name).write_text(lines(what, first, last))


def load(name):
    kept = json.loads((KEPT / f"{name}.json").read_text())
    return kept["checkpoints"], kept["files"]


def record(name):
    import clew
    from far_end import FarEnd, start_run

    with tempfile.TemporaryDirectory() as directory:
        tmp = pathlib.Path(directory)
        with FarEnd(tmp) as far, start_run(tmp, far, tmp / "app.log", tmp / "50%.log") as process:
            (tmp / "50%.log").write_text(lines("fifty", 1, 40))
            for first in (1, 61, 121):
                if first > 61:
                    (tmp / "app.log.1").rename(tmp / "app.log.2")
                if first > 1:
                    (tmp / "app.log").rename(tmp / "app.log.1")
                (tmp / "app.log").write_text(lines("app", first, first + 59))
                far.wait_for(40 + first + 59)
            process.wait_for(lambda: '"past"' in (tmp / "data/checkpoints.json").read_text(), "a save")
            clew.equal(process.stop(), 0, process.err())
        text = (tmp / "data/checkpoints.json").read_text().replace(str(tmp), "@TMP@")
        files = {one: (tmp / one).stat().st_ino for one in READ}
    KEPT.mkdir(exist_ok=True)
    kept = {"files": files, "checkpoints": json.loads(text)}
    (KEPT / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    record(sys.argv[1])
