# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
"""Compares a description for syzkaller with the header that it describes.

program HEADER DESCRIPTION: prints a C program, whose output says what the
    compiler makes of the header's structures and constants
compare HEADER DESCRIPTION CONSTANTS OUTPUT: prints what does not fit, and ends
    with status 1 if anything does not
"""
import re
import sys

# Constants of the description that the header does not have
FOREIGN = {"AT_FDCWD", "O_RDWR"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def header_parts(text):
    """The ioctls, the types with their fields, and the flags of the header."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    ioctls = re.findall(r"#define\s+(IC_\w+)\s+ACRN_IC\(", text)
    ioctls += re.findall(r"#define\s+(ACRN_A2_\w+)[\s\\]+_IOW?R?\(", text)
    types = {}
    for kind, name, body in re.findall(
            r"^(struct|union) (\w+) \{(.*?)^\}", text, flags=re.S | re.M):
        fields = re.findall(r"(\w+)(?:\[\w+\])?;", body)
        types[name] = (kind, fields)
    flags = re.findall(r"#define\s+(ACRN_\w+)\s+(?:_BITU?L?L?\(|\d+\s|0x\w+\s)", text)
    return ioctls, types, [name for name in flags
                           if re.match(r"ACRN_(VM_FLAG|MEMSEG|PROT|INTR_MONITOR|"
                                       r"IOEVENTFD|IRQFD|A2_MEMMAP|"
                                       r"A2_IOEVENTFD)_", name)]


def description_parts(text):
    """Calls, types with fields, flag sets and constants of a description."""
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    calls = re.findall(r"^ioctl\$(\w+)\(fd \w+, cmd const\[(\w+)\]", text, flags=re.M)
    types = {}
    for name, opened, body, given in re.findall(
            r"^(\w+) ([{\[])\n(.*?)^[}\]](?: \[.*?size\[(\d+)\]\])?", text,
            flags=re.S | re.M):
        fields = re.findall(r"^\t(\w+)\s+(.+)$", body, flags=re.M)
        types[name] = (opened == "[", "packed" in text.split(body)[1][:20], fields, given)
    used = set(re.findall(r"\b(?:IC|ACRN)_[A-Z0-9_]+\b", text))
    return calls, types, used


def split_args(text):
    depth, parts = 0, [""]
    for char in text:
        depth += {"[": 1, "]": -1}.get(char, 0)
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def layout(kind, types):
    """Size and alignment of a type of a description."""
    name, _, args = kind.partition("[")
    args = split_args(args.rstrip()[:-1]) if args else []
    plain = re.fullmatch(r"(?:int|bool|vma)(8|16|32|64)", name)
    if plain:
        size = int(plain[1]) // 8
        return size, size
    if name == "fd_event":
        return 4, 4
    if name in ("const", "flags", "len"):
        return layout(args[-1], types)
    if name == "array":
        size, align = layout(args[0], types)
        return size * int(args[1]), align
    if name == "stringnoz":
        return len(args[0].strip("`")) // 2, 1
    size, align, _ = structure(name, types)
    return size, align


def structure(name, types):
    """Size, alignment and offsets of a structure of a description."""
    union, packed, fields, _ = types[name]
    offset, biggest, most, offsets = 0, 0, 1, {}
    for field, kind in fields:
        size, align = layout(kind, types)
        align = 1 if packed else align
        most = max(most, align)
        if union:
            offset = 0
        offset = (offset + align - 1) // align * align
        offsets[field] = offset
        offset += size
        biggest = max(biggest, offset)
    return (biggest + most - 1) // most * most, most, offsets


def program(header, description):
    ioctls, types, _ = header_parts(read(header))
    used = description_parts(read(description))[2]
    print("#include <stddef.h>\n#include <stdio.h>")
    print("#include <linux/acrn/acrn_a2_defs.h>")
    print("#include <linux/acrn/acrn_ioctl_defs.h>\nint main(void)\n{")
    for name, (kind, fields) in types.items():
        print(f'\tprintf("size {name} %zu\\n", sizeof({kind} {name}));')
        for field in fields:
            print(f'\tprintf("offset {name}.{field} %zu\\n", offsetof({kind} {name}, {field}));')
    for name in sorted(used | set(ioctls)):
        print(f'#ifdef {name}\n\tprintf("const {name} %llu\\n", (unsigned long long){name});\n#endif')
    print("\treturn 0;\n}")


def compare(header, description, constants, output):
    wrong = []
    ioctls, header_types, flags = header_parts(read(header))
    calls, types, used = description_parts(read(description))
    facts = {}
    for line in read(output).splitlines():
        kind, name, value = line.split()
        facts[kind, name] = int(value)
    written = dict(re.findall(r"^(\w+) = (\d+)$", read(constants), flags=re.M))

    if not ioctls or not header_types or not flags:
        wrong.append("nothing found in the header")
    for name, cmd in calls:
        if name != cmd:
            wrong.append(f"ioctl${name} makes {cmd}")
    described = {cmd for _, cmd in calls}
    wrong += [f"{name}: not described" for name in ioctls if name not in described]
    wrong += [f"{name}: no such ioctl" for name in sorted(described - set(ioctls))]
    wrong += [f"{name}: no flag of it" for name in flags if name not in used]

    for name, (_, fields) in header_types.items():
        if name not in types:
            wrong.append(f"{name}: not described")
            continue
        size, _, offsets = structure(name, types)
        if list(offsets) != fields:
            wrong.append(f"{name}: has {fields}, described are {list(offsets)}")
        if size != facts["size", name] or types[name][3] != str(size):
            wrong.append(f"{name}: {facts['size', name]} bytes, described are {size}")
        for field, offset in offsets.items():
            if facts.get(("offset", f"{name}.{field}")) != offset:
                wrong.append(f"{name}.{field}: is not at {offset}")

    for name in sorted(used):
        if ("const", name) not in facts:
            wrong.append(f"{name}: not in the header")
        elif written.get(name) != str(facts["const", name]):
            wrong.append(f"{name}: {facts['const', name]} in the header, "
                         f"{written.get(name)} in the constants")
    unknown = {name for name in written if not name.startswith("__NR_")} - used - FOREIGN
    wrong += [f"{name}: a constant that nobody uses" for name in sorted(unknown)]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "program":
        program(*sys.argv[2:])
    else:
        sys.exit(compare(*sys.argv[2:]))
