#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Names of metrics and options that pages, configs and help have in prose are names that clew knows."""

import re

import clew

PAGES = [*(clew.ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
         *sorted((clew.ROOT / "docs").glob("*.md"))]
CONFIGS = [path for folder in ("conf", "debian") for path in sorted((clew.ROOT / folder).rglob("*"))
           if path.suffix in (".yaml", ".service", ".tpl")]
# Fields of log lines that look like options.
FIELDS = {"trace.id", "trace.trace_id", "trace.span_id"}


def metrics():
    """As /metrics has them, with their _total; families of several labels once."""
    page = (clew.ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(clew_\w+)", page, re.M))


def options():
    """Every path of `clew help config`, and of the filters below a route."""
    found = set(re.findall(r"^([a-z_]+(?:\.[a-z_]+)*)$", clew.run_ok("help", "config").out, re.M))
    return found | {f"routes.{name}" for name in found if name.startswith("filters.")}


def help_texts():
    return clew.run_ok("help", "config").out + clew.run_ok("help", "hints").out


def wrong_metrics(text, known):
    """Those that are neither known nor the beginning of known ones, written `clew_output_…` or `clew_*`."""
    wrong = set()
    for found in re.finditer(r"\bclew_[a-z][a-z0-9_]*(…|\*)?", text):
        name = found[0].rstrip("…*")
        is_open = found[1] is not None or name.endswith("_")
        good = any(k.startswith(name) for k in known) if is_open else name in known
        if not good:
            wrong.add(found[0])
    return wrong


def wrong_options(text, known):
    """Of the names in backticks that begin with a section's: `retry.max` and `outputs.retry.max` are both good."""
    sections = {part for name in known for part in name.split(".")[:-1]}
    wrong = set()
    for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?::[^`]*)?`", text):
        if name.split(".")[0] in sections and not name.endswith((".md", ".c", ".h", ".py", ".yaml")):
            if name not in FIELDS and not any(k == name or k.endswith("." + name) for k in known):
                wrong.add(name)
    return wrong


def test_metrics_in_prose_exist():
    known = metrics()
    assert len(known) > 100, known
    for path in (*PAGES, *CONFIGS):
        if "samples" not in path.parts:
            clew.equal(wrong_metrics(path.read_text(encoding="utf-8"), known), set(), path.name)
    clew.equal(wrong_metrics(help_texts(), known), set(), "clew help")


def test_options_in_prose_exist():
    known = options()
    assert "outputs.retry.max" in known and "kubernetes.max.pods" in known, known
    for path in PAGES:
        clew.equal(wrong_options(path.read_text(encoding="utf-8"), known), set(), path.name)
    bare = re.findall(r"\b((?:kubernetes|audit|control|multiline|trace|parse|inputs|outputs|filters)\.[a-z_]+"
                      r"(?:\.[a-z_]+)*)\b", "".join(re.findall(r"\| counter \|.*|\| gauge \|.*",
                                                    (clew.ROOT / "docs/metrics.md").read_text())))
    assert bare, "metrics name options"
    clew.equal({n for n in bare if not any(k == n or k.endswith("." + n) for k in known)}, set(), "docs/metrics.md")


def test_the_text_of_a_choice_explains_each_of_its_names():
    """Where the help of an option explains one of its names in backticks as `name` and a verb, it explains all."""
    for option in ("inputs.type", "inputs.long_line", "kubernetes.source", "kubernetes.ship", "kubernetes.service",
                   "trace.dd_decimal", "filters.redact.with", "filters.redact.at_limit"):
        page = clew.run_ok("help", option).out.splitlines()
        names = page[1].partition("(")[0].replace("|", " ").split()
        assert len(names) > 1, page
        for name in names:
            clew.contains(" ".join(page[2:]), f"`{name}`", option)


def test_a_wrong_name_is_found():
    known_metrics, known_options = metrics(), options()
    clew.equal(wrong_metrics("clew_multiline_records grows, clew_output_… and clew_spool_bytes do not", known_metrics),
               {"clew_multiline_records"})
    clew.equal(wrong_options("`kubernetes.pods_max`, `kubernetes.max.pods`, `retry.max`, `kubernetes.md`",
                             known_options), {"kubernetes.pods_max"})


if __name__ == "__main__":
    clew.main()
