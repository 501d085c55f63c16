#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One line of each kind of secret that the detector knows: none of them is shown by anything.

The kinds are read from the detector's own tables, so one that is added there without a line here fails.
"""

import html
import http.server
import json
import re
import threading

import clew

SOURCE = clew.ROOT / "src" / "record"
ALNUM = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA" * 3
WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi\n"
       "-----END RSA PRIVATE KEY-----")

# The names of the table in docs/filters.md → texts, and of each what must not be seen.
SHAPES = {
    "card": [
        ("paid with 4111111111111111", "4111111111111111"),
        ("paid with 4111 1111 1111 1111 on 12/27", "1111 1111"),
        ("paid with 4111-1111-1111-1111", "4111-1111"),
        ("paid with 4111 1111 1111 1111 2027", "4111 1111"),
        ("paid with 3782 822463 10005", "822463"),
        ("line\n5500000000000004 end", "5500000000000004"),
        ("GET /?card=%205500000000000004", "5500000000000004"),
        ("\x1b[31m5500000000000004\x1b[0m", "5500000000000004"),
    ],
    "email": [
        ("mail to eva.maria+x@example.co.uk failed", "eva.maria"),
        ("GET /?mail=eva%40example.com&x=1", "eva"),
        ("line\neva@example.com", "eva@"),
    ],
    "token": [
        (f"got {WEB_TOKEN} from it", "eyJ"),
        (f"line\n{WEB_TOKEN}", "eyJ"),
        (f"GET /?next=%22{WEB_TOKEN}", "eyJ"),
        ("sent Bearer abcdefgh1234 on", "abcdefgh1234"),
        ("sent bearer   abcdefgh1234 on", "abcdefgh1234"),
        ("sent Basic ZXZhOmh1bnRlcjI= on", "ZXZhOmh1bnRlcjI"),
        ("open postgres://shop:hunter2@db/shop", "hunter2"),
        ("open amqp://shop:hun@ter2@db/shop", "ter2"),
        ("open https://hunter2hunter2@host/", "hunter2"),
        ("open https:\\/\\/eva:hunter2@host\\/", "hunter2"),
        (f"key {PEM} end", "MIIEpA"),
        ("key -----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA3Tz2mr7", "MIIEpA"),
    ],
    "ipv4": [("from 192.168.17.4:443", "192.168.17.4"), ("line\n192.168.17.4", "192.168.17.4")],
    "credential": [
        ("login password=hunter2 ok", "hunter2"),
        ("login password: 'hunter 2' ok", "hunter"),
        ("login password=hun,ter2 ok", "ter2"),
        ("login {\"password\": \"hun\\\"ter2\"}", "ter2"),
        ("login {\"password\":[\"first\",\"hunter2\"]}", "hunter2"),
        ("login {\"credentials\":{\"user\":\"a}b\",\"v\":\"hunter2\"}}", "hunter2"),
        ("GET /?access_token=hunter2&x=1", "hunter2"),
        ("GET /?q=password%3Dhunter2", "hunter2"),
        ("GET /?q=password\\u003dhunter2", "hunter2"),
        ("run mysql --password hunter2", "hunter2"),
        ("{:password=>\"hunter2\"}", "hunter2"),
        ("<db><password>hunter2</password></db>", "hunter2"),
        ("Authorization: Digest username=\"eva\", response=\"hunter2\"", "hunter2"),
        ("Authorization: ApiKey hunter2", "hunter2"),
        ("Cookie: a=first; b=hunter2", "hunter2"),
        ("AccountKey=hunter2==;EndpointSuffix=core", "hunter2"),
    ],
}


def slices(name, text):
    """The texts of a table of C."""
    found = re.search(r"\b%s\[\w*\] = \{(.*?)\n\s*\};" % name, text, re.S)
    return re.findall(r'SLICE\("([^"]+)"\)(?:, (\d+))?', found[1])


def rows():
    """(kind, text, what must not be seen) of every kind, and of every row of the detector's tables."""
    secret = (SOURCE / "secret.c").read_text()
    credential = (SOURCE / "credential.c").read_text()
    kinds = re.findall(r'\[SECRET_\w+\] = "(\w+)"', secret)
    clew.equal(sorted(SHAPES), sorted(kinds), "kinds of secrets that have lines here")
    made = [(kind, *row) for kind in kinds for row in SHAPES[kind]]
    keys = slices("keys", secret)
    names = slices("parts", credential) + slices("ends", credential)
    assert len(keys) > 20 and len(names) > 30, (keys, names)
    for prefix, least in keys:
        key = (prefix + ALNUM)[:int(least)]
        made.append(("token", f"key {key} end", key[len(prefix):]))
    for name, _ in names:
        made += [("credential", f"{name}=hunter2 end", "hunter2"),
                 ("credential", f"db.{name.upper()}: hunter2", "hunter2")]
    return made


def line_of(text, service="shop"):
    return json.dumps({"service.name": service, "msg": text}) + "\n"


def check_report(form, data, hidden, count):
    result = clew.run_ok("audit", "--format", form, stdin=data)
    shown = html.unescape(result.out).replace("\\[", "[").replace("\\]", "]")
    assert shown.count("[redacted]") >= count, (form, count, data, result)
    for one in hidden:
        assert one not in shown, (form, one, data, result)


def test_no_report_shows_a_secret():
    """Five services at a time, for each of which every report shows a sample."""
    made = rows()
    for form in ("table", "json", "markdown", "html"):
        for at in range(0, len(made), 5):
            some = made[at:at + 5]
            data = "".join(line_of(row[1], f"s{number}") for number, row in enumerate(some))
            check_report(form, data, [row[2] for row in some], len(some))


def test_no_report_shows_a_secret_of_a_line_that_is_text():
    for kind, texts in SHAPES.items():
        for text, hidden in texts:
            check_report("table", text.replace("\n", " ") + "\n", [hidden], 1)


def test_the_filter_hides_what_the_reports_hide():
    made = rows()
    for kind in SHAPES:
        some = [row for row in made if row[0] == kind]
        found = clew.run_ok("parse", "--set", f"filters=[{{redact: {{patterns: [{kind}]}}}}]",
                            stdin="".join(line_of(row[1]) for row in some)).out.splitlines()
        clew.equal(len(found), len(some))
        for (_, text, hidden), line in zip(some, found):
            clew.contains(line, "[redacted]", f"{kind}: {text!r}")
            assert hidden not in line, (kind, text, line)


def test_the_filter_hides_fields_whose_names_are_those_of_credentials():
    line = {"msg": "hi", "db": {"Password": {"v": 1}, "user": "eva"}, "tokens": [1, 2], "pin": 1234,
            "secret": None, "has_token": True, "spin": 4}
    found = json.loads(clew.run_ok("parse", "--set", "filters=[{redact: {patterns: [credential]}}]",
                                   stdin=json.dumps(line) + "\n").out)
    values = {a["key"]: a.get("value") for a in found["attributes"]}
    hidden = {"stringValue": "[redacted]"}
    clew.equal((values["tokens"], values["pin"]), (hidden, hidden))
    clew.equal(values["db"]["kvlistValue"]["values"], [{"key": "Password", "value": hidden},
                                                       {"key": "user", "value": {"stringValue": "eva"}}])
    clew.equal((values["has_token"], values["spin"]), ({"boolValue": True}, {"intValue": "4"}))


def test_what_is_no_secret_stays():
    text = ("order 4111111111111112 at 1700000000000 of trace 4bf92f3577b34da6a3ce929d0e0e4736, version 1.2.3, "
            "see https://example.com/a@b; took 4000 1234 ms, key: value, a token, spinning: 3")
    sample = clew.run_ok("audit", "--format", "json", stdin=text + "\n").json()["groups"][0]["samples"]
    clew.equal(list(sample.values()), [text])


class Echo:
    """A backend that refuses what it is sent, and quotes a text."""

    def __init__(self, text):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                if length < 40:  # it is asked whether it takes requests at all
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                said = json.dumps({"message": text}).encode()
                self.send_response(400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/logs"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_what_a_backend_quotes_of_a_record_is_hidden_in_the_log_and_in_dead_letters(tmp):
    for kind, texts in SHAPES.items():
        text, hidden = texts[0]
        folder = tmp / kind
        folder.mkdir()
        log = folder / "app.log"
        log.write_text(line_of(text))
        with Echo(f"cannot take: {text}") as backend:
            sets = ["--set", f"data_dir={folder / 'data'}", "--set", f"outputs.endpoint={backend.url}"]
            with clew.start("run", *sets, log) as process:
                process.wait_for(lambda: "[redacted]" in process.err(), f"the refusal is told: {kind}")
                process.stop()
                assert hidden not in process.err(), process.err()
            listed = clew.run_ok("replay", "--list", *sets)
            clew.contains(listed.out, "[redacted]")
            assert hidden not in listed.out, listed.out


if __name__ == "__main__":
    clew.main()
