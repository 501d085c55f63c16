# SPDX-License-Identifier: Apache-2.0
"""An address that is wrong: the records are held and it is said what to write, before and while it runs."""
import json
import re
import signal
import subprocess
import urllib.error
import urllib.request

import clew
from test_delivery import OK, PROBE_TEXT, Answer, FarEnd, certificate, server_context, status
from test_outputs import config, metrics, promised


def line_numbers(body):
    return [int(n) for n in re.findall(rb"line (\d+)\.", body)]


class Backend(FarEnd):
    """Answers by path: `paths` has what each says to a request; those at `right` are taken."""

    def __init__(self, right, otherwise, **more):
        self.right, self.otherwise, self.lines = right, otherwise, []
        super().__init__(self.answer, **more)

    def answer(self, n, body, far):
        path = self.requests[n][1].split()[1]
        if path != self.right:
            return self.otherwise(path)
        with self.lock:
            self.lines += line_numbers(body)
        return OK


def victorialogs(**more):
    return Backend("/insert/opentelemetry/v1/logs",
                   lambda path: status(400, body=f'unsupported path requested: "{path}"'.encode()), **more)


def write_log(tmp, count=5000, name="app.log"):
    (tmp / name).write_text("".join(f"line {n}.\n" for n in range(count)))


def settings(tmp, url, control, **more):
    return config(tmp, [(0, {"endpoint": url, "compression": "none"})],
                  control={"listen": f"127.0.0.1:{control}"}, **more)


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        clew.equal(error.code, 503)
        return False


def mistaken(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return [int(n) for n in re.findall(r"^clew_output_mistaken\{.*\} (\d+)$", answer.read().decode(), re.M)]


def errors(process):
    return [line for line in process.err().splitlines() if "level=error" in line]


def wait_until_held(process, backend, requests=3):
    process.wait_for(lambda: errors(process) and len(backend.requests) >= requests, "the address is told")


def test_a_wrong_path_holds_everything_and_a_reload_to_the_right_one_delivers_it(tmp):
    write_log(tmp)
    port = clew.free_port()
    with victorialogs() as backend:
        wrong = f"http://127.0.0.1:{backend.port}/v1/logs"
        path = settings(tmp, wrong, port)
        with clew.start("run", "-c", path) as process:
            wait_until_held(process, backend)
            clew.equal(len(errors(process)), 1)
            for words in ("HTTP status 400", "unsupported path requested", "/insert/opentelemetry/v1/logs"):
                clew.contains(errors(process)[0], words)
            clew.equal(is_ready(port), False)
            clew.equal(mistaken(port), [1])
            counted = metrics(port)
            clew.equal((counted["clew_refused_records_total"], counted["clew_dead_letter_records_total"],
                        counted["clew_sent_records_total"]), (0, 0, 0))
            clew.equal(promised(tmp), 0)
            settings(tmp, wrong.replace("/v1", "/insert/opentelemetry/v1"), port)
            process.send_signal(signal.SIGHUP)
            process.wait_for(lambda: len(backend.lines) >= 5000, "what was held is delivered")
            process.wait_for(lambda: is_ready(port), "it is ready")
            clew.equal(mistaken(port), [0])
            clew.equal(process.stop(), 0)
        clew.equal(sorted(backend.lines), list(range(5000)))
    clew.equal(list((tmp / "data").glob("dead-letters/*/*")), [])


def test_a_wrong_address_of_an_output_that_is_not_required_is_told_and_keeps_nobody_from_being_ready(tmp):
    write_log(tmp)
    port = clew.free_port()
    with victorialogs() as backend, FarEnd(lambda n, body, far: OK) as other:
        wrong = f"http://127.0.0.1:{backend.port}/v1/logs"
        path = config(tmp, [(0, {"endpoint": other.url}), (1, {"name": "copy", "endpoint": wrong, "required": False})],
                      control={"listen": f"127.0.0.1:{port}"})
        with clew.start("run", "-c", path) as process:
            wait_until_held(process, backend)
            clew.equal(sorted(mistaken(port)), [0, 1])
            clew.equal(is_ready(port), True)


def test_few_requests_are_made_while_it_is_held_and_sigterm_keeps_all_for_the_next_start(tmp):
    write_log(tmp, 20000)
    port = clew.free_port()
    with victorialogs() as backend:
        wrong = f"http://127.0.0.1:{backend.port}/v1/logs"
        path = config(tmp, [(0, {"endpoint": wrong, "retry": {"initial": "50ms", "max": "60s"}})])
        with clew.start("run", "-c", path) as process:
            wait_until_held(process, backend)
            clew.equal(process.stop(), 0)
            clew.contains(process.err(), "are sent after the next start")
        assert len(backend.requests) <= 4 + 2, len(backend.requests)  # in_flight, and the two that ask
        result = clew.run("run", "--once", "-c", path)
        clew.equal(result.code, 1, result.err)
        settings(tmp, wrong.replace("/v1", "/insert/opentelemetry/v1"), port)
        clew.run_ok("run", "--once", "-c", path)
        clew.equal(sorted(backend.lines), list(range(20000)))


def test_at_sigterm_what_is_held_goes_to_the_spool_if_there_is_one(tmp):
    write_log(tmp)
    with victorialogs() as backend:
        output = {"endpoint": f"http://127.0.0.1:{backend.port}/v1/logs", "compression": "none",
                  "spool": {"max_bytes": "10MiB"}}
        path = config(tmp, [(0, output)])
        with clew.start("run", "-c", path) as process:
            wait_until_held(process, backend)
            clew.equal(process.stop(), 0)
        assert list((tmp / "data/spool/otlp_http").iterdir())
        (tmp / "app.log").unlink()
        output["endpoint"] = output["endpoint"].replace("/v1", "/insert/opentelemetry/v1")
        clew.run_ok("run", "--once", "-c", config(tmp, [(0, output)]))
        clew.equal(sorted(backend.lines), list(range(5000)))


def test_an_address_that_took_something_before_a_reload_is_believed_after_it(tmp):
    """Only its time-out changes; the backend refuses from then on, the probes too."""
    write_log(tmp, 10)
    port = clew.free_port()
    refuses = []

    def script(n, body, far):
        return status(400) if refuses else OK
    with FarEnd(script) as far:
        path = settings(tmp, far.url, port)
        with clew.start("run", "-c", path) as process:
            clew.wait_for_port(port, process)
            process.wait_for(lambda: metrics(port)["clew_sent_records_total"] == 10, "it is taken")
            config(tmp, [(0, {"endpoint": far.url, "compression": "none", "timeout": "9s"})],
                   control={"listen": f"127.0.0.1:{port}"})
            process.send_signal(signal.SIGHUP)
            process.wait_for(lambda: "config reloaded" in process.err(), "the reload")
            refuses.append(True)
            with open(tmp / "app.log", "a", encoding="utf-8") as log:
                log.write("line 10.\n")
            process.wait_for(lambda: metrics(port)["clew_refused_records_total"] == 1, "it is refused")
            clew.equal(metrics(port)["clew_probe_requests_total"], 0)
            clew.equal(is_ready(port), True)


def test_an_address_that_took_something_before_a_reload_is_no_mistake_after_it(tmp):
    """A token that ends, or a service that is gone for a while: held, and the process stays ready."""
    write_log(tmp, 10)
    port = clew.free_port()
    refuses = []

    def script(n, body, far):
        return status(refuses[0]) if refuses else OK
    with FarEnd(script) as far:
        path = settings(tmp, far.url, port)
        with clew.start("run", "-c", path) as process:
            clew.wait_for_port(port, process)
            process.wait_for(lambda: metrics(port)["clew_sent_records_total"] == 10, "it is taken")
            config(tmp, [(0, {"endpoint": far.url, "compression": "none", "timeout": "9s"})],
                   control={"listen": f"127.0.0.1:{port}"})
            process.send_signal(signal.SIGHUP)
            process.wait_for(lambda: "config reloaded" in process.err(), "the reload")
            refuses.append(404)
            with open(tmp / "app.log", "a", encoding="utf-8") as log:
                log.write("line 10.\n")
            process.wait_for(lambda: "HTTP status 404" in process.err(), "it is held")
            clew.equal(mistaken(port), [0])
            clew.equal(is_ready(port), True)


def test_workers_share_what_one_of_them_has_found_out(tmp):
    """The backend takes no probe; a line of one worker is taken, then the first of the other is refused."""
    (tmp / "a.log").write_text("line 0.\n")
    port = clew.free_port()

    def script(n, body, far):
        return status(400) if not body or PROBE_TEXT in body or b"poison" in body else OK
    with FarEnd(script) as far:
        with clew.start("run", "-c", settings(tmp, far.url, port, workers=2)) as process:
            clew.wait_for_port(port, process)
            process.wait_for(lambda: metrics(port)["clew_sent_records_total"] == 1, "the first is taken")
            (tmp / "b.log").write_text("line 0. poison\n")
            process.wait_for(lambda: metrics(port)["clew_dead_letter_records_total"] == 1,
                             "the bad one is a dead letter")
            clew.equal(metrics(port)["clew_probe_requests_total"], 0)


def test_an_organisation_that_is_missing_in_the_path_is_told(tmp):
    write_log(tmp, 10)
    with Backend("/api/default/v1/logs", lambda path: status(404, body=b"Not Found")) as backend:
        port = clew.free_port()
        with clew.start("run", "-c", settings(tmp, f"http://127.0.0.1:{backend.port}/api/v1/logs", port)) as process:
            wait_until_held(process, backend, 1)
            clew.contains(errors(process)[0], "the organisation or tenant")
            clew.equal(is_ready(port), False)
        clew.equal(metrics_of_letters(tmp), [])


def metrics_of_letters(tmp):
    return list((tmp / "data").glob("dead-letters/*/*"))


def test_a_page_of_a_proxy_is_told_and_no_record_goes_with_it(tmp):
    write_log(tmp, 10)
    page = Answer(200, b"<!doctype html><title>Welcome to nginx!</title>", kind="text/html")
    with Backend("/v1/logs", lambda path: page) as backend:
        port = clew.free_port()
        path = settings(tmp, f"http://127.0.0.1:{backend.port}/", port)
        with clew.start("run", "-c", path) as process:
            wait_until_held(process, backend, 1)
            clew.contains(errors(process)[0], "a web page (HTML)")
            clew.contains(errors(process)[0], f"write http://127.0.0.1:{backend.port}/v1/logs")
            clew.equal(is_ready(port), False)
            settings(tmp, f"http://127.0.0.1:{backend.port}/v1/logs", port)
            process.send_signal(signal.SIGHUP)
            process.wait_for(lambda: len(backend.lines) >= 10, "the lines arrive")
            clew.equal(sorted(backend.lines), list(range(10)))


def test_replay_keeps_its_letters_where_the_address_is_wrong(tmp):
    write_log(tmp, 10)

    def poisoned(n, body, far):
        return status(400, body=b"poison") if 3 in line_numbers(body) else OK
    with FarEnd(poisoned) as far:
        path = settings(tmp, far.url, clew.free_port())
        clew.equal(clew.run("run", "--once", "-c", path).code, 1)
    clew.equal(len(metrics_of_letters(tmp)), 1)
    with victorialogs() as backend:
        result = clew.run("replay", "-c", path, "--endpoint", f"http://127.0.0.1:{backend.port}/v1/logs")
        clew.equal(result.code, 1)
        clew.contains(result.err, "the address is wrong and not the records")
        clew.equal(len(metrics_of_letters(tmp)), 1)
        again = clew.run_ok("replay", "-c", path, "--endpoint",
                            f"http://127.0.0.1:{backend.port}/insert/opentelemetry/v1/logs")
        clew.equal(json.dumps(again.out.split(",")[0]), '"1 records sent"')
    clew.equal(backend.lines, [3])


# --- clew check --connect ---

def check(url, *more, **sets):
    options = [part for name, value in {"endpoint": url, "timeout": "5s", **sets}.items()
               for part in ("--set", f"outputs.{name}={value}")]
    return clew.run("check", "--connect", *options, *more)


def connected(url, *more, **sets):
    """(status, text) of its one output, by JSON; the same text is printed for people."""
    result = check(url, "--format", "json", *more, **sets)
    found = result.json()["connect"]
    clew.equal([(f["output"], f["good"]) for f in found], [("otlp_http", result.code == 0)])
    text = check(url, *more, **sets)
    clew.equal(text.code, result.code)
    clew.contains(text.out, re.sub(r"after \d+ ms", "", found[0]["text"]).split("after")[0][:40])
    return result.code, found[0]["status"], found[0]["text"]


def test_connect_says_that_an_address_takes_requests_and_stores_nothing_there():
    with FarEnd() as far:
        clew.equal(connected(far.url), (0, 200, "HTTP status 200"))
        clew.equal(check(far.url).out, f"output otlp_http: {far.url} takes requests: HTTP status 200\n")
        clew.equal(check(far.url, "--quiet").out, "")
        assert all(len(body) < 30 and PROBE_TEXT not in body for _, _, _, body in far.requests)


def test_connect_sends_a_record_only_where_the_empty_request_is_refused():
    with FarEnd(lambda n, body, far: OK if body else status(400)) as far:
        clew.equal(connected(far.url, compression="none")[0], 0)
        assert [body == b"" for _, _, _, body in far.requests] == [True, False] * 2


def test_connect_says_what_is_wrong_with_each_answer():
    page = Answer(200, b"<html><title>Sign in</title></html>", kind="text/html")
    moved = status(301, headers={"Location": "https://user:secret@example.invalid/v1/logs?token=secret"})
    cases = [(status(401), 401, "headers"), (status(403), 403, "headers"),
             (status(404), 404, "check the path"), (status(405), 405, "check the path"),
             (status(400, body=b"no \x1b[31msuch\xff path\xc2\x9b"), 400, "the address is wrong and not the records"),
             (status(500), 500, "the address is wrong and not the records"),
             (status(415), 415, "compression"), (status(503), 503, "HTTP status 503"),
             (page, 200, "a web page (HTML)"), (moved, 301, "to https://example.invalid/v1/logs, clew does not follow redirects")]
    for answer, code, words in cases:
        with FarEnd(lambda n, body, far: answer) as far:
            failed, told, text = connected(far.url)
            clew.equal((failed, told), (1, code))
            clew.contains(text, words)
            assert "secret" not in text and not re.search(r"[\x00-\x1f\x7f-\x9f]", text), text


def test_connect_says_what_is_wrong_where_nothing_answers():
    port = clew.free_port()
    for url, words in [("http://no-such-host.invalid:4318/v1/logs", "check the host name"),
                       (f"http://127.0.0.1:{port}/v1/logs", "check that the backend is running")]:
        failed, code, text = connected(url)
        clew.equal((failed, code), (1, 0))
        clew.contains(text, words)
    with FarEnd(lambda n, body, far: Answer(delay=3)) as far:
        clew.contains(connected(far.url, timeout="300ms")[2], "timed out")
    with FarEnd(lambda n, body, far: bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])) as far:
        clew.contains(connected(far.url)[2], "(4318), not gRPC (4317)")
    with FarEnd(lambda n, body, far: None) as far:
        clew.contains(connected(far.url)[2], "(4318), not gRPC (4317)")
    with FarEnd() as far:
        clew.contains(connected(far.url.replace("http:", "https:"))[2], "check that this port uses TLS")
    result = check("http://127.0.0.1:4317/v1/logs")
    clew.contains(result.err, "port 4317 is normally OTLP/gRPC")


def expired_certificate(tmp):
    """Signed by itself, valid until a day long gone."""
    key, cert, request = tmp / "old.key", tmp / "old.pem", tmp / "old.csr"
    config_file = tmp / "old.cnf"
    config_file.write_text("[ca]\ndefault_ca=c\n[c]\n"
                           f"database={tmp}/index\nserial={tmp}/serial\nnew_certs_dir={tmp}\n"
                           "default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n"
                           "[x]\nsubjectAltName=DNS:localhost\n")
    (tmp / "index").touch()
    (tmp / "serial").write_text("01\n")
    for command in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", key, "-out", request, "-subj", "/CN=localhost"],
                    ["ca", "-batch", "-selfsign", "-config", config_file, "-in", request, "-keyfile", key,
                     "-out", cert, "-notext", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, timeout=30)
    return cert, key


def test_connect_says_what_is_wrong_with_a_certificate(tmp):
    cert, key = certificate(tmp, "server")
    other, other_key = certificate(tmp, "other", subject="elsewhere.example")
    old, old_key = expired_certificate(tmp)
    with FarEnd(tls=server_context(cert, key)) as far:
        clew.equal(connected(far.url, **{"tls.ca_file": cert})[0], 0)
        clew.contains(connected(far.url)[2], "set ca_file")
        clew.contains(connected(far.url, **{"tls.ca_file": tmp / "none.pem"})[2], "cannot read ca_file")
    with FarEnd(tls=server_context(other, other_key)) as far:
        clew.contains(connected(far.url, **{"tls.ca_file": other})[2], "the certificate is for another host")
    with FarEnd(tls=server_context(old, old_key)) as far:
        clew.contains(connected(far.url, **{"tls.ca_file": old})[2], "the certificate is expired or not yet valid")


def test_connect_asks_every_output_with_its_headers_and_shows_none_of_them(tmp):
    with FarEnd() as one, FarEnd(lambda n, body, far: status(403)) as two:
        path = config(tmp, [(one, {"headers": {"authorization": "Bearer geheim"}}),
                            (two, {"headers": {"x-api-key": "geheim"}})])
        for more in ((), ("--format", "json")):
            result = clew.run("check", "-c", path, "--connect", *more)
            clew.equal(result.code, 1)
            assert "geheim" not in result.out + result.err, result
        clew.equal([c["good"] for c in result.json()["connect"]], [True, False])
        clew.equal(one.requests[0][2]["authorization"], "Bearer geheim")
        clew.equal(two.requests[0][2]["x-api-key"], "geheim")


def test_connect_asks_nobody_where_the_config_has_a_mistake():
    with FarEnd() as far:
        clew.equal(check(far.url, "--set", "outputs.nonsense=1").code, 2)
        clew.equal(far.requests, [])


# --- clew check ---

def test_a_path_without_v1_logs_is_told_with_what_to_write():
    for url, words in [("http://host/api/shop", "write http://host/api/shop/v1/logs"),
                       ("http://me:secret@host/?token=secret", "write http://host/v1/logs"),
                       ("http://host:9428/", "http://host:9428/insert/opentelemetry/v1/logs")]:
        result = clew.run_ok("check", "--set", f"outputs.endpoint={url}")
        clew.contains(result.err, "as written, without /v1/logs")
        clew.contains(result.err, words)
        assert "secret" not in result.err, result
    for url in ("http://host", "http://host/v1/logs", "http://host/a/v1/logs?b=c"):
        clew.equal("/v1/logs" in clew.run_ok("check", "--set", f"outputs.endpoint={url}").err, False)


if __name__ == "__main__":
    clew.main()
