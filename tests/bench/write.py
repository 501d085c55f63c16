# SPDX-License-Identifier: Apache-2.0
"""Puts the benchmark's figures where readers find them: a document and a picture of it."""
import re

COLOURS = {"clew": "#1a73e8", "Collector": "#e8710a"}
LEFT, BAR, GAP, WIDTH = 190, 18, 6, 760


def document(path, found):
    """Everything between `<!-- bench:NAME -->` and `<!-- /bench -->` is replaced."""
    text = path.read_text()
    for name, lines in found.items():
        pattern = re.compile(r"(<!-- bench:%s -->\n).*?(<!-- /bench -->)" % name, re.S)
        text, count = pattern.subn(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], text)
        if count != 1:
            raise RuntimeError("%s has %d places for the table %s" % (path, count, name))
    path.write_text(text)


def picture(path, rows):
    """Bars of MB per CPU second, the longest first within each compression."""
    if not rows:
        return
    longest = max(row["mb"] for row in rows if row["name"] != "floor")
    out, y = [], 34
    for mode in ("none", "gzip", "zstd"):
        for row in sorted((r for r in rows if r["mode"] == mode), key=lambda r: -r["mb"]):
            if row["name"] == "floor":
                continue
            width = max(row["mb"] / longest * (WIDTH - LEFT - 90), 1)
            label = "%s, %s" % (row["name"], "no compression" if mode == "none" else mode)
            out.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 8, y + 14, label))
            out.append('<rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/>' % (
                LEFT, y, width, BAR, COLOURS.get(row["name"], "#5f6368")))
            out.append('<text x="%.0f" y="%d">%.0f MB</text>' % (LEFT + width + 6, y + 14, row["mb"]))
            y += BAR + GAP
        y += 2 * GAP
    if any("¹" in row["name"] for row in rows):
        y += GAP
        out.append('<text x="%d" y="%d" font-size="12">¹ fields and ids as JSON in text, not as OTLP</text>' % (12, y))
        y += 2 * GAP
    path.write_text(
        '<!-- SPDX-License-Identifier: Apache-2.0 -->\n<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
        'font-family="sans-serif" font-size="13" fill="#202124">\n'
        '<rect width="100%%" height="100%%" fill="#ffffff"/>\n'
        '<text x="%d" y="20" font-weight="bold">Pod log shipped per CPU second, every field and id kept'
        '</text>\n%s\n</svg>\n' % (WIDTH, y, WIDTH, y, 12, "\n".join(out)))
