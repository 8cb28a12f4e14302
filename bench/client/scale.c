// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The same operation with one, ten, a hundred, ... of a kind there.
 */
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/mman.h>

#include "bench.h"
#include "events.h"

#define MEMSEGS_MAX	10000
#define GPA		0x100000000UL
/* Prime to MEMSEGS_MAX: they come in no order, and do not touch */
#define STRIDE		7919

static const char *name(const char *what, unsigned int n)
{
	static char id[2][32];
	static unsigned int last;

	last = !last;
	snprintf(id[last], sizeof(id[last]), "%s_%u", what, n);
	return id[last];
}

/* Linux's driver takes 256; what is refused has no row. */
static void memsegs(void)
{
	unsigned int i, next = 1;
	struct vm vm;
	void *p;

	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0);
	CHECK(p == MAP_FAILED);
	vm_new_bare(&vm);
	for (i = 1; i <= MEMSEGS_MAX; i++) {
		uint64_t gpa = GPA + 2 * PAGE * ((uint64_t)i * STRIDE % MEMSEGS_MAX), begin = now();

		if (drv_map(&vm, gpa, p, PAGE))
			break;
		samples[0] = now() - begin;
		if (i == next) {
			row(name("memseg", i), 1);
			next *= 10;
		}
	}
	TIMED(0, close(vm.fd));
	number("memsegs_close", samples[0] / (i - 1));
	munmap(vm.slots, PAGE);
	munmap(p, PAGE);
}

static void ioeventfds(unsigned int count)
{
	unsigned int i, n = 0, vms = vms_for(count);
	int fd = eventfd(0, EFD_CLOEXEC);
	struct vm vm;

	CHECK(fd < 0);
	for (; vms; vms--) {
		vm_new(&vm, 0);
		for (i = 0; i < count; i++) {
			TIMED(n, drv_ioeventfd(&vm, fd, MEMORY_WRITE, MMIO + 16 * i));
			n += i >= count - last_of(count);
		}
		vm_end(&vm);
	}
	row(name("ioeventfd_assign", count), n);
	close(fd);
	kick(name("ioeventfd_kick", count), MEMORY_WRITE, count - 1);
}

void scale(void)
{
	unsigned int n;

	if (driver_is_floor)
		return;
	memsegs();
	for (n = 1; n <= 1000; n *= 10)
		ioeventfds(n);
	for (n = 1; n <= 1000; n *= 10)
		irqfds(name("irqfd_signal", n), name("irqfds_assign", n), n);
}
