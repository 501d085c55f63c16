#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What was unread, died with the process, and is gone when clew starts again is counted to the byte."""

import gzip
import json
import os
import re
import shutil

import clew
from far_end import FarEnd
from test_outputs import config, metrics, run

POD = "shop_checkout-1_0b1c2d3e-0000-4000-8000-000000000001"
ROTATIONS, LINES = 4, 100


def lines(first, count):
    return "".join(f"2026-03-02T10:00:00.000000000Z stdout F line {number} of what was written\n"
                   for number in range(first, first + count))


class Node:
    """A pod that writes and is rotated while its backend is down."""

    def __init__(self, tmp, **more):
        self.tmp, self.port, self.control = tmp, clew.free_port(), clew.free_port()
        self.log = tmp / "pods" / POD / "app" / "0.log"
        self.log.parent.mkdir(parents=True)
        self.config = config(tmp, [(self.port, {})], control={"listen": f"127.0.0.1:{self.control}"},
                             inputs=[{"include": [f"{tmp}/pods/*/*/*.log"], "scan_interval": "100ms"}],
                             **more)
        self.bytes = 0

    def write(self, first):
        text = lines(first, LINES)
        with self.log.open("a") as log:
            log.write(text)
        self.bytes += len(text)

    def rotated(self):
        return sorted(path for path in self.log.parent.iterdir() if path != self.log)

    def unread(self):
        """As the checkpoint has it."""
        path = self.tmp / "data" / "checkpoints.json"
        streams = json.loads(path.read_text())["streams"].values() if path.exists() else []
        return sum(stream["size"] - stream["offset"] for stream in streams) + sum(
            file[1] - file[2] for stream in streams for file in stream.get("unread", []))

    def die_in_an_outage(self, before_the_end=lambda: None):
        with run(self.config) as process:
            clew.wait_for_port(self.control, process)
            for number in range(ROTATIONS + 1):
                if number > 0:
                    self.log.rename(self.log.with_name(f"0.log.20260302-10000{number}"))
                self.write(number * LINES)
                process.wait_for(lambda: metrics(self.control)["clew_files_added_total"] > number,
                                 "it is found")
            before_the_end()
            process.wait_for(lambda: self.unread() == self.bytes, "all that is unread is saved")
            process.kill()

    def start_again(self, lost, bodies):
        """The counter, what arrives, and what is said; and once more, for nothing is said twice."""
        with FarEnd(self.tmp, port=self.port) as far:
            said = []
            for _ in range(2):
                with run(self.config) as process:
                    clew.wait_for_port(self.control, process)
                    far.wait_for(bodies)
                    process.wait_for(lambda: metrics(self.control)["clew_scans_total"] > 1, "two looks")
                    said.append((metrics(self.control)["clew_lost_bytes_total"], process.err()))
                    clew.equal(process.stop(), 0)
            clew.equal([one for one, _ in said], [lost, 0], said)
            found = sorted(int(body.split()[1]) for body in far.bodies())
            clew.equal(len(found), bodies)
            assert len(set(found)) == bodies, "twice"
            return re.sub(r"\s+", " ", said[0][1])


class CutNode(Node):
    """A log that is cut while its backend is down: by logrotate's copytruncate, or by `> app.log`."""

    def __init__(self, tmp):
        super().__init__(tmp)
        self.log = tmp / "logs" / "app.log"
        self.log.parent.mkdir()
        self.config = config(tmp, [(self.port, {"in_flight": 16, "batch": {"age": "20ms"}})],
                             control={"listen": f"127.0.0.1:{self.control}"},
                             inputs=[{"include": [str(self.log)], "scan_interval": "100ms"}])
        self.cut_bytes = 0

    def cut(self, number, is_copied):
        if is_copied:
            shutil.copyfile(self.log, self.log.with_name(f"app.log-2026030{number}"))
        self.cut_bytes += self.log.stat().st_size
        os.truncate(self.log, 0)

    def die_after_cuts(self, is_copied):
        """Each time all was read, and nothing acknowledged."""
        with run(self.config) as process:
            clew.wait_for_port(self.control, process)
            for number in range(ROTATIONS + 1):
                if number > 0:
                    self.cut(number, is_copied)
                    process.wait_for(lambda: metrics(self.control)["clew_file_truncations_total"] == number,
                                     "it is seen to be cut")
                self.write(number * LINES)
                process.wait_for(lambda: metrics(self.control)["clew_received_records_total"] ==
                                 (number + 1) * LINES, "all is read")
            process.wait_for(lambda: self.unread() >= self.cut_bytes, "what was cut is saved")
            process.kill()


def test_copies_that_are_gone_while_clew_was_down_are_counted(tmp):
    node = CutNode(tmp)
    node.die_after_cuts(is_copied=True)
    for path in node.rotated():
        path.unlink()
    node.start_again(node.cut_bytes, LINES)


def test_copies_that_are_there_are_not_missed(tmp):
    node = CutNode(tmp)
    node.die_after_cuts(is_copied=True)
    gone = node.rotated()[1]
    lost = gone.stat().st_size
    gone.unlink()
    node.start_again(lost, ROTATIONS * LINES)


def test_what_was_cut_without_a_copy_and_died_with_the_process_is_counted(tmp):
    node = CutNode(tmp)
    node.die_after_cuts(is_copied=False)
    node.start_again(node.cut_bytes, LINES)


def test_a_pod_that_is_gone_with_all_its_files_is_counted_after_a_kill(tmp):
    node = Node(tmp)
    node.die_in_an_outage(lambda: shutil.rmtree(node.log.parents[1]))
    err = node.start_again(node.bytes, 0)
    clew.contains(err, f"{POD}/app")
    clew.contains(err, f"{node.bytes} unacknowledged bytes")
    assert node.unread() == 0, node.unread()


def test_a_pod_that_is_gone_while_clew_was_down_is_counted(tmp):
    node = Node(tmp)
    node.die_in_an_outage()
    shutil.rmtree(node.log.parents[1])
    node.start_again(node.bytes, 0)


def test_rotated_files_that_are_gone_are_counted_and_the_others_arrive(tmp):
    node = Node(tmp)
    node.die_in_an_outage()
    gone = node.rotated()[:3]
    lost = sum(path.stat().st_size for path in gone)
    for path in gone:
        path.unlink()
    err = node.start_again(lost, 2 * LINES)
    clew.contains(err, POD)


def test_files_that_are_found_under_another_name_or_compressed_are_not_missed(tmp):
    node = Node(tmp)
    node.die_in_an_outage()
    rotated = node.rotated()
    for path in rotated[:2]:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    node.log.rename(node.log.with_name("0.log.20260302-100009"))
    node.start_again(0, (ROTATIONS + 1) * LINES)


def test_where_nothing_is_mounted_nothing_is_missed(tmp):
    node = Node(tmp)
    node.die_in_an_outage()
    (tmp / "pods").rename(tmp / "away")
    with FarEnd(tmp, port=node.port), run(node.config) as process:
        clew.wait_for_port(node.control, process)
        process.wait_for(lambda: metrics(node.control)["clew_scans_total"] > 1, "two looks")
        clew.equal(metrics(node.control)["clew_lost_bytes_total"], 0)
        clew.equal(process.stop(), 0)
    (tmp / "away").rename(tmp / "pods")
    node.start_again(0, (ROTATIONS + 1) * LINES)


if __name__ == "__main__":
    clew.main()
