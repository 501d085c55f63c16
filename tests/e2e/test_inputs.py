# SPDX-License-Identifier: Apache-2.0
"""Inputs beside files: standard input and syslog, with own senders and, where they are, logger and
rsyslogd; docs/inputs.md by its example."""
import json
import re
import shutil
import socket
import subprocess
import time

import clew
from far_end import FarEnd, options, plain

PAGE = (clew.ROOT / "docs/inputs.md").read_text(encoding="utf-8")
ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def start(tmp, far, config, **more):
    (tmp / "clew.yaml").write_text(config)
    sets = [one for one in options(tmp, far) if one != "--set" and not one.startswith("inputs.")]
    return clew.start("run", "-c", tmp / "clew.yaml",
                      *[part for one in sets for part in ("--set", one)], **more)


def test_the_syslog_example_does_what_the_page_says():
    log, shown = re.search(r"```log\n(.*?)```\s+```json\n(.*?)```", PAGE, re.DOTALL).groups()
    wanted = [json.loads(line) for line in shown.splitlines()]
    got = clew.run_ok("parse", "--set", "inputs.format=syslog", stdin=log).json_lines()
    clew.equal(len(got), len(wanted))
    for record, like in zip(got, wanted):
        found = {**record, "attributes": {k: v for k, v in plain(record["attributes"]).items()},
                 "service": plain(record["resource"]["attributes"])["service.name"]}
        clew.equal({key: found[key] for key in like}, like)
    clew.equal([record["body"]["stringValue"] for record in got], log.splitlines())


def test_options_of_another_type_are_refused_with_a_sentence(tmp):
    for config, words in [
            ("inputs: [{type: stdin, include: [a]}]\n",
             "`inputs[0].include` is for inputs of type tail; this one has type stdin"),
            ("inputs: [{include: [a], listen: ['udp://127.0.0.1:1']}]\n",
             "`inputs[0].listen` is for inputs of type syslog; this one has type tail"),
            ("inputs: [{type: stdin, read_from: end}]\n",
             "`inputs[0].read_from` is for inputs of type tail; this one has type stdin"),
            ("inputs: [{type: stdin, units: [a.service]}]\n",
             "`inputs[0].units` is for inputs of type journal; this one has type stdin"),
            ("inputs: [{type: syslog}]\n", "needs `listen`"),
            ("inputs: [{type: syslog, listen: ['http://a']}]\n", "must be udp://ADDRESS:PORT"),
            ("inputs: [{type: sislog}]\n", "did you mean \"syslog\"?")]:
        (tmp / "clew.yaml").write_text(config)
        done = clew.run("check", "-c", tmp / "clew.yaml")
        clew.equal(done.code, 2, config)
        clew.contains(done.err, words)


def test_standard_input_is_shipped_and_its_end_is_the_end(tmp):
    lines = [f"line {n} trace_id={ID}" for n in range(5000)]
    (tmp / "clew.yaml").write_text("inputs: [{type: stdin, service: batch}]\n")
    with FarEnd(tmp) as far:
        sets = [f"data_dir={tmp / 'data'}", "control.listen=off", f"outputs.endpoint={far.endpoint}/v1/logs"]
        done = clew.run("run", "-c", tmp / "clew.yaml", *[p for s in sets for p in ("--set", s)],
                        stdin="\n".join(lines))
        clew.equal(done.code, 0, done)
        clew.equal(far.bodies(), lines)
        clew.equal({r["service.name"] for r, _ in far.records()}, {"batch"})


def test_long_lines_of_standard_input_come_in_pieces(tmp):
    (tmp / "clew.yaml").write_text("inputs: [{type: stdin, line_bytes_max: 1KiB}]\n")
    with FarEnd(tmp) as far:
        sets = [f"data_dir={tmp / 'data'}", "control.listen=off", f"outputs.endpoint={far.endpoint}/v1/logs"]
        clew.run_ok("run", "-c", tmp / "clew.yaml", *[p for s in sets for p in ("--set", s)],
                    stdin="x" * 2500 + "\nnext\n")
        clew.equal([len(b) for b in far.bodies()], [1024, 1024, 452, 4])


def syslog_config(*listen, more=""):
    return f"inputs: [{{type: syslog, listen: {json.dumps(list(listen))}{more}}}]\n"


def message(n):
    return f"<165>1 2026-05-11T02:14:33Z host app - - - message {n} trace_id={ID}"


def test_syslog_over_every_transport_and_framing(tmp):
    port, path, gram = clew.free_port(), tmp / "s.sock", tmp / "g.sock"
    config = syslog_config(f"tcp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}", f"unix://{path}",
                           f"unixgram://{gram}")
    with FarEnd(tmp) as far, start(tmp, far, config) as run:
        clew.wait_for(lambda: gram.exists(), "it listens", 10)
        lines = [message(n) for n in range(60)]
        with socket.create_connection(("127.0.0.1", port)) as tcp:
            for line in lines[:10]:
                tcp.sendall(f"{line}\n".encode())
            for line in lines[10:20]:  # the same connection, octets counted, byte by byte
                for byte in f"{len(line)} {line}".encode():
                    tcp.sendall(bytes([byte]))
            text = "".join(f"{len(line)} {line}" for line in lines[20:30])
            tcp.sendall(text.encode())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for line in lines[30:40]:
                udp.sendto(line.encode(), ("127.0.0.1", port))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.connect(str(path))
            stream.sendall("\n".join(lines[40:50]).encode())  # no newline at the end
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
            for line in lines[50:]:
                datagram.sendto(line.encode(), str(gram))
        records = far.wait_for(60)
        clew.equal(sorted(far.bodies()), sorted(lines))
        clew.equal({record["traceId"] for _, record in records}, {ID})
        clew.equal({plain(record["attributes"])["host.name"] for _, record in records}, {"host"})
        clew.equal({resource["service.name"] for resource, _ in records}, {"app"})
        clew.equal(run.stop(), 0)
    clew.equal([path.exists(), gram.exists()], [False, False])


def test_senders_over_the_limit_are_turned_away(tmp):
    port = clew.free_port()
    config = syslog_config(f"tcp://127.0.0.1:{port}", more=", connections_max: 1")
    with FarEnd(tmp) as far, start(tmp, far, config) as run:
        clew.wait_for_port(port, run)
        time.sleep(0.2)  # the look of wait_for_port() is a sender too, and gone then
        with socket.create_connection(("127.0.0.1", port)) as first:
            first.sendall(f"{message(1)}\n".encode())
            far.wait_for(1)
            with socket.create_connection(("127.0.0.1", port)) as second:
                second.settimeout(10)
                clew.equal(second.recv(1), b"")
            first.sendall(f"{message(2)}\n".encode())
            far.wait_for(2)


def test_a_far_end_that_is_away_makes_a_tcp_sender_wait_and_nothing_is_lost(tmp):
    port = clew.free_port()
    config = syslog_config(f"tcp://127.0.0.1:{port}") + "memory_limit: 8MiB\n"
    line = message("x" * 4000)
    count, sent = 12000, 0
    away = FarEnd(tmp, port=clew.free_port())
    with start(tmp, away, config) as run:
        clew.wait_for_port(port, run)
        with socket.create_connection(("127.0.0.1", port)) as tcp:
            tcp.settimeout(2)
            data, at = f"{line}\n".encode() * count, 0
            try:
                while at < len(data):
                    at += tcp.send(data[at:at + 65536])
            except TimeoutError:
                sent = at
            assert 0 < sent < len(data), sent
            with away:
                tcp.settimeout(60)
                tcp.sendall(data[at:])
                away.wait_for(count, 60)
                clew.equal(len(away.bodies()), count)


def test_logger_reaches_it(tmp):
    if not shutil.which("logger"):
        raise clew.Skipped("there is no logger(1)")
    port = clew.free_port()
    with FarEnd(tmp) as far, start(tmp, far, syslog_config(
            f"tcp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}")) as run:
        clew.wait_for_port(port, run)
        for extra in (["-T", "--rfc5424"], ["-T", "--rfc5424", "--octet-count"], ["-T", "--rfc3164"],
                      ["-d", "--rfc5424"], ["-d", "--rfc3164"]):
            subprocess.run(["logger", "-n", "127.0.0.1", "-P", str(port), *extra, "-t", "shop", "-p",
                            "user.err", f"failed trace_id={ID}"], check=True, timeout=30)
        records = far.wait_for(5)
        clew.equal({(r["service.name"], record["severityNumber"], record["traceId"])
                    for r, record in records}, {("shop", 17, ID)})


def test_rsyslog_forwards_to_it(tmp):
    daemon = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
    if not daemon:
        raise clew.Skipped("there is no rsyslogd")
    port, own = clew.free_port(), clew.free_port()
    (tmp / "rsyslog.conf").write_text(
        'module(load="imtcp")\n'
        f'input(type="imtcp" address="127.0.0.1" port="{own}")\n'
        f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" '
        'TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")\n')
    with FarEnd(tmp) as far, start(tmp, far, syslog_config(f"tcp://127.0.0.1:{port}")) as run:
        clew.wait_for_port(port, run)
        relay = subprocess.Popen([daemon, "-n", "-f", tmp / "rsyslog.conf", "-i", tmp / "pid"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            clew.wait_for_port(own, run)
            with socket.create_connection(("127.0.0.1", own)) as tcp:
                for n in range(100):
                    tcp.sendall(f"{message(n)}\n".encode())
            records = far.wait_for(100)
            numbers = sorted(int(re.search(r"message (\d+)", record["body"]["stringValue"])[1])
                             for _, record in records if "message" in record["body"]["stringValue"])
            clew.equal(numbers, list(range(100)))
            clew.equal({r["service.name"] for r, record in records
                        if "message" in record["body"]["stringValue"]}, {"app"})
        finally:
            relay.terminate()
            relay.wait(clew.END_TIMEOUT)


if __name__ == "__main__":
    clew.main()
