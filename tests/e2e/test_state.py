#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The data directory as others leave it: of a newer clew, with no files in it, or gone."""

import json
import os
import shutil
import socket

import clew
from far_end import FarEnd, options, run_once, start_run


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


NO_FILES = {"a pipe": os.mkfifo, "a socket": make_socket, "a directory": os.mkdir,
            "a link": lambda path: os.symlink("/etc/hostname", path),
            "a link to a device": lambda path: os.symlink("/dev/zero", path)}


def test_checkpoints_of_a_newer_clew_are_kept_and_everything_is_sent_again(tmp):
    log = tmp / "app.log"
    log.write_text("one\ntwo\n")
    with FarEnd(tmp) as far:
        run_once(tmp, far, log)
        path = tmp / "data" / "checkpoints.json"
        text = path.read_text().replace('"version": 1', '"version": 2').replace('"path"', '"file"')
        path.write_text(text)
        result = run_once(tmp, far, log)
        clew.equal(result.code, 0, result)
        clew.contains(result.err, "were written by a newer clew")
        assert "damaged" not in result.err, result.err
        clew.equal(far.bodies(), ["one", "two"] * 2)
        clew.equal((tmp / "data" / "checkpoints.json.newer-1").read_text(), text, "what was kept")
        clew.equal(json.loads(path.read_text())["version"], 1)


def test_what_is_no_file_in_the_checkpoints_place_is_refused_at_once(tmp):
    log = tmp / "app.log"
    log.write_text("one\n")
    with FarEnd(tmp) as far:
        for name in ("checkpoints.json", "lock"):
            for kind, make in NO_FILES.items():
                shutil.rmtree(tmp / "data", ignore_errors=True)
                (tmp / "data").mkdir()
                make(tmp / "data" / name)
                result = run_once(tmp, far, log)
                assert result.code in (1, 2), (kind, result)
                clew.contains(result.err, f"cannot use the data directory {tmp / 'data'}: its "
                                          "checkpoints.json or lock is not a regular file", kind)
        clew.equal(far.bodies(), [])


def test_what_is_no_file_in_the_place_of_a_config_or_a_baseline_is_refused_at_once(tmp):
    for kind, make in NO_FILES.items():
        path = tmp / kind.replace(" ", "-")
        make(path)
        if kind in ("a link", "a link to a device"):
            continue  # which are followed: it is up to whoever names it
        result = clew.run("check", "-c", path)
        clew.equal(result.code, 2, result)
        clew.contains(result.err, "directory" if kind == "a directory" else "not a regular file")
        result = clew.run("audit", "--baseline", path, stdin="x\n")
        assert result.code != 0, result
        clew.contains(result.err, "cannot be read")


def test_a_config_from_the_shells_pipe_is_read(tmp):
    reader, writer = os.pipe()
    os.write(writer, b"log_level: warn\ninputs: [{include: [/tmp/x.log]}]\n")
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        with clew.start("check", "-c", "/dev/stdin", stdin=pipe) as process:
            clew.equal(process.wait(), 0, process.err())
            clew.contains(process.out(), "log_level: warn")


def test_a_data_directory_that_is_removed_under_way_is_made_again(tmp):
    log = tmp / "app.log"
    log.write_text("one\n")
    with FarEnd(tmp) as far:
        with start_run(tmp, far, log, sets=("sandbox=off",)) as process:
            far.wait_for(1)
            path = tmp / "data" / "checkpoints.json"
            process.wait_for(path.exists, "checkpoints")
            shutil.rmtree(tmp / "data")
            process.wait_for(path.exists, "they are written again, though nothing has changed")
            process.wait_for(lambda: "was removed; clew recreated it" in process.err(), "it is said")
            second = run_once(tmp, far, log)
            clew.contains(second.err, "is in use by process")
            with log.open("a") as more:
                more.write("two\n")
            far.wait_for(2)
            process.stop()
        run_once(tmp, far, log)
        clew.equal(far.bodies(), ["one", "two"])


def test_spool_and_dead_letters_are_made_again_with_the_directory(tmp):
    log = tmp / "app.log"
    log.write_text("one\n")
    far = FarEnd(tmp)
    spool = ("sandbox=off", "outputs.spool.max_bytes=16MiB", "shutdown_timeout=200ms",
             "outputs.retry.initial=50ms", "outputs.retry.max=100ms")
    with clew.start("run", *options(tmp, far, *spool), log) as process:
        process.wait_for(lambda: "holding records" in process.err(), "an outage")
        shutil.rmtree(tmp / "data")
        process.wait_for((tmp / "data" / "lock").exists, "it is made again")
        clew.equal(process.stop(), 0, process.err())
    assert list((tmp / "data" / "spool").glob("*/*")), "what waited is kept"
    log.unlink()
    with FarEnd(tmp, port=far.port) as far:
        run_once(tmp, far, log, sets=spool)
        clew.equal(far.bodies(), ["one"])


if __name__ == "__main__":
    clew.main()
