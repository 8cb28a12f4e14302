/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The test hypervisor's control channel, as the tests use it.  What a command
 * does is said in testbed_control.h.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <errno.h>
#include <stdbool.h>

#include "testbed_control.h"

/* Numbers of the hypercalls, the low byte of their ids */
enum {
	HC_GET_API_VERSION	= 0x00,
	HC_SOS_OFFLINE_CPU	= 0x01,
	HC_SET_CALLBACK_VECTOR	= 0x02,
	HC_GET_PLATFORM_INFO	= 0x03,
	HC_CREATE_VM		= 0x10,
	HC_DESTROY_VM		= 0x11,
	HC_START_VM		= 0x12,
	HC_PAUSE_VM		= 0x13,
	HC_CREATE_VCPU		= 0x14,
	HC_RESET_VM		= 0x15,
	HC_SET_VCPU_REGS	= 0x16,
	HC_INJECT_MSI		= 0x23,
	HC_VM_INTR_MONITOR	= 0x24,
	HC_SET_IRQLINE		= 0x25,
	HC_SET_IOREQ_BUFFER	= 0x30,
	HC_NOTIFY_REQUEST	= 0x31,
	HC_ASYNCIO_ASSIGN	= 0x32,
	HC_ASYNCIO_DEASSIGN	= 0x33,
	HC_SET_MEMORY_REGIONS	= 0x42,
	HC_WRITE_PROTECT	= 0x43,
	HC_SETUP_SBUF		= 0x44,
	HC_ASSIGN_PTDEV		= 0x50,
	HC_DEASSIGN_PTDEV	= 0x51,
	HC_SET_PTDEV_INTR	= 0x53,
	HC_RESET_PTDEV_INTR	= 0x54,
	HC_ASSIGN_PCIDEV	= 0x55,
	HC_DEASSIGN_PCIDEV	= 0x56,
	HC_ASSIGN_MMIODEV	= 0x57,
	HC_DEASSIGN_MMIODEV	= 0x58,
	HC_ADD_VDEV		= 0x59,
	HC_REMOVE_VDEV		= 0x5a,
	HC_ASSIGN_PIO		= 0x5b,
	HC_DEASSIGN_PIO		= 0x5c,
	HC_PM_GET_CPU_STATE	= 0x80,
	HC_ANY			= TESTBED_ANY_CALL,
};

/* Slots of the I/O request page */
#define IO_SLOT_SIZE		256
#define IO_SLOT_STATE		136
enum {
	IO_PENDING,
	IO_COMPLETE,
	IO_PROCESSING,
	IO_FREE,
};

/* The bare -1 that ACRN answers to most failures, no errno */
#define HV_FAILED		(-1)

struct hv_probe {
	unsigned long pcpus;
	unsigned long user_pcpus;
	unsigned long ram;
};

struct hv_account {
	unsigned long vms;
	unsigned long vcpus;
	unsigned long pages;
	unsigned long complaints;
};

struct hv_vm {
	unsigned long state;
	unsigned long vcpus;
	unsigned long flags;
	unsigned long io_page;
};

/* What a VM was asked to get since it was created */
struct hv_irqs {
	unsigned long msis;
	unsigned long msi_addr;
	unsigned long msi_data;
	unsigned long lines;
};

bool hv_open(void);
int hv_command(unsigned int command, unsigned long reg[4]);

void hv_probe(struct hv_probe *probe);
void hv_mark(const char *text);
void hv_fail(unsigned long call, unsigned long skip, unsigned long count,
	     int result, enum testbed_fail how);
void hv_refuse(unsigned long call, unsigned long count, int result);
void hv_behave(void);
void hv_delay(unsigned long call, unsigned long us);
void hv_cpuid(bool privileged, bool acrn);
void hv_api_version(unsigned long major, unsigned long minor);
void hv_vcpu_limit(unsigned long vcpus);
unsigned long hv_generation(void);
bool hv_makes_vcpus(void);
bool hv_destroys_paused(void);
unsigned long hv_user_cpus(void);
unsigned long hv_some_cpus(unsigned int count);
unsigned long hv_calls(unsigned long call);
unsigned long hv_refused(unsigned long call);
void hv_get_account(struct hv_account *account);
unsigned long hv_expect(unsigned long complaints);
void hv_get_vm(unsigned int vmid, struct hv_vm *vm);
unsigned long hv_vm_state(unsigned int vmid);
void hv_get_irqs(unsigned int vmid, struct hv_irqs *irqs);
unsigned long hv_msis(unsigned int vmid);
unsigned long hv_irqlines(unsigned int vmid, unsigned int op,
			  unsigned long *last);
unsigned long hv_taken(unsigned int vmid, unsigned int vcpu, unsigned int vector);
unsigned long hv_vcpu(unsigned int vmid, unsigned int vcpu, unsigned int reg);
void hv_guest_off(unsigned int vmid);
void hv_scribble(unsigned int vmid, unsigned int slot, unsigned int offset,
		 unsigned int value);

#endif /* CONTROL_H */
