# SPDX-License-Identifier: Apache-2.0
"""Far ends that refuse, reset, hang, are slow, say no, say nonsense."""

import threading
import time

import clew
import otlp
from clew import Failure
from far_end import Answer, GARBAGE, OK, RESET, RESET_EARLY, SILENCE, retry_after_date
from rig import scenario


def steady(rig, lines=40):
    log = rig.pod()
    log.write(10)
    rig.start(sets=["outputs.timeout=500ms"])
    for turn in range(lines):
        log.write(25)
        if turn % 10 == 9:
            log.rotate_kubelet()
        time.sleep(0.02)
        rig.books(rig.run)
    return log


def one_in_two(answer):
    """Every second request gets `answer` (a function makes a fresh one)."""
    return lambda n, bodies, far: (answer() if callable(answer) else answer) if n % 2 == 0 else OK


MISBEHAVIOUR = [
    ("resets the connection instead of answering", RESET),
    ("resets it in the middle of the request", RESET_EARLY),
    ("takes the request, then resets in the middle of its answer", Answer(200, b"", cut=25)),
    ("takes no word: a black hole, until the time-out", SILENCE),
    ("answers later than the time-out, having taken it", Answer(200, delay=0.9)),
    ("answers 429 with Retry-After in seconds", Answer(429, headers={"Retry-After": "1"})),
    ("answers 503 with Retry-After as a date",
     lambda: Answer(503, headers={"Retry-After": retry_after_date(2)})),
    ("answers 502", Answer(502)),
    ("answers 504", Answer(504)),
    ("answers 401: an operator's mistake, held", Answer(401)),
    ("answers 403: an operator's mistake, held", Answer(403)),
    ("answers 404: an operator's mistake, held", Answer(404)),
    ("answers with something that is not OTLP", GARBAGE),
    ("answers with something that is not HTTP", b"\x16\x03\x01 what?\r\n\r\n"),
    ("answers with a web page", Answer(200, b"<html>log in</html>", kind="text/html", takes=False)),
]
# Those that have taken a request and do not say so: it comes again.
TAKEN_UNSAID = ("middle of its answer", "having taken it")


def add(name, answer):
    @scenario(f"every second time it {name}", short="429" in name or "answer," in name)
    def misbehave(rig):
        rig.far.script = one_in_two(answer)
        steady(rig)
        rig.wait_all(60)
        doubled = rig.far.requests * 300 if any(words in name for words in TAKEN_UNSAID) else 0
        return {"doubled": doubled, "note": f"{rig.far.requests} requests"}


for _name, _answer in MISBEHAVIOUR:
    add(_name, _answer)


@scenario("nobody listens for three seconds: one line at the beginning, one at the end, no busy loop",
          short=True)
def refused(rig):
    log = rig.log()
    log.write(10)
    rig.start(sets=["outputs.retry.initial=200ms"])
    rig.wait_all()
    rig.far.close()
    before = rig.counter("clew_requests")
    cpu = rig.metrics()["process_cpu_seconds"]
    for _ in range(30):
        log.write(100)
        time.sleep(0.1)
        rig.books(rig.run)
    tries = rig.counter("clew_requests") - before
    cpu = rig.metrics()["process_cpu_seconds"] - cpu
    rig.far.open()
    rig.wait_all()
    rig.wait_log("accepts records again")
    begin, end = rig.err().count("holding records"), rig.err().count("accepts records again")
    if (begin, end) != (1, 1):
        raise Failure(f"{begin} lines at the beginning of the outage, {end} at its end")
    if tries > 40 or cpu > 1:
        raise Failure(f"{tries} tries and {cpu} s of CPU in 3 s")
    return {"note": f"{tries} tries, {cpu:.2f} s CPU in 3 s"}


@scenario("401 for a while: held, said once with what to do, nothing lost", short=True)
def unauthorized(rig):
    rig.far.script = lambda n, bodies, far: Answer(401)
    log = rig.log()
    log.write(200)
    rig.start()
    rig.wait_log("401")
    time.sleep(1)
    log.write(200).rotate()
    rig.far.script = lambda n, bodies, far: OK
    rig.wait_all()
    return {"note": f"{rig.far.requests} requests"}


def is_bad(body):
    """Two numbers of a hundred."""
    return int(body.split(b" ")[1]) % 50 == 7


def bad_records(rig, status):
    rig.far.script = lambda n, bodies, far: Answer(
        status if bodies and any(is_bad(body) for body in bodies) else 200)
    log = rig.log()
    log.write(500)
    rig.start()
    rig.wait_all(lost=10)
    time.sleep(0.5)
    m = rig.metrics()
    ends = int(m["clew_rejected_records"] + m["clew_refused_records"])
    if ends != 10:
        raise Failure(f"10 records were refused, {ends} are counted")
    return {"lost": 10, "note": "10 records no backend would take, each counted"}


@scenario("400 for requests with a bad record: it costs itself, not its neighbours", short=True)
def bad_request(rig):
    return bad_records(rig, 400)


@scenario("413 for requests of more than 20 records: they are halved until they fit", short=True)
def too_large(rig):
    rig.far.script = lambda n, bodies, far: Answer(413 if bodies and len(bodies) > 20 else 200)
    rig.log().write(2000)
    rig.start()
    rig.wait_all()
    return {"note": f"{rig.far.requests} requests"}


@scenario("500 is final, as OTLP has it: kept as dead letters, sent again by clew replay", short=True)
def internal_error(rig):
    log = rig.log()
    log.write(100)
    rig.far.script = lambda n, bodies, far: Answer(500 if n == 0 else 200)
    rig.start()
    rig.wait_log("500")
    log.write(100)
    rig.wait_all(lost=100)
    m = rig.metrics()
    kept = int(m["clew_dead_letter_records"])
    if int(m["clew_refused_records"]) != 100 or kept != 100:
        raise Failure(f"{m['clew_refused_records']} refused, {kept} kept, not 100 each")
    sets = [f"data_dir={rig.tmp / 'data'}", f"outputs.endpoint={rig.far.url}"]
    replayed = clew.run("replay", *[part for one in sets for part in ("--set", one)])
    rig.wait_all()
    left = list((rig.tmp / "data" / "dead-letters").glob("*/*"))
    if replayed.code != 0 or left:
        raise Failure(f"{left} are left: {replayed!r}")
    return {"note": f"{kept} kept, then sent by replay", "unordered": True}


@scenario("a partial success: the rejected are counted, nothing is sent again", short=True)
def partial(rig):
    rig.far.script = lambda n, bodies, far: Answer(200, otlp.partial_success(3))
    rig.log().write(1000)
    rig.start()
    rig.wait_all()
    time.sleep(0.5)
    rejected = rig.counter("clew_rejected_records")
    if rejected != 3 * rig.far.requests:
        raise Failure(f"{rejected} counted, {3 * rig.far.requests} rejected")
    rig.wait_log("too old")
    return {"note": f"{rejected} rejected, counted"}


@scenario("comes and goes every 300 ms, under load, with rotation", short=True)
def flapping(rig):
    log = rig.pod()
    rig.start()
    for _ in range(8):
        for _ in range(10):
            log.write(50)
            time.sleep(0.03)
        log.rotate_kubelet()
        rig.far.close()
        time.sleep(0.3)
        rig.far.open()
    rig.wait_all()
    return {"doubled": 8 * 4 * 400}


@scenario("very slow, with a backlog", short=False)
def slow(rig):
    rig.far.script = lambda n, bodies, far: Answer(200, delay=0.2)
    log = rig.pod()
    log.write(20000)
    rig.start()
    rig.wait_all(90)
    return {"note": f"{rig.far.requests} requests"}


class Streams:
    """A script that takes 50 ms, and watches which streams are under way at once."""

    def __init__(self):
        self.lock, self.active, self.requests, self.twice, self.most = threading.Lock(), [], 0, 0, 0

    def __call__(self, n, bodies, far):
        if bodies is None:
            return OK
        streams = {body.split(b" ", 1)[0] for body in bodies}
        with self.lock:
            self.requests += 1
            self.twice += any(streams & other for other in self.active)
            self.active.append(streams)
            self.most = max(self.most, len(self.active))
        time.sleep(0.05)
        with self.lock:
            self.active.remove(streams)
        return OK


@scenario("a spool is drained by several requests at once, those of a stream one by one", short=True)
def drained(rig):
    logs = [rig.log(f"{n}.log") for n in range(40)]
    rig.far.close()
    for log in logs:
        log.write(1400)
    rig.start(sets=["memory_limit=8MiB", "outputs.spool.max_bytes=64MiB", "shutdown_timeout=2s",
                    "inputs.read_bytes=64KiB"])
    rig.wait_ready()
    clew.wait_for(lambda: rig.counter("clew_spooled_records") > 20 * 1400, "the spool fills")
    rig.stop()
    rig.far.script = watch = Streams()
    rig.far.open()
    begin = time.monotonic()
    rig.start()
    for log in logs[:5]:
        log.write(100)
    rig.wait_all()
    took = time.monotonic() - begin
    if watch.twice > 0:
        raise Failure(f"{watch.twice} requests had a stream that was under way already")
    if watch.most < 3:
        raise Failure(f"{watch.most} requests at a time")
    return {"note": f"{watch.requests} requests of 50 ms in {took:.1f} s, {watch.most} at once"}
