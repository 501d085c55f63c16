#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The words of what users read: pages, configs, and the strings of the program.

Write as a native technical writer would: short, active, present tense, the subject first. The words below are those
that an earlier version of these texts had in place of the field's own; CONTRIBUTING.md has the ones to use.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A pattern → what to write in its place.
WORDS = {
    r"far ends?": "backend",
    r"anew": "again, or re- (rewritten, restarted)",
    r"(tell|tells|told)": "report, log, show, detect, distinguish",
    r"behind": "after",
    r"held against": "compared with, matched against",
    r"is none": "is not one, or the noun",
    r"so long at most": "maximum",
    r"nobody": "the passive, or cannot be",
    r"whoever": "name them: a client, the writer",
    r"who knows": "name them",
    r"(goes on|go on|going on)": "continues",
    r"in hand": "buffered, in memory",
    r"under way": "in flight",
    r"everybody('s)?": "all users",
    r"left aside": "ignored",
    r"given up": "dropped, closed, or counted as lost",
    r"folders?": "directory",
    r"is not there": "does not exist",
    r"by custom": "normally",
    r"keeps? (the|their|its) thread": "keeps trace ids",
    r"takes records": "accepts records",
}
FOUND = re.compile("|".join(f"(?P<w{n}>\\b{word}\\b)" for n, word in enumerate(WORDS)), re.I)

# Where a word means itself.
MEANT = {
    "docs/conformance-filelog.md": "names of tests and of another program's rows",
    "docs/performance.md": "how things were measured, for those who change them",
    "docs/plan.md": "decisions, for those who change the program",
    "docs/reliability.md": "the model's own words, in its tables",
    "docs/coverage-example.html": "made by `clew audit`",
}
EXCUSED = re.compile(
    r"and goes on|\"nobody\"|user: nobody|if there is none|under way\b.*`tests|real_parts\.folder|clew_\w+|"
    r"falls behind|ClewFallsBehind|humanizeDuration }} behind\"|[Ii]f there is none")

LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*(?:PRI\w+\s*)?"(?:[^"\\\n]|\\.)*")*')
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def tracked(*folders):
    git = subprocess.run(["git", "-C", str(ROOT), "ls-files", *folders], capture_output=True, text=True, check=False)
    names = git.stdout.splitlines() if git.returncode == 0 else [
        str(p.relative_to(ROOT)) for folder in folders for p in sorted((ROOT / folder).rglob("*")) if p.is_file()]
    return [n for n in names if (ROOT / n).is_file()]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def pages():
    return ["README.md", "CHANGELOG.md", "CONTRIBUTING.md",
            *(n for n in tracked("docs") if n.endswith((".md", ".html")) and n not in MEANT)]


def configs():
    return [n for n in tracked("conf", "debian") if n.endswith((".yaml", ".service", ".tpl", "control"))]


def strings(name):
    """Line, and the whole of each string of a source file; comments are not for users."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text_of(name), flags=re.S)
    for found in LITERALS.finditer(text):
        whole = "".join(LITERAL.findall(found[0]))
        if " " in whole:
            yield text[:found.start()].count("\n") + 1, whole


def complaints(name, number, text):
    for found in FOUND.finditer(text):
        around = text[max(0, found.start() - 30):found.end() + 30]
        if not EXCUSED.search(around):
            word = list(WORDS.values())[int(found.lastgroup[1:])]
            yield f"{name}:{number}: \"{found[0]}\" in …{around.strip()}…; write: {word}"


def in_lines(names):
    for name in names:
        code = False
        for number, line in enumerate(text_of(name).split("\n"), 1):
            code ^= line.startswith("```")
            if name in ("CHANGELOG.md", "CONTRIBUTING.md"):  # which quote what is not written any more
                line = re.sub(r'"[^"]*"', "", line)
            if not code:
                yield from complaints(name, number, line)


def test_pages_speak_as_a_technical_writer_would():
    return list(in_lines(pages()))


def test_configs_do_too():
    return list(in_lines(configs()))


def test_the_program_does_too():
    return [complaint for name in tracked("src", "outputs", "parsers") if name.endswith(".c")
            for number, text in strings(name) for complaint in complaints(name, number, text)]


def test_messages_that_help_explains_are_logged():
    explained = re.findall(r'^    \{"((?:[^"\\]|\\.)*)",', text_of("src/cli/help/messages.c"), re.M)
    written = "\n".join(whole for name in tracked("src", "outputs", "parsers")
                        if name.endswith(".c") and not name.endswith("help/messages.c") for _, whole in strings(name))
    return [f"nothing logs \"{words}\"" for words in explained if words not in written] or (
        [] if explained else ["no message is explained"])


def test_the_test_finds_each_word():
    samples = ("the far end", "begun anew", "it tells", "behind it", "held against", "a line that is none",
               "So long at most", "nobody", "whoever", "who knows", "goes on", "in hand", "under way", "everybody",
               "left aside", "given up", "a folder", "is not there", "by custom", "keeps their thread")
    return [f"\"{sample}\" is not found" for sample in samples if not list(complaints("", 1, sample))]


def main():
    passed = failed = 0
    for name, function in list(globals().items()):
        if not name.startswith("test_"):
            continue
        found = function()
        failed += bool(found)
        passed += not found
        print(f"{'FAILED' if found else 'ok'} {name[len('test_'):].replace('_', ' ')}")
        print("".join(f"    {line}\n" for line in found), end="")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
