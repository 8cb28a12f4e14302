# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
"""kernel-doc-rules.py FILE...: what kernel-doc itself does not ask for.

Every struct, union and enum with a name and every function that is not static
has kernel-doc at its definition; a function's has Context:, and Return: if there
is something to return.  Prints what is missing and fails if anything is.

Reads kernel style: a definition starts in the first column, and so do the braces
of a function.
"""
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
FUNCTION = re.compile(r"^(?P<type>[A-Za-z_][\w\s*]*[\s*])(?P<name>\w+)\([^;{}]*\)"
                      r"(?:\s+__\w+(?:\([^;{}()]*\))?)*\n\{", re.M)
TYPE = re.compile(r"^(?:struct|union|enum)\s+(?P<name>\w+)\s*\{", re.M)
VOID = re.compile(r"\bvoid\s*$")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


class Source:
    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as source:
            self.text = source.read()
        self.code = DIRECTIVE.sub(blank, COMMENT.sub(blank, self.text))
        self.findings = 0

    def complain(self, position, what):
        line = self.text.count("\n", 0, position) + 1
        print(f"{self.path}:{line}: {what}")
        self.findings += 1

    def doc_before(self, position, name):
        """The kernel-doc comment that ends right before position, or None"""
        before = self.text[:position].rstrip()
        start = before.rfind("/*")
        if not before.endswith("*/") or not before.startswith("/**\n", start):
            return None
        doc = before[start:]
        title = re.search(r"^ \* (?:(?:struct|union|enum) )?(\w+)(?:\(\))? - ", doc, re.M)
        return doc if title and title.group(1) == name else None

    def check_function(self, match):
        name, start = match["name"], match.start()
        doc = self.doc_before(start, name)
        if doc is None:
            if not re.search(r"\bstatic\b", match["type"]):
                self.complain(start, f"{name}() has no kernel-doc")
            return
        if not re.search(r"^ \* Context: \S", doc, re.M):
            self.complain(start, f"{name}(): no Context: in its kernel-doc")
        returns = re.search(r"^ \* Return: \S", doc, re.M) is not None
        if returns and VOID.search(match["type"]):
            self.complain(start, f"{name}() is void, but its kernel-doc has Return:")
        if not returns and not VOID.search(match["type"]):
            self.complain(start, f"{name}(): no Return: in its kernel-doc")

    def check(self):
        """The number of functions and types looked at"""
        functions = list(FUNCTION.finditer(self.code))
        for match in functions:
            self.check_function(match)
        types = list(TYPE.finditer(self.code))
        for match in types:
            if self.doc_before(match.start(), match["name"]) is None:
                self.complain(match.start(), f"{match['name']} has no kernel-doc")
        return len(functions), len(types)


def main():
    functions = types = findings = 0
    for path in sys.argv[1:]:
        source = Source(path)
        counts = source.check()
        functions += counts[0]
        types += counts[1]
        findings += source.findings
    print(f"{functions} functions, {types} types, {findings} findings")
    return 1 if findings or not functions or not types else 0


sys.exit(main())
