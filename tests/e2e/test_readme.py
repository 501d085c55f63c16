# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what the program prints."""
import base64
import http.server
import re
import subprocess
import threading

import clew

README = (clew.ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = clew.ROOT / "conf/samples"


def shown(command):
    """What the README shows below a command."""
    found = re.search(r"```console\n\$ " + re.escape(command) + r"\n(.*?)```", README, re.DOTALL)
    if not found:
        raise clew.Failure(f"the README has no block of `{command}`")
    return found[1]


def test_the_coverage_of_the_samples_is_as_the_readme_shows():
    done = clew.run_ok("audit", "conf/samples", cwd=clew.ROOT)
    clew.equal(done.out, shown("clew audit conf/samples"))


def test_the_audit_by_workload_is_as_the_page_on_kubernetes_shows():
    command = "audit --no-hints --by workload --pods conf/samples.pods.json conf/samples"
    page = (clew.ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
    done = clew.run_ok(*command.split(), cwd=clew.ROOT)
    clew.contains(page, f"$ clew {command}\n{done.out}```")


def test_the_parsed_line_has_what_the_readme_shows():
    block = shown("sed -n 2p conf/samples/shop_payment-*/payment/0.log | clew parse")
    line = next(SAMPLES.glob("shop_payment-*/payment/0.log")).read_text().splitlines()[1]
    out = clew.run_ok("parse", stdin=line + "\n").out
    for piece in re.sub(r"\n *", "", block).split("…"):
        clew.contains(out, piece.strip().strip(","))


def test_the_commands_of_the_table_exist():
    for command in re.findall(r"^\| `clew (\w+)", README, re.MULTILINE):
        clew.run_ok(command, "--help")


def test_what_the_pages_link_to_exists():
    for page in [clew.ROOT / "README.md", *(clew.ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                raise clew.Failure(f"{page.name} links to {link}, which is not there")


def test_the_openobserve_example_posts_where_it_says(tmp):
    """The README's own lines, run by a shell, against a server that looks at path and header."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    block = next(b for b in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "OTLP_HEADERS" in b)
    block = block.replace("http://openobserve.example:5080", f"http://127.0.0.1:{server.server_port}")
    block = block.replace("clew run", f"{clew.CLEW} run --once --set data_dir={tmp / 'data'} "
                                      f"--set control.listen=off {SAMPLES}")
    done = subprocess.run(["sh", "-c", block], env=clew.environment(), capture_output=True, timeout=clew.END_TIMEOUT,
                          check=False)
    server.shutdown()
    clew.equal(done.returncode, 0, done.stderr.decode())
    user = base64.b64encode(b"root@example.com:password").decode()
    clew.equal(set(got), {("/api/default/v1/logs", f"Basic {user}")})


if __name__ == "__main__":
    clew.main()
