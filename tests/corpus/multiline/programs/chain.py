# SPDX-License-Identifier: Apache-2.0
import logging
import sys


def read():
    return {}["key"]


def load():
    try:
        read()
    except KeyError as error:
        raise ValueError("cannot load") from error


def again():
    try:
        load()
    except ValueError:
        raise RuntimeError("gave up")


def deep(n):
    return deep(n + 1)


def group():
    raise ExceptionGroup("both failed", [ValueError(1), TypeError("two")])


def logged():
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        load()
    except ValueError:
        logging.exception("request failed trace_id=%s", "4bf92f3577b34da6a3ce929d0e0e4736")
    logging.warning("and goes on")


def syntax():
    exec(compile("x = (1,\ny = 2", "made.py", "exec"))


{"load": load, "again": again, "deep": lambda: deep(0), "group": group, "logged": logged,
 "syntax": syntax}[sys.argv[1]]()
