# SPDX-License-Identifier: Apache-2.0
"""The main job: lines are tailed, shipped, and never sent twice by a clean restart."""
import json
import random
import signal
import time

import clew
from far_end import FarEnd, body, options, plain, run_once, start_run

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def numbered(first, last):
    return "".join(f"line {n}\n" for n in range(first, last))


def numbers(far):
    return [int(text.split()[1]) for text in far.bodies()]


def write_pod(tmp, name, text, restart=0):
    folder = tmp / "pods" / f"shop_{name}-7d9c5b8f4-x2kqp_0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b901" / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{restart}.log"
    with open(path, "a", encoding="utf-8") as out:
        out.write(text)
    return path


def cri(line, tag="F", stream="stdout"):
    return f"2026-05-11T02:14:33.221Z {stream} {tag} {line}\n"


def test_a_json_line_arrives_with_its_ids_and_every_field(tmp):
    line = json.dumps({"level": "warn", "time": "2026-05-11T02:14:33.221Z", "msg": "declined", "trace_id": TRACE,
                       "span_id": SPAN, "trace_flags": "01", "n": 9007199254740993, "big": 2**64,
                       "x": 0.1, "deep": {"a": [1, None, "ä"]}, "none": None, "yes": True})
    path = write_pod(tmp, "checkout", cri(line))
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, tmp / "pods").code, 0)
        (resource, record), = far.wait_for(1)
    attributes = plain(record["attributes"])
    clew.equal((record["traceId"], record["spanId"], record["flags"]), (TRACE, SPAN, 1))
    clew.equal((record["severityNumber"], record["severityText"]), (13, "warn"))
    clew.equal(record["timeUnixNano"], "1778465673221000000")
    clew.equal(body(record), "declined")
    clew.equal((attributes["n"], attributes["big"], attributes["x"], attributes["yes"]),
               ("9007199254740993", str(2**64), 0.1, True))
    clew.equal(attributes["none"], None)
    clew.equal(attributes["log.file.path"], str(path))
    clew.equal(attributes["log.iostream"], "stdout")
    clew.equal(resource["k8s.pod.name"], "checkout-7d9c5b8f4-x2kqp")
    clew.equal(resource["service.name"], "checkout")


def test_partial_lines_are_joined_per_stream(tmp):
    write_pod(tmp, "checkout", cri("out one ", "P") + cri("err one ", "P", "stderr") +
              cri("out two", "F") + cri("err two", "F", "stderr"))
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, tmp / "pods").code, 0)
        clew.equal(sorted(far.bodies()), ["err one err two", "out one out two"])


def test_what_is_appended_arrives_while_it_runs(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 10))
    with FarEnd(tmp) as far, start_run(tmp, far, log) as run:
        far.wait_for(10)
        with open(log, "a", encoding="utf-8") as out:
            out.write(numbered(10, 20))
        far.wait_for(20)
        clew.equal(run.stop(), 0)
        clew.equal(numbers(far), list(range(20)))


def test_a_restart_goes_on_where_the_last_run_ended(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 100))
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, log).code, 0)
        with open(log, "a", encoding="utf-8") as out:
            out.write(numbered(100, 150))
        clew.equal(run_once(tmp, far, log).code, 0)
        clew.equal(run_once(tmp, far, log).code, 0)
        clew.equal(numbers(far), list(range(150)))


def test_nothing_is_lost_when_the_file_is_rotated_between_two_runs(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 50))
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, log).code, 0)
        with open(log, "a", encoding="utf-8") as out:
            out.write(numbered(50, 60))
        log.rename(tmp / "app.log.1")
        log.write_text(numbered(60, 70))
        clew.equal(run_once(tmp, far, log).code, 0)
        clew.equal(numbers(far), list(range(70)))


def test_killed_in_the_middle_and_started_again_it_loses_nothing(tmp):
    """kill -9 at random moments under load: every line arrives, in order but for repeats."""
    log, written, seed = tmp / "app.log", 0, random.Random(7)
    with FarEnd(tmp) as far, open(log, "a", encoding="utf-8") as out:
        for _ in range(12):
            with start_run(tmp, far, log, sets=["outputs.batch.bytes=4KiB"]) as run:
                end = time.monotonic() + seed.uniform(0.05, 0.4)
                while time.monotonic() < end:
                    out.write(numbered(written, written + 50))
                    out.flush()
                    written += 50
                run.kill()
        clew.equal(run_once(tmp, far, log).code, 0)
        arrived = numbers(far)
    clew.equal(sorted(set(arrived)), list(range(written)), "every line, at least once")
    highest = -1
    for n in arrived:
        assert n <= highest + 1, f"line {n} overtook line {highest + 1}"
        highest = max(highest, n)


def test_the_same_line_has_the_same_uid_when_it_is_sent_again(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 5))
    with FarEnd(tmp) as far:
        for state in ("one", "two"):
            clew.equal(run_once(tmp, far, log, sets=[f"data_dir={tmp / state}"]).code, 0)
        uids = [plain(record["attributes"])["log.record.uid"] for _, record in far.wait_for(10)]
    clew.equal(uids[:5], uids[5:])
    clew.equal(len(set(uids)), 5)


def test_the_far_end_may_come_later(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 20))
    far = FarEnd(tmp)
    with start_run(tmp, far, log, sets=["outputs.retry.initial=100ms"]) as run:
        run.wait_for(lambda: "msg=" in run.err() and str(far.port) in run.err(),
                     "it says that the far end is down")
        with far:
            far.wait_for(20)
            clew.equal(numbers(far), list(range(20)))
            clew.equal(run.stop(), 0)


def test_sigterm_delivers_what_was_read_and_saves_checkpoints(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 5000))
    with FarEnd(tmp) as far:
        with start_run(tmp, far, log) as run:
            far.wait_for(1)
            clew.equal(run.stop(signal.SIGTERM), 0)
        clew.equal(run_once(tmp, far, log).code, 0)
        clew.equal(numbers(far), list(range(5000)), "lines, none of them twice")


def test_read_from_end_skips_what_was_there(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 5))
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=["inputs.read_from=end"]) as run:
        run.wait_for(lambda: (tmp / "data").exists(), "it has started")
        time.sleep(0.5)  # its first scan is what counts, and nothing tells of it
        with open(log, "a", encoding="utf-8") as out:
            out.write(numbered(5, 8))
        far.wait_for(3)
        clew.equal(run.stop(), 0)
        clew.equal(numbers(far), [5, 6, 7])


def test_symlinks_of_var_log_containers_are_followed_once(tmp):
    path = write_pod(tmp, "checkout", cri("hello"))
    links = tmp / "containers"
    links.mkdir()
    (links / ("checkout-7d9c5b8f4-x2kqp_shop_checkout-" + "ab" * 32 + ".log")).symlink_to(path)
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, tmp / "pods", str(links / "*.log")).code, 0)
        clew.equal(far.bodies(), ["hello"])


def test_a_second_clew_on_the_same_data_directory_says_who_holds_it(tmp):
    log = tmp / "app.log"
    log.write_text("x\n")
    with FarEnd(tmp) as far, start_run(tmp, far, log) as first:
        far.wait_for(1)
        second = run_once(tmp, far, log)
        clew.equal(second.code, 1)
        clew.contains(second.err, f"process {first.pid}")


def test_gzip_and_zstd_and_none_all_arrive(tmp):
    log = tmp / "app.log"
    log.write_text(numbered(0, 1000))
    for kind in ("none", "gzip", "zstd"):
        with FarEnd(tmp, name=kind) as far:
            done = run_once(tmp, far, log, sets=[f"outputs.compression={kind}",
                                                 f"data_dir={tmp / ('data-' + kind)}"])
            clew.equal(done.code, 0, kind)
            clew.equal(numbers(far), list(range(1000)), kind)


def test_metrics_and_health_answer_on_loopback(tmp):
    import urllib.request
    log, port = tmp / "app.log", clew.free_port()
    log.write_text(numbered(0, 7))
    with FarEnd(tmp) as far, clew.start("run", *options(tmp, far), "--set",
                                        f"control.listen=127.0.0.1:{port}", log) as run:
        far.wait_for(7)
        clew.wait_for_port(port, run)

        def get(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.read().decode()

        get("/healthz")
        get("/readyz")
        run.wait_for(lambda: "clew_sent_records_total 7" in get("/metrics"), "7 records are counted")
        clew.contains(get("/metrics"), "# EOF")


def test_the_endpoint_comes_from_the_otel_variables(tmp):
    log = tmp / "app.log"
    log.write_text("x\n")
    with FarEnd(tmp) as far:
        clew.run_ok("run", "--once", "--set", f"data_dir={tmp / 'data'}", "--set", "control.listen=off",
                    log, env={"OTEL_EXPORTER_OTLP_ENDPOINT": far.endpoint,
                              "OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "team=blue%20one"})
        (resource, _), = far.wait_for(1)
    clew.equal((resource["service.name"], resource["team"]), ("shop", "blue one"))


if __name__ == "__main__":
    clew.main()
