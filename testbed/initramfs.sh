# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
# shellcheck shell=bash
#
# How initramfs images are made.  Sourced.

# initramfs_begin ROOT BUSYBOX DIRECTORY...: an empty one with these directories
# beside those that every one has, and with busybox
initramfs_begin() {
	local root=$1 busybox=$2 applet directory

	shift 2
	mkdir -p "$root"/{bin,dev,proc,sys}
	for directory in "$@"; do
		mkdir -p "$root/$directory"
	done
	cp "$busybox" "$root/bin/busybox"
	for applet in $("$busybox" --list); do
		[ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
	done
}

# initramfs_end ROOT BUSYBOX FILE: makes FILE of it and removes ROOT
initramfs_end() {
	(cd "$1" && find . | LC_ALL=C sort | "$2" cpio -o -H newc 2>/dev/null) >"$3"
	rm -r "$1"
}
