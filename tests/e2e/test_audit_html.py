#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The audit's page in a real browser, Debian's chromium: the numbers that a person would read.

What needs no browser is tested without one; the rest is skipped where there is no chromium."""

import html.parser
import json
import re
import shutil
import subprocess

import clew

SERVICES = clew.ROOT / "tests" / "corpus" / "services"
EVIL = '</pre></section><script>document.title="forged"</script><img src=x onerror=alert(1)>"\'&'
ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def page(*args, **options):
    result = clew.run("audit", "--format", "html", *args, **options)
    assert result.code in (0, 3), result
    return result.out


def in_browser(tmp, text, *options):
    """The page's markup after chromium has read it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise clew.Skipped("there is no chromium here (Debian package chromium)")
    (tmp / "page.html").write_text(text)
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={tmp / 'profile'}", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", *options,
         f"file://{tmp / 'page.html'}"], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode()


class Reader(html.parser.HTMLParser):
    """Elements with their attributes and the text they hold."""

    def __init__(self, markup):
        super().__init__()
        self.open, self.found = [], []
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        element = (tag, dict(attributes), [])
        self.found.append(element)
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element[2].append(data)

    def all(self, tag=None, **wanted):
        wanted = {k.rstrip("_"): v for k, v in wanted.items()}
        return [(a, "".join(text)) for t, a, text in self.found
                if tag in (None, t) and all(v in a.get(k, "").split() for k, v in wanted.items())]

    def text(self, **wanted):
        return self.all(**wanted)[0][1]


def test_a_browser_shows_the_numbers_of_the_json_report(tmp):
    found = clew.run("audit", "--format", "json", SERVICES).json()
    shown = Reader(in_browser(tmp, page(SERVICES), "--dump-dom"))
    clew.equal(shown.text(id="records").replace(",", ""), str(found["records"]))
    clew.equal(shown.text(id="valid").replace(",", ""), str(found["valid"]))
    clew.equal(shown.text(class_="big"), f"{100 * found['coverage']:.1f} %")
    sections = shown.all("section", class_="service")
    clew.equal([a["data-service"] for a, _ in sections], [g["service"] for g in found["groups"]])
    for (attributes, text), group in zip(sections, found["groups"]):
        clew.equal(int(attributes["data-records"]), group["records"])
        clew.equal(int(attributes["data-valid"]), group["valid"])
        clew.contains(text, f"{100 * group['coverage']:.1f} %")
        clew.contains(text, group["verdict"])
        for name, count in group["classes"].items():
            assert count == 0 or re.search(rf"{name}( \(instrumented\))? {count} \(", text), (name, text)


def test_a_browser_finds_no_markup_in_what_a_log_says(tmp):
    line = {"service.name": EVIL, "msg": EVIL, "logger": EVIL}
    text = json.dumps(line) + "\n" + json.dumps(line | {"trace_id": ID, "span_id": SPAN}) + "\n"
    shown = Reader(in_browser(tmp, page("--min-coverage", "90%", "--by", "logger,callsite",
                                        stdin=text), "--dump-dom"))
    clew.equal(shown.all("script") + shown.all("img"), [])
    clew.equal(shown.all("title")[0][1], "Trace coverage")
    clew.equal(shown.all("section", class_="service")[0][0]["data-service"], EVIL)
    clew.contains(shown.all("pre")[0][1], "onerror=alert(1)")


def png_size(path):
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n", head
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_it_can_be_drawn_for_a_phone_and_printed(tmp):
    text = page(SERVICES)
    in_browser(tmp, text, "--window-size=500,1500", f"--screenshot={tmp / 'phone.png'}")
    clew.equal(png_size(tmp / "phone.png"), (500, 1500))
    assert (tmp / "phone.png").stat().st_size > 20000, "the page is nearly empty"
    in_browser(tmp, text, f"--print-to-pdf={tmp / 'page.pdf'}")
    assert (tmp / "page.pdf").read_bytes().startswith(b"%PDF"), "no print"


def test_the_page_needs_nothing_from_anywhere():
    text = page(SERVICES)
    for sign in ("http:", "https:", "src=", "url(", "@import", "<script", "<link"):
        assert sign not in text, sign
    clew.contains(text, "default-src 'none'")
    clew.contains(text, "prefers-color-scheme:dark")
    clew.contains(text, "@media print")
    clew.contains(text, 'name="viewport"')


def test_every_class_has_a_colour_and_hatching_of_its_own():
    text = page(SERVICES)
    looks = re.findall(r"\.([a-z_]+)\{--c:(#\w+)(?:;--h:(#\w+))?\}", text)
    classes = clew.run("audit", "--format", "json", SERVICES).json()["classes"]
    clew.equal(sorted(name for name, _, _ in looks), sorted(classes))
    clew.equal(len({(colour, hatching) for _, colour, hatching in looks}), len(classes))


def test_control_characters_and_turned_text_are_not_shown():
    name = "a\u202eb\u0007c\u2066d"
    text = page(stdin=json.dumps({"service.name": name, "msg": "x", "trace_id": ID}) + "\n")
    clew.contains(text, "<bdi>a\ufffdb\ufffdc\ufffdd</bdi>")


def test_the_trend_shows_where_coverage_fell():
    def line(hour, has_id):
        more = {"trace_id": ID, "span_id": SPAN} if has_id else {}
        return json.dumps({"time": f"2026-05-11T{hour:02}:00:00Z", "service.name": "shop",
                           "msg": "x", **more}) + "\n"
    text = page(stdin="".join(line(hour, hour < 12) * 10 for hour in range(24)))
    total = text.split("</section>")[0]
    clew.equal(re.findall(r"<title>(\d+) of (\d+) records", total),
               [("10", "10")] * 12 + [("0", "10")] * 12)
    clew.contains(total, "2026-05-11 ")


if __name__ == "__main__":
    clew.main()
