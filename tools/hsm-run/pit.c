// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: an 8254 timer.  Its counters are computed from the time that has passed
 * since they were loaded.  Counter 0 makes interrupts, with a timerfd; counter 2
 * makes none, but its output can be seen in port 0x61, by which guests find out how
 * fast other clocks are.
 */
#include <err.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "devices.h"

#define PIT_PORT	0x40
#define PIT_SIZE	4
#define COUNTERS	3
#define CONTROL		3
#define HZ		1193182ULL
#define NS		1000000000ULL

/* The control word */
#define SELECT(word)	((word) >> 6)
#define READ_BACK	3
#define ACCESS(word)	((word) >> 4 & 3)
#define ACCESS_LOW	1
#define ACCESS_HIGH	2
#define ACCESS_BOTH	3
#define MODE(word)	((word) >> 1 & 7)

/* Port 0x61 */
#define GATE_2		0x01
#define SPEAKER		0x02
#define REFRESH		0x10	/* changes all the time */
#define OUTPUT_2	0x20

/**
 * struct counter - one of the three
 * @mode: 0 to 5
 * @access: which bytes the guest reads and writes
 * @reload: where it counts down from, 1 to 0x10000; 0: not loaded yet
 * @start: when it was loaded, ns
 * @low: the low byte of a new value of two
 * @low_written: it was
 * @high_next: the high byte is the next to be read
 * @latched: bytes of @latch still to be read
 * @latch: the count when the guest said so
 */
struct counter {
	unsigned int mode;
	unsigned int access;
	uint32_t reload;
	uint64_t start;
	uint8_t low;
	bool low_written;
	bool high_next;
	unsigned int latched;
	uint16_t latch;
};

static struct counter counters[COUNTERS];
static uint8_t port61;
static struct device pit_ports;

static void tick(struct watch *watch);
static struct watch ticks = { .fd = -1, .ready = tick };

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static bool is_periodic(const struct counter *c)
{
	return c->mode == 2 || c->mode == 3;
}

/* Counts since it was loaded */
static uint64_t elapsed(const struct counter *c)
{
	uint64_t ns = now() - c->start;

	return ns / NS * HZ + ns % NS * HZ / NS;
}

static uint16_t count(const struct counter *c)
{
	uint64_t passed = elapsed(c);

	if (!c->reload)
		return 0;
	return is_periodic(c) ? c->reload - passed % c->reload :
				c->reload - passed;
}

static bool output(const struct counter *c)
{
	uint64_t passed = elapsed(c);

	if (!c->reload)
		return c->mode != 0;
	switch (c->mode) {
	case 2:
		return passed % c->reload != c->reload - 1;
	case 3:
		return passed % c->reload < (c->reload + 1) / 2;
	default:
		return passed >= c->reload;
	}
}

static void tick(struct watch *watch)
{
	uint64_t times;

	/* What came late is lost, as behind an interrupt that is not taken. */
	if (read(watch->fd, &times, sizeof(times)) == sizeof(times))
		vm_set_irqline(pit_ports.vm, PIT_IRQ, ACRN_IRQLINE_RAISING_PULSE);
}

static void set_timer(const struct counter *c)
{
	uint64_t ns = c->reload * NS / HZ;
	struct itimerspec when = { .it_value.tv_nsec = ns };

	if (is_periodic(c))
		when.it_interval = when.it_value;
	timerfd_settime(ticks.fd, 0, &when, NULL);
}

static void load(struct counter *c, uint16_t value)
{
	c->reload = value ? value : 0x10000;
	c->start = now();
	if (c == &counters[0])
		set_timer(c);
}

static void control(uint8_t word)
{
	struct counter *c = &counters[SELECT(word) % COUNTERS];
	unsigned int i;

	if (SELECT(word) == READ_BACK) {
		/* Latch the counts of those named; status is not there to be read. */
		for (i = 0; i < COUNTERS && !(word & 0x20); i++) {
			if (word & 2 << i) {
				counters[i].latch = count(&counters[i]);
				counters[i].latched = 2;
			}
		}
	} else if (!ACCESS(word)) {
		c->latch = count(c);
		c->latched = c->access == ACCESS_BOTH ? 2 : 1;
	} else {
		memset(c, 0, sizeof(*c));
		c->access = ACCESS(word);
		c->mode = MODE(word) > 5 ? MODE(word) - 4 : MODE(word);
		if (c == &counters[0])
			set_timer(c);
	}
}

static uint64_t pit_read(struct device *device, uint64_t offset,
			 unsigned int size)
{
	struct counter *c = &counters[offset % COUNTERS];
	uint16_t value;
	bool high;

	(void)device;
	(void)size;
	if (offset == CONTROL)
		return 0xff;
	value = c->latched ? c->latch : count(c);
	high = c->access == ACCESS_HIGH || c->high_next;
	if (c->latched)
		c->latched--;
	if (c->access == ACCESS_BOTH)
		c->high_next = !c->high_next;
	return high ? value >> 8 : value & 0xff;
}

static void pit_write(struct device *device, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	struct counter *c = &counters[offset % COUNTERS];
	uint8_t byte = value;

	(void)device;
	(void)size;
	if (offset == CONTROL) {
		control(byte);
	} else if (c->access == ACCESS_BOTH && !c->low_written) {
		c->low = byte;
		c->low_written = true;
	} else if (c->access == ACCESS_BOTH) {
		c->low_written = false;
		load(c, byte << 8 | c->low);
	} else {
		load(c, c->access == ACCESS_HIGH ? byte << 8 : byte);
	}
}

static void pit_reset(struct device *device)
{
	(void)device;
	memset(counters, 0, sizeof(counters));
	set_timer(&counters[0]);
}

static struct device pit_ports = {
	.name = "pit",
	.type = ACRN_IOREQ_PIO,
	.start = PIT_PORT,
	.size = PIT_SIZE,
	.read = pit_read,
	.write = pit_write,
	.reset = pit_reset,
};

static uint64_t port61_read(struct device *device, uint64_t offset,
			    unsigned int size)
{
	(void)device;
	(void)offset;
	(void)size;
	port61 ^= REFRESH;
	return port61 | (output(&counters[2]) ? OUTPUT_2 : 0);
}

/* The gate's change to 1 starts counter 2 again. */
static void port61_write(struct device *device, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	(void)device;
	(void)offset;
	(void)size;
	if (value & ~port61 & GATE_2)
		counters[2].start = now();
	port61 = (port61 & REFRESH) | (value & (GATE_2 | SPEAKER));
}

static void port61_reset(struct device *device)
{
	(void)device;
	port61 = 0;
}

static struct device speaker_port = {
	.name = "port61",
	.type = ACRN_IOREQ_PIO,
	.start = 0x61,
	.size = 1,
	.read = port61_read,
	.write = port61_write,
	.reset = port61_reset,
};

/**
 * pit_add() - add the timer and port 0x61
 * @vm: its VM
 */
void pit_add(struct vm *vm)
{
	ticks.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ticks.fd < 0)
		err(1, "timerfd");
	bus_watch(&ticks);
	bus_add(vm, &pit_ports);
	bus_add(vm, &speaker_port);
}
