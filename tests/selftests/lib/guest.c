// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* User VMs that run a program, and the device model that serves them */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "guest.h"
#include "harness.h"
#include "memseg.h"
#include "vm.h"

#define PTE_PRESENT	0x1ULL
#define PTE_WRITE	0x2ULL
#define PTE_LARGE	0x80ULL
#define PAGE_1G		(1ULL << 30)

#define CS_AR		0xa09b		/* 64-bit code */

extern const unsigned char guest_code[], guest_code_end[];
extern const unsigned char guest_ap_code[], guest_ap_code_end[];
extern const unsigned char guest_irq_code[], guest_irq_code_end[];

/* A table's address, as LGDT and LIDT want it */
struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct idt_gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_mid;
	uint32_t offset_high;
	uint32_t zero;
};

#define INTERRUPT_GATE	0x8e00
#define CODE_SELECTOR	8
#define CODE_SEGMENT	0x00af9b000000ffffULL
#define VECTORS		256

/**
 * guest_new() - make a User VM with memory, the program, a vCPU and a client
 * @guest: filled in
 * @config: the hypervisor's configuration
 * @flags: ACRN_VM_FLAG_*
 */
void guest_new(struct guest *guest, unsigned int config, unsigned long flags)
{
	guest_new_vcpus(guest, config, flags, 1);
}

/**
 * guest_new_vcpus() - the same with several vCPUs
 * @guest: filled in
 * @config: the hypervisor's configuration
 * @flags: ACRN_VM_FLAG_*
 * @vcpus: how many; the first one starts the others
 */
void guest_new_vcpus(struct guest *guest, unsigned int config,
		     unsigned long flags, unsigned int vcpus)
{
	unsigned int i;

	guest->fd = hsm_open();
	guest_prepare(guest, config, vcpus);
	check_result(vm_create_flags(guest->fd, config, flags), 0, "CREATE_VM");
	for (i = 0; i < vcpus; i++)
		check_result(vm_create_vcpu(guest->fd, i), 0, "CREATE_VCPU");
	check_result(memseg_set(guest->fd, 0, guest->memory, GUEST_SIZE), 0,
		     "SET_MEMSEG");

	guest_set_regs(guest);
	guest->client = client_create(guest->fd);
	check(guest->client > 0, "CREATE_IOREQ_CLIENT: %s",
	      result_name(guest->client));
}

/**
 * guest_new_a2() - the same with a device model of the second contract
 * @guest: filled in; with as many vCPUs as the hypervisor makes
 * @config: the hypervisor's configuration
 * @flags: ACRN_VM_FLAG_*
 * @affinity: for which CPUs there is to be a vCPU; 0: one
 */
void guest_new_a2(struct guest *guest, unsigned int config, unsigned long flags,
		  uint64_t affinity)
{
	struct acrn_a2_create_vm create;

	a2_fill_create(&create, config);
	create.vm_flag = flags;
	create.cpu_affinity = affinity;
	guest->fd = hsm_open();
	check_result(hsm_ioctl(guest->fd, ACRN_A2_CREATE_VM, &create), 0,
		     "CREATE_VM");
	check(create.vcpu_num, "the hypervisor made no vCPU");
	guest_prepare(guest, config, create.vcpu_num);
	guest->a2 = true;
	check_result(a2_memseg_set(guest->fd, 0, guest->memory, GUEST_SIZE), 0,
		     "SET_MEMSEG");
	guest_set_regs(guest);
	check_result(a2_call(guest->fd, ACRN_A2_CREATE_IOREQ_CLIENT), 0,
		     "CREATE_IOREQ_CLIENT");
}

/**
 * guest_prepare() - make the memory of a guest, with the program
 * @guest: filled in, but for the file and the client
 * @config: the hypervisor's configuration
 * @vcpus: how many vCPUs it is going to have
 */
void guest_prepare(struct guest *guest, unsigned int config, unsigned int vcpus)
{
	uint64_t *table, i;

	guest->config = config;
	guest->vcpus = vcpus;
	guest->a2 = false;
	guest->client = 0;
	guest->slots = vm_io_page(config);
	guest->memory = memory_get(MEMORY_SHARED, GUEST_SIZE);
	*(uint32_t *)(guest->memory + GUEST_VCPU_NUM) = vcpus;
	memcpy(guest->memory + GUEST_CODE, guest_code,
	       guest_code_end - guest_code);
	memcpy(guest->memory + GUEST_AP_CODE, guest_ap_code,
	       guest_ap_code_end - guest_ap_code);
	table = (uint64_t *)(guest->memory + GUEST_PML4);
	table[0] = GUEST_PDPT | PTE_PRESENT | PTE_WRITE;
	table = (uint64_t *)(guest->memory + GUEST_PDPT);
	for (i = 0; i < 512; i++)
		table[i] = i * PAGE_1G | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
}

/**
 * guest_program() - say what the guest's first vCPU is to do
 * @guest: the guest, which does not run
 * @ops: the operations
 * @count: how many; GUEST_END follows them
 */
void guest_program(struct guest *guest, const struct guest_op *ops,
		   unsigned int count)
{
	guest_program_vcpu(guest, 0, ops, count);
}

void guest_program_vcpu(struct guest *guest, unsigned int vcpu,
			const struct guest_op *ops, unsigned int count)
{
	unsigned char *area = (unsigned char *)guest_vcpu_status(guest, vcpu);

	check(count < GUEST_OPS_MAX, "too many operations: %u", count);
	memset(area, 0, GUEST_STRIDE);
	memcpy(area + GUEST_STATUS_SIZE, ops, count * sizeof(*ops));
}

void guest_fill_regs(struct acrn_set_vcpu_regs *set)
{
	struct acrn_vcpu_regs *regs = &set->vcpu_regs;

	memset(set, 0, sizeof(*set));
	regs->rip = GUEST_CODE;
	regs->cr0 = GUEST_CR0;
	regs->cr3 = GUEST_PML4;
	regs->cr4 = GUEST_CR4;
	regs->ia32_efer = GUEST_EFER;
	regs->cs_ar = CS_AR;
	regs->cs_limit = 0xffffffff;
}

void guest_set_regs(struct guest *guest)
{
	struct acrn_set_vcpu_regs set;

	guest_fill_regs(&set);
	if (guest->a2) {
		struct acrn_a2_set_vcpu_regs a2_set;

		a2_take_regs(&a2_set, &set.vcpu_regs);
		check_result(hsm_ioctl(guest->fd, ACRN_A2_SET_VCPU_REGS, &a2_set),
			     0, "SET_VCPU_REGS");
	} else {
		check_result(hsm_ioctl(guest->fd, IC_SET_VCPU_REGS, &set), 0,
			     "SET_VCPU_REGS");
	}
}

void guest_start(struct guest *guest)
{
	check_result(guest->a2 ? a2_call(guest->fd, ACRN_A2_START_VM) :
				 vm_start(guest->fd), 0, "START_VM");
}

static void guest_end_a2(struct guest *guest)
{
	check_result(a2_call(guest->fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
	check_result(a2_call(guest->fd, ACRN_A2_DESTROY_IOREQ_CLIENT), 0,
		     "DESTROY_IOREQ_CLIENT");
	munmap(guest->memory, GUEST_SIZE);
	/* acrn-dm pauses once more */
	check_result(a2_call(guest->fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
	check_result(a2_call(guest->fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	close(guest->fd);
}

/* In the order of a device model: the memory goes before the VM does. */
void guest_end(struct guest *guest)
{
	if (guest->a2) {
		guest_end_a2(guest);
		return;
	}
	check_result(vm_pause(guest->fd), 0, "PAUSE_VM");
	if (guest->client > 0)
		check_result(client_destroy(guest->fd, guest->client), 0,
			     "DESTROY_IOREQ_CLIENT");
	munmap(guest->memory, GUEST_SIZE);
	check_result(vm_destroy(guest->fd), 0, "DESTROY_VM");
	close(guest->fd);
}

volatile struct guest_status *guest_vcpu_status(struct guest *guest,
						unsigned int vcpu)
{
	return (volatile struct guest_status *)
		(guest->memory + GUEST_STATUS + vcpu * GUEST_STRIDE);
}

volatile struct guest_op *guest_vcpu_op(struct guest *guest, unsigned int vcpu,
					unsigned int n)
{
	return (volatile struct guest_op *)
		(guest_vcpu_status(guest, vcpu) + 1) + n;
}

/**
 * guest_vcpu_done() - wait until a vCPU has done all it had to do
 * @guest: the guest
 * @vcpu: the vCPU
 * @ms: how long
 *
 * Return: whether it has.
 */
bool guest_vcpu_done(struct guest *guest, unsigned int vcpu, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ULL;

	while (!guest_vcpu_status(guest, vcpu)->done) {
		if (now_us() > end)
			return false;
		usleep(500);
	}
	return true;
}

volatile struct guest_op *guest_op(struct guest *guest, unsigned int n)
{
	return guest_vcpu_op(guest, 0, n);
}

volatile struct guest_status *guest_status(struct guest *guest)
{
	return guest_vcpu_status(guest, 0);
}

bool guest_done(struct guest *guest, unsigned int ms)
{
	return guest_vcpu_done(guest, 0, ms);
}

uint64_t guest_result(struct guest *guest, unsigned int n)
{
	return guest_op(guest, n)->result;
}

/**
 * guest_add_irqs() - what the guest needs for GUEST_SETUP_IRQS
 * @guest: the guest
 *
 * Each interrupt is counted, and left to be acknowledged by operations.
 */
void guest_add_irqs(struct guest *guest)
{
	struct idt_gate *idt = (struct idt_gate *)(guest->memory + GUEST_IDT);
	uint64_t *gdt = (uint64_t *)(guest->memory + GUEST_GDT);
	unsigned int i;

	memcpy(guest->memory + GUEST_IRQ_CODE, guest_irq_code,
	       guest_irq_code_end - guest_irq_code);
	gdt[1] = CODE_SEGMENT;
	for (i = 0; i < VECTORS; i++)
		idt[i] = (struct idt_gate) {
			.offset_low = GUEST_IRQ_CODE + i * GUEST_IRQ_STUB,
			.selector = CODE_SELECTOR,
			.type = INTERRUPT_GATE,
		};
	*(struct table_pointer *)(guest->memory + GUEST_GDT_POINTER) =
		(struct table_pointer){ 2 * sizeof(*gdt) - 1, GUEST_GDT };
	*(struct table_pointer *)(guest->memory + GUEST_IDT_POINTER) =
		(struct table_pointer){ VECTORS * sizeof(*idt) - 1, GUEST_IDT };
}

/**
 * guest_irqs() - how often a vCPU has taken an interrupt
 * @guest: the guest
 * @vcpu: the vCPU
 * @vector: the interrupt
 *
 * Return: as the guest counted, since its program was written.
 */
unsigned int guest_irqs(struct guest *guest, unsigned int vcpu, unsigned int vector)
{
	volatile unsigned char *status = (volatile unsigned char *)
					 guest_vcpu_status(guest, vcpu);

	return *(volatile uint32_t *)(status + GUEST_IRQ_COUNTS + 4 * vector);
}

uint64_t guest_word(struct guest *guest, unsigned int address)
{
	return *(volatile uint32_t *)(guest->memory + address);
}

/**
 * guest_counts() - does the guest count? (GUEST_COUNT)
 * @guest: the guest
 * @address: the word it counts in
 *
 * Return: whether the word changes.
 */
bool guest_counts(struct guest *guest, unsigned int address)
{
	uint64_t end = now_us() + 2000000, first = guest_word(guest, address);

	while (guest_word(guest, address) == first) {
		if (now_us() > end)
			return false;
		usleep(500);
	}
	return true;
}

uint64_t low_bytes(uint64_t value, unsigned int size)
{
	return size == 8 ? value : value & ((1ULL << size * 8) - 1);
}

/**
 * read_into() - what RAX is after a read
 * @rax: what it was before
 * @value: what was read
 * @size: bytes that were read; 4 clear the upper half, 1 and 2 leave the rest
 *
 * Return: RAX.
 */
uint64_t read_into(uint64_t rax, uint64_t value, unsigned int size)
{
	if (size >= 4)
		return low_bytes(value, size);
	return (rax & ~low_bytes(~0ULL, size)) | low_bytes(value, size);
}

/* The calls of an I/O request client; arguments that are no pointers */
static int client_call(int fd, unsigned int number, int client)
{
	return hsm_ioctl(fd, number, (void *)(long)client);
}

int client_create(int fd)
{
	return hsm_ioctl(fd, IC_CREATE_IOREQ_CLIENT, NULL);
}

int client_destroy(int fd, int client)
{
	return client_call(fd, IC_DESTROY_IOREQ_CLIENT, client);
}

int client_attach(int fd, int client)
{
	return client_call(fd, IC_ATTACH_IOREQ_CLIENT, client);
}

int client_notify(int fd, int client, unsigned int vcpu)
{
	struct acrn_ioreq_notify notify = { client, vcpu };

	return hsm_ioctl(fd, IC_NOTIFY_REQUEST_FINISH, &notify);
}

int guest_attach(struct guest *guest)
{
	return guest->a2 ? a2_call(guest->fd, ACRN_A2_ATTACH_IOREQ_CLIENT) :
			   client_attach(guest->fd, guest->client);
}

int guest_notify(struct guest *guest, unsigned int vcpu)
{
	return guest->a2 ? a2_notify(guest->fd, VMID(guest->config), vcpu) :
			   client_notify(guest->fd, guest->client, vcpu);
}

int clear_requests(int fd)
{
	return hsm_ioctl(fd, IC_CLEAR_VM_IOREQ, NULL);
}

/**
 * all_done() - have all vCPUs done all they had to do?
 * @guest: the guest
 *
 * Return: whether they have.
 */
bool all_done(struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < guest->vcpus; i++)
		if (!guest_vcpu_status(guest, i)->done)
			return false;
	return true;
}

/**
 * slot_is_mine() - is there a request for the device model in a slot?
 * @guest: the guest
 * @vcpu: the slot
 *
 * Return: as a device model decides it.
 */
bool slot_is_mine(struct guest *guest, unsigned int vcpu)
{
	const struct acrn_io_request *slot = &guest->slots[vcpu];

	return __atomic_load_n(&slot->processed, __ATOMIC_ACQUIRE) ==
	       ACRN_IOREQ_PROCESSING &&
	       __atomic_load_n(&slot->client, __ATOMIC_ACQUIRE) ==
	       guest->client;
}

/* Those whose value has 32 bits */
static bool is_narrow(const struct acrn_io_request *slot)
{
	return slot->type == ACRN_IOREQ_PIO || slot->type == ACRN_IOREQ_PCICFG;
}

static uint64_t slot_address(const struct acrn_io_request *slot)
{
	const struct acrn_pci_request *pci = &slot->reqs.pci;

	if (slot->type != ACRN_IOREQ_PCICFG)
		return slot->reqs.mmio.address;
	return PCI_ADDRESS(pci->bus, pci->dev, pci->func, pci->reg);
}

void slot_read(struct guest *guest, unsigned int vcpu, struct access *access)
{
	const struct acrn_io_request *slot = &guest->slots[vcpu];

	/* direction and size are at the same places in all */
	*access = (struct access) {
		.vcpu = vcpu,
		.type = slot->type,
		.write = slot->reqs.mmio.direction == ACRN_IOREQ_WRITE,
		.address = slot_address(slot),
		.size = slot->reqs.mmio.size,
		.value = is_narrow(slot) ?
			 slot->reqs.pio.value : slot->reqs.mmio.value,
	};
}

void slot_answer(struct guest *guest, unsigned int vcpu, uint64_t value)
{
	struct acrn_io_request *slot = &guest->slots[vcpu];

	if (is_narrow(slot))
		slot->reqs.pio.value = value;
	else
		slot->reqs.mmio.value = value;
}

/**
 * wait_for_request() - wait until poll() says that there are requests
 * @guest: the guest
 * @ms: how long
 *
 * Return: whether there are.
 */
bool wait_for_request(struct guest *guest, unsigned int ms)
{
	struct pollfd poll_fd = { .fd = guest->fd, .events = POLLIN };
	int ret = poll(&poll_fd, 1, ms);

	check(ret >= 0, "poll: %s", strerror(errno));
	return ret && poll_fd.revents & POLLIN;
}

/**
 * serve_once() - handle all requests that are for the device model now
 * @guest: the guest
 * @handle: what handles them
 * @data: for @handle
 *
 * Return: how many there were.
 */
unsigned int serve_once(struct guest *guest, access_handler handle, void *data)
{
	unsigned int vcpu, served = 0;
	struct access access;

	for (vcpu = 0; vcpu < ACRN_MAX_VCPUS; vcpu++) {
		if (!slot_is_mine(guest, vcpu))
			continue;
		served++;
		slot_read(guest, vcpu, &access);
		if (!handle(guest, &access, data))
			continue;
		if (!access.write)
			slot_answer(guest, vcpu, access.value);
		check_result(guest_notify(guest, vcpu), 0,
			     "NOTIFY_REQUEST_FINISH");
	}
	return served;
}

/**
 * serve_until_done() - be the device model until the guest is done
 * @guest: the guest
 * @handle: what handles requests
 * @data: for @handle
 * @ms: the test fails if the guest takes longer
 *
 * Looks at the vCPUs' status at least each few milliseconds.
 */
void serve_until_done(struct guest *guest, access_handler handle, void *data,
		      unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ULL;

	while (!all_done(guest)) {
		check(now_us() < end, "the guest is not done after %u ms", ms);
		if (!wait_for_request(guest, 5))
			continue;
		check_result(guest_attach(guest), 0,
			     "ATTACH_IOREQ_CLIENT");
		serve_once(guest, handle, data);
	}
}
