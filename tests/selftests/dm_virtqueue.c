// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run's virtio queues, whose content is the guest's: what makes sense is carried
 * out, all else breaks the queue and reaches no memory but the guest's.
 *
 * tools/hsm-run/virtqueue.c itself is linked in.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/virtio_ring.h>

#include "../../tools/hsm-run/virtqueue.h"
#include "harness.h"

#define MEMORY		(16 * PAGE_SIZE)
#define SIZE		8		/* of the queue */
#define TABLE		0x1000UL
#define AVAIL		0x2000UL
#define USED		0x3000UL
#define DATA		0x4000UL
#define ROUNDS		200000
#define CHANGING	20000		/* requests */

/* Between pages that nobody may touch */
static uint8_t *memory;
static struct virtqueue queue;
static struct chain chain;

void *vm_memory(struct vm *vm, uint64_t gpa, uint64_t size)
{
	if (gpa > MEMORY || size > MEMORY - gpa)
		return NULL;
	return memory + gpa;
}

static struct vring_desc *table(void)
{
	return (struct vring_desc *)(memory + TABLE);
}

static struct vring_avail *avail(void)
{
	return (struct vring_avail *)(memory + AVAIL);
}

static struct vring_used *used(void)
{
	return (struct vring_used *)(memory + USED);
}

static void set_up(void)
{
	uint8_t *area = mmap(NULL, MEMORY + 2 * PAGE_SIZE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(area != MAP_FAILED, "mmap");
	memory = area + PAGE_SIZE;
	check(!mprotect(memory, MEMORY, PROT_READ | PROT_WRITE), "mprotect");
	virtqueue_reset(&queue);
	queue.size = SIZE;
	queue.descriptors = TABLE;
	queue.driver = AVAIL;
	queue.device = USED;
	queue.enabled = true;
}

/* A good request: two parts to read and one to write, as descriptors 1, 5 and 2 */
static void offer_request(void)
{
	table()[1] = (struct vring_desc){ DATA, 16, VRING_DESC_F_NEXT, 5 };
	table()[5] = (struct vring_desc){ DATA + 64, 32, VRING_DESC_F_NEXT, 2 };
	table()[2] = (struct vring_desc){ DATA + 512, 1, VRING_DESC_F_WRITE, 0 };
	avail()->ring[avail()->idx % SIZE] = 1;
	avail()->idx++;
}

TEST(requests, "requests are taken and given back")
{
	unsigned int i;

	set_up();
	check(!virtqueue_take(NULL, &queue, &chain), "a request from nowhere");
	/* Both rings wrap around, and so do their 16-bit indices. */
	for (i = 0; i < 70000; i++) {
		offer_request();
		check(virtqueue_take(NULL, &queue, &chain), "no request");
		check_equal(chain.count, 3, "parts");
		check_equal(chain.readable, 2, "parts to read");
		check(chain.parts[1].iov_base == memory + DATA + 64 &&
		      chain.parts[1].iov_len == 32, "the second part");
		check(chain.parts[2].iov_base == memory + DATA + 512 &&
		      chain.parts[2].iov_len == 1, "the third part");
		virtqueue_give(NULL, &queue, &chain, i);
		check_equal(used()->idx, (uint16_t)(i + 1), "index");
		check_equal(used()->ring[i % SIZE].id, 1, "id");
		check_equal(used()->ring[i % SIZE].len, i, "bytes written");
		check(!virtqueue_take(NULL, &queue, &chain), "one more request");
	}
	check(!queue.broken, "broken");
}

TEST(interrupts, "the guest's wish for interrupts")
{
	set_up();
	check(virtqueue_wants_interrupt(NULL, &queue), "not wanted");
	avail()->flags = VRING_AVAIL_F_NO_INTERRUPT;
	check(!virtqueue_wants_interrupt(NULL, &queue), "wanted");
}

TEST(disabled, "a queue that is not enabled")
{
	set_up();
	offer_request();
	queue.enabled = false;
	check(!virtqueue_take(NULL, &queue, &chain), "taken from it");
}

static void outside(void)
{
	table()[5].addr = MEMORY;
}

static void over_the_end(void)
{
	table()[5].addr = MEMORY - 31;
}

static void wraps(void)
{
	table()[5].addr = -16ULL;
}

static void huge(void)
{
	table()[5].len = ~0U;
}

static void empty(void)
{
	table()[5].len = 0;
}

static void circle(void)
{
	table()[2].flags |= VRING_DESC_F_NEXT;
	table()[2].next = 2;
}

static void next_outside(void)
{
	table()[5].next = SIZE;
}

static void head_outside(void)
{
	avail()->ring[0] = SIZE;
}

static void indirect(void)
{
	table()[5].flags |= VRING_DESC_F_INDIRECT;
}

static void read_after_write(void)
{
	table()[1].flags |= VRING_DESC_F_WRITE;
}

static void too_many(void)
{
	avail()->idx = SIZE + 1;
}

static void table_outside(void)
{
	queue.descriptors = MEMORY - 16 * SIZE + 16;
}

static void table_crooked(void)
{
	queue.descriptors = TABLE + 8;
}

static void ring_outside(void)
{
	queue.driver = MEMORY - 4;
}

static void ring_crooked(void)
{
	queue.driver = AVAIL + 1;
}

TEST(nonsense, "nonsense breaks the queue")
{
	static void (*const spoil[])(void) = {
		outside, over_the_end, wraps, huge, empty, circle, next_outside,
		head_outside, indirect, read_after_write, too_many,
		table_outside, table_crooked, ring_outside, ring_crooked,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spoil); i++) {
		set_up();
		offer_request();
		spoil[i]();
		check(!virtqueue_take(NULL, &queue, &chain), "spoilt way %u: taken", i);
		check(queue.broken, "spoilt way %u: not broken", i);
		check(!virtqueue_take(NULL, &queue, &chain), "taken afterwards");
	}
	set_up();
	offer_request();
	check(virtqueue_take(NULL, &queue, &chain), "not taken");
	queue.device = MEMORY;
	virtqueue_give(NULL, &queue, &chain, 1);
	check(queue.broken, "given to a ring that is not there");
}

static void check_parts(void)
{
	unsigned int i;

	check(chain.count && chain.count <= queue.size &&
	      chain.readable <= chain.count, "%u parts", chain.count);
	for (i = 0; i < chain.count; i++) {
		uint8_t *part = chain.parts[i].iov_base;

		check(part >= memory && part < memory + MEMORY &&
		      chain.parts[i].iov_len <= (size_t)(memory + MEMORY - part),
		      "part %u is not the guest's", i);
	}
}

/* Mostly such that it is nearly right */
static void scribble(unsigned int *seed)
{
	struct vring_desc *d = &table()[rand_r(seed) % SIZE];

	d->addr = rand_r(seed) % (MEMORY + 64);
	d->len = rand_r(seed) % 8 ? rand_r(seed) % 256 : rand_r(seed);
	d->flags = rand_r(seed) % 16 ? rand_r(seed) % 4 : rand_r(seed) % 65536;
	d->next = rand_r(seed) % (SIZE + 1);
	avail()->ring[rand_r(seed) % SIZE] = rand_r(seed) % (SIZE + 1);
	avail()->idx = queue.next + rand_r(seed) % (SIZE + 2);
}

/* Take and give until nothing is left; returns how much there was */
static unsigned int drain(void)
{
	unsigned int taken = 0;

	while (taken < 2 * SIZE && virtqueue_take(NULL, &queue, &chain)) {
		check_parts();
		virtqueue_give(NULL, &queue, &chain, 1);
		taken++;
	}
	return taken;
}

TIMED_TEST(garbage, 120, "garbage reaches no other memory")
{
	unsigned int seed = 1, i, taken = 0, broken = 0;

	set_up();
	for (i = 0; i < ROUNDS; i++) {
		scribble(&seed);
		taken += drain();
		broken += queue.broken;
		queue.broken = false;
	}
	report("%u requests taken, %u times broken", taken, broken);
	check(taken > ROUNDS / 100 && broken > ROUNDS / 100,
	      "the garbage is too good or too bad");
}

static atomic_bool over;

static void *keep_scribbling(void *data)
{
	unsigned int seed = 2;

	while (!atomic_load(&over))
		scribble(&seed);
	return NULL;
}

TIMED_TEST(changing, 120, "nor does what changes meanwhile")
{
	unsigned int taken = 0;
	pthread_t thread;

	set_up();
	check(!pthread_create(&thread, NULL, keep_scribbling, NULL), "thread");
	while (taken < CHANGING) {
		taken += drain();
		queue.broken = false;
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
}

int main(void)
{
	return run_tests(0);
}
