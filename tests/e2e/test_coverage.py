#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Coverage while clew runs: /coverage, /metrics, warnings and the shipped summary."""

import json
import re
import shutil
import urllib.error
import urllib.request

import clew
from far_end import FarEnd, body, plain, start_run

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def lines(service, good, bare):
    with_ids = json.dumps({"level": "info", "msg": "paid", "service.name": service,
                           "trace_id": TRACE, "span_id": SPAN})
    without = json.dumps({"level": "info", "msg": "started", "service.name": service})
    return "".join([with_ids + "\n"] * good + [without + "\n"] * bare)


def append(path, text):
    with open(path, "a", encoding="utf-8") as out:
        out.write(text)


class Endpoint:
    def __init__(self):
        self.port = clew.free_port()
        self.sets = [f"control.listen=127.0.0.1:{self.port}", "audit.check_interval=50ms"]

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def coverage(self):
        return json.loads(self.get("/coverage"))


def test_coverage_shows_the_same_numbers_as_clew_audit_and_the_windows(tmp):
    log, endpoint = tmp / "a.log", Endpoint()
    log.write_text(lines("shop", 30, 10) + lines("cart", 1, 9))
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=endpoint.sets) as process:
        far.wait_for(50)
        live = endpoint.coverage()
        metrics = endpoint.get("/metrics")
        clew.equal(process.stop(), 0)
    audited = clew.run("audit", "--format", "json", log).json()
    for member in ("version", "records", "valid", "coverage", "classes"):
        clew.equal(live[member], audited[member], member)
    clew.equal(live["preservation"]["ids_in"], 31)
    clew.equal(live["preservation"]["ids_out"], 31)
    clew.equal(live["preservation"]["fields_in"], live["preservation"]["fields_out"])
    clew.equal({g["service"]: g["coverage"] for g in live["groups"]}, {"shop": 0.75, "cart": 0.1})
    shop = next(g for g in live["groups"] if g["service"] == "shop")
    clew.equal(shop["windows"]["5m"], {"records": 40, "valid": 30, "coverage": 0.75})
    clew.equal(sorted(live["windows"]), ["1h", "1m", "5m"])
    clew.contains(metrics, 'clew_audit_records_total{service="shop"} 40\n')
    clew.contains(metrics, 'clew_audit_coverage_ratio{service="shop",window="1h"} 0.750000\n')
    assert metrics.endswith("# EOF\n") and TRACE not in metrics and SPAN not in metrics


def test_a_service_that_falls_is_warned_of_once_and_its_recovery_is_told(tmp):
    log, endpoint = tmp / "a.log", Endpoint()
    log.write_text(lines("shop", 40, 0))
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=endpoint.sets) as process:
        far.wait_for(40)
        append(log, lines("shop", 0, 100))
        clew.wait_for(lambda: "dropped to" in process.err(), "a warning")
        clew.contains(endpoint.get("/metrics"), 'clew_audit_below{service="shop"} 1\n')
        append(log, lines("shop", 1000, 0))
        clew.wait_for(lambda: "is above its minimum again" in process.err(), "the recovery is told")
        clew.contains(endpoint.get("/metrics"), 'clew_audit_below{service="shop"} 0\n')
        clew.equal(process.stop(), 0)
        told = [line for line in process.err().splitlines() if "coverage of service shop" in line]
        clew.equal(len(told), 2, "lines about the service")
        assert "level=warn" in told[0] and "level=info" in told[1], told


def test_the_summary_is_shipped_as_records_when_asked_for(tmp):
    log = tmp / "a.log"
    log.write_text(lines("shop", 30, 10))
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=["audit.summary_interval=300ms"]) as run:
        def about_shop():
            return [(r, plain(record["attributes"]), body(record)) for r, record in far.records()
                    if plain(record["attributes"]).get("clew.audit.service") == "shop"]
        clew.wait_for(lambda: any(a["clew.audit.records"] == "40" for _, a, _ in about_shop()),
                      "a summary arrives")
        clew.equal(run.stop(), 0)
        resource, attributes, text = about_shop()[-1]
    clew.equal(resource["service.name"], "clew")
    clew.equal(text, "trace coverage of a service")
    clew.equal(attributes["clew.audit.coverage"], 0.75)
    clew.equal(attributes["clew.audit.verdict"], "met")
    assert all("traceId" not in record for r, record in far.records()
               if r["service.name"] == "clew")


def test_hostile_service_names_stay_bounded_in_metrics(tmp):
    log, endpoint = tmp / "a.log", Endpoint()
    endpoint.sets += ["audit.metrics_services_max=5", "audit.groups_max=50"]
    log.write_text("".join(lines(f"s{n}\"\n", 1, 0) for n in range(300)) + lines(TRACE, 1, 0))
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=endpoint.sets) as process:
        far.wait_for(301)
        metrics = endpoint.get("/metrics")
        groups = endpoint.coverage()["groups"]
        clew.equal(process.stop(), 0)
    labelled = re.findall(r'^clew_audit_records_total\{service="((?:[^"\\]|\\.)*)"', metrics, re.M)
    clew.equal(len(labelled), 6, "services in the metrics")
    clew.contains(metrics, 'service="(others)"} 296\n')
    assert TRACE not in metrics
    clew.equal(len(groups), 51)


def bare(count):
    return (json.dumps({"msg": "tick"}) + "\n") * count


def test_containers_that_have_gone_leave_room_for_later_ones(tmp):
    endpoint, pods = Endpoint(), tmp / "pods"
    endpoint.sets += ["audit.groups_max=5", "inputs.scan_interval=100ms"]
    with FarEnd(tmp) as far, start_run(tmp, far, f"{pods}/*/*/*.log", sets=endpoint.sets) as process:
        for number in range(12):
            folder = pods / f"jobs_run-{number}_{number:08x}"
            (folder / "report").mkdir(parents=True)
            (folder / "report" / "0.log").write_text(bare(10))
            far.wait_for(10 * (number + 1))
            shutil.rmtree(folder)
            clew.wait_for(lambda: "clew_open_files 0\n" in endpoint.get("/metrics?services=off"),
                          "the log is closed")
        (pods / "jobs_late_ff" / "late").mkdir(parents=True)
        (pods / "jobs_late_ff" / "late" / "0.log").write_text(bare(7))
        far.wait_for(127)
        groups = {g["service"]: g["records"] for g in endpoint.coverage()["groups"]}
        metrics = endpoint.get("/metrics?services=off")
        clew.equal(process.stop(), 0)
    clew.equal(groups, {"report": 120, "late": 7})
    clew.contains(metrics, "clew_audit_over_logs_total 0\n")
    assert "clew_audit_records" not in metrics, metrics


def test_many_services_are_told_in_pages_and_the_limits_once(tmp):
    log, endpoint = tmp / "a.log", Endpoint()
    endpoint.sets += ["audit.metrics_services_max=10", "audit.groups_max=700"]
    log.write_text("".join(lines(f"s{n:04}", 1, 0) for n in range(1000)))
    with FarEnd(tmp) as far, start_run(tmp, far, log, sets=endpoint.sets) as process:
        far.wait_for(1000)
        whole = endpoint.coverage()
        pages = [json.loads(endpoint.get(f"/coverage?limit=90&offset={n}")) for n in range(0, 700, 90)]
        clew.wait_for(lambda: "the limit of audit.groups_max" in process.err(), "the limit is told")
        metrics = endpoint.get("/metrics")
        for path in ("/coverage?limit=x", "/coverage?offset=-1", "/coverage?limit="):
            try:
                endpoint.get(path)
                raise clew.Failure(f"{path} is answered")
            except urllib.error.HTTPError as error:
                clew.equal(error.code, 400, path)
        clew.equal(process.stop(), 0)
        clew.equal(process.err().count("the limit of audit.groups_max"), 1)
        clew.equal(process.err().count("services write at once"), 1)
    clew.equal(whole["page"], {"services": 700, "offset": 0, "limit": 500, "next": 500})
    clew.equal(len(whole["groups"]), 501)
    seen = [g["service"] for page in pages for g in page["groups"] if "overflow" not in g]
    clew.equal(seen, [f"s{n:04}" for n in range(700)])
    clew.equal([page["page"]["next"] for page in pages], [*range(90, 700, 90), None])
    for page in [whole, *pages]:
        clew.equal(sum(g["records"] for g in page["groups"]), 1000)
        clew.equal(page["records"], 1000)
    clew.contains(metrics, "clew_audit_over_records_total 300\n")
    clew.equal(metrics.count("clew_audit_below{"), 10)


if __name__ == "__main__":
    clew.main()
