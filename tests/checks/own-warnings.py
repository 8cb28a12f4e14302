# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
"""own-warnings.py DIR LOG: print the warnings in LOG, a compiler's output, that
concern files below DIR, and fail if there are any.

The kernel's own headers warn at the higher levels, so that -Werror cannot be
used there.  A warning is ours if it is about a line of ours, about a macro that
a line of ours expands, or about code inlined into a function of ours.  But names
that a macro of the kernel's hides from itself are its own affair.
"""
import re
import sys

MESSAGE = re.compile(r"(?P<file>[^\s:][^:]*):\d+:(?:\d+:)? "
                     r"(?P<kind>warning|error|fatal error|note): (?P<text>.*)")
EXPANSION = re.compile(r"in expansion of macro|expanded from macro")
INTRODUCTION = re.compile(r"In file included from |\s+from |In function |"
                          r"\S+: (In|At) |\s+inlined from ")
PROGRESS = re.compile(r"make(\[\d+\])?: |  [A-Z]+ |\d+ (warning|error)s? generated")
INLINED = re.compile(r"\s+inlined from .* at (?P<file>[^:]+):")


def groups(lines):
    """Cut the output into warnings, each with the lines that belong to it."""
    group, introduction = [], []
    for line in lines:
        match = MESSAGE.match(line)
        if PROGRESS.match(line):
            continue
        if match and match["kind"] != "note":
            if group:
                yield group
            group = introduction + [line]
            introduction = []
        elif INTRODUCTION.match(line):
            introduction.append(line)
        elif group:
            group.append(line)
    if group:
        yield group


def ours(group, directory):
    if any("[-Wshadow]" in line for line in group) and \
            any(EXPANSION.search(line) for line in group):
        return False
    for line in group:
        match = MESSAGE.match(line) or INLINED.match(line)
        if not match or not match["file"].startswith(directory):
            continue
        if match.re is INLINED or match["kind"] != "note" or \
                EXPANSION.search(match["text"]):
            return True
    return False


def main():
    directory = sys.argv[1].rstrip("/") + "/"
    found = False
    with open(sys.argv[2], encoding="utf-8", errors="replace") as log:
        for group in groups(log.read().splitlines()):
            if ours(group, directory):
                found = True
                print("\n".join(group))
    return 1 if found else 0


sys.exit(main())
