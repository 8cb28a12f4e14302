/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The clients' common part.  There is one client for each of three drivers: ours,
 * Linux's own, and floor.ko, which does the work itself and nothing around it.
 * They differ in ours.c, linux.c and floor.c only.
 *
 * Under QEMU's -icount the time stamp counter counts instructions of all CPUs.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE		4096UL
#define MIB		(1UL << 20)
#define SAMPLES_MAX	2000
#define VMS_MAX		8

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static inline uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#define CHECK(expr) do {							\
	if (expr) {								\
		printf("FAILED %s:%d: %s: %s\n", __FILE__, __LINE__, #expr,	\
		       strerror(errno));					\
		exit(1);							\
	}									\
} while (0)

/* main.c */

/* What all rows are made from.  A stamp's own cost is taken off by row(). */
extern uint64_t samples[SAMPLES_MAX];
/* The one operation that is looked at in detail instead of timed, or NULL */
extern const char *profiled;

/**
 * row() - one row of the result: median, smallest and largest of the samples
 * @id: the operation, a name of the file rows
 * @count: samples
 */
void row(const char *id, unsigned int count);
/* of one number that no stamp's cost is in */
void number(const char *id, uint64_t value);
/* is it the profiled one, or is everything timed? */
bool wanted(const char *id);
/* Around what is profiled, if it is: so many times the operation */
void profile_begin(const char *id, unsigned int count);
void profile_end(const char *id);

/* An operation, warmed up and then timed or profiled, so many times */
#define MEASURE(id, count, expr) do {						\
	unsigned int i_, n_ = (count);						\
	if (!wanted(id))							\
		break;								\
	for (i_ = 0; i_ < 8; i_++)						\
		(void)(expr);							\
	if (profiled) {								\
		profile_begin(id, n_);						\
		for (i_ = 0; i_ < n_; i_++)					\
			(void)(expr);						\
		profile_end(id);						\
		break;								\
	}									\
	for (i_ = 0; i_ < n_; i_++) {						\
		uint64_t begin_ = now();					\
		(void)(expr);							\
		samples[i_] = now() - begin_;					\
	}									\
	row(id, n_);								\
} while (0)

/* What is timed around it goes to sample i */
#define TIMED(i, expr) do {							\
	uint64_t begin_ = now();						\
	CHECK(expr);								\
	samples[i] = now() - begin_;						\
} while (0)

/*
 * What the n-th of something costs depends on which slab and which place in a tree it gets:
 * so it is the median of the last tenth of them, in so many VMs that there are about 30.
 */
static inline unsigned int last_of(unsigned int count)
{
	return (count + 9) / 10;
}

static inline unsigned int vms_for(unsigned int count)
{
	return (29 + last_of(count)) / last_of(count);
}

void calls(void);	/* calls.c */
void memory(void);	/* memory.c */
void events(void);	/* events.c */
void vms(void);		/* vms.c */
void scale(void);	/* scale.c */

/* A User VM.  guest.c */

#define GUEST_SIZE	0x40000UL

/* The access that the guest makes */
enum access {
	PORT_WRITE = 1,
	PORT_READ,
	MEMORY_WRITE,
	MEMORY_READ,
};

#define PORT		0x660
#define MMIO		0xd0000000UL

struct io_slot {
	uint32_t type, polling, reserved0[14];
	uint32_t direction, reserved1;
	uint64_t address, size, value;
	uint32_t reserved2[8], reserved3;
	int32_t client;
	volatile uint32_t processed;
	uint32_t reserved4[29];
};

_Static_assert(sizeof(struct io_slot) == 256, "the size of a slot");

#define SLOT_PROCESSING	2

struct vm {
	int fd;
	unsigned int config;	/* of the testbed's configurations */
	unsigned int vmid;
	int client;
	unsigned char *mem;
	struct io_slot *slots;
};

/* The registers of IC_SET_VCPU_REGS */
struct vcpu_regs {
	uint16_t vcpu, reserved0[3];
	uint64_t gprs[16];
	unsigned char gdt[16], idt[16];
	uint64_t rip, cs_base, cr0, cr4, cr3, efer, rflags, reserved64[4];
	uint32_t cs_ar, cs_limit, reserved32[3];
	uint16_t selectors[8], reserved16[4];
	uint8_t padding[4];
};

_Static_assert(sizeof(struct vcpu_regs) == 304, "the size of the registers");

extern const struct vcpu_regs guest_regs;

/* Without a vCPU: for calls and memory */
void vm_new_bare(struct vm *vm);
/* With one, and the guest's program */
void vm_new(struct vm *vm, unsigned int config);
/* The guest will make so many accesses; with a handshake each waits for guest_go() */
void vm_program(struct vm *vm, enum access kind, unsigned int count, bool handshake);
void vm_go(struct vm *vm, unsigned int count);
void vm_wait(struct vm *vm);
/* When the access began, and when the guest went on */
uint64_t vm_before(const struct vm *vm, unsigned int i);
uint64_t vm_after(const struct vm *vm, unsigned int i);
uint64_t vm_value(const struct vm *vm);
void vm_end(struct vm *vm);

/* What is different between the drivers: 0 or -1 with errno, but for open */

extern const char *const driver_name;
extern const bool driver_is_ours, driver_is_floor;

int drv_open(void);
void drv_io_page(struct vm *vm);
int drv_create(struct vm *vm);
int drv_create_vcpu(struct vm *vm);
int drv_destroy(struct vm *vm);
/* The file, while the VM has memory */
int drv_close(struct vm *vm);
int drv_start(struct vm *vm);
int drv_pause(struct vm *vm);
int drv_set_regs(struct vm *vm, const struct vcpu_regs *regs);
int drv_inject_msi(struct vm *vm, const uint64_t msi[2]);
int drv_set_irqline(struct vm *vm, uint64_t line);
int drv_guest_memory(struct vm *vm);
int drv_map(struct vm *vm, uint64_t gpa, void *p, size_t len);
int drv_create_client(struct vm *vm);
int drv_attach(struct vm *vm);
bool drv_is_mine(struct vm *vm);
int drv_notify(struct vm *vm);
int drv_ioeventfd(struct vm *vm, int fd, enum access kind, uint64_t addr);
int drv_irqfd(struct vm *vm, int fd);

/* floor.ko, which all clients have */
extern int floor_fd;

#endif
