#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clew audit as a user sees it: what it reads, what it prints, how it ends."""

import gzip
import json
import os
import select
import subprocess
import time

import clew

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
GOOD = json.dumps({"level": "info", "msg": "paid", "service.name": "shop", "trace_id": ID,
                   "span_id": SPAN})
BARE = json.dumps({"level": "info", "msg": "started", "service.name": "shop"})
POD = "shop_pay-7d9c_0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b901"


def lines(good, bare):
    return "".join([GOOD + "\n"] * good + [BARE + "\n"] * bare)


def cri(text, tag="F", time="2026-05-11T02:14:33.221456789Z", stream="stdout"):
    return f"{time} {stream} {tag} {text}\n"


def audit(*args, **options):
    return clew.run("audit", *args, **options)


def report(*args, **options):
    result = audit("--format", "json", *args, **options)
    assert result.code in (0, 3), result
    return result.json()


def group(found, service):
    named = [g for g in found["groups"] if g["service"] == service]
    clew.equal(len(named), 1, f"groups named {service}")
    return named[0]


def test_the_json_report_has_what_its_contract_says():
    found = report(stdin=lines(3, 1))
    clew.equal(found["version"], 1)
    clew.equal(found["records"], 4)
    clew.equal(found["coverage"], 0.75)
    clew.equal(sum(found["classes"].values()), 4)
    clew.equal(found["preservation"], {"ids_in": 3, "ids_out": 3, "fields_in": 18,
                                       "fields_out": 18})
    shop = group(found, "shop")
    clew.equal((shop["records"], shop["coverage"], shop["verdict"]), (4, 0.75, "met"))
    clew.equal(shop["classes"]["absent"], 1)
    assert isinstance(shop["hints"], list)


def test_the_samples_are_what_their_applications_wrote():
    found = report(clew.ROOT / "conf" / "samples")
    verdicts = {g["service"]: g["verdict"] for g in found["groups"]}
    clew.equal(verdicts, {"checkout": "met", "inventory": "met", "ledger-export": "not_traced",
                          "payment": "met", "recommendation": "met", "shipping": "met"})
    clew.equal(sum(g["records"] for g in found["groups"]), found["records"])
    clew.equal({g["service"]: g["ecosystem"] for g in found["groups"]},
               {"checkout": "Python", "inventory": "Go", "ledger-export": "Python",
                "payment": "Node.js", "recommendation": "Python", "shipping": "Go"})
    clew.equal(group(found, "ledger-export")["hints"][0]["rule"], "not_instrumented")


def test_the_policy_is_an_exit_status():
    for good, bare, options, code in [
            (1, 1, [], 0),
            (1, 2, [], 3),
            (3, 1, ["--min-coverage", "75%"], 0),
            (3, 1, ["--min-coverage", "80%"], 3),
            (3, 1, ["--min-coverage", "0.8", "--min-records", "5"], 0),
            (0, 9, [], 0),                              # nothing says that it is traced
            (0, 9, ["--min-coverage", "50%"], 3),       # but it was asked for
            (0, 9, ["--set", "audit.traced=[shop]"], 3),
            (9, 1, ["--set", "audit.services={shop: 95%}"], 3),
            (9, 1, ["--fail-on", "class=absent"], 3),
            (9, 1, ["--fail-on", "class=non_hex,all_zero"], 0)]:
        result = audit(*options, stdin=lines(good, bare))
        assert result.code == code, (good, bare, options, result)


def test_the_table_fits_a_hundred_columns_worst_first_totals_last(tmp):
    (tmp / "a.log").write_text(lines(9, 1))
    (tmp / "b.log").write_text(lines(1, 9).replace("shop", "w" * 60 + "ü"))
    result = audit(tmp)
    clew.equal(result.code, 3)
    rows = result.out.splitlines()
    assert all(len(row) <= 100 for row in rows), result
    assert rows[1].startswith("www") and "below" in rows[1], result
    assert rows[2].startswith("shop") and "met" in rows[2], result
    assert rows[3].startswith("TOTAL"), result
    assert "outside_span" in result.out and "\npolicy: 50.0 %" in result.out, result
    assert "\033" not in result.out, result


def test_a_baseline_tells_which_services_got_worse(tmp):
    old = tmp / "old.json"
    cart = lines(1, 1).replace("shop", "cart")
    old.write_text(audit("--format", "json", stdin=lines(9, 1) + cart + cart.replace("cart", "gone")).out)
    for good, bare, options, code in [
            (9, 1, [], 0),
            (17, 3, [], 0),                                  # 85 %: at the margin
            (84, 16, [], 3),                                 # still met, but worse
            (84, 16, ["--margin", "10%"], 0),
            (95, 5, ["--margin", "0"], 0),
            (89, 11, ["--margin", "0"], 3),
            (0, 10, [], 3),                                  # nothing is left: not even judged
            (0, 10, ["--min-records", "20"], 0)]:            # too few to say
        now = report("--baseline", old, *options, stdin=lines(good, bare) + cart)
        result = audit("--baseline", old, *options, stdin=lines(good, bare) + cart)
        assert result.code == code, (good, bare, options, result)
        clew.equal(now["baseline"], {"worse": int(code == 3), "gone": 1})
        assert ("worse: was 90.0 %" in result.out) == (code == 3), result
        if "--min-records" not in options:
            clew.equal(group(now, "shop")["baseline"], {"coverage": 0.9, "worse": code == 3})
            clew.equal(group(now, "cart")["baseline"]["worse"], False)
    result = audit("--baseline", old, "--format", "markdown", stdin=lines(0, 10) + cart)
    clew.contains(result.out, "not_traced, **worse**: was 90.0 %")
    clew.contains(result.out, "1 of the baseline's services has no record here")


def test_a_baseline_that_is_none_is_refused(tmp):
    for text, why in [("", "is not JSON"), ("[]", "is not a report"), ('{"version":1}', "not a report"),
                      ('{"version":2,"groups":[]}', "has version 2"),
                      ('{"version":1,"groups":[{"service":1}]}', "in group 0")]:
        (tmp / "old.json").write_text(text)
        result = audit("--baseline", tmp / "old.json", stdin=lines(1, 0))
        clew.equal(result.code, 2)
        clew.contains(result.err, why)
    result = audit("--baseline", tmp / "none.json", stdin=lines(1, 0))
    clew.equal(result.code, 2)
    clew.contains(result.err, "No such file")


def test_a_hundred_thousand_services_stay_within_bounds(tmp):
    count = 20000 if clew.has_sanitizer() else 100000
    log = tmp / "a.log"
    log.write_text("".join(f'{{"service.name":"s{n}{"x" * (n % 99)}","msg":"m","logger":"l{n}"}}\n'
                           for n in range(count)))
    found = report("--by", "logger", log)
    clew.equal(found["records"], count)
    clew.equal(len(found["groups"]), 10001)
    others, = [g for g in found["groups"] if g.get("overflow")]
    clew.equal((others["service"], others["records"]), ("(others)", count - 10000))
    clew.equal(len(others["parts"]), 1)
    assert 0.94 < others["services"] / (count - 10000) < 1.06, others["services"]
    found = report("--set", f"audit.groups_max={count - 5}", log)
    clew.equal([g["services"] for g in found["groups"] if g.get("overflow")], [5])
    clew.contains(audit("--set", "audit.groups_max=10", log).out, "(others)")
    clew.contains(audit("--set", f"audit.groups_max={count - 3}", log).out,
                  "  about 3 services beyond audit.groups_max")


def test_the_documentation_shows_what_is_printed():
    result = audit("--no-hints", "tests/corpus/services", cwd=clew.ROOT)
    clew.contains((clew.ROOT / "README.md").read_text(), "services\n" + result.out + "```\n")
    result = audit("--by", "logger", "--format", "html", "tests/corpus/services", cwd=clew.ROOT)
    clew.equal((clew.ROOT / "docs" / "coverage-example.html").read_text(), result.out)


def test_follow_reports_while_the_log_goes_on():
    command = [clew.CLEW, "audit", "--follow", "--interval", "0", "--format", "json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=clew.environment()) as child:
        child.stdin.write(lines(1, 1))
        child.stdin.flush()
        shown = ""
        while '"records": 2' not in shown:  # before the end of its input
            shown = child.stdout.readline()
            assert shown, "no report while the input is open"
        child.stdin.write(lines(1, 2))
        rest = child.communicate()[0]
    clew.equal(child.returncode, 3)
    last = json.loads(rest[rest.rindex('\n{\n') if '\n{\n' in rest else 0:])
    clew.equal((last["records"], last["valid"]), (5, 2))


def test_follow_needs_a_pipe(tmp):
    (tmp / "a.log").write_text(lines(1, 0))
    for args in (["--follow", tmp / "a.log"], ["--follow", "--format", "html"]):
        clew.equal(audit(*args).code, 2)


def test_markdown_is_a_table_that_names_cannot_break():
    text = lines(1, 9).replace("shop", "a|b`<x>")
    result = audit("--format", "markdown", stdin=text)
    clew.equal(result.code, 3)
    clew.contains(result.out, "| service | namespace | records |")
    clew.contains(result.out, "a\\|b\\`&lt;x>")


def test_names_out_of_a_log_cannot_speak_to_the_terminal():
    line = json.dumps({"service.name": "a\u001b[31mb\u009b", "trace_id": ID, "msg": "\u001b[2J"})
    for view in ("table", "markdown"):
        result = audit("--format", view, stdin=line + "\n" + BARE + "\n")
        assert "\033" not in result.out and "\u009b" not in result.out, result


def test_a_rotated_container_is_read_in_order_and_joined(tmp):
    folder = tmp / POD / "pay"
    folder.mkdir(parents=True)
    half = len(GOOD) // 2
    with gzip.open(folder / "0.log.20260511-010000.gz", "wt") as packed:
        packed.write(cri(GOOD[:half], "P"))
    (folder / "0.log.20260511-020000").write_text(cri("x", stream="stderr"))
    (folder / "0.log").write_text(cri(GOOD[half:], "F") + cri("text"))
    (folder / "0.log.20260511-030000.tmp").write_text("half-written\n")
    found = report(tmp)
    clew.equal(found["records"], 3)
    shop = group(found, "shop")  # "x" and "text" come from where all others say shop
    clew.equal((shop["records"], shop["valid"], shop["namespace"]), (3, 1, "shop"))


def test_lines_without_a_service_go_to_the_container_when_others_disagree(tmp):
    folder = tmp / POD / "pay"
    folder.mkdir(parents=True)
    other = GOOD.replace("shop", "other")
    (folder / "0.log").write_text(cri("text") + cri(GOOD) + cri(other))
    found = report(tmp)
    clew.equal({g["service"]: g["records"] for g in found["groups"]},
               {"shop": 1, "other": 1, "pay": 1})


def test_files_patterns_directories_and_standard_input_are_added_up(tmp):
    (tmp / "a.log").write_text(lines(1, 0))
    (tmp / "b.log").write_text(lines(1, 0))
    with gzip.open(tmp / "c.log.gz", "wt") as packed:
        packed.write(lines(1, 0))
    os.symlink(tmp / "a.log", tmp / "link.log")
    clew.equal(report(tmp)["records"], 3, "a directory, a link counted once")
    clew.equal(report(tmp / "*.log")["records"], 2, "a pattern")
    clew.equal(report(tmp / "a.log", tmp / "a.log")["records"], 1, "a file named twice")
    clew.equal(report(tmp / "a.log", "-", stdin=lines(5, 0))["records"], 6, "and stdin")
    clew.equal(report(stdin=gzip.compress(lines(2, 0).encode()))["records"], 2, "packed stdin")


def test_services_are_broken_down_by_what_was_asked_for():
    text = "".join(json.dumps({"service.name": "shop", "logger": logger, "trace_id": trace,
                               "span_id": SPAN, "msg": "x"}) + "\n"
                   for logger, trace in [("web", ID)] * 40 + [("worker", "0")] * 12)
    shop = group(report("--by", "logger,stream", stdin=text), "shop")
    clew.equal([(p["by"]["logger"], p["records"], p["coverage"]) for p in shop["parts"]],
               [("worker", 12, 0.0), ("web", 40, 1.0)])
    result = audit("--by", "logger", "--min-coverage", "90%", stdin=text)
    clew.contains(result.out, "logger=worker")
    clew.contains(result.out, "lost_hop")
    result = audit("--by", "colour", stdin=text)
    clew.equal(result.code, 2)
    clew.contains(result.err, "colour")


def test_what_cannot_be_read_is_said_and_the_rest_is_still_counted(tmp):
    (tmp / "good.log").write_text(lines(2, 0))
    packed = gzip.compress(lines(200, 0).encode())
    (tmp / "cut.log.gz").write_bytes(packed[:len(packed) // 2])
    result = audit("--format", "json", tmp, tmp / "missing.log", tmp / "nothing*.log")
    clew.equal(result.code, 1)
    clew.contains(result.err, "missing.log: No such file or directory")
    clew.contains(result.err, "no file matches")
    clew.contains(result.err, "cut.log.gz")
    assert result.json()["records"] >= 2, result


def test_anything_at_all_is_counted_and_never_ends_it():
    for name, data in [("nothing", b""), ("no newline", lines(1, 0).encode()[:-1]),
                       ("binary", bytes(range(256)) * 2000),
                       ("NUL", b"\0" * 100 + b"\n"),
                       ("a very long line", b"x" * (5 << 20) + b"\n"),
                       ("deep", b"[" * 10000 + b"\n" + b'{"a":' * 10000 + b"\n")]:
        result = audit("--format", "json", stdin=data)
        assert result.code == 0, (name, result)
        result.json()
    clew.equal(report(stdin=lines(1, 0)[:-1])["records"], 1)


def test_secrets_do_not_show_in_samples():
    secrets = 'login password=hunter2 ok\n{"api_key":"sesame","service.name":"shop"}\n'
    text = lines(1, 0) + secrets * 3
    for view in ("table", "json", "markdown"):
        result = audit("--format", view, stdin=text)
        assert "hunter2" not in result.out and "sesame" not in result.out, result
    found = report("--no-samples", stdin=text)
    clew.equal(group(found, "shop")["samples"], {})


def test_samples_may_be_had_as_they_are():
    text = '{"api_key":"sesame","service.name":"shop","msg":"a\\u001bb"}\n' * 3
    found = report("--no-redact", stdin=text)
    clew.equal(group(found, "shop")["samples"]["absent"], text.splitlines()[0])
    clew.contains(audit("--no-redact", stdin=text).out, '"sesame"')


def test_the_worth_of_valid_ids_is_told():
    def line(number, flags, **more):
        return json.dumps({"service.name": "shop", "trace_id": f"{number:032x}", "span_id": SPAN,
                           **({"trace_flags": flags} if flags else {}), **more}) + "\n"
    low = 1 << 64
    text = "".join(line(low + n, "01") for n in range(6)) + line(low + 6, "00") * 2 + \
        line(low + 7, None) + line(7, "01")
    ids = group(report(stdin=text), "shop")["ids"]
    clew.equal(ids, {"unsampled": 0.2, "sampling_unknown": 0.1, "low64": 0.1, "uuid": 0.0,
                     "repaired": 0.0})
    words = "20.0 % unsampled, 10.0 % without flags, 10.0 % 64 bits, 20.0 % the most frequent"
    for view in ("table", "markdown"):
        clew.contains(audit("--ids", "--format", view, stdin=text).out, words)
        assert words not in audit("--format", view, stdin=text).out
    clew.contains(audit("--format", "html", stdin=text).out, words)
    for flags, name in (("01", "sampled"), ("00", "unsampled")):
        text = "".join(line(low + n, flags) for n in range(5)) + BARE + "\n"
        clew.equal(group(report(stdin=text), "shop")["ids"]["constant_flags"], name)
    clew.contains(audit("--ids", stdin=text).out, "flags never sampled")


def test_standard_input_has_progress_on_a_terminal():
    import pty
    leader, follower = pty.openpty()
    for quiet in ([], ["--quiet"]):
        process = subprocess.Popen([clew.CLEW, "audit", *quiet], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=follower)
        block = (GOOD + "\n").encode() * 20000
        seen = b""
        deadline = time.monotonic() + clew.EVENT_TIMEOUT
        while not quiet and b" MB/s" not in seen and time.monotonic() < deadline:
            process.stdin.write(block)
            process.stdin.flush()
            if select.select([leader], [], [], 0)[0]:
                seen += os.read(leader, 65536)
        out, _ = process.communicate(block)
        clew.equal(process.returncode, 0)
        clew.contains(out.decode(), "shop")
        if select.select([leader], [], [], 0)[0]:
            seen += os.read(leader, 65536)
        if quiet:
            clew.equal(seen, b"")
        else:
            assert b" MB, " in seen and b" MB/s" in seen and b" of " not in seen, seen
            assert seen.endswith(b"\r\x1b[K"), "the line is left standing"
    os.close(leader)
    os.close(follower)


def test_wrong_usage_says_what_is_wrong():
    for args, words in [(["--format", "pdf"], "pdf"), (["--min-coverage", "lots"], "lots"),
                        (["--fail-on", "class=bad"], "class=bad"), (["--nope"], "nope")]:
        result = audit(*args)
        clew.equal(result.code, 2, str(args))
        clew.contains(result.err, words)
    clew.contains(clew.run_ok("audit", "--help").out, "--min-coverage")


def test_with_a_list_of_pods_services_are_those_of_the_workloads(tmp):
    pods = tmp / "pods"
    (pods / POD / "app").mkdir(parents=True)
    (pods / POD / "app" / "0.log").write_text(cri("no ids") + cri("none here either"))
    uid = POD.split("_")[2]
    listed = {"apiVersion": "v1", "kind": "List", "items": [{
        "kind": "Pod", "metadata": {
            "name": "pay-7d9c", "namespace": "shop", "uid": uid,
            "labels": {"pod-template-hash": "7d9c"},
            "annotations": {"clew.dev/min-coverage": "0%"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "pay-7d9c", "uid": "1",
                                 "controller": True}]},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app"}]}}]}
    saved = tmp / "pods.json"
    saved.write_text(json.dumps(listed, indent=1))
    by = ("--by", "deployment,workload,node")
    for found in (report("--pods", saved, *by, pods),
                  report("--pods", "-", *by, pods, stdin=saved.read_text())):
        pay = group(found, "pay")
        clew.equal(pay["records"], 2)
        clew.equal(pay["min_coverage"], 0)
        clew.equal(pay["parts"][0]["by"], {"deployment": "pay", "workload": "deployment/pay",
                                           "node": "node-1"})
    clew.equal(group(report(pods), "app")["records"], 2)


def test_what_is_no_list_of_pods_is_told(tmp):
    log = tmp / "a.log"
    log.write_text(lines(1, 0))
    for text in ("", "{}", "[1]", '{"items": []}', "<html>"):
        bad = tmp / "bad.json"
        bad.write_text(text)
        result = audit("--pods", bad, log)
        clew.equal(result.code, 1, text)
        clew.contains(result.err, "kubectl get pods -A -o json")
    clew.equal(audit("--pods", tmp / "none", log).code, 1)
    clew.equal(audit("--pods", "-").code, 2)


if __name__ == "__main__":
    clew.main()
