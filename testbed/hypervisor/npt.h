/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Nested page tables.
 */
#ifndef HV_NPT_H
#define HV_NPT_H

#include "types.h"

u64 *npt_new(void);
void npt_free(u64 *root);
bool npt_map_service(u64 *root, u64 start, u64 end, u64 page_size);
void npt_protect_page(u64 *root, u64 gpa);

/**
 * struct npt_run - guest memory that is contiguous on both sides
 * @gpa: where it starts
 * @hpa: what is there
 * @size: bytes
 * @prot: as given when it was mapped, without a right to write that was taken since
 * @protected: that right was taken
 */
struct npt_run {
	u64 gpa;
	u64 hpa;
	u64 size;
	u64 prot;
	bool protected;
};

/**
 * struct npt_place - where pages were mapped last
 * @table: of 4 KiB entries; NULL: none
 * @gpa: an address below it
 *
 * For a table that nobody else changes meanwhile.
 */
struct npt_place {
	u64 *table;
	u64 gpa;
};

bool npt_find(u64 *root, u64 gpa, struct npt_run *page);
bool npt_next(u64 *root, u64 gpa, struct npt_run *run);
bool npt_map_page(u64 *root, u64 gpa, u64 hpa, u64 size, u64 prot);
u64 npt_map_more(u64 *root, struct npt_place *last, u64 gpa, u64 hpa, u64 count, u64 prot);
bool npt_write_protect(u64 *root, u64 gpa, bool protect);
bool npt_unmap_page(u64 *root, u64 gpa, u64 size);

#endif /* HV_NPT_H */
