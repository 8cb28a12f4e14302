// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The smallest device model: one vCPU, one page of memory, one port that prints and one
 * that ends it.  Documentation/tutorial.rst goes through it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/acrn/acrn_ioctl_defs.h>

#define PAGE		4096
#define PRINT_PORT	0xe9
#define EXIT_PORT	0xf4

/* The guest.  Its vCPU enters it in 16-bit mode, as a CPU does after a reset. */
__asm__(".section .rodata\n"
	".code16\n"
	"guest:	movw	$(text - guest), %si\n"
	"1:	lodsb\n"
	"	testb	%al, %al\n"
	"	jz	2f\n"
	"	outb	%al, $0xe9\n"
	"	jmp	1b\n"
	"2:	outb	%al, $0xf4\n"
	"text:	.asciz	\"Hello from a guest\\n\"\n"
	"guest_end:\n"
	".code64\n"
	".previous\n");
extern const uint8_t guest[], guest_end[];

static int vm;

static int call(const char *name, unsigned long request, const void *argument)
{
	int result = ioctl(vm, request, argument);

	if (result < 0)
		err(1, "%s", name);
	return result;
}

#define CALL(request, argument)	call(#request, request, (void *)(uintptr_t)(argument))

static void *page(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

int main(void)
{
	struct acrn_io_request *slot = page();	/* the I/O request page; slot 0 is vCPU 0's */
	void *memory = memcpy(page(), guest, guest_end - guest);
	struct acrn_create_vm create = { .vcpu_num = 1, .req_buf = (uintptr_t)slot,
		/* names the VM's configuration in the hypervisor; acrn-dm's default */
		.uuid = { 0xd2, 0x79, 0x54, 0x38, 0x25, 0xd6, 0x11, 0xe8,
			  0x86, 0x4e, 0xcb, 0x7a, 0x18, 0xb3, 0x46, 0x43 } };
	struct acrn_create_vcpu vcpu = { .vcpu_id = 0 };
	struct acrn_memseg ram = { .type = ACRN_MEMSEG_RAM, .gpa = 0, .len = PAGE,
		.base = (uintptr_t)memory,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC };
	struct acrn_set_vcpu_regs entry = { .vcpu_id = 0, .vcpu_regs = { .rip = 0,
		.cs_base = 0, .cs_limit = 0xffff, .cs_ar = 0x9b, .cr0 = 0x30, .rflags = 2 } };
	struct acrn_ioreq_notify done = { .vcpu = 0 };

	vm = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
	if (vm < 0)
		err(1, "/dev/acrn_hsm");
	CALL(IC_CREATE_VM, &create);
	CALL(IC_CREATE_VCPU, &vcpu);
	CALL(IC_SET_MEMSEG, &ram);
	CALL(IC_SET_VCPU_REGS, &entry);
	done.client_id = CALL(IC_CREATE_IOREQ_CLIENT, 0);
	CALL(IC_START_VM, 0);

	while (!CALL(IC_ATTACH_IOREQ_CLIENT, done.client_id)) {
		if (__atomic_load_n(&slot->processed, __ATOMIC_ACQUIRE) != ACRN_IOREQ_PROCESSING)
			continue;
		if (slot->type != ACRN_IOREQ_PIO)
			errx(1, "not an access to a port");
		if (slot->reqs.pio.address == EXIT_PORT)
			break;
		if (slot->reqs.pio.direction == ACRN_IOREQ_READ)
			slot->reqs.pio.value = ~0U;	/* nothing is there */
		else if (slot->reqs.pio.address == PRINT_PORT)
			putchar(slot->reqs.pio.value);
		CALL(IC_NOTIFY_REQUEST_FINISH, &done);
	}
	CALL(IC_DESTROY_VM, 0);
	return 0;
}
