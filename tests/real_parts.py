# SPDX-License-Identifier: Apache-2.0
"""Where a real part is: scripts/parts has the table, and builds what is asked for."""

import pathlib
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "scripts" / "parts"
SKIPPED = 3  # its exit status


class Missing(Exception):
    """It cannot be had here, or not in time; the sentence says why."""


def folder(name):
    """The folder of the part, built if it was not. A build that fails is a RuntimeError."""
    done = subprocess.run([SCRIPT, "--where", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=False)
    said = done.stdout.strip()
    if done.returncode == SKIPPED:
        raise Missing(said)
    if done.returncode != 0:
        raise RuntimeError(said)
    return pathlib.Path(said)
