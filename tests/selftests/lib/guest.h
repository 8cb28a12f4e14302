/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * User VMs that run a program, and the device model that serves them.
 *
 * The guest runs in 64-bit mode with all addresses mapped one to one.  Each of
 * its vCPUs does what a list of operations says, which the test writes into the
 * guest's memory.
 */
#ifndef GUEST_H
#define GUEST_H

/* Where things are in the guest's memory */
#define GUEST_CODE	0x1000
#define GUEST_PML4	0x2000
#define GUEST_PDPT	0x3000
#define GUEST_VCPU_NUM	0x4000
#define GUEST_AP_CODE	0x5000	/* where other vCPUs than the first start */
#define GUEST_IRQ_CODE	0x6000
#define GUEST_FREE	0x8000
#define GUEST_GDT_POINTER 0xe000	/* this and the next: only with GUEST_SETUP_IRQS */
#define GUEST_IDT_POINTER 0xe010
#define GUEST_GDT	0xe020
#define GUEST_IDT	0xf000
#define GUEST_STATUS	0x10000	/* of vCPU 0; its operations follow */
#define GUEST_STRIDE	0x4000	/* to the next vCPU's */
#define GUEST_SIZE	0x50000	/* room for ACRN_MAX_VCPUS of them */

/* Operations; the number of bytes is added to those that have one */
#define GUEST_END	0	/* say that it is done, and halt */
#define GUEST_AGAIN	1	/* value times: from the beginning again */
#define GUEST_COUNT	2	/* for ever: add 1 to the word at the address */
#define GUEST_WAIT	3	/* until the word at the address is the value */
#define GUEST_PASS	4	/* the next one's value: the result of the last */
#define GUEST_SETUP_IRQS 5	/* be ready to count interrupts */
#define GUEST_RDMSR	6	/* address: the MSR */
#define GUEST_WRMSR	7
#define GUEST_HALT	8	/* until an interrupt came */
#define GUEST_WINDOW	9	/* take what is pending */
#define GUEST_IN	0x10	/* RAX, set to the value before, to the result */
#define GUEST_OUT	0x20
#define GUEST_LOAD	0x30	/* as GUEST_IN */
#define GUEST_STORE	0x40

/*
 * String operations, as often as GUEST_TIMES() says, which is added too.  The
 * result is where the instruction's pointer is then; of GUEST_LODS it is RAX.
 */
#define GUEST_INS	0x50	/* from a port; to memory at the value */
#define GUEST_OUTS	0x60	/* to a port; from memory at the value */
#define GUEST_MOVS	0x70	/* to the address; from memory at the value */
#define GUEST_STOS	0x80	/* to the address */
#define GUEST_LODS	0x90	/* from the address */
#define GUEST_DOWN_BIT	8
#define GUEST_DOWN	(1 << GUEST_DOWN_BIT)	/* to lower addresses */

/* In struct guest_op and struct guest_status */
#define GUEST_OP_OP		0
#define GUEST_OP_TIMES		4
#define GUEST_OP_ADDRESS	8
#define GUEST_OP_VALUE		16
#define GUEST_OP_RESULT		24
#define GUEST_OP_SIZE		32
#define GUEST_STATUS_DONE	0
#define GUEST_STATUS_LOOPS	8
#define GUEST_STATUS_SIZE	32

/* From a vCPU's status: u32 for each vector, how often it came; below: the stack */
#define GUEST_IRQ_COUNTS	0x3000
#define GUEST_IRQ_STUB		16

/* The state in which the program runs: 64-bit mode */
#define GUEST_CR0		0x80000031	/* PG, NE, ET, PE */
#define GUEST_CR4		0x20		/* PAE */
#define GUEST_EFER		0x500		/* LMA, LME */

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include <linux/acrn/acrn_ioctl_defs.h>

#define GUEST_OPS_MAX	((GUEST_STRIDE - GUEST_STATUS_SIZE) / GUEST_OP_SIZE)
#define FOR_EVER	(~0ULL)
#define GUEST_TIMES(n)	((uint64_t)(n) << 32)

/**
 * struct guest_op - an operation of the guest
 * @op: GUEST_*
 * @address: port, or address in memory
 * @value: depends on the operation; of GUEST_AGAIN it is counted down
 * @result: written by the guest
 */
struct guest_op {
	uint64_t op;
	uint64_t address;
	uint64_t value;
	uint64_t result;
};

/**
 * struct guest_status - what a vCPU says of itself
 * @done: it came to GUEST_END
 * @loops: how often it came to GUEST_AGAIN
 * @unused: up to the operations
 */
struct guest_status {
	uint64_t done;
	uint64_t loops;
	uint64_t unused[2];
};

/**
 * struct guest - a User VM with memory with the program
 * @fd: the file
 * @config: the hypervisor's configuration
 * @vcpus: how many vCPUs it has
 * @memory: its memory, GUEST_SIZE bytes from address 0 on; shared, so that
 *	processes that fork() later see the same
 * @slots: the I/O request page
 * @client: the device model's client
 * @a2: its device model speaks the second contract; then @client is 0
 */
struct guest {
	int fd;
	unsigned int config;
	unsigned int vcpus;
	unsigned char *memory;
	struct acrn_io_request *slots;
	int client;
	bool a2;
};

/* A register of configuration space as an address */
#define PCI_ADDRESS(bus, dev, func, reg)				\
	((uint64_t)(bus) << 32 | (uint64_t)(dev) << 24 |		\
	 (uint64_t)(func) << 16 | (reg))

/**
 * struct access - an access of the guest, as the device model sees it
 * @vcpu: the vCPU, which is the number of the slot
 * @type: ACRN_IOREQ_*
 * @write: it writes
 * @address: port or address; of configuration space a PCI_ADDRESS()
 * @size: bytes
 * @value: what it writes, or has to read
 */
struct access {
	unsigned int vcpu;
	uint32_t type;
	bool write;
	uint64_t address;
	uint64_t size;
	uint64_t value;
};

/* Returns whether the request is done: then the device model says so. */
typedef bool (*access_handler)(struct guest *guest, struct access *access,
			       void *data);

void guest_new(struct guest *guest, unsigned int config, unsigned long flags);
void guest_new_vcpus(struct guest *guest, unsigned int config,
		     unsigned long flags, unsigned int vcpus);
void guest_new_a2(struct guest *guest, unsigned int config, unsigned long flags,
		  uint64_t affinity);
void guest_prepare(struct guest *guest, unsigned int config, unsigned int vcpus);
void guest_program(struct guest *guest, const struct guest_op *ops,
		   unsigned int count);
void guest_program_vcpu(struct guest *guest, unsigned int vcpu,
			const struct guest_op *ops, unsigned int count);
void guest_fill_regs(struct acrn_set_vcpu_regs *set);
void guest_set_regs(struct guest *guest);
void guest_start(struct guest *guest);
void guest_end(struct guest *guest);
volatile struct guest_status *guest_vcpu_status(struct guest *guest,
						unsigned int vcpu);
volatile struct guest_op *guest_vcpu_op(struct guest *guest, unsigned int vcpu,
					unsigned int n);
bool guest_vcpu_done(struct guest *guest, unsigned int vcpu, unsigned int ms);

/* Of vCPU 0 */
volatile struct guest_op *guest_op(struct guest *guest, unsigned int n);
volatile struct guest_status *guest_status(struct guest *guest);
bool guest_done(struct guest *guest, unsigned int ms);
uint64_t guest_result(struct guest *guest, unsigned int n);

void guest_add_irqs(struct guest *guest);
unsigned int guest_irqs(struct guest *guest, unsigned int vcpu, unsigned int vector);

uint64_t guest_word(struct guest *guest, unsigned int address);
bool guest_counts(struct guest *guest, unsigned int address);

uint64_t low_bytes(uint64_t value, unsigned int size);
uint64_t read_into(uint64_t rax, uint64_t value, unsigned int size);

int client_create(int fd);
int client_destroy(int fd, int client);
int client_attach(int fd, int client);
int client_notify(int fd, int client, unsigned int vcpu);
int guest_attach(struct guest *guest);
int guest_notify(struct guest *guest, unsigned int vcpu);
int clear_requests(int fd);

bool all_done(struct guest *guest);
bool slot_is_mine(struct guest *guest, unsigned int vcpu);
void slot_read(struct guest *guest, unsigned int vcpu, struct access *access);
void slot_answer(struct guest *guest, unsigned int vcpu, uint64_t value);
bool wait_for_request(struct guest *guest, unsigned int ms);
unsigned int serve_once(struct guest *guest, access_handler handle, void *data);
void serve_until_done(struct guest *guest, access_handler handle, void *data,
		      unsigned int ms);

#endif /* __ASSEMBLER__ */
#endif /* GUEST_H */
