# SPDX-License-Identifier: Apache-2.0
"""Builds the real programs of the interop suite, each once, into a cache directory.

What cannot be built for want of a toolchain is Missing, with a sentence; a build that fails is an
error and fails the suite.
"""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.abspath(os.environ.get("CLEW_INTEROP_CACHE") or os.path.join(HERE, ".cache"))


class Missing(Exception):
    pass


def need(program):
    path = shutil.which(program)
    if path is None:
        raise Missing("%s is not installed" % program)
    return path


def call(command, **options):
    print("  $ " + " ".join(command), flush=True)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)


def is_fresh(product, *inputs):
    """The product is newer than everything it is made from."""
    return os.path.exists(product) and all(
        os.path.getmtime(product) >= os.path.getmtime(os.path.join(HERE, name)) for name in inputs)


def go_program(folder, product):
    product = os.path.join(CACHE, product)
    inputs = [os.path.join(folder, name) for name in ("main.go", "go.mod", "go.sum")]
    if not is_fresh(product, *inputs):
        go = need("go")
        env = dict(os.environ, GOFLAGS="-mod=readonly", CGO_ENABLED="0")
        call([go, "build", "-trimpath", "-o", product, "."], cwd=os.path.join(HERE, folder), env=env)
    return product


def collector():
    return go_program("collector", "collector")


def go_app():
    return go_program("apps/go", "shipping")


def node_app():
    """The command of the Node application."""
    node, npm = need("node"), need("npm")
    folder = os.path.join(CACHE, "node")
    stamp = os.path.join(folder, ".installed")
    if not is_fresh(stamp, "apps/node/package.json", "apps/node/package-lock.json"):
        os.makedirs(folder, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(HERE, "apps/node", name), folder)
        call([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder)
        open(stamp, "w").close()
    shutil.copy(os.path.join(HERE, "apps/node/app.mjs"), folder)
    return [node, os.path.join(folder, "app.mjs")]


def python_environment(name, requirements):
    """The python of a virtual environment of its own with pinned packages."""
    python = need("python3")
    folder = os.path.join(CACHE, name)
    stamp = os.path.join(folder, ".installed")
    if not is_fresh(stamp, requirements):
        call([python, "-m", "venv", folder])
        call([os.path.join(folder, "bin/pip"), "install", "--quiet", "--requirement",
              os.path.join(HERE, requirements)])
        open(stamp, "w").close()
    return os.path.join(folder, "bin/python")


def python_app():
    """The command of the Python application."""
    python = python_environment("python", "apps/python/requirements.txt")
    return [python, os.path.join(HERE, "apps/python/app.py")]


def metrics_reader():
    """The command that reads OpenMetrics text as Prometheus' own client library does."""
    python = python_environment("prometheus", "prometheus-requirements.txt")
    return [python, os.path.join(HERE, "read_metrics.py")]
