# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
#
# Reads "objdump -dr" of a module that is built with KCOV_INSTRUMENT=y.  Prints a
# line for each of its blocks: section, address that KCOV gives for it (in hex,
# from the section's beginning), function.

function hex(text,    i, value) {
	for (i = 1; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}

/^Disassembly of section / {
	section = $4
	sub(/:$/, "", section)
}

/^[0-9a-f]+ <.*>:$/ {
	name = $2
	gsub(/[<>:]/, "", name)
}

# The relocation is in the last four bytes of the call, KCOV sees what follows.
/__sanitizer_cov_trace_pc-/ {
	sub(/:$/, "", $1)
	printf "%s %x %s\n", section, hex($1) + 4, name
}
