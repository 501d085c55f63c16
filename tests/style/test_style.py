#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The house's rules about its sources that a machine can check.

To add a room, say in LEVELS what it is above. To use a library in another file, say so in
LIBRARIES: each stays behind one or two files, and out of every header of ours.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The walls: a room may include those below it, never one beside it.
LEVELS = [
    {"cli"},
    {"daemon"},
    {"input", "delivery", "kubernetes", "control", "receive", "verify", "config", "parsers", "outputs"},
    {"metrics"},
    {"filters"},
    {"audit", "otlp"},
    {"resolve", "checkpoints"},
    {"record"},
    {"base"},
]
# Rooms that may know less than what is below them, and the only headers that may be known from beside.
LESS = {
    "delivery": {"base", "record", "checkpoints", "otlp", "filters", "metrics"},
    "shippers": {"base", "record"},
}
DOORS_BESIDE = {("delivery", "outputs/output.h")}


def rooms_below(room):
    """What a room may include; None if there is no such room."""
    if room == "top":  # main.c
        return {"cli"}
    if room in LESS:
        return LESS[room] | {room}
    for number, level in enumerate(LEVELS):
        if room in level:
            more = {"shippers"} if room == "cli" else set()
            return set().union({room}, more, *LEVELS[number + 1:])
    return None


# A header that sews the pieces of one thing together again → why it is still there.
SEWN = {
    "src/daemon/daemon_inside.h": "a process and its workers are one struct as yet; they are to be two",
}

# Files that need each other, a header and the .c of its name counted as one → why.
CIRCLES = {
    ("checkpoints/checkpoint", "checkpoints/checkpoint_text"):
        "the text has rows of what the store knows",
    ("daemon/daemon", "daemon/daemon_inside", "daemon/workers"):
        "a worker is a daemon as yet",
    ("input/tail/directory", "input/tail/discover"):
        "a directory is a part of what is found; they are to be one finder",
    ("input/tail/input", "input/tail/tail"):
        "an input is its streams and the turns they take; they are to be apart",
    ("otlp/decode", "otlp/decoder"):
        "the decoders of both forms share a state",
    ("shippers/dialects", "shippers/import", "shippers/lint", "shippers/probe/trail"):
        "the dispatcher knows the dialects, and they what it hands to them",
}

# Rooms whose structs are written by their own file only, the .h with the .c of its name, but for these → why.
CLOSED_ROOMS = ("src/delivery/",)
OPEN_STRUCTS = {
    "parcel": "a value that whoever packs fills in",
    "open": "keeps the encoder's place for the shipment, which turns it",
}
COUNTED_ROOMS = ("src/input/tail/",)  # that are to be so: writes from elsewhere are told

# The header of a library → the files that may know it.
LIBRARIES = {
    "curl/curl.h": {"src/base/http_client.c", "src/base/curl_loop.c",
                    "src/kubernetes/api_request.c", "src/cli/http_get.c"},
    "ev.h": {"src/base/curl_loop.c", "src/base/http_server.c", "src/cli/audit/pods.c", "src/cli/check/connect.c",
             "src/cli/receive.c",
             "src/daemon/daemon.c", "src/daemon/daemon_inside.h", "src/input/journal.c", "src/input/tail/shell.c",
             "src/input/stdin.c",
             "src/input/syslog.c", "src/kubernetes/pod_watch.c", "src/input/tail/watch.c", "src/delivery/replay.c",
             "src/daemon/workers.c", "outputs/otlp_http.c"},
    "jansson.h": {"src/cli/check/check.c", "src/cli/import.c", "src/cli/lint/lint.c", "src/cli/lint/sarif.c",
                  "src/cli/print_json.c", "src/cli/print_json.h",
                  "src/cli/top/screen.c", "src/audit/baseline.c", "src/audit/json.c",
                  "src/checkpoints/checkpoint_text.c", "src/delivery/parcel.c", "src/kubernetes/pod.c",
                  "src/kubernetes/pod_reader.c", "src/shippers/probe/item_json.c",
                  "src/otlp/decode.c", "src/otlp/decode_json.c", "outputs/response.c"},
    "libdeflate.h": {"src/base/compress.c", "tests/bench/floor.c", "src/base/uncompress.c"},
    "microhttpd.h": {"src/base/http_server.c"},
    "pcre2.h": {"src/base/pattern.c", "src/resolve/trace/user.c", "src/shippers/probe/regex.c"},
    "seccomp.h": {"src/base/syscall_filter.c"},
    "systemd/sd-journal.h": {"src/input/journal.c"},
    "yaml.h": {"src/config/yaml.c", "src/shippers/common/yaml.c"},
    "zlib.h": {"src/input/tail/gzip_reader.c", "src/cli/read_lines.c", "tests/faults/model/pack.c"},
    "zstd.h": {"src/base/compress.c", "tests/bench/floor.c", "src/base/uncompress.c"},
}

# Everything else between <> is the system's.
SYSTEM = re.compile(
    r"(arpa|linux|net|netinet|sys)/\w+\.h|arm_neon\.h|emmintrin\.h|immintrin\.h|"
    r"(assert|ctype|dirent|endian|errno|fcntl|float|fnmatch|fts|getopt|glob|inttypes|limits|locale|"
    r"math|malloc|netdb|poll|pthread|pwd|sched|setjmp|signal|std\w+|string|strings|termios|time|"
    r"unistd|wordexp|uchar|byteswap)\.h")

# Only these write a text that is no literal to a stream by themselves; all others by base/shown.h, so that what
# somebody else wrote reaches no terminal as a command.
OWN_TEXT = {
    "src/base/shown.c": "is the one",
    "src/base/mem.c": "the text of an assertion",
    "src/cli/audit/audit.c": "progress: numbers, and an erased line",
    "src/cli/audit/html.c": "escapes as a page needs it, by shown_len()",
    "src/cli/audit/html_style.c": "clew's own style sheet",
    "src/cli/audit/markdown.c": "escapes as Markdown needs it, by shown_len()",
    "src/cli/audit/table.c": "colours, and words of its own",
    "src/cli/audit/text.c": "cells of a table, by shown_len()",
    "src/cli/completion.c": "names of clew's own options",
    "src/cli/help/help.c": "clew's own words",
    "src/cli/help/topics.c": "clew's own words",
    "src/cli/import.c": "YAML that shippers/fluentbit/import_text.c has escaped",
    "src/cli/manual.c": "clew's own words",
    "src/cli/options.c": "clew's own words",
    "src/cli/top/top.c": "a screen that cli/top/screen.c has written",
    "src/cli/version.c": "clew's own words",
    "src/config/condition.c": "names of its own, and constants by yaml_text.c",
    "src/config/print.c": "names of options, and values by yaml_text.c",
    "src/config/reference.c": "names and examples of options",
    "src/config/yaml_text.c": "escapes as YAML needs it, by shown_len()",
}

LINES_ASKED = 700  # a question, never a wall: a file ends where its subject ends
COLUMNS_MAX = 110  # the formatter aims for 100; a comment may stand out a little
CODE = (".c", ".h")
GENERATED = {"otlp.pb-c.h": {"receive", "otlp"}}  # made by the build → the only rooms that may know it
# Not ours to mark or to judge: recorded data, texts of licences, locks of package managers.
DATA = (".json", ".jsonl", ".log", ".md", ".txt", ".sum", ".mod", ".pem", ".html", ".dict")
PICTURES = (".png",)
DATA_FOLDERS = ("debian/changelog", "debian/copyright", "debian/source/", "conf/samples/", "tests/corpus/", "tests/fuzz/corpus/")
DATA_NAMES = ("LICENSE", ".clang-format", ".editorconfig", ".gitignore")

failures = []


def fail(path, line, sentence):
    failures.append(f"{path}:{line}: {sentence}")


def tracked():
    """Every file of the source tree, by git where there is one."""
    git = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True, check=False)
    if git.returncode == 0:
        names = git.stdout.splitlines()
    else:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
                 if not str(p.relative_to(ROOT)).startswith(("build", ".git/"))]
    return sorted(n for n in names if (ROOT / n).is_file() and not n.endswith(PICTURES))


FILES = tracked()
KNOWN = set(FILES)


def lines(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace").split("\n")


def code_files(*folders):
    return [f for f in FILES if f.endswith(CODE) and f.startswith(folders)]


def is_data(name):
    return (name.endswith(DATA) or name.startswith(DATA_FOLDERS)
            or name.rsplit("/", 1)[-1] in DATA_NAMES)


def layer(name):
    parts = name.split("/")
    if parts[0] in ("parsers", "outputs"):
        return parts[0]
    return parts[1] if len(parts) > 2 else "top"


def included_layer(header):
    folder = header.split("/")[0]
    return folder if "/" in header else "top"


def test_files_are_in_rooms():
    """main.c and the list of files are all that lies in src itself; the unit tests' folders are rooms too."""
    for name in FILES:
        parts = name.split("/")
        if parts[0] == "src" and len(parts) == 2 and parts[1] not in ("main.c", "meson.build"):
            fail(name, 1, "belongs into a room")
        if name.startswith("tests/unit/") and len(parts) > 3 and rooms_below(parts[2]) is None:
            fail(name, 1, f"LEVELS does not know the room {parts[2]}")


def test_includes_go_down_the_layers_only():
    for name in code_files("src/", "parsers/", "outputs/"):
        room = layer(name)
        may = rooms_below(room)
        if may is None:
            fail(name, 1, f"LEVELS does not know the room {room}")
            continue
        for number, line in enumerate(lines(name), 1):
            found = re.match(r'#include "([^"]+)"', line)
            if not found or (room, found[1]) in DOORS_BESIDE:
                continue
            if GENERATED.get(found[1], included_layer(found[1])) not in may and found[1] not in GENERATED:
                fail(name, number, f"{room} may not know {found[1]}")
            elif found[1] in GENERATED and room not in GENERATED[found[1]]:
                fail(name, number, f"{room} may not know {found[1]}")


def readers():
    """Of each header of ours the files that include it, tests too, but for the .c of its name."""
    found = {name: set() for name in code_files("src/", "parsers/", "outputs/") if name.endswith(".h")}
    for name in code_files("src/", "parsers/", "outputs/", "tests/"):
        for header in included(name):
            if header in found and header[:-2] != name[:-2]:
                found[header].add(name)
    return found


def included(name):
    """The headers of ours that it includes, by their path."""
    for line in lines(name):
        header = re.match(r'#include "([^"]+)"', line)
        for path in ("src/" + header[1], header[1]) if header else ():
            if path in KNOWN:
                yield path


def test_no_header_sews_pieces_together():
    """It is the face of the .c of its name, which somebody knows, or two others read it."""
    for name, by in readers().items():
        if name in SEWN:
            continue
        if name.endswith("_inside.h") or re.search(r"(^|[/_])work\.h$", name):
            fail(name, 1, "the pieces that share it are one file, or have other halves")
        elif len(by) < (1 if name[:-2] + ".c" in KNOWN else 2):
            fail(name, 1, "hardly anybody reads it: it belongs into " + (", ".join(by) or "its .c"))


def find_circles():
    """Strongly connected parts of what includes what, a header and the .c of its name being one (Tarjan, 1972)."""
    known = {}
    for name in code_files("src/", "parsers/", "outputs/"):
        known.setdefault(name[:-2], set()).update(header[:-2] for header in included(name))
    number, low, stack, circles = {}, {}, [], []

    def visit(at):
        number[at] = low[at] = len(number)
        stack.append(at)
        for to in known.get(at, ()):
            if to not in number:
                visit(to)
            low[at] = min(low[at], low[to] if to in stack else low[at])
        if low[at] == number[at]:
            part = stack[stack.index(at):]
            del stack[stack.index(at):]
            if len(part) > 1:
                circles.append(tuple(sorted(name.removeprefix("src/") for name in part)))

    for name in known:
        if name not in number:
            visit(name)
    return circles


def test_files_need_each_other_only_for_a_reason():
    circles = find_circles()
    for circle in circles:
        if circle not in CIRCLES:
            fail(circle[0], 1, "needs, and is needed by, " + ", ".join(circle[1:]))
    for circle in set(CIRCLES) - set(circles):
        fail("tests/style/test_style.py", 1, f"CIRCLES has what is none any more: {circle[0]}")


TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/', re.DOTALL)
STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r"\s+(?:const )?(?:struct (\w+)|[\w ]+?)[\s*]+(\w+(?:, ?\**\w+)*)(?:\[[^\]]*\])*(?: : \d+)?;")
FUNCTION = re.compile(r"^(\w[^;{}()]*\([^;{}]*\))\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
WRITE = re.compile(r"(\+\+|--)?\b(\w+)((?:\[[^\[\]]*\])*(?:(?:->|\.)\w+(?:\[[^\[\]]*\])*)+)\s*"
                   r"(=(?!=)|[-+|&^*/]=|<<=|>>=|\+\+|--)?")


def bare(name):
    """The code alone: no comments, no texts."""
    return TEXT.sub(lambda found: "\n" * found[0].count("\n"), "\n".join(lines(name)))


def members_of(code):
    """Of each struct the members, each with the struct that it is or points to, if it is one."""
    found = {}
    for struct, body in STRUCT.findall(code):
        members = (MEMBER.match(line) for line in body.split("\n"))
        found[struct] = {word: member[1] for member in members if member for word in re.findall(r"\w+", member[2])}
    return found


def writes(name, code, structs):
    """The structs, with the header of each, whose members a file writes: by variables declared as of a struct."""
    def header(struct):
        near = [path for path in structs.get(struct, {}) if path.rsplit("/", 1)[0] == name.rsplit("/", 1)[0]]
        return (near or list(structs.get(struct, {})) or [None])[0]

    for head, body in FUNCTION.findall(code):
        kinds = {word: struct for struct, word in re.findall(r"\bstruct (\w+) \**(\w+)", head + body)}
        for before, word, path, behind in WRITE.findall(body):
            *steps, _ = re.findall(r"(?:->|\.)(\w+)", path)
            struct = kinds.get(word)
            for step in steps:
                struct = structs.get(struct, {}).get(header(struct), {}).get(step)
            if (before or behind) and header(struct):
                yield struct, header(struct)


def test_a_struct_is_written_by_its_own_file():
    codes = {name: bare(name) for name in code_files(*CLOSED_ROOMS, *COUNTED_ROOMS)}
    structs, told = {}, {}
    for name, code in codes.items():
        for struct, members in members_of(code).items() if name.endswith(".h") else ():
            structs.setdefault(struct, {})[name] = members
    for name, code in codes.items():
        for struct, header in writes(name, code, structs):
            if header[:-2] == name[:-2] or struct in OPEN_STRUCTS or struct in members_of(code):
                continue
            if header.startswith(CLOSED_ROOMS):
                fail(name, 1, f"writes a member of struct {struct}, which is {header}'s")
            else:
                told[struct] = told.get(struct, 0) + 1
    for struct, count in sorted(told.items()):
        print(f"    struct {struct}: {count} writes from other files")


def test_includes_are_written_from_the_root_of_the_layers():
    for name in code_files("src/", "parsers/", "outputs/"):
        for number, line in enumerate(lines(name), 1):
            found = re.match(r'#include "([^"]+)"', line)
            if not found:
                continue
            header = found[1]
            there = [ROOT / "src" / header, ROOT / header]
            if header in GENERATED:
                continue
            if ".." in header or not any(p.exists() for p in there):
                fail(name, number, f"{header} is not a path from the root of the layers")


def test_a_library_is_known_to_its_files_only():
    for name in code_files("src/", "parsers/", "outputs/"):
        for number, line in enumerate(lines(name), 1):
            found = re.match(r"#include <([^>]+)>", line)
            if not found or SYSTEM.fullmatch(found[1]):
                continue
            header = found[1]
            if header not in LIBRARIES:
                fail(name, number, f"LIBRARIES does not know {header}")
            elif name not in LIBRARIES[header]:
                fail(name, number, f"{header} belongs to {', '.join(sorted(LIBRARIES[header]))}")


def test_the_licence_is_named_at_the_top():
    for name in FILES:
        if is_data(name) or not lines(name)[0].strip():
            continue
        head = lines(name)[:2]
        first = head[1] if head[0].startswith("#!") and len(head) > 1 else head[0]
        if "SPDX-License-Identifier: Apache-2.0" not in first:
            fail(name, 1, "the first line (behind #!) names no licence")


def test_nothing_is_left_to_do():
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    for name in FILES:
        if is_data(name):
            continue
        for number, line in enumerate(lines(name), 1):
            if marks.search(line):
                fail(name, number, "do it, or say why not")


def test_no_file_names_the_machine_it_was_made_on():
    places = re.compile(r"(?<![\w.$}])/(work|root|home/(?!user\b|app\b)\w+|Users/\w+|builds?)/")
    for name in FILES:
        if name.startswith(DATA_FOLDERS) or name == "tests/style/test_style.py":
            continue
        for number, line in enumerate(lines(name), 1):
            if places.search(line):
                fail(name, number, f"a path of somebody's machine: {line.strip()[:80]}")


def test_long_files_are_asked_about():
    for name in FILES:
        if name.endswith((".c", ".h", ".py")):
            count = len(lines(name)) - 1
            if count > LINES_ASKED:
                print(f"    {name}: {count} lines; is it one subject?")


def test_lines_fit_the_page():
    for name in code_files("src/", "parsers/", "outputs/", "tests/"):
        for number, line in enumerate(lines(name), 1):
            if len(line) > COLUMNS_MAX:
                fail(name, number, f"{len(line)} columns")
            if "\t" in line:
                fail(name, number, "a tab")
            if line != line.rstrip():
                fail(name, number, "blanks at the end")


LITERAL = r'"(?:[^"\\]|\\.)*"'
CHARACTER = r"'(?:[^'\\]|\\.)*'"


def arguments(text, at):
    """Of the call whose bracket is at `at`: its texts and characters are left out but for a sign of what they hold."""
    depth = 0
    given = []
    for part in re.finditer(f"({LITERAL}|{CHARACTER})|[^\"']", text[at:]):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if depth == 0:
            break
        has_text = part[1] and re.search(r"%[-.*\d]*s", part[0])
        given.append(("T" if has_text else "L") if part[1] else part[0])
    return [one.strip() for one in "".join(given)[1:].split(",")]


def is_own_text(function, given):
    """Whether no argument of the call can be a text that is none of clew's."""
    of_form = {"printf": 0, "fprintf": 1, "dprintf": 1}
    if function in of_form:
        form = given[of_form[function]]
        return form[:1] == "L" and "T" not in form
    words = r"(L|RED|PLAIN|\s)+"
    return function != "fwrite" and re.fullmatch(rf"{words}|[^?]*\? *{words}: *{words}", given[0]) is not None


def test_foreign_text_goes_to_a_stream_by_one_function():
    call = re.compile(r"(?<![\w.>])(v?f?printf|fputs|puts|fwrite|putc|fputc|dprintf)\(")
    for name in code_files("src/", "parsers/", "outputs/"):
        text = "\n".join(lines(name)) if name not in OWN_TEXT and name.endswith(".c") else ""
        for found in call.finditer(text):
            if not is_own_text(found[1], arguments(text, found.end() - 1)):
                fail(name, text[:found.start()].count("\n") + 1,
                     f"{found[1]}() of what may be foreign text; base/shown.h writes that")


def test_headers_have_the_guard_of_their_path():
    for name in code_files("src/", "parsers/", "outputs/"):
        if not name.endswith(".h"):
            continue
        path = name[len("src/"):] if name.startswith("src/") else name
        guard = "CLEW_" + re.sub(r"[^A-Z0-9]", "_", path.upper())
        if f"#ifndef {guard}" not in lines(name):
            fail(name, 1, f"no #ifndef {guard}")


def main():
    passed = failed = 0
    for name, function in list(globals().items()):
        if not name.startswith("test_"):
            continue
        failures.clear()
        function()
        title = name[len("test_"):].replace("_", " ")
        if failures:
            failed += 1
            print(f"FAILED {title}")
            print("".join(f"    {line}\n" for line in failures), end="")
        else:
            passed += 1
            print(f"ok {title}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
