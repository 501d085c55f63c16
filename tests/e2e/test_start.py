# SPDX-License-Identifier: Apache-2.0
"""What `clew run` says at its start: what it reads, how much of that is there, and where it ships."""
import os
import re

import clew
from far_end import FarEnd, run_once, start_run


def told(err):
    """(level, sentence) of each line of clew's own log."""
    return re.findall(r'level=(\w+) msg="(.*)"$', err, re.M)


def test_it_says_what_it_reads_how_many_files_match_and_where_it_ships(tmp):
    for name in ("a.log", "b.log", "c.txt"):
        (tmp / name).write_text("line\n")
    with FarEnd(tmp) as far:
        err = run_once(tmp, far, tmp / "*.log", tmp / "c.txt").err
        assert ("info", f"input tail reads {tmp}/*.log, {tmp}/c.txt: 3 files match") in told(err), err
        assert ("info", f"output otlp_http sends to {far.endpoint}/v1/logs") in told(err), err
        clew.equal([level for level, _ in told(err) if level != "info"], [])


def test_secrets_of_the_url_are_not_in_it(tmp):
    (tmp / "a.log").write_text("line\n")
    with FarEnd(tmp) as far:
        url = far.endpoint.replace("http://", "http://me:geheim@") + "/v1/logs?token=geheim"
        err = run_once(tmp, far, tmp / "a.log", sets=[f"outputs.endpoint={url}"]).err
        clew.contains(err, "sends to http://[hidden]@127.0.0.1")
        assert "geheim" not in err, err


def test_each_worker_says_how_many_files_are_its_own(tmp):
    for n in range(4):
        (tmp / f"{n}.log").write_text("line\n")
    with FarEnd(tmp) as far:
        err = run_once(tmp, far, tmp / "*.log", sets=["workers=2"]).err
        found = re.findall(r"log: (\d) files? match(?:es)? \(worker (\d) of 2\)", err)
        clew.equal((sum(int(n) for n, _ in found), sorted(w for _, w in found)), (4, ["1", "2"]))


def test_without_an_endpoint_it_says_that_the_default_stands(tmp):
    (tmp / "a.log").write_text("line\n")
    default = "output otlp_http sends to http://localhost:4318/v1/logs, OpenTelemetry's default, " \
              "because no endpoint is set"
    sets = ["--set", f"data_dir={tmp / 'data'}", "--set", "control.listen=off"]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}
    for more, given, is_told in [((), None, True), ((), env, False),
                                 (("--set", "outputs.endpoint=http://localhost:4318/v1/logs"), None, False)]:
        with clew.start("run", *sets, *more, tmp / "a.log", env=given) as process:
            process.wait_for(lambda: "sends to" in process.err(), "it says where it ships")
            clew.equal(process.err().count(default), is_told)


def test_the_config_of_the_manifests_asks_for_an_endpoint():
    path = clew.ROOT / "conf/kubernetes/clew.yaml"
    pod = {"NODE_NAME": "n", "KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1"}
    lost = clew.run("check", "-c", path, env=pod)
    clew.equal(lost.code, 2)
    clew.contains(lost.err, "the Secret clew-otlp has to name the receiver")
    for base in ("http://o:5080/api/default", "http://o:5080/api/default/"):
        good = clew.run_ok("check", "-c", path, env={**pod, "OTEL_EXPORTER_OTLP_ENDPOINT": base})
        clew.contains(good.out, "endpoint: http://o:5080/api/default/v1/logs\n")
        clew.contains(good.out, "max_bytes: 1GiB\n")
    clew.equal((clew.ROOT / "conf/kubernetes/daemonset.yaml").read_text().count("optional"), 0)


def test_once_with_a_path_that_does_not_exist_ends_with_1_after_the_others(tmp):
    (tmp / "a.log").write_text("one\ntwo\n")
    with FarEnd(tmp) as far:
        result = run_once(tmp, far, tmp / "missing.log", tmp / "a.log", tmp / "nowhere/*.log")
        clew.equal(result.code, 1, result.err)
        clew.equal(far.bodies(), ["one", "two"])
        for path in ("missing.log", "nowhere"):
            assert ("warn", f"input tail: {tmp}/{path} does not exist yet; waiting for it") in \
                told(result.err), result.err
        clew.contains(result.err, "so the exit status is 1")


def test_a_path_that_is_no_file_is_told(tmp):
    (tmp / "a.log").write_text("one\n")
    os.mkfifo(tmp / "pipe")
    with FarEnd(tmp) as far:
        result = run_once(tmp, far, tmp / "pipe", "/dev/null", tmp / "a.log")
        clew.equal(result.code, 1, result.err)
        clew.equal(far.bodies(), ["one"])
        for path in (tmp / "pipe", "/dev/null"):
            clew.contains(result.err, f"input tail: {path} is neither a file nor a directory and is not read; for a "
                                      "pipe use standard input: `clew run -`")
        clew.contains(result.err, "so the exit status is 1")


def test_once_with_a_pattern_that_matches_nothing_is_told_and_is_no_failure(tmp):
    with FarEnd(tmp) as far:
        result = run_once(tmp, far, tmp / "*.log")
        clew.equal(result.code, 0, result.err)
        clew.contains(result.err, f"input tail reads {tmp}/*.log: 0 files match")


def test_without_once_a_path_that_does_not_exist_is_told_once_and_waited_for(tmp):
    with FarEnd(tmp) as far:
        with start_run(tmp, far, tmp / "late.log") as process:
            process.wait_for(lambda: "late.log does not exist" in process.err(), "it is told")
            (tmp / "late.log").write_text("here\n")
            clew.equal([body for body in map(lambda r: r[1]["body"]["stringValue"], far.wait_for(1))], ["here"])
            clew.equal(process.err().count("does not exist"), 1)
            clew.equal(process.stop(), 0)


def plain_options(tmp, far):
    """Without those that only files have."""
    return ["--set", f"data_dir={tmp / 'data'}", "--set", "control.listen=off", "--set",
            f"outputs.endpoint={far.endpoint}/v1/logs"]


def test_a_dash_is_standard_input(tmp):
    (tmp / "a.log").write_text("of the file\n")
    with FarEnd(tmp) as far:
        for arguments, expected in [(("--once", "-"), ["of stdin"]), (("-",), ["of stdin"]),
                                    (("--once", "-", tmp / "a.log"), ["of stdin", "of the file"])]:
            before = len(far.bodies())
            result = clew.run("run", *plain_options(tmp, far), *arguments, stdin="of stdin\n")
            clew.equal(result.code, 0, result.err)
            clew.equal(sorted(far.bodies()[before:]), expected)
            clew.contains(result.err, "reads standard input")


def test_a_dash_takes_the_config_s_manner_of_lines(tmp):
    (tmp / "clew.yaml").write_text("inputs: [{include: [/nowhere], format: text}]\n")
    with FarEnd(tmp) as far:
        clew.run_ok("run", "-c", tmp / "clew.yaml", *plain_options(tmp, far), "-", stdin='{"a": 1}\n')
        clew.equal(far.bodies(), ['{"a": 1}'])


if __name__ == "__main__":
    clew.main()
