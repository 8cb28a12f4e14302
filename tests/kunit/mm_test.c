// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_mm.c, which includes this: segments of pages, and the tree */
#include <kunit/test.h>

#define ACRN_TEST_ORDER	4

/**
 * struct acrn_mm_test - what the tests of segments work with
 * @first: of some pages that lie one after the other
 * @map: a mapping, empty when a test begins
 */
struct acrn_mm_test {
	struct page *first;
	struct acrn_mapping map;
};

static int acrn_mm_test_init(struct kunit *test)
{
	struct acrn_mm_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->first = alloc_pages(GFP_KERNEL, ACRN_TEST_ORDER);
	if (!t->first)
		return -ENOMEM;
	INIT_LIST_HEAD(&t->map.segments);
	test->priv = t;
	return 0;
}

/* The pages are not pinned: nothing but the lists is freed. */
static void acrn_mm_test_exit(struct kunit *test)
{
	struct acrn_mm_test *t = test->priv;
	struct acrn_segments *segments, *next;

	if (!t)
		return;
	list_for_each_entry_safe(segments, next, &t->map.segments, node)
		kfree(segments);
	__free_pages(t->first, ACRN_TEST_ORDER);
}

/* The n-th segment of the test's mapping, NULL: there are not so many */
static const struct acrn_segment *acrn_test_segment(const struct acrn_mm_test *t,
						    unsigned int n)
{
	const struct acrn_segments *segments;

	list_for_each_entry(segments, &t->map.segments, node) {
		if (n < segments->nr)
			return &segments->segment[n];
		n -= segments->nr;
	}
	return NULL;
}

/**
 * struct acrn_coalesce_case - pages that are added, and the segments they make
 * @name: what is special about them
 * @pages: numbers of the pages
 * @nr: how many there are
 * @split: how many of them are added at first, the others then
 * @segments: lengths of the segments, 0: no more
 */
struct acrn_coalesce_case {
	const char *name;
	u8 pages[8];
	unsigned int nr;
	unsigned int split;
	unsigned int segments[9];
};

static const struct acrn_coalesce_case acrn_coalesce_cases[] = {
	{ "one", { 3 }, 1, 1, { 1 } },
	{ "in order", { 0, 1, 2, 3, 4, 5, 6, 7 }, 8, 8, { 8 } },
	{ "in order, in two goes", { 0, 1, 2, 3, 4, 5, 6, 7 }, 8, 3, { 8 } },
	{ "backwards", { 3, 2, 1, 0 }, 4, 4, { 1, 1, 1, 1 } },
	{ "with a gap", { 0, 1, 3, 4, 5 }, 5, 5, { 2, 3 } },
	{ "a gap between two goes", { 0, 1, 3, 4, 5 }, 5, 2, { 2, 3 } },
	{ "two segments, cut in the second", { 8, 9, 0, 1, 2, 3 }, 6, 4, { 2, 4 } },
	{ "the same page again", { 5, 5, 6, 6 }, 4, 4, { 1, 2, 1 } },
	{ "the same page in the next go", { 5, 5 }, 2, 1, { 1, 1 } },
	{ "neighbours, the later one first", { 1, 0, 2 }, 3, 3, { 1, 1, 1 } },
};

KUNIT_ARRAY_PARAM(acrn_coalesce, acrn_coalesce_cases, NULL);

static void acrn_test_coalesce(struct kunit *test)
{
	const struct acrn_coalesce_case *c = test->param_value;
	struct acrn_mm_test *t = test->priv;
	const struct acrn_segment *segment;
	struct page *pages[8];
	unsigned int i, page = 0;

	for (i = 0; i < c->nr; i++)
		pages[i] = t->first + c->pages[i];
	KUNIT_ASSERT_EQ(test, 0,
			acrn_mapping_add_pages(&t->map, pages, c->split));
	if (c->split < c->nr)
		KUNIT_ASSERT_EQ(test, 0,
				acrn_mapping_add_pages(&t->map, pages + c->split,
						       c->nr - c->split));

	for (i = 0; c->segments[i]; i++) {
		segment = acrn_test_segment(t, i);
		KUNIT_ASSERT_NOT_NULL_MSG(test, segment, "%s: segment %u", c->name, i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, segment->page, pages[page],
					"%s: segment %u", c->name, i);
		KUNIT_EXPECT_EQ_MSG(test, segment->nr, c->segments[i], "%s: segment %u",
				    c->name, i);
		page += c->segments[i];
	}
	KUNIT_EXPECT_NULL_MSG(test, acrn_test_segment(t, i), "%s", c->name);
	KUNIT_EXPECT_EQ_MSG(test, page, c->nr, "%s: pages", c->name);
}

/* More segments than fit into a page, in the order in which they came */
static void acrn_test_many_segments(struct kunit *test)
{
	const unsigned int nr = 2000;
	struct acrn_mm_test *t = test->priv;
	const struct acrn_segments *segments;
	const struct acrn_segment *segment;
	size_t size = ACRN_SEGMENTS_MIN_SIZE;
	unsigned int i, sum = 0;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, 0,
				acrn_mapping_add(&t->map,
						 t->first + (i % 2 ? 7 : 2),
						 1 + i % 3, false));
	/* Each list is twice as big as the one before, but for the biggest. */
	list_for_each_entry(segments, &t->map.segments, node) {
		KUNIT_EXPECT_EQ(test, struct_size(segments, segment, segments->max), size);
		sum += segments->nr;
		if (!list_is_last(&segments->node, &t->map.segments))
			KUNIT_EXPECT_EQ(test, segments->nr, segments->max);
		size = min_t(size_t, 2 * size, ACRN_SEGMENTS_MAX_SIZE);
	}
	KUNIT_EXPECT_EQ(test, sum, nr);
	for (i = 0; i < nr; i++) {
		segment = acrn_test_segment(t, i);
		KUNIT_ASSERT_NOT_NULL(test, segment);
		KUNIT_EXPECT_PTR_EQ(test, segment->page,
				    t->first + (i % 2 ? 7 : 2));
		KUNIT_EXPECT_EQ(test, segment->nr, 1UL + i % 3);
	}
}

/* A segment goes on where a list of segments is full */
static void acrn_test_full_list_grows(struct kunit *test)
{
	struct acrn_mm_test *t = test->priv;
	const struct acrn_segments *segments;

	do {
		KUNIT_ASSERT_EQ(test, 0,
				acrn_mapping_add(&t->map, t->first, 1, false));
		segments = acrn_mapping_last(&t->map);
	} while (segments->nr < segments->max);
	KUNIT_ASSERT_EQ(test, 0,
			acrn_mapping_add(&t->map, t->first + 1, 4, false));
	KUNIT_EXPECT_TRUE(test, list_is_singular(&t->map.segments));
	KUNIT_EXPECT_EQ(test, segments->segment[segments->nr - 1].nr, 5UL);
}

/* Pages that are pinned as a whole are no part of a segment of those that are not. */
static void acrn_test_whole_apart(struct kunit *test)
{
	struct acrn_mm_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			acrn_mapping_add(&t->map, t->first, 2, false));
	KUNIT_ASSERT_EQ(test, 0,
			acrn_mapping_add(&t->map, t->first + 2, 4, true));
	KUNIT_ASSERT_EQ(test, 0,
			acrn_mapping_add(&t->map, t->first + 6, 1, true));
	KUNIT_ASSERT_EQ(test, 0,
			acrn_mapping_add(&t->map, t->first + 7, 1, false));
	KUNIT_EXPECT_EQ(test, acrn_test_segment(t, 0)->nr, 2UL);
	KUNIT_EXPECT_EQ(test, acrn_test_segment(t, 1)->nr, 5UL);
	KUNIT_EXPECT_EQ(test, acrn_test_segment(t, 2)->nr, 1UL);
	KUNIT_EXPECT_NULL(test, acrn_test_segment(t, 3));
}

/**
 * struct acrn_overlap_case - a memseg that meets one of pages 16 to 31
 * @gpa: its first page
 * @len: its pages
 * @ret: what inserting it says
 */
struct acrn_overlap_case {
	u64 gpa;
	u64 len;
	int ret;
};

static void acrn_test_overlap(struct kunit *test)
{
	static const struct acrn_overlap_case cases[] = {
		{ 0, 16, 0 },		{ 15, 1, 0 },	{ 32, 1, 0 },
		{ 32, 1000, 0 },	{ 0, 17, -EEXIST },
		{ 15, 2, -EEXIST },	{ 16, 1, -EEXIST },
		{ 16, 16, -EEXIST },	{ 16, 17, -EEXIST },
		{ 20, 2, -EEXIST },	{ 31, 1, -EEXIST },
		{ 31, 10, -EEXIST },	{ 0, 1000, -EEXIST },
	};
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	struct acrn_mapping there = {
		.gpa = 16ULL << PAGE_SHIFT, .len = 16ULL << PAGE_SHIFT,
	};
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	KUNIT_ASSERT_EQ(test, 0, acrn_mapping_insert(vm, &there));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct acrn_mapping map = {
			.gpa = cases[i].gpa << PAGE_SHIFT,
			.len = cases[i].len << PAGE_SHIFT,
		};
		int ret = acrn_mapping_insert(vm, &map);

		KUNIT_EXPECT_EQ_MSG(test, ret, cases[i].ret,
				    "pages %llu + %llu", cases[i].gpa,
				    cases[i].len);
		if (!ret)
			rb_erase(&map.node, &vm->memory);
	}
}

static void acrn_test_find(struct kunit *test)
{
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	/* pages 10 n to 10 n + 4, inserted in no order */
	struct acrn_mapping *maps = kunit_kcalloc(test, 20, sizeof(*maps),
						  GFP_KERNEL);
	unsigned int i, n, page;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	KUNIT_ASSERT_NOT_NULL(test, maps);
	for (i = 0; i < 20; i++) {
		n = i * 7 % 20;
		maps[n].gpa = (u64)n * 10 << PAGE_SHIFT;
		maps[n].len = 5 << PAGE_SHIFT;
		KUNIT_ASSERT_EQ(test, 0, acrn_mapping_insert(vm, &maps[n]));
	}
	for (page = 0; page < 210; page++) {
		struct acrn_mapping *map = NULL;

		if (page < 200 && page % 10 < 5)
			map = &maps[page / 10];
		KUNIT_EXPECT_PTR_EQ_MSG(test, map,
					acrn_mapping_find(vm, (u64)page << PAGE_SHIFT),
					"page %u", page);
	}
}

static void acrn_test_check_memseg(struct kunit *test)
{
	const u64 limit = 1ULL << boot_cpu_data.x86_phys_bits;
	const struct {
		struct acrn_memseg seg;
		int ret;
	} cases[] = {
		{ { .len = PAGE_SIZE }, 0 },
		{ { .len = limit }, 0 },
		{ { .gpa = limit - PAGE_SIZE, .len = PAGE_SIZE }, 0 },
		{ { .type = ACRN_MEMSEG_MMIO, .len = PAGE_SIZE }, 0 },
		{ { .type = 2, .len = PAGE_SIZE }, -EINVAL },
		{ { .type = ~0U, .len = PAGE_SIZE }, -EINVAL },
		{ { .len = 0 }, -EINVAL },
		{ { .len = PAGE_SIZE - 1 }, -EINVAL },
		{ { .len = PAGE_SIZE + 1 }, -EINVAL },
		{ { .gpa = 1, .len = PAGE_SIZE }, -EINVAL },
		{ { .len = limit + PAGE_SIZE }, -EINVAL },
		{ { .gpa = PAGE_SIZE, .len = limit }, -EINVAL },
		{ { .gpa = limit, .len = PAGE_SIZE }, -EINVAL },
		{ { .gpa = -PAGE_SIZE, .len = PAGE_SIZE }, -EINVAL },
		{ { .gpa = -PAGE_SIZE, .len = 2 * PAGE_SIZE }, -EINVAL },
		{ { .gpa = PAGE_SIZE, .len = -PAGE_SIZE }, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		union acrn_ioctl_arg arg = { .memseg = cases[i].seg };

		KUNIT_EXPECT_EQ_MSG(test, acrn_check_memseg(&arg), cases[i].ret,
				    "case %u: gpa %#llx, len %#llx", i,
				    cases[i].seg.gpa, cases[i].seg.len);
	}
}

/* The pages of a memseg, as numbers */
static const u8 acrn_test_memseg[] = { 7, 8, 9, 3, 1, 2, 12, 13, 14, 15, 0 };

/**
 * struct acrn_get_pages_case - pages that a client wants to hold
 * @type: of the memseg
 * @prot: of the memseg
 * @wanted: rights that the guest has to have
 * @ret: what the caller is told, if the pages are all in the memseg
 */
struct acrn_get_pages_case {
	u32 type;
	u32 prot;
	u32 wanted;
	int ret;
};

static const struct acrn_get_pages_case acrn_get_pages_cases[] = {
	{ ACRN_MEMSEG_RAM, ACRN_PROT_MASK, ACRN_PROT_READ | ACRN_PROT_WRITE, 0 },
	{ ACRN_MEMSEG_RAM, ACRN_PROT_READ, ACRN_PROT_READ, 0 },
	{ ACRN_MEMSEG_RAM, ACRN_PROT_READ, ACRN_PROT_WRITE, -EACCES },
	{ ACRN_MEMSEG_RAM, ACRN_PROT_READ | ACRN_PROT_EXEC,
	  ACRN_PROT_READ | ACRN_PROT_WRITE, -EACCES },
	{ ACRN_MEMSEG_MMIO, ACRN_PROT_MASK, ACRN_PROT_READ, -ENOENT },
};

KUNIT_ARRAY_PARAM(acrn_get_pages, acrn_get_pages_cases, NULL);

/* From each page of a memseg on, and from those before it and after it, each number */
static void acrn_test_get_pages(struct kunit *test)
{
	const struct acrn_get_pages_case *c = test->param_value;
	const unsigned int gpa = 20, count = ARRAY_SIZE(acrn_test_memseg);
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	struct page *first, *pages[ARRAY_SIZE(acrn_test_memseg) + 2];
	struct acrn_mm_test *t = test->priv;
	unsigned int i, from, nr;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	first = alloc_pages(GFP_KERNEL, ACRN_TEST_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, first);
	split_page(first, ACRN_TEST_ORDER);
	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ(test, 0,
				acrn_mapping_add(&t->map, first + acrn_test_memseg[i],
						 1, i >= 6));
	t->map.type = c->type;
	t->map.prot = c->prot;
	t->map.gpa = (u64)gpa << PAGE_SHIFT;
	t->map.len = (u64)count << PAGE_SHIFT;
	mutex_init(&vm->lock);
	mutex_lock(&vm->lock);
	KUNIT_EXPECT_EQ(test, 0, acrn_mapping_insert(vm, &t->map));
	for (from = gpa - 1; from <= gpa + count; from++) {
		for (nr = 1; nr <= count + 2; nr++) {
			bool inside = from >= gpa && from + nr <= gpa + count;
			int ret = acrn_mm_get_pages(vm, (u64)from << PAGE_SHIFT,
						    c->wanted, pages, nr);

			KUNIT_EXPECT_EQ_MSG(test, ret, inside ? c->ret : -ENOENT,
					    "%u pages from %u on", nr, from);
			for (i = 0; !ret && i < nr; i++) {
				struct page *page = first + acrn_test_memseg[from - gpa + i];

				KUNIT_EXPECT_PTR_EQ(test, pages[i], page);
				KUNIT_EXPECT_EQ(test, page_count(page), 2);
				put_page(page);
			}
		}
	}
	mutex_unlock(&vm->lock);
	for (i = 0; i < 1 << ACRN_TEST_ORDER; i++) {
		KUNIT_EXPECT_EQ(test, page_count(first + i), 1);
		__free_page(first + i);
	}
}

static struct kunit_case acrn_mm_cases[] = {
	KUNIT_CASE_PARAM(acrn_test_coalesce, acrn_coalesce_gen_params),
	KUNIT_CASE(acrn_test_many_segments),
	KUNIT_CASE(acrn_test_full_list_grows),
	KUNIT_CASE(acrn_test_whole_apart),
	KUNIT_CASE(acrn_test_overlap),
	KUNIT_CASE(acrn_test_find),
	KUNIT_CASE_PARAM(acrn_test_get_pages, acrn_get_pages_gen_params),
	KUNIT_CASE(acrn_test_check_memseg),
	{}
};

static struct kunit_suite acrn_mm_suite = {
	.name = "acrn_mm",
	.init = acrn_mm_test_init,
	.exit = acrn_mm_test_exit,
	.test_cases = acrn_mm_cases,
};

kunit_test_suite(acrn_mm_suite);
