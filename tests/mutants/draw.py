# SPDX-License-Identifier: Apache-2.0
"""Draws mutants: small changes of C that a test ought to notice.

A source is cut into tokens (comments, strings and preprocessor lines are passed over), and each place
where an operator, a constant, a condition or a whole statement could be another is a site. A mutant is
one site of one file with another text there; its key says which without the folder and the number of the
line, so that it is found again when the file has moved or has changed elsewhere. Assertions are left
alone: they check the code, and nobody notices from outside that one checks less. The order of the draw
follows from the seed and the key, so that one that comes or goes leaves the others where they are.
"""

import bisect
import collections
import hashlib
import pathlib
import re

TOKEN = re.compile(r"""
    (?P<skip>/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
  | (?P<mark><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\|=|&=|[-+*/%<>!~&|^=?:;,.(){}\[\]])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

SWAPS = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="],
         "!=": ["=="], "&&": ["||"], "||": ["&&"], "+=": ["-=", "="], "-=": ["+="], "|=": ["="]}
WORDS = {"true": ["false"], "false": ["true"], "continue": ["break"]}
# A statement of its own on one line: a call, or something is assigned.
STATEMENT = re.compile(r"^[ ]{4,}(?!return|goto|break|continue|case|default|else|assert|struct |const |"
                       r"enum |static )(?:[A-Za-z_][\w>.\[\]-]*(?:\(.*\)| [-+|&]?= [^{\n]+|\+\+|--);)$", re.M)
CONDITION = re.compile(r"\b(if|while) \(")
ASSERTION = re.compile(r"\b(?:static_assert|assert|ENSURE)\(")
BINARY = re.compile(r"[\w)\]]\s*$")
# The head of a function stands at the beginning of a line; so does the brace that ends it.
OUTERMOST = re.compile(r"^(?:(?P<end>\})|[a-z][^;\n]*?\b(?P<name>\w+)\()", re.M)


class Mutant:
    """`text` in the place of source[begin:end], on a `line`; 0: outside of functions."""

    def __init__(self, path, begin, end, text, key, line):
        self.path, self.begin, self.end, self.text, self.key = path, begin, end, text, key
        self.line = line

    def apply(self, source):
        return source[:self.begin] + self.text + source[self.end:]


class Functions:
    """`name: ` of the function around a place, or nothing where there is none."""

    def __init__(self, source):
        heads = list(OUTERMOST.finditer(source))
        self.begins = [head.start() for head in heads]
        self.names = [f"{head['name']}: " if head["name"] else "" for head in heads]

    def around(self, place):
        index = bisect.bisect_right(self.begins, place)
        return self.names[index - 1] if index > 0 else ""


def change(source, begin, end, text):
    """The whole lines around source[begin:end], before and after."""
    head = source.rfind("\n", 0, begin) + 1
    tail = source.find("\n", end)
    lines = source[head:tail], source[head:begin] + text + source[end:tail]
    return " -> ".join(" ".join(line.split()) for line in lines)


def tokens(source):
    for match in TOKEN.finditer(source):
        if match.lastgroup != "skip":
            yield match.lastgroup, match.group(), match.start(), match.end()


def closing(source, begin):
    """The place of the parenthesis that ends the one at `begin`; comments do not hold any here."""
    depth = 0
    for place in range(begin, len(source)):
        depth += {"(": 1, ")": -1}.get(source[place], 0)
        if depth == 0:
            return place
    return -1


def number_texts(text):
    digits, suffix = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", text).groups()
    is_octal = digits.startswith("0") and digits.isdigit() and len(digits) > 1
    value = int(digits, 8 if is_octal else 0)
    others = {value + 1, value // 256 + (value < 256) * 2} - {value}
    return [f"{other}{suffix}" for other in sorted(others)]


def places(source):
    """(begin, end, text) of all mutants of one source."""
    for group, text, begin, end in tokens(source):
        if group == "mark" and text in SWAPS:
            for other in SWAPS[text]:
                yield begin, end, other
        elif group == "mark" and text in "+-" and BINARY.search(source[max(0, begin - 8):begin]):
            yield begin, end, "-" if text == "+" else "+"
        elif group == "mark" and text == "!":
            yield begin, end, ""
        elif group == "word" and text in WORDS:
            for other in WORDS[text]:
                yield begin, end, other
        elif group == "number":
            for other in number_texts(text):
                yield begin, end, other
    for match in CONDITION.finditer(source):
        end = closing(source, match.end() - 1)
        yield match.end(), end, f"!({source[match.end():end]})"
    for match in STATEMENT.finditer(source):
        yield match.start(), match.end(), "    ;"


def sites(path, source):
    """All mutants of one source, each with a key of its own."""
    asserted = [(match.start(), closing(source, match.end() - 1)) for match in ASSERTION.finditer(source)]
    functions, seen, name = Functions(source), collections.Counter(), pathlib.Path(path).name
    for begin, end, text in places(source):
        if not any(first < begin < last for first, last in asserted):
            function = functions.around(begin)
            key = f"{name} {function}{change(source, begin, end, text)}"
            seen[key] += 1
            number = f" ({seen[key]})" if seen[key] > 1 else ""
            line = source.count("\n", 0, begin) + 1 if function else 0
            yield Mutant(path, begin, end, text, key + number, line)


def shuffled(sources, seed):
    """Every mutant of {path: source}, every kind in its share, in the order of the seed."""
    every = [mutant for path in sorted(sources) for mutant in sites(path, sources[path])]
    return sorted(every, key=lambda one: hashlib.sha256(f"{seed} {one.key}".encode()).digest())


def interleaved(lists, shares):
    """One list of many, each in its share for as long as it lasts."""
    every = [((place + 1) / share, name, one) for name, (mutants, share) in enumerate(zip(lists, shares))
             for place, one in enumerate(mutants)]
    return [one for _, _, one in sorted(every, key=lambda row: row[:2])]
