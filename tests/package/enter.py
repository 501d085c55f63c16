#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Start a program as a container engine would: in a root file system of its own, as a user, with
capabilities it may gain at most.

usage: enter.py ROOT USER CAPABILITY[,CAPABILITY…]|none PROGRAM [ARGUMENT…]   (capabilities by number)
"""

import ctypes
import os
import sys

PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24

root, user, capabilities, program, *arguments = sys.argv[1:]
kept = set() if capabilities == "none" else set(map(int, capabilities.split(",")))
libc = ctypes.CDLL(None, use_errno=True)
os.chroot(root)
os.chdir("/")
for number in range(64):
    if number not in kept and libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1:
        if libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            sys.exit(f"enter.py: capability {number} stays: {os.strerror(ctypes.get_errno())}")
os.setgroups([])
os.setgid(int(user))
os.setuid(int(user))
try:
    os.execv(program, [program, *arguments])
except OSError as error:
    sys.exit(f"enter.py: {program}: {error.strerror}")
