# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
# shellcheck shell=bash
#
# What is in kernels/list.  Sourced.

# kernels TESTS SOURCE: the names in lines where two fields match these expressions
kernels() {
	awk -v tests="^($1)$" -v source="^($2)$" \
		'/^[^#]/ && $2 ~ tests && $3 ~ source { print $1 }' \
		"$(dirname "${BASH_SOURCE[0]}")/kernels/list"
}

# debian_kernels TESTS: those of Debian's packages, the newest last
debian_kernels() {
	kernels "$1" debian | sort -V
}

# Those that build-kernel builds
own_kernels() {
	kernels '.*' '[0-9.]*'
}

default_kernel() {
	kernels '.*' '.*' | sed -n 1p
}
