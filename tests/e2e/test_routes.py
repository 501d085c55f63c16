# SPDX-License-Identifier: Apache-2.0
"""Routes: which records go to which outputs; docs/routes.md is what is promised."""
import json
import random
import re
import time
import urllib.request

import clew
from far_end import FarEnd
from test_outputs import assert_in_order, checkpoints, config

POD = "shop_{}-7d9c5b8f4-x2kqp_0b8e4a52-6c1f-4d0e-9a77-3f5d2c61b901/app"
CRI = "2026-05-11T02:14:33.221512345Z stdout F "


class Log:
    """A log of numbered lines, plain or a pod's."""

    def __init__(self, tmp, name, pod=None):
        self.name, self.count = name, 0
        folder = tmp / "pods" / POD.format(pod) if pod else tmp / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / ("0.log" if pod else f"{name}.log")
        self.head = CRI if pod else ""

    def write(self, count, width=0):
        with open(self.path, "a", encoding="utf-8") as out:
            out.writelines(f"{self.head}{self.name} {n} {'x' * width}\n"
                           for n in range(self.count, self.count + count))
        self.count += count
        return self


def numbers(far, name):
    found = [body.split() for body in far.bodies()]
    return [int(words[1]) for words in found if words[0] == name]


def names(far):
    return sorted({body.split()[0] for body in far.bodies()})


def make(tmp, outputs, routes, **more):
    settings = json.loads(config(tmp, outputs, **more).read_text())
    settings["inputs"] = [
        {"name": "pods", "include": [str(tmp / "pods/*/*/*.log")], "scan_interval": "100ms"},
        {"name": "files", "include": [str(tmp / "logs/*.log")], "scan_interval": "100ms"}]
    (tmp / "pods").mkdir(exist_ok=True)
    settings["routes"] = routes
    path = tmp / "clew.yaml"
    path.write_text(json.dumps(settings))
    return path


def books(port):
    """Of each output, by /metrics: what it was given and what became of it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = {}
    for what, output, value in re.findall(
            r'^clew_output_(\w+?)_records(?:_total)?\{output="(\w+)"\} (\d+)$', text, re.M):
        found.setdefault(output, {})[what] = int(value)
    for name, value in re.findall(r"^(clew_\w+) (\d+)$", text, re.M):
        found[name] = int(value)
    return found


def assert_balanced(found, outputs):
    for output in outputs:
        one = found[output]
        clew.equal(one["given"] + one["restored"],
                   one["sent"] + one["rejected"] + one["refused"] + one["dropped"]
                   + one["in_flight"], f"the books of {output}")


def test_each_record_goes_where_its_routes_lead(tmp):
    logs = [Log(tmp, "cart", pod="cart"), Log(tmp, "pay", pod="pay"), Log(tmp, "nginx"),
            Log(tmp, "cron")]
    for log in logs:
        log.write(500)
    with FarEnd(tmp, name="a") as a, FarEnd(tmp, name="b") as b:
        path = make(tmp, [(a, {"name": "a"}), (b, {"name": "b"})], [
            {"match": {"pod": "pay-*"}, "outputs": ["b"]},
            {"match": {"namespace": "shop"}, "outputs": ["a"]},
            {"match": {"path": "nginx.log"}, "outputs": ["a", "b"]},
            {"otherwise": True, "outputs": ["b"]}])
        clew.run_ok("run", "--once", "-c", path)
        clew.equal(names(a), ["cart", "nginx", "pay"])
        clew.equal(names(b), ["cron", "nginx", "pay"])
        for far in (a, b):
            for name in names(far):
                clew.equal(numbers(far, name), list(range(500)), f"{name} at {far.path.name}")
    clew.equal({place["offset"] for place in checkpoints(tmp).values()}
               <= {log.path.stat().st_size for log in logs}, True)
    clew.equal(len(checkpoints(tmp)), 4)


def test_an_output_gets_a_record_once_however_many_routes_lead_there(tmp):
    Log(tmp, "nginx").write(100)
    with FarEnd(tmp, name="a") as a, FarEnd(tmp, name="b") as b:
        path = make(tmp, [(a, {"name": "a"}), (b, {"name": "b"})], [
            {"match": {"input": "files"}, "outputs": ["a"]},
            {"match": {"path": "nginx.log"}, "outputs": ["a", "b"]}])
        clew.run_ok("run", "--once", "-c", path)
        clew.equal(numbers(a, "nginx"), list(range(100)))
        clew.equal(numbers(b, "nginx"), list(range(100)))


def test_what_no_route_takes_is_counted_and_promised(tmp):
    taken, left = Log(tmp, "taken").write(300), Log(tmp, "left").write(400)
    port = clew.free_port()
    with FarEnd(tmp, name="a") as a:
        path = make(tmp, [(a, {"name": "a"})], [{"match": {"path": "taken.log"}}],
                    control={"listen": f"127.0.0.1:{port}"})
        with clew.start("run", "-c", path) as process:
            a.wait_for(300)
            process.wait_for(lambda: {place["offset"] for place in checkpoints(tmp).values()}
                             == {taken.path.stat().st_size, left.path.stat().st_size},
                             "both are promised")
            found = books(port)
            clew.equal(process.stop(), 0)
    clew.equal(found["clew_discarded_records_total"], 400)
    clew.equal(found["clew_received_records_total"], 700)
    clew.equal(found["a"]["given"], 300)
    clew.equal(found["a"]["sent"], 300)
    assert_balanced(found, "a")


def test_a_far_end_that_is_down_holds_the_others_only_where_it_is_required(tmp):
    log_a, log_b = Log(tmp, "a"), Log(tmp, "b")
    port, down = clew.free_port(), clew.free_port()
    with FarEnd(tmp, name="one") as one:
        path = make(tmp, [(one, {"name": "one"}), (down, {"name": "two", "required": False})],
                    [{"match": {"path": "a.log"}, "outputs": ["one"]},
                     {"match": {"path": "b.log"}, "outputs": ["two"]}],
                    control={"listen": f"127.0.0.1:{port}"})
        with clew.start("run", "-c", path) as process:
            for _ in range(40):
                log_a.write(500, 300)
                log_b.write(500, 300)
            one.wait_for(20000, deadline=clew.EVENT_TIMEOUT)
            process.wait_for(lambda: books(port)["two"].get("dropped"), "records are dropped")
            found = books(port)
            process.stop()
        clew.equal(numbers(one, "a"), list(range(20000)))
        clew.equal(names(one), ["a"])
        assert_balanced(found, ("one", "two"))
        clew.equal(found["one"]["dropped"], 0)


def test_a_far_end_that_is_down_has_its_own_after_a_restart(tmp):
    """… and the lines of other routes are not sent again but for what was in flight."""
    log_a, log_b = Log(tmp, "a").write(2000, 100), Log(tmp, "b").write(2000, 100)
    down = clew.free_port()
    routes = [{"match": {"path": "a.log"}, "outputs": ["one"]},
              {"match": {"path": "b.log"}, "outputs": ["two"]}]
    with FarEnd(tmp, name="one") as one:
        path = make(tmp, [(one, {"name": "one"}), (down, {"name": "two"})], routes)
        with clew.start("run", "-c", path) as process:
            one.wait_for(2000)
            process.stop()
        with FarEnd(tmp, port=down, name="two") as two, clew.start("run", "-c", path) as process:
            two.wait_for(2000)
            clew.equal(process.stop(), 0)
            assert_in_order(numbers(two, "b"), log_b.count, "the one that was down")
        assert_in_order(numbers(one, "a"), log_a.count, "the other")


def test_a_kill_with_routes_loses_nothing(tmp):
    seed = int(time.time())
    choose = random.Random(seed)
    logs = [Log(tmp, name) for name in ("a", "b", "c")]
    port = clew.free_port()
    with FarEnd(tmp, name="one") as one, FarEnd(tmp, name="two") as two:
        path = make(tmp, [(one, {"name": "one"}), (two, {"name": "two"})],
                    [{"match": {"path": ["a.log", "b.log"]}, "outputs": ["one"]},
                     {"match": {"path": ["b.log", "c.log"]}, "outputs": ["two"]}],
                    control={"listen": f"127.0.0.1:{port}"})
        for _ in range(8):
            with clew.start("run", "-c", path) as process:
                for _ in range(choose.randrange(2, 12)):
                    for log in logs:
                        log.write(choose.randrange(200), choose.randrange(300))
                    time.sleep(0.01)
                process.kill()
        clew.run_ok("run", "--once", "-c", path)
        for far, wanted in ((one, "ab"), (two, "bc")):
            clew.equal("".join(names(far)), wanted)
            for log in logs:
                if log.name in wanted:
                    assert_in_order(numbers(far, log.name), log.count,
                                    f"{log.name} at {far.path.name} (seed {seed})")


def test_each_route_filters_the_record_as_it_was(tmp):
    """… also when its filters add and take fields, and what they drop is counted by their names."""
    (tmp / "logs").mkdir()
    (tmp / "logs/a.log").write_text("".join(
        json.dumps({"msg": f"a {n}", "n": n, "secret": "s", "level": "info" if n % 2 else "debug",
                    "trace_id": f"{n + 1:032x}"}) + "\n" for n in range(200)))
    port = clew.free_port()
    routes = [
        {"name": "plain", "outputs": ["a"]},
        {"name": "small", "outputs": ["b"], "filters": [
            {"remove": {"names": ["secret", "n", "level"]}}]},
        {"name": "loud", "outputs": ["b"], "filters": [
            {"name": "quiet", "drop": {"field": "level", "equals": "debug"}}]},
        {"name": "none", "outputs": ["a"], "filters": [
            {"drop": {"field": "secret", "exists": True}}]}]
    with FarEnd(tmp, name="a") as a, FarEnd(tmp, name="b") as b:
        path = make(tmp, [(a, {"name": "a"}), (b, {"name": "b"})], routes,
                    control={"listen": f"127.0.0.1:{port}"})
        with clew.start("run", "-c", path) as process:
            a.wait_for(200)
            b.wait_for(300)
            found = books(port)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
            clew.equal(process.stop(), 0)
        keys = lambda record: {pair["key"] for pair in record["attributes"]}  # noqa: E731
        clew.equal(len(a.records()), 200)
        for _, record in a.records():
            assert {"secret", "n"} <= keys(record), record
        small = [record for _, record in b.records() if "n" not in keys(record)]
        loud = [record for _, record in b.records() if "n" in keys(record)]
        clew.equal([record["body"]["stringValue"] for record in small],
                   [f"a {n}" for n in range(200)])
        clew.equal([record["body"]["stringValue"] for record in loud],
                   [f"a {n}" for n in range(1, 200, 2)])
        for record in small:
            assert "secret" not in keys(record) and len(record["traceId"]) == 32, record
        for record in loud:
            assert "secret" in keys(record), record
    for name, count in (("loud/quiet", 100), ("none/drop", 200), ("(no route)", 0)):
        clew.contains(text, f'clew_filtered_records_total{{filter="{name}"}} {count}\n')
    clew.equal(found["clew_discarded_records_total"], 0)
    clew.equal((found["a"]["given"], found["b"]["given"]), (200, 300))


def test_what_every_route_s_filters_drop_is_promised(tmp):
    log = Log(tmp, "a").write(100)
    port = clew.free_port()
    with FarEnd(tmp, name="a") as a:
        path = make(tmp, [(a, {"name": "a"})],
                    [{"filters": [{"keep": {"field": "x", "exists": True}}]}] * 2,
                    control={"listen": f"127.0.0.1:{port}"})
        with clew.start("run", "-c", path) as process:
            process.wait_for(lambda: [place["offset"] for place in checkpoints(tmp).values()]
                             == [log.path.stat().st_size], "all is promised")
            clew.equal(books(port)["clew_discarded_records_total"], 100)
            clew.equal(process.stop(), 0)
        clew.equal(a.bodies(), [])


def test_the_example_of_the_page_does_what_its_table_says(tmp):
    page = (clew.ROOT / "docs/routes.md").read_text()
    example = re.search(r"```yaml\n(.*?)```", page, re.S).group(1)
    table = re.findall(r"^\| `(/[^`]+)` \| (\w+) \| ([\w, ]+) \|$", page, re.M)
    clew.equal(len(table), 4)
    for file, _, _ in table:
        path = tmp / file[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{CRI if 'pods' in file else ''}of {file}\n")
    with FarEnd(tmp, name="backend") as backend, FarEnd(tmp, name="security") as security:
        text = example.replace("/var/log", f"{tmp}/var/log")
        for name, far in (("backend", backend), ("security", security)):
            text = text.replace(f"http://{name}:4318", far.endpoint)
        (tmp / "clew.yaml").write_text(text)
        clew.run_ok("run", "--once", "-c", tmp / "clew.yaml", "--set", f"data_dir={tmp / 'data'}",
                    "--set", "control.listen=off")
        for name, far in (("backend", backend), ("security", security)):
            clew.equal(sorted(far.bodies()),
                       sorted(f"of {file}" for file, _, outputs in table if name in outputs), name)


def test_parse_shows_what_the_page_says(tmp):
    page = (clew.ROOT / "docs" / "routes.md").read_text().partition("## What a route does with a line")[2]
    (tmp / "clew.yaml").write_text(re.search(r"^```yaml\n(.*?)^```$", page, re.M | re.S)[1])
    command, shown = re.search(r"^```console\n\$ (.*?)\n(.*?)^```$", page, re.M | re.S).groups()
    line, words = re.fullmatch(r"echo '(.*)' >auth.log; clew (.*)", command).groups()
    (tmp / "auth.log").write_text(line + "\n")
    found = clew.run_ok(*words.split(), cwd=tmp).out.splitlines()
    clew.equal(len(found), len(shown.splitlines()), found)
    for got, wanted in zip(found, shown.splitlines()):
        if wanted.endswith("…"):
            assert got.startswith(wanted.removesuffix("…")), (got, wanted)
        else:
            clew.equal(got, wanted)


def attributes(record):
    return {one["key"]: one["value"].get("stringValue") for one in record["attributes"]}


def test_parse_shows_each_route_with_the_record_that_its_filters_make(tmp):
    settings = {
        "filters": [{"drop": {"field": "noise"}}, {"remove": {"names": ["password"]}}],
        "outputs": [{"name": "a", "endpoint": "http://a:1"}, {"name": "b", "endpoint": "http://b:1"}],
        "routes": [
            {"name": "plain", "match": {"path": ["auth.log"]}, "outputs": ["b"]},
            {"name": "first", "match": {"path": ["*.log"]},
             "filters": [{"set": {"who": "%{user}"}}, {"nest": {"names": ["user"], "under": "o"}}]},
            {"name": "second", "match": {"path": ["auth.log"]}, "outputs": ["a"],
             "filters": [{"drop": {"field": "user", "equals": "eva"}}, {"set": {"$service": "s"}}]},
            {"name": "never", "match": {"namespace": ["shop"]}},
            {"name": "rest", "otherwise": True, "outputs": ["a"]}]}
    (tmp / "clew.yaml").write_text(json.dumps(settings))
    lines = [{"msg": "m", "user": "eva", "password": "x"}, {"noise": 1}, {"msg": "m", "user": "bob"}]
    for name in ("auth.log", "other.log", "none"):
        (tmp / name).write_text("".join(json.dumps(line) + "\n" for line in lines))

    def parse(name):
        out = clew.run_ok("parse", "-c", tmp / "clew.yaml", tmp / name).out
        return [json.loads(line) for line in out.splitlines()]
    eva, bob = parse("auth.log")
    for record, user in ((eva, "eva"), (bob, "bob")):
        clew.equal(attributes(record).get("user"), user)
        plain, first, second = record["routes"]
        clew.equal(plain, {"name": "plain", "outputs": ["b"]})
        clew.equal([first["name"], first["outputs"]], ["first", ["a", "b"]])
        changed = attributes(first["record"])
        clew.equal([changed["who"], "user" in changed, "o" in changed], [user, False, True])
        clew.equal([second["name"], second["outputs"]], ["second", ["a"]])
        if user == "eva":
            clew.equal(second["dropped"], True)
        else:
            clew.equal(attributes(second["record"])["user"], "bob")
            clew.equal("who" in attributes(second["record"]), False)
            clew.equal(second["record"]["resource"]["attributes"][0]["value"], {"stringValue": "s"})
    clew.equal([route["name"] for route in parse("other.log")[0]["routes"]], ["first"])
    clew.equal(parse("none")[0]["routes"], [{"name": "rest", "outputs": ["a"]}])
    settings["routes"].pop()
    (tmp / "clew.yaml").write_text(json.dumps(settings))
    clew.equal(parse("none")[0]["routes"], [])
    clew.contains(clew.run_ok("parse", "--trace", "-c", tmp / "clew.yaml", tmp / "none").out,
                  "\nroute    none takes it\n")
    settings.pop("routes")
    (tmp / "clew.yaml").write_text(json.dumps(settings))
    clew.equal(parse("none")[0].keys(), eva.keys() - {"routes"})


def test_without_routes_nothing_is_different(tmp):
    Log(tmp, "a").write(100)
    with FarEnd(tmp, name="one") as one:
        clew.run_ok("run", "--once", "-c", make(tmp, [(one, {})], []))
        clew.equal(numbers(one, "a"), list(range(100)))


if __name__ == "__main__":
    clew.main()
