# SPDX-License-Identifier: Apache-2.0
"""The spool: what an outage costs when it outlasts memory. Nothing, as long as there is disk."""
import random
import re
import resource
import shutil
import signal

import clew
from far_end import FarEnd
from test_outputs import assert_in_order, checkpoints, config, metrics, numbered, numbers, run

LINES = 20000  # of 400 bytes: more than the memory of these tests


def spool_files(tmp, name="otlp_http"):
    folder = tmp / "data" / "spool" / name
    return sorted(p for p in folder.iterdir() if p.name.isdigit()) if folder.exists() else []


def offset(tmp):
    return max([stream["offset"] for stream in checkpoints(tmp).values()], default=0)


def spooling(tmp, port, **more):
    options = {"spool": {"max_bytes": "64MiB"}, **more}
    return config(tmp, [(port, options)])


def write_log(tmp, lines=LINES):
    log = tmp / "app.log"
    log.write_text(numbered(0, lines, 400))
    return log


def test_an_outage_longer_than_memory_goes_to_disk_and_comes_back_in_order(tmp):
    log, port = write_log(tmp), clew.free_port()
    with run(spooling(tmp, port)) as process:
        process.wait_for(lambda: offset(tmp) > log.stat().st_size / 2, "checkpoints move on")
        clew.contains(process.err(), "buffering requests in")
        with FarEnd(tmp, port=port) as far:
            far.wait_for(LINES, deadline=clew.EVENT_TIMEOUT)
            clew.equal(numbers(far), list(range(LINES)))
            process.wait_for(lambda: not spool_files(tmp), "the spool is empty")
            process.wait_for(lambda: "have been sent" in process.err(), "it says so")
            clew.equal(process.stop(), 0)


def test_spool_and_files_are_private(tmp):
    log, port = write_log(tmp), clew.free_port()
    with run(spooling(tmp, port)) as process:
        process.wait_for(lambda: len(spool_files(tmp)) > 1, "files in the spool")
        process.kill()
    folder = tmp / "data" / "spool" / "otlp_http"
    clew.equal(folder.stat().st_mode & 0o777, 0o700)
    clew.equal({p.stat().st_mode & 0o777 for p in spool_files(tmp)}, {0o600})
    clew.contains(spool_files(tmp)[0].read_bytes().split(b"\n")[0].decode(), '"records":')


def test_gauges_are_those_of_the_outputs_that_there_are(tmp):
    """An output that a reload takes away leaves its files, and finds them when one brings it back."""
    write_log(tmp)
    control = {"control": {"listen": f"127.0.0.1:{clew.free_port()}"}}
    port = int(control["control"]["listen"].partition(":")[2])

    def gauges():
        return [metrics(port)[f"clew_spool_{what}"] for what in ("requests", "bytes")]

    def there():
        files = spool_files(tmp, "two")
        return [len(files), sum(-(-p.stat().st_size // 4096) * 4096 for p in files)]

    def reload(outputs, times):
        config(tmp, outputs, **control)
        process.send_signal(signal.SIGHUP)
        process.wait_for(lambda: process.err().count("config reloaded") == times, "the reload")

    with FarEnd(tmp, name="one") as one:
        first, second = (one, {"name": "one"}), (clew.free_port(), {"name": "two", "spool": {"max_bytes": "64MiB"}})
        with run(config(tmp, [first, second], **control)) as process:
            clew.wait_for_port(port, process)
            process.wait_for(lambda: metrics(port)["clew_sent_records_total"] == LINES, "one has all")
            process.wait_for(lambda: len(spool_files(tmp, "two")) > 1 and gauges() == there(), "files in the spool")
            reload([first], 1)
            process.wait_for(lambda: gauges() == [0, 0], "the output is gone")
            assert there()[0] > 1
            reload([first, second], 2)
            clew.equal(gauges(), there())
            clew.equal(process.stop(), 0)


def test_killed_while_spooling_and_while_draining_it_loses_nothing(tmp):
    """kill -9 at random moments of an outage and of its end."""
    log, port, seed = write_log(tmp), clew.free_port(), random.Random(5)
    path = spooling(tmp, port)
    for n in range(6):
        with run(path) as process:
            seen = offset(tmp)
            goal = min(seen + seed.randrange(1, 2 << 20), int(log.stat().st_size * 0.7))
            process.wait_for(lambda: offset(tmp) >= goal, "checkpoints move on")
            process.kill()
    with FarEnd(tmp, port=port) as far:
        for n in range(4):
            with run(path) as process:
                there = len(far.bodies())
                far.wait_for(min(LINES, there + seed.randrange(1, 3000)))
                process.kill()
        clew.run_ok("run", "--once", "-c", path)
        assert_in_order(numbers(far), LINES, "the far end")
    clew.equal(spool_files(tmp), [])


def test_what_was_spooled_at_a_stop_arrives_though_the_log_is_gone(tmp):
    """SIGTERM in an outage: what has been read is in the spool, memory too."""
    log, port = write_log(tmp, 3000), clew.free_port()
    with run(spooling(tmp, port)) as process:
        process.wait_for(lambda: "holding records" in process.err(), "an outage")
        process.wait_for(lambda: offset(tmp) > 0 or log.stat().st_size < 8 << 20, "it reads")
        clew.equal(process.stop(), 0)
        err = process.err()
    end = err.partition("SIGTERM")[2]
    assert "all unread lines" not in end and "memory" not in end, err
    clew.contains(err, "output otlp_http: 3000 records not accepted by the backend are kept in "
                       f"{tmp / 'data' / 'spool' / 'otlp_http'}; the next start sends them\"")
    clew.equal(offset(tmp), log.stat().st_size, "the checkpoint")
    log.unlink()
    with FarEnd(tmp, port=port) as far:
        # Another config: compressed otherwise, and without a spool for what comes.
        clew.run_ok("run", "--once", "-c", config(tmp, [(port, {"compression": "zstd"})]))
        clew.equal(numbers(far), list(range(3000)))


def pod_lines(pod, begin, end):
    return "".join(f"2026-03-02T10:11:12.{n:06}Z stdout F pod{pod} {n} {'x' * 60}\n" for n in range(begin, end))


def write_pods(root, count, begin, end, flags="a"):
    """Bytes that were written."""
    size = 0
    for pod in range(count):
        folder = root / f"shop_p{pod}_0b1c2d3e-0000-4000-8000-{pod:012}/app"
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "0.log", flags, encoding="utf-8") as out:
            size += out.write(pod_lines(pod, begin, end))
    return size


def stop_with_deleted_pods(tmp, spool):
    """Pods write, and are deleted, right before SIGTERM. Bytes they wrote, and what clew said."""
    port, control, pods = clew.free_port(), clew.free_port(), tmp / "pods"
    path = config(tmp, [(port, spool)], control={"listen": f"127.0.0.1:{control}"},
                  shutdown_timeout="30s" if spool else "1s",
                  inputs=[{"include": [f"{pods}/*/*/*.log"], "scan_interval": "100ms"}])
    size = write_pods(pods, 20, 0, 10)
    with run(path) as process:
        clew.wait_for_port(control, process)
        process.wait_for(lambda: metrics(control)["clew_received_lines_total"] == 200, "all are open")
        process.send_signal(signal.SIGSTOP)
        size += write_pods(pods, 20, 10, 2000)
        for folder in pods.iterdir():
            shutil.rmtree(folder)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        clew.equal(process.wait(), 0)
        err = process.err()
    with FarEnd(tmp, port=port) as far, run(path) as process:
        clew.wait_for_port(control, process)
        if spool:
            process.wait_for(lambda: len(far.bodies()) >= 40000, "all arrives")
        clew.equal(process.stop(), 0)
        return size, err, far.bodies()


def test_what_is_only_in_deleted_files_goes_to_the_spool_at_a_stop(tmp):
    _, err, bodies = stop_with_deleted_pods(tmp, {"spool": {"max_bytes": "64MiB"}})
    for pod in range(20):
        found = [int(body.split()[1]) for body in bodies if body.startswith(f"pod{pod} ")]
        clew.equal(found, list(range(2000)), f"pod {pod}")
    assert "losing" not in err, err


def test_what_is_only_in_deleted_files_is_counted_at_a_stop_without_a_spool(tmp):
    size, err, bodies = stop_with_deleted_pods(tmp, {})
    lost = re.findall(r"shop_p(\d+)_.*?: losing (\d+) unacknowledged bytes", err)
    clew.equal(sorted(int(pod) for pod, _ in lost), list(range(20)))
    clew.equal((sum(int(count) for _, count in lost), bodies), (size, []))


def test_without_a_spool_nothing_is_said_to_be_kept_in_one(tmp):
    write_log(tmp, 100)
    port = clew.free_port()
    result = clew.run("run", "--once", "-c", config(tmp, [(port, {})], shutdown_timeout="200ms"))
    clew.equal(result.code, 1, result.err)
    # How many of the 100 are under way is a matter of how much of them there is room for.
    assert re.search(r"unacknowledged records: [1-9]\d*\. These and all unread lines", result.err), result.err
    assert "spool" not in result.err, result.err


def test_a_full_spool_stops_reading_and_nothing_is_lost(tmp):
    log, port = write_log(tmp), clew.free_port()
    control = clew.free_port()
    path = config(tmp, [(port, {"spool": {"max_bytes": "256KiB"}, "compression": "none"})],
                  control={"listen": f"127.0.0.1:{control}"})
    with run(path) as process:
        process.wait_for(lambda: "is full: reading stops" in process.err(), "it is full")
        assert sum(p.stat().st_size for p in spool_files(tmp)) <= 256 * 1024
        counted = metrics(control)
        assert counted["clew_received_records_total"] < LINES, counted
        assert counted["clew_spool_bytes"] <= 256 * 1024, counted
        clew.equal(counted["clew_spool_requests"], len(spool_files(tmp)))
        with FarEnd(tmp, port=port) as far:
            far.wait_for(LINES, deadline=clew.EVENT_TIMEOUT)
            clew.equal(numbers(far), list(range(LINES)))
            process.wait_for(lambda: metrics(control)["clew_spool_requests"] == 0, "it drains")
            clew.equal(metrics(control)["clew_in_flight_records"], 0)
            clew.equal(process.stop(), 0)


def test_a_damaged_file_is_set_aside_and_the_others_arrive(tmp):
    log, port = write_log(tmp, 3000), clew.free_port()
    path = spooling(tmp, port)
    with run(path) as process:
        process.wait_for(lambda: "holding records" in process.err(), "an outage")
        clew.equal(process.stop(), 0)
    files = spool_files(tmp)
    assert len(files) > 2, files
    torn, changed = files[0], files[1]
    torn.write_bytes(torn.read_bytes()[:-7])
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 4
    changed.write_bytes(data)
    with FarEnd(tmp, port=port) as far:
        result = clew.run("run", "--once", "-c", path)
        clew.equal(result.err.count("is damaged or missing"), 2, result.err)
        arrived = numbers(far)
    clew.equal(arrived, list(range(3000 - len(arrived), 3000)))
    names = sorted(p.name for p in torn.parent.iterdir())
    clew.equal(names, [torn.name + ".corrupt-1", changed.name + ".corrupt-1"])


def test_a_spool_of_an_output_that_is_no_more_is_named_and_kept(tmp):
    log, port = write_log(tmp, 1000), clew.free_port()
    with run(spooling(tmp, port, name="old")) as process:
        process.wait_for(lambda: "holding records" in process.err(), "an outage")
        clew.equal(process.stop(), 0)
    before = spool_files(tmp, "old")
    assert before
    with FarEnd(tmp, port=port) as far:
        result = clew.run_ok("run", "--once", "-c", spooling(tmp, port, name="new"))
        clew.contains(result.err, "spool/old is the spool of an output that the config no longer has")
        clew.equal(spool_files(tmp, "old"), before)
        result = clew.run_ok("run", "--once", "-c", spooling(tmp, port, name="old"))
        assert "no longer has" not in result.err, result
        assert_in_order(numbers(far), 1000, "the far end")


def test_a_disk_that_takes_nothing_stops_reading_until_there_is_space(tmp):
    log, port, seed = tmp / "app.log", clew.free_port(), random.Random(3)
    log.write_text("".join(f"line {n} {seed.randbytes(200).hex()}\n" for n in range(LINES)))
    path = spooling(tmp, port)
    # Files end at 8 KiB, as if the disk were full; the signal that comes with it is ignored.
    prefix = ["/bin/sh", "-c", 'trap "" XFSZ; ulimit -S -f 16; exec "$0" "$@"']
    with clew.start("run", "-c", path, prefix=prefix) as process:
        process.wait_for(lambda: "cannot write to its spool" in process.err(), "it says so")
        before = offset(tmp)
        assert before < log.stat().st_size / 2, before
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        process.wait_for(lambda: "can write to its spool" in process.err(), "it goes on")
        process.wait_for(lambda: offset(tmp) > before, "checkpoints move")
        with FarEnd(tmp, port=port) as far:
            far.wait_for(LINES, deadline=clew.EVENT_TIMEOUT)
            clew.equal(process.stop(signal.SIGTERM), 0)
            clew.equal(numbers(far), list(range(LINES)))


if __name__ == "__main__":
    clew.main()
