# SPDX-License-Identifier: Apache-2.0
"""Draws mutants: small changes of C that a test ought to notice.

A source is cut into tokens (comments, strings and preprocessor lines are passed over), and each place
where an operator, a constant, a condition or a whole statement could be another is a site. A mutant is
one site of one file with another text there. Which are drawn follows from the seed alone.
"""

import random
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
BINARY = re.compile(r"[\w)\]]\s*$")


class Mutant:
    """`text` in the place of source[begin:end]."""

    def __init__(self, path, source, begin, end, text, kind):
        self.path, self.begin, self.end, self.text, self.kind = path, begin, end, text, kind
        self.line = source.count("\n", 0, begin) + 1
        self.old = source[begin:end].strip()

    def apply(self, source):
        return source[:self.begin] + self.text + source[self.end:]

    def name(self):
        return f"{self.path}:{self.line}: {self.kind}: {self.old!r} -> {self.text.strip()!r}"


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
    return [f"{other}{suffix}" for other in {value + 1, value // 256 + (value < 256) * 2} - {value}]


def sites(path, source):
    """All mutants of one source."""
    for group, text, begin, end in tokens(source):
        if group == "mark" and text in SWAPS:
            for other in SWAPS[text]:
                yield Mutant(path, source, begin, end, other, "operator")
        elif group == "mark" and text in "+-" and BINARY.search(source[max(0, begin - 8):begin]):
            yield Mutant(path, source, begin, end, "-" if text == "+" else "+", "operator")
        elif group == "mark" and text == "!":
            yield Mutant(path, source, begin, end, "", "negation")
        elif group == "word" and text in WORDS:
            for other in WORDS[text]:
                yield Mutant(path, source, begin, end, other, "constant")
        elif group == "number":
            for other in number_texts(text):
                yield Mutant(path, source, begin, end, other, "constant")
    for match in CONDITION.finditer(source):
        end = closing(source, match.end() - 1)
        yield Mutant(path, source, match.end(), end, f"!({source[match.end():end]})", "condition")
    for match in STATEMENT.finditer(source):
        yield Mutant(path, source, match.start(), match.end(), "    ;", "statement")


def draw(sources, count, seed):
    """`count` different mutants of {path: source}, every kind in its share, in a fixed order."""
    every = [mutant for path in sorted(sources) for mutant in sites(path, sources[path])]
    random.Random(seed).shuffle(every)
    return every[:count]
