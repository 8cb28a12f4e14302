// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Nested page tables.
 *
 * The walk of a nested table counts as a user access: every entry has the user
 * bit.  A last-level entry of a User VM's table also keeps, in bits the
 * hardware ignores, the rights and the cache type exactly as they were given.
 */
#include "console.h"
#include "abi.h"
#include "npt.h"

#define PTE_PRESENT	BIT(0)
#define PTE_WRITE	BIT(1)
#define PTE_USER	BIT(2)
#define PTE_LARGE	BIT(7)
#define PTE_PROTECTED	BIT(9)		/* ignored by the hardware */
#define PTE_NX		BIT(63)
#define PTE_TABLE	(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define PTE_ADDRESS	0x000ffffffffff000UL
#define PTE_PROT_SHIFT	52	/* PROT_ALL fits into bits 62:52 */

_Static_assert(!(PROT_ALL >> 11), "PROT_ALL fits into bits 62:52");

#define POOL_PAGES	6144

static u64 pool[POOL_PAGES][512] __aligned(4096);
static u64 *free_list;
static u32 pool_used;
static struct spinlock pool_lock;

static u64 *page_alloc(void)
{
	u64 *page = NULL;

	spin_lock(&pool_lock);
	if (free_list) {
		page = free_list;
		free_list = (u64 *)page[0];
	} else if (pool_used < POOL_PAGES) {
		page = pool[pool_used++];
	}
	spin_unlock(&pool_lock);
	if (page)
		memset(page, 0, PAGE_SIZE);
	return page;
}

static void page_free(u64 *page)
{
	spin_lock(&pool_lock);
	page[0] = (u64)free_list;
	free_list = page;
	spin_unlock(&pool_lock);
}

/**
 * npt_new() - an empty table
 *
 * Return: its root, or NULL if there is no memory left.
 */
u64 *npt_new(void)
{
	return page_alloc();
}

static void free_level(u64 *table, u32 level)
{
	u64 *entry;

	for (entry = table; level > 1 && entry < table + 512; entry++) {
		/* Nearly all */
		if (!*entry)
			continue;
		if ((*entry & PTE_PRESENT) && !(*entry & PTE_LARGE))
			free_level((u64 *)(*entry & PTE_ADDRESS), level - 1);
	}
	page_free(table);
}

/**
 * npt_free() - give back a table, and all below
 * @root: from npt_new()
 */
void npt_free(u64 *root)
{
	free_level(root, 4);
}

static u32 level_shift(u32 level)
{
	return 12 + 9 * (level - 1);
}

/*
 * The entry for @gpa at @level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB), or a large one
 * above it, with *@level set to where it was found.  NULL: no table there (and
 * no memory for one if @build).
 */
static u64 *find_entry(u64 *table, u64 gpa, u32 *level, bool build)
{
	u32 l;

	for (l = 4;; l--) {
		u64 *e = &table[gpa >> level_shift(l) & 511];

		if (l == *level || (*e & PTE_LARGE)) {
			*level = l;
			return e;
		}
		if (!(*e & PTE_PRESENT)) {
			u64 *below = build ? page_alloc() : NULL;

			if (!below)
				return NULL;
			*e = (u64)below | PTE_TABLE;
		}
		table = (u64 *)(*e & PTE_ADDRESS);
	}
}

/**
 * npt_map_service() - map a range one to one, with all rights
 * @root: the Service VM's table
 * @start: first byte
 * @end: byte after the last
 * @page_size: 2 MiB or 1 GiB, of which both are multiples
 *
 * Return: false if there is no memory.
 */
bool npt_map_service(u64 *root, u64 start, u64 end, u64 page_size)
{
	for (; start < end; start += page_size) {
		u32 level = page_size == BIT(21) ? 2 : 3;
		u64 *e = find_entry(root, start, &level, true);

		if (!e)
			return false;
		*e = start | PTE_TABLE | PTE_LARGE;
	}
	return true;
}

/* Replace a 2 MiB entry by a table of 4 KiB entries that say the same. */
static bool split(u64 *entry)
{
	u64 *table = page_alloc();
	u32 i;

	if (!table)
		return false;
	for (i = 0; i < 512; i++)
		table[i] = (*entry & ~PTE_LARGE) + i * PAGE_SIZE;
	*entry = (u64)table | PTE_TABLE;
	return true;
}

/**
 * npt_protect_page() - make a page of the Service VM read-only
 * @root: its table
 * @gpa: the page
 */
void npt_protect_page(u64 *root, u64 gpa)
{
	u32 level = 1;
	u64 *e = find_entry(root, gpa, &level, false);

	if (level == 2) {
		if (!split(e))
			panic("no memory for page tables");
		level = 1;
		e = find_entry(root, gpa, &level, false);
	}
	*e &= ~PTE_WRITE;
}

static u64 leaf(u64 hpa, u64 prot)
{
	u64 entry = hpa | PTE_PRESENT | PTE_USER | prot << PTE_PROT_SHIFT;

	if (prot & PROT_WRITE)
		entry |= PTE_WRITE;
	if (!(prot & PROT_EXEC))
		entry |= PTE_NX;
	return entry;
}

/**
 * npt_map_page() - give a User VM one page
 * @root: its table
 * @gpa: where the guest sees it
 * @hpa: the page
 * @size: 4 KiB or 2 MiB, of which both addresses are multiples
 * @prot: PROT_*, at least one right
 *
 * Context: npt_find() has said that nothing is there, for 2 MiB not even a
 * table.
 * Return: false if there is no memory.
 */
bool npt_map_page(u64 *root, u64 gpa, u64 hpa, u64 size, u64 prot)
{
	u32 level = size == PAGE_SIZE ? 1 : 2;
	u64 *e = find_entry(root, gpa, &level, true);

	if (!e)
		return false;
	*e = leaf(hpa, prot);
	if (size != PAGE_SIZE)
		*e |= PTE_LARGE;
	return true;
}

/**
 * npt_map_more() - give a User VM 4 KiB pages where it has others next to them
 * @root: its table
 * @last: where this was called for last
 * @gpa: where the guest sees the first
 * @hpa: the first
 * @count: how many
 * @prot: PROT_*, at least one right
 *
 * As far as a table for them is there and has nothing else in these places.
 *
 * Return: how many were mapped, from the first one on; perhaps none.
 */
u64 npt_map_more(u64 *root, struct npt_place *last, u64 gpa, u64 hpa, u64 count, u64 prot)
{
	u64 first = gpa / PAGE_SIZE & 511, entry = leaf(hpa, prot), i;

	if (!last->table || (last->gpa ^ gpa) & ~(BIT(21) - 1)) {
		u32 level = 1;
		u64 *e = find_entry(root, gpa, &level, false);

		if (!e || level != 1)
			return 0;
		last->table = e - first;
		last->gpa = gpa;
	}
	if (count > 512 - first)
		count = 512 - first;
	for (i = 0; i < count && !(last->table[first + i] & PTE_PRESENT); i++)
		last->table[first + i] = entry + i * PAGE_SIZE;
	return i;
}

/**
 * npt_unmap_page() - take a page away from a User VM
 * @root: its table
 * @gpa: the page, which is mapped
 * @size: 4 KiB, also out of a larger page, or 2 MiB if that is the page's size
 *
 * Return: false if there is no memory to split a larger page.
 */
bool npt_unmap_page(u64 *root, u64 gpa, u64 size)
{
	u32 level = 1;
	u64 *e = find_entry(root, gpa, &level, false);

	if (level == 2 && size == PAGE_SIZE) {
		if (!split(e))
			return false;
		level = 1;
		e = find_entry(root, gpa, &level, false);
	}
	*e = 0;
	return true;
}

/**
 * npt_write_protect() - take a User VM's right to write to a page, or give it
 * @root: its table
 * @gpa: the page, which is mapped
 * @protect: take it
 *
 * Return: false if there is no memory to split a larger page.
 */
bool npt_write_protect(u64 *root, u64 gpa, bool protect)
{
	u64 write = PTE_WRITE | (u64)PROT_WRITE << PTE_PROT_SHIFT;
	u32 level = 1;
	u64 *e = find_entry(root, gpa, &level, false);

	if (level == 2) {
		if (!split(e))
			return false;
		level = 1;
		e = find_entry(root, gpa, &level, false);
	}
	if (protect)
		*e = (*e & ~write) | PTE_PROTECTED;
	else
		*e = (*e | write) & ~PTE_PROTECTED;
	return true;
}

/**
 * npt_find() - what does a User VM reach at an address?
 * @root: its table
 * @gpa: the address
 * @page: set to the page around it; if there is none, @size to the size of the
 *	hole (of the largest empty entry)
 *
 * Return: true if a page is mapped there.
 */
bool npt_find(u64 *root, u64 gpa, struct npt_run *page)
{
	u64 *table = root, entry;
	u32 level;

	for (level = 4;; level--) {
		entry = table[gpa >> level_shift(level) & 511];
		if (!(entry & PTE_PRESENT) || (entry & PTE_LARGE) || level == 1)
			break;
		table = (u64 *)(entry & PTE_ADDRESS);
	}
	page->size = BIT(level_shift(level));
	page->gpa = gpa & ~(page->size - 1);
	page->hpa = entry & PTE_ADDRESS;
	page->prot = entry >> PTE_PROT_SHIFT & PROT_ALL;
	page->protected = entry & PTE_PROTECTED;
	return entry & PTE_PRESENT;
}

/**
 * npt_next() - the next stretch of memory that a User VM reaches
 * @root: its table
 * @gpa: where to begin to look; a multiple of 4 KiB
 * @run: set to the first run that ends behind @gpa, cut off before it
 *
 * Return: false if there is none.
 */
bool npt_next(u64 *root, u64 gpa, struct npt_run *run)
{
	struct npt_run page;

	while (gpa < BIT(48) && !npt_find(root, gpa, &page))
		gpa = page.gpa + page.size;
	if (gpa >= BIT(48))
		return false;
	*run = page;
	run->hpa += gpa - page.gpa;
	run->size -= gpa - page.gpa;
	run->gpa = gpa;
	while (run->gpa + run->size < BIT(48) &&
	       npt_find(root, run->gpa + run->size, &page) &&
	       page.hpa == run->hpa + run->size && page.prot == run->prot)
		run->size += page.size;
	return true;
}
