# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
# shellcheck shell=bash
#
# What the checks share.  A check is an executable beside this file.  It sources
# this file, calls `plan N`, then `check TITLE COMMAND...` N times, then `finish`.
# It prints TAP and fails if one of its tests failed or did not run.  It keeps
# its files, and the output of every test, in build/check-NAME/.

set -euo pipefail
shopt -s inherit_errexit

# What a caller's make or git leaves in the environment must not reach ours
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL MAKEFILES GIT_DIR GIT_WORK_TREE
unset ARCH CC CF CHECK CHECKFLAGS CROSS_COMPILE HOSTCC INSTALL_MOD_DIR
unset INSTALL_MOD_PATH KBUILD_EXTMOD KBUILD_MODPOST_WARN KBUILD_OUTPUT KCFLAGS
unset KDIR KERNELRELEASE KVER LD LLVM M O V W
export LC_ALL=C
# depmod and modinfo, where only root's PATH has them
PATH=$PATH:/usr/sbin:/sbin

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
checks=$root/tests/checks
name=$(basename "$0")
work=$root/build/check-$name
cache=${ACRN_CACHE:-$HOME/.cache/acrn-hsm}/checks
jobs=${JOBS:-$(nproc)}
. "$root/testbed/kernels.sh"
# Those of Debian that get all tests; or the one for which a check is run by another
# shellcheck disable=SC2034 # for the checks
if [ -n "${CHECK_KERNEL:-}" ]; then
	kernels=("$CHECK_KERNEL")
	work+=-$CHECK_KERNEL
else
	mapfile -t kernels < <(debian_kernels all)
fi

# Beside the kernel's levels 1 and 2 (W=12): -Wextra, and by name the one that
# shows defect A1 of DEFECTS.rst; without two that kernel style goes against:
# callbacks do not use every argument, and sizes are compared with int
# shellcheck disable=SC2034 # for the checks
pedantry='-Wextra -Wtype-limits -Wno-unused-parameter -Wno-sign-compare'

shown_lines=100
unused_days=14

planned=0
run=0
failed=0
finished=

stopped() {
	[ -n "$finished" ] || echo "Bail out! $name stopped after $run of $planned tests"
}

plan() {
	planned=$1
	echo "1..$planned"
	trap stopped EXIT

	mkdir -p "$root/build"
	exec 8>"$work.lock"
	flock 8
	rm -rf "$work"
	mkdir "$work"
	"$root/testbed/debs" need build check
}

note() {
	printf '# %s\n' "$*"
}

# check TITLE COMMAND [ARGUMENT...]: a test; its output is shown if it fails.
# It runs in a subshell with errexit on, so it must not be called where bash
# ignores errexit (after if, before &&).
check() {
	local title=$1 log=$work/$((++run)).log status lines began=$SECONDS

	shift
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1 8>&-
	status=$?
	set -e

	if [ "$status" = 0 ]; then
		echo "ok $run - $title"
		[ $((SECONDS - began)) -lt 10 ] || note "$title: $((SECONDS - began)) s"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $run - $title"
	head -n "$shown_lines" "$log" | sed "s#^$root/##; s#\([^A-Za-z0-9_.-]\)$root/#\1#g; s/^/# /"
	lines=$(wc -l <"$log")
	if [ "$lines" -gt "$shown_lines" ]; then
		note "... $((lines - shown_lines)) more lines in ${log#"$root/"}"
	fi
	[ -s "$log" ] || note "exit status $status, no output"
}

finish() {
	finished=yes
	if [ "$run" != "$planned" ]; then
		note "$planned tests were planned, $run ran"
		exit 1
	fi
	[ "$failed" = 0 ]
}

# repo COMMAND [ARGUMENT...]: git, even if the checkout is somebody else's (sudo)
repo() {
	git -c safe.directory="$root" -c core.quotePath=false -C "$root" "$@"
}

# tracked [PATHSPEC...]: the files of the project, relative to its root
tracked() {
	repo ls-files -- "$@" |
		while IFS= read -r file; do
			[ ! -e "$root/$file" ] || printf '%s\n' "$file"
		done
}

# need_some WHAT COUNT: a check that looked at nothing has not passed
need_some() {
	[ "$2" -gt 0 ] || { echo "found no $1"; return 1; }
}

driver_code() {
	tracked ':(glob)*.[ch]' 'include/*.h'
}

# What would stand in a kernel tree's drivers/staging/acrn
driver_files() {
	driver_code
	tracked Kbuild Kconfig Makefile tests/kunit
}

# scripts: every shell script, and what is there to be sourced by one
scripts() {
	local file first

	tracked | while IFS= read -r file; do
		[ -f "$root/$file" ] || continue
		first=$(head -c 200 "$root/$file" | tr -d '\0' | head -n 1)
		if [[ $first =~ ^#!.*[/\ ](ba|da)?sh($|\ ) || $file == *.sh ]]; then
			printf '%s\n' "$file"
		fi
	done
}

# copy LISTER DIR: the files that the function LISTER names, copied into DIR
copy() {
	mkdir -p "$2"
	"$1" | tar -C "$root" -cf - -T - | tar -C "$2" -xf -
}

debs() {
	"$root/testbed/debs" "$@"
}

# kbuild KDIR DIR [ARGUMENT...]: build the module, whose sources are in DIR
kbuild() {
	make -C "$1" M="$2" -j"$jobs" "${@:3}" modules
}

# gcc_w1 SERIES KDIR: through the Makefile, with the kernel's warnings of level 1, all of
# which are errors
gcc_w1() {
	local dir=$work/w1-$1

	copy tracked "$dir"
	make -C "$dir" KDIR="$2" -j"$jobs" W=1e 2>&1 | tee "$dir.build"
	[ -e "$dir/acrn.ko" ]
	compiled "$dir"
	no_warnings "$dir.build"
}

# The clang that is new enough for a kernel, as make is told of it: empty, or a suffix
clang_version() {
	[[ $1 == 6.* ]] || echo -19
}

# clang_tree SERIES: where clang can build for it.  Debian's headers are made for gcc, so
# the tree is of Debian's source, configured for clang.
clang_tree() {
	local version tree

	version=$(clang_version "$1")
	tree=$(prepared_build "$1" "clang$version" LLVM="${version:-1}")
	# Kconfig drops silently what the source cannot do
	[[ $1 != *-rt ]] || grep -qx CONFIG_PREEMPT_RT=y "$tree/.config"
	echo "$tree"
}

# clang_build SERIES TREE DIR [ARGUMENT...]: build the module there, for the tree
clang_build() {
	local dir=$3 version

	version=$(clang_version "$1")
	copy driver_files "$dir"
	kbuild "$2" "$dir" LLVM="${version:-1}" "${@:4}" >"$dir.build" 2>&1 || {
		cat "$dir.build"
		return 1
	}
	[ -e "$dir/acrn.ko" ]
}

# clang_w1 SERIES TREE: with the kernel's warnings of level 1
clang_w1() {
	local dir=$work/clang-w1-$1

	clang_build "$1" "$2" "$dir" W=1e
	compiled "$dir" clang
	no_warnings "$dir.build"
}

# own_warnings DIR LOG: the compiler's warnings about files below DIR are failures
own_warnings() {
	python3 "$checks/own-warnings.py" "$1" "$2"
}

# compiled DIR [OPTION]: every file of the driver was compiled in DIR, with OPTION
compiled() {
	local file count=0

	while IFS= read -r file; do
		count=$((count + 1))
		[ -e "$1/${file%.c}.o" ] || {
			echo "$file was not compiled"
			return 1
		}
		grep -q -- "${2:-}" "$1/.${file%.c}.o.cmd" || {
			echo "$file was compiled without $2"
			return 1
		}
	done < <(tracked ':(glob)*.c')
	need_some 'C file of the driver' "$count"
}

# fails COMMAND [ARGUMENT...]: it must; for tests of the checks themselves
fails() {
	local status

	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
	[ "$status" != 0 ] || {
		echo "not noticed by: $*"
		return 1
	}
}

# absent PATTERN FILE: no line of FILE matches.  (`! grep` would not stop anything:
# errexit ignores what is negated.)
absent() {
	local status=0

	grep -E -- "$1" "$2" || status=$?
	[ "$status" = 1 ]
}

# no_warnings LOG: a build's output, in which nothing may warn: neither compiler,
# make, modpost nor objtool
no_warnings() {
	absent '[Ww]arning|WARNING' "$1"
}

# cached DIR COMMAND [ARGUMENT...]: make DIR with COMMAND, which gets DIR as its
# last argument, unless it is there.  One process at a time; what has not been
# used for long is removed.
cached() (
	dir=$1
	shift
	mkdir -p "$cache"
	exec 9>"$dir.lock"
	flock 9
	if [ ! -e "$dir/complete" ]; then
		rm -rf "$dir"
		mkdir "$dir"
		"$@" "$dir" >&2 9>&-
		touch "$dir/complete"
	fi
	touch "$dir" "$dir.lock"
	find "$cache" -mindepth 1 -maxdepth 1 -mtime "+$unused_days" -exec rm -rf {} +
)

# Debian's configuration, so that what is checked is near to what will run.  BTF
# and signatures need tools and keys that compiling a module does not.
configure() {
	local source=$1 headers=$2 out=$3

	shift 3
	cp "$headers/.config" "$out/.config"
	"$source/scripts/config" --file "$out/.config" --disable DEBUG_INFO_BTF \
		--disable MODULE_SIG --set-str SYSTEM_TRUSTED_KEYS '' \
		--set-str SYSTEM_REVOCATION_KEYS '' "$@"
}

# The symbols that the kernel exports are known only when it has been linked; with
# the same configuration they are Debian's.
prepare_build() {
	local source=$1 headers=$2 out=${*: -1}

	set -- "${@:3:$#-3}"
	configure "$source" "$headers" "$out"
	make -s -C "$source" O="$out" "$@" olddefconfig
	make -s -C "$source" O="$out" -j"$jobs" "$@" modules_prepare
	cp "$headers/Module.symvers" "$out/"
}

# prepared_build SERIES COMPILER [VARIABLE=VALUE...]: path of a build directory
# of Debian's source, ready to build modules in; made with make's arguments
# VARIABLE=VALUE, which must go to every later make too
prepared_build() {
	local series=$1 compiler=$2 source headers key dir

	shift 2
	source=$(debs source "$series")
	headers=$(debs headers "$series")
	key=$(
		{
			"$compiler" --version
			sha256sum "$headers/.config"
			declare -f configure prepare_build
			echo "$source" "$@"
		} | sha256sum | cut -c 1-12
	)
	dir=$cache/build-$series-$compiler-$key
	cached "$dir" prepare_build "$source" "$headers" "$@"
	echo "$dir"
}
