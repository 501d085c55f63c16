# SPDX-License-Identifier: Apache-2.0
"""Bad input: each kind has its sentence, nothing crashes, nothing that can be kept is lost."""
import base64
import os

import clew
from far_end import FarEnd, body, options, plain, run_once, start_run


def ship(tmp, data, sets=()):
    """Ship a file of these bytes; its records."""
    log = tmp / "app.log"
    log.write_bytes(data)
    with FarEnd(tmp) as far:
        done = run_once(tmp, far, log, sets=sets)
        clew.equal(done.code, 0, done.err)
        return [record for _, record in far.records()]


def raw(record):
    """The bytes of a body, whether it was text or not."""
    value = record["body"]
    return base64.b64decode(value["bytesValue"]) if "bytesValue" in value else value["stringValue"].encode()


def test_an_empty_file_is_nothing(tmp):
    clew.equal(ship(tmp, b""), [])


def test_empty_lines_are_lines(tmp):
    clew.equal([raw(r) for r in ship(tmp, b"a\n\nb\n")], [b"a", b"", b"b"])


def test_a_last_line_without_newline_is_shipped_once(tmp):
    clew.equal([raw(r) for r in ship(tmp, b"one\ntwo", ["inputs.unterminated_timeout=200ms"])],
               [b"one", b"two"])


def test_binary_garbage_is_kept_byte_for_byte(tmp):
    garbage = bytes(range(256)).replace(b"\n", b"").replace(b"\r", b"") + b"\xff\xfe\x00\xc3"
    clew.equal([raw(r) for r in ship(tmp, garbage + b"\nnext\n")], [garbage, b"next"])


def test_nul_bytes_stay_where_they_are(tmp):
    clew.equal([raw(r) for r in ship(tmp, b"a\x00b\n\x00\n")], [b"a\x00b", b"\x00"])


def test_bad_utf8_in_a_json_string_is_kept_as_bytes(tmp):
    record, = ship(tmp, b'{"msg":"ok","bad":"\xff\xfe","n":1}\n')
    clew.equal(base64.b64decode(plain(record["attributes"])["bad"]), b"\xff\xfe")
    clew.equal(body(record), "ok")


def test_almost_json_is_text(tmp):
    for line in (b'{"a":1', b'{"a":1}}', b'{"a":01}', b'{"a":1,}', b"{'a':1}", b'{"a":"\\x"}',
                 b'{"a":1}\x00', b'{"a":"tab\there"}', b'{"\xff":1}'):
        folder = tmp / line.hex()
        folder.mkdir()
        clew.equal([raw(r) for r in ship(folder, line + b"\n")], [line], repr(line))


def test_ten_thousand_levels_are_text_not_a_crash(tmp):
    line = b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}"
    clew.equal([raw(r) for r in ship(tmp, line + b'\n{"msg":"after"}\n')], [line, b"after"])


def test_a_ten_mebibyte_line_is_shipped_in_pieces_and_none_is_missing(tmp):
    line = os.urandom(5 * 1024 * 1024).hex().encode()
    pieces = [raw(r) for r in ship(tmp, b"before\n" + line + b"\nafter\n")]
    clew.equal((pieces[0], pieces[-1][:9]), (b"before", b"after"))
    assert b"".join(pieces[1:-1]) == line, "the pieces are not the line"


def test_crlf_is_the_end_of_a_line(tmp):
    clew.equal([raw(r) for r in ship(tmp, b"a\r\nb\r\n")], [b"a", b"b"])


def test_a_malformed_cri_line_is_shipped_raw(tmp):
    good = b"2026-05-11T02:14:33.221Z stdout F ok\n"
    bad = b"2026-05-11T02:14:33.221Z stdout 2026-05-11T02:14:33.221Z stdout F + true"
    records = ship(tmp, good + bad + b"\n" + good, ["inputs.envelope=cri"])
    clew.equal([raw(r) for r in records], [b"ok", bad, b"ok"])
    clew.equal(plain(records[1]["attributes"])["clew.frame.malformed"], True)


# Root may read every file, unless it lacks this.
WITHOUT_OVERRIDE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def test_an_unreadable_file_is_named_and_the_others_go_on(tmp):
    (tmp / "secret.log").write_text("x\n")
    (tmp / "secret.log").chmod(0)
    (tmp / "fine.log").write_text("fine\n")
    prefix = WITHOUT_OVERRIDE if os.geteuid() == 0 else []
    with FarEnd(tmp) as far, clew.start("run", *options(tmp, far), tmp / "fine.log",
                                        tmp / "secret.log", prefix=prefix) as run:
        far.wait_for(1)
        clew.equal(far.bodies(), ["fine"])
        run.wait_for(lambda: "secret.log" in run.err(), "the file is named")
        (tmp / "secret.log").chmod(0o600)
        far.wait_for(2)
        clew.equal(run.stop(), 0)


def test_a_directory_is_read_as_its_files(tmp):
    logs = tmp / "logs"
    logs.mkdir()
    (logs / "a.log").write_text("a\n")
    (logs / "b.log").write_text("b\n")
    with FarEnd(tmp) as far:
        clew.equal(run_once(tmp, far, logs).code, 0)
        clew.equal(sorted(far.bodies()), ["a", "b"])


def test_a_file_that_vanishes_is_no_error(tmp):
    log = tmp / "app.log"
    log.write_text("first\n")
    with FarEnd(tmp) as far, start_run(tmp, far, log) as run:
        far.wait_for(1)
        log.unlink()
        log.write_text("second\n")
        far.wait_for(2)
        clew.equal(far.bodies(), ["first", "second"])
        clew.equal(run.stop(), 0)


def test_a_path_that_does_not_exist_yet_is_waited_for(tmp):
    log = tmp / "later" / "app.log"
    with FarEnd(tmp) as far, start_run(tmp, far, log) as run:
        run.wait_for(lambda: (tmp / "data").exists(), "it has started")
        log.parent.mkdir()
        log.write_text("here\n")
        far.wait_for(1)
        clew.equal(run.stop(), 0)


def test_a_bad_config_is_shown_with_its_place_and_all_its_mistakes(tmp):
    config = tmp / "clew.yaml"
    config.write_text("inputs:\n  - includ: [/x]\ndata_dir: [1]\nnonsense: 3\n")
    done = clew.run("run", "-c", config)
    clew.equal(done.code, 2)
    clew.contains(done.err, f"{config}:2:5:")
    clew.contains(done.err, "include")
    clew.contains(done.err, f"{config}:4:1:")


def test_nothing_to_read_is_wrong_usage():
    if os.path.exists("/var/log/pods"):
        return  # then there is something to read
    done = clew.run("run", "--once")
    clew.equal(done.code, 2)
    clew.contains(done.err, "nothing to read")


def test_an_unknown_option_names_the_nearest(tmp):
    done = clew.run("run", "--onec")
    clew.equal(done.code, 2)
    clew.contains(done.err, "--once")


def test_a_missing_config_is_named():
    done = clew.run("run", "-c", "/does/not/exist.yaml")
    clew.equal(done.code, 2)
    clew.contains(done.err, "/does/not/exist.yaml")


def test_a_far_end_that_is_down_is_said_once_and_loses_nothing(tmp):
    log = tmp / "app.log"
    log.write_text("kept\n")
    far = FarEnd(tmp)
    with start_run(tmp, far, log, sets=["outputs.retry.initial=50ms", "outputs.retry.max=100ms"]) as run:
        run.wait_for(lambda: "holding records" in run.err(), "it says so")
        clew.equal(len([l for l in run.err().splitlines() if "level=warn" in l or "level=error" in l]), 1,
                   run.err())
        with far:
            far.wait_for(1)
            clew.equal(far.bodies(), ["kept"])
            clew.equal(run.stop(), 0)


def test_a_wrong_path_at_the_far_end_is_explained_and_the_lines_are_kept(tmp):
    log = tmp / "app.log"
    log.write_text("x\n")
    with FarEnd(tmp) as far:
        wrong = [f"outputs.endpoint={far.endpoint}/wrong", "shutdown_timeout=500ms"]
        done = run_once(tmp, far, log, sets=wrong)
        clew.equal(done.code, 1)
        clew.contains(done.err, "404")
        clew.contains(done.err, "/v1/logs")
        clew.equal(run_once(tmp, far, log).code, 0)
        clew.equal(far.bodies(), ["x"])


def test_a_bad_certificate_is_explained_and_nothing_is_sent(tmp):
    import http.server
    import ssl
    import subprocess
    import threading
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", tmp / "key.pem", "-out", tmp / "cert.pem"],
                   check=True, capture_output=True)
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp / "cert.pem", tmp / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log = tmp / "app.log"
    log.write_text("x\n")
    far = FarEnd(tmp)
    far.endpoint = f"https://localhost:{server.server_port}"
    try:
        with start_run(tmp, far, log) as run:
            run.wait_for(lambda: "certificate" in run.err(), "the certificate is named")
        clew.equal(got, [])
    finally:
        server.shutdown()


if __name__ == "__main__":
    clew.main()
