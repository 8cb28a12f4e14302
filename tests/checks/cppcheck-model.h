/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What cppcheck is told of the kernel, whose headers are too much for it: the
 * macros that are loops.  It says so when it meets one that it does not know.
 */
#define list_for_each_entry(pos, head, member) \
	for (pos = cppcheck_next(head); pos; pos = cppcheck_next(pos))

#define list_for_each_entry_safe(pos, next, head, member) \
	for (pos = cppcheck_next(head), next = cppcheck_next(pos); pos; \
	     pos = next, next = cppcheck_next(pos))

#define rbtree_postorder_for_each_entry_safe(pos, next, root, member) \
	for (pos = cppcheck_next(root), next = cppcheck_next(pos); pos; \
	     pos = next, next = cppcheck_next(pos))

#define for_each_set_bit(bit, addr, size) \
	for (bit = 0; bit < (size); bit++)

/* The register of a variable, which cppcheck takes for a part of its value */
#define asm(name)
