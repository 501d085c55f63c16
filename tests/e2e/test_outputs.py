# SPDX-License-Identifier: Apache-2.0
"""Several outputs: each at its own pace, checkpoints behind the slowest that is required."""
import json
import re
import urllib.request

import clew
from far_end import FarEnd


def numbered(first, last, width=0):
    return "".join(f"line {n} {'x' * width}\n" for n in range(first, last))


def numbers(far):
    return [int(body.split()[1]) for body in far.bodies()]


def config(tmp, outputs, **more):
    """A config file with these outputs: (far end or port, options)."""
    listed = [{"endpoint": f"http://127.0.0.1:{getattr(far, 'port', far)}/v1/logs",
               "retry": {"initial": "50ms", "max": "200ms"}, "batch": {"bytes": "16KiB"}, **options}
              for far, options in outputs]
    path = tmp / "clew.yaml"
    path.write_text(json.dumps({
        "data_dir": str(tmp / "data"), "control": {"listen": "off"}, "checkpoint_interval": "100ms",
        "shutdown_timeout": "1s", "memory_limit": "8MiB",
        "inputs": [{"include": [str(tmp / "*.log")], "scan_interval": "100ms"}],
        "outputs": listed, **more}))
    return path


def run(path, *more):
    return clew.start("run", "-c", path, *more)


def metrics(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {name: int(value) for name, value in re.findall(r"^(clew_\w+) (\d+)$", text, re.M)}


def checkpoints(tmp):
    path = tmp / "data" / "checkpoints.json"
    return json.loads(path.read_text())["streams"] if path.exists() else {}


def promised(tmp):
    """Bytes of all logs that no start reads again."""
    return sum(stream["offset"] for stream in checkpoints(tmp).values())


def assert_in_order(arrived, count, what):
    """Every line at least once, and none before the one in front of it."""
    clew.equal(sorted(set(arrived)), list(range(count)), f"lines at {what}")
    highest = -1
    for n in arrived:
        assert n <= highest + 1, f"{what}: line {n} overtook line {highest + 1}"
        highest = max(highest, n)


def test_every_output_gets_every_record(tmp):
    (tmp / "app.log").write_text(numbered(0, 1000))
    with FarEnd(tmp, name="one") as one, FarEnd(tmp, name="two") as two:
        path = config(tmp, [(one, {"compression": "gzip"}), (two, {"compression": "zstd"})])
        clew.run_ok("run", "--once", "-c", path)
        clew.equal(numbers(one), list(range(1000)))
        clew.equal(numbers(two), list(range(1000)))


def test_one_that_is_down_does_not_hold_the_other(tmp):
    """… and checkpoints wait for it: what it lacks is sent after a restart."""
    (tmp / "app.log").write_text(numbered(0, 500))
    down = clew.free_port()
    with FarEnd(tmp, name="one") as one:
        path = config(tmp, [(one, {}), (down, {})])
        with run(path) as process:
            one.wait_for(500)
            clew.equal(promised(tmp), 0)
            process.stop()
        with FarEnd(tmp, port=down, name="two") as two, run(path) as process:
            two.wait_for(500)
            clew.equal(process.stop(), 0)
            assert_in_order(numbers(two), 500, "the one that was down")
            assert_in_order(numbers(one), 500, "the other")
        with FarEnd(tmp, port=down, name="again") as again:
            clew.run_ok("run", "--once", "-c", path)
            clew.equal(again.bodies(), [])


def test_one_that_is_down_holds_the_other_at_its_limit_and_both_get_all(tmp):
    lines = 20000
    (tmp / "app.log").write_text(numbered(0, lines, 400))
    down = clew.free_port()
    with FarEnd(tmp, name="one") as one:
        with run(config(tmp, [(one, {}), (down, {})])) as process:
            one.wait_for(500)
            process.wait_for(lambda: len(one.bodies()) == len(one.bodies()), "it stands still")
            with FarEnd(tmp, port=down, name="two") as two:
                assert len(one.bodies()) < lines, "it did not hold"
                two.wait_for(lines, deadline=clew.EVENT_TIMEOUT)
                one.wait_for(lines, deadline=clew.EVENT_TIMEOUT)
                clew.equal(process.stop(), 0)
                clew.equal(numbers(one), list(range(lines)), "lines at the one that was up")
                clew.equal(numbers(two), list(range(lines)), "lines at the one that was down")


def test_one_that_is_not_required_holds_nobody(tmp):
    lines = 20000
    (tmp / "app.log").write_text(numbered(0, lines, 400))
    port = clew.free_port()
    down = clew.free_port()
    with FarEnd(tmp, name="one") as one:
        path = config(tmp, [(one, {}), (down, {"required": False})],
                      control={"listen": f"127.0.0.1:{port}"})
        with run(path) as process:
            one.wait_for(lines, deadline=clew.EVENT_TIMEOUT)
            process.wait_for(lambda: checkpoints(tmp), "checkpoints move")
            counted = metrics(port)
            clew.contains(process.err(), "records are dropped")
            assert counted["clew_dropped_records_total"] > 0, counted
            clew.equal(counted["clew_received_records_total"] * 2,
                       counted["clew_sent_records_total"] + counted["clew_dropped_records_total"]
                       + counted["clew_in_flight_records"], "the books")
            process.stop()
        clew.equal(numbers(one), list(range(lines)))


def ended_in_an_outage(tmp, required, spool="0"):
    """What clew says from SIGTERM on, with 200 records for an output whose backend is down."""
    (tmp / "app.log").write_text(numbered(0, 200))
    with FarEnd(tmp, name="one") as one:
        path = config(tmp, [(one, {"name": "one"}),
                            (clew.free_port(), {"name": "two", "required": required,
                                                "spool": {"max_bytes": spool}})])
        with run(path) as process:
            one.wait_for(200)
            process.wait_for(lambda: "holding records" in process.err(), "an outage")
            clew.equal(process.stop(), 0)
            return process.err().partition("SIGTERM")[2]


def test_what_one_that_is_not_required_lacks_at_the_end_is_said_to_be_dropped(tmp):
    """Checkpoints have passed it, so no start reads it again."""
    end = ended_in_an_outage(tmp, required=False)
    clew.equal(promised(tmp), (tmp / "app.log").stat().st_size)
    clew.contains(end, "level=warn msg=\"output two: dropping 200 records that the backend has not accepted, "
                       "because the output is not required\"")
    assert "are kept" not in end and "read again from" not in end, end
    clew.contains(end, "except those of outputs that are not required")


def test_what_is_not_required_and_has_a_spool_is_kept_at_the_end(tmp):
    end = ended_in_an_outage(tmp, required=False, spool="1MiB")
    clew.contains(end, "output two: 200 records not accepted by the backend are kept in ")
    assert "dropped" not in end, end


def test_nothing_is_said_to_be_kept_where_there_is_no_spool(tmp):
    end = ended_in_an_outage(tmp, required=True)
    assert "are kept" not in end and "dropped" not in end and "not required" not in end, end
    clew.contains(end, "all unread lines are sent after the next start")
    clew.equal(promised(tmp), 0)


def test_one_output_must_be_required(tmp):
    result = clew.run("check", "-c", config(tmp, [(1, {"required": False})]))
    clew.equal(result.code, 2)
    clew.contains(result.err, "no output is `required`")


if __name__ == "__main__":
    clew.main()
