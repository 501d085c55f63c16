#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What pages and comments say of the source is so: the files they name are there, and the README's tour
names each function beside the file that defines it, as `path.c` (`function`, …)."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = sorted(path.name for path in (ROOT / "src").iterdir() if path.is_dir())
FILE = re.compile(r"`((?:src|parsers|outputs|tests|scripts|conf|" + "|".join(ROOMS) + r")/[\w./-]*\w\.[a-z]+)`")
IN_CODE = re.compile(r"\b((?:src|parsers|outputs|" + "|".join(ROOMS) + r")/[\w/]*\w\.[ch])\b")

failures = []


def pages():
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def find(name):
    tops = ("", "src", "tests/unit")
    return next((ROOT / top / name for top in tops if (ROOT / top / name).is_file()), None)


def test_the_files_that_pages_name_are_there():
    for page in pages():
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            for name in FILE.findall(line):
                if find(name) is None:
                    failures.append(f"{page.name}:{number}: there is no {name}")


def test_the_files_that_sources_and_tests_name_are_there():
    for top in ("src", "parsers", "outputs", "tests"):
        for path in sorted(path for end in ("*.[ch]", "*.py") for path in (ROOT / top).rglob(end)):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                for name in IN_CODE.findall(line):
                    if find(name) is None:
                        failures.append(f"{path.relative_to(ROOT)}:{number}: there is no {name}")


def defines(path, function):
    """It is there with its body."""
    return re.search(rf"^\w[^;()]*\b{function}\([^;{{]*\)\n\{{", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_tour_names_functions_where_they_are_defined():
    tour = (ROOT / "README.md").read_text(encoding="utf-8").split("## Reading the source")[1].split("\n## ")[0]
    tour = " ".join(tour.split())
    found = 0
    for name, words in re.findall(r"`([\w/]+\.c)` \(([^)]*)\)", tour):
        for function in re.findall(r"`(\w+)`", words):
            found += 1
            if not defines(find(name), function):
                failures.append(f"README.md: {name} does not define {function}()")
    named = len(re.findall(r"`[a-z]\w*`", tour))
    if found == 0 or found != named:
        failures.append(f"README.md: the tour names {named} functions, {found} of them with their file")


def main():
    passed = failed = 0
    for name, function in list(globals().items()):
        if name.startswith("test_"):
            failures.clear()
            function()
            failed, passed = failed + bool(failures), passed + (not failures)
            print(("FAILED " if failures else "ok ") + name[len("test_"):].replace("_", " "))
            print("".join(f"    {line}\n" for line in failures), end="")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
