/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: a User VM as its device model sees it: an open /dev/acrn_hsm, an I/O
 * request page, and memory.
 */
#ifndef HSM_RUN_VM_H
#define HSM_RUN_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/acrn/acrn_ioctl_defs.h>

struct vm_calls;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct vm - a User VM
 * @fd: the open node; the VM lives as long as it, or shorter
 * @calls: the ioctls, of one of the two contracts
 * @id: the hypervisor's id
 * @has_client: there is an I/O request client of ours
 * @client: its id, which is 0 in Linux's contract
 * @vcpus: number of vCPUs
 * @slots: the I/O request page, a slot per vCPU
 * @memory: guest RAM, as we see it; it begins at guest-physical address 0
 * @memory_size: bytes
 */
struct vm {
	int fd;
	const struct vm_calls *calls;
	unsigned int id;
	bool has_client;
	int client;
	unsigned int vcpus;
	struct acrn_io_request *slots;
	uint8_t *memory;
	size_t memory_size;
};

/* The driver's node */
extern const char *vm_node;
/* Speak Linux's contract, not that of the plain numbers */
extern bool vm_linux_abi;
/* The CPUs that the VM may run on, a bit for each; 0: all that are configured */
extern uint64_t vm_cpus;
/* Names the VM's configuration in the hypervisor; acrn-dm's default */
extern const uint8_t vm_default_uuid[16];

/* All end the program with a message when they fail. */
void vm_create(struct vm *vm, const uint8_t uuid[16], unsigned int vcpus);
void vm_add_memory(struct vm *vm, size_t size, bool hugepages);
void vm_set_regs(struct vm *vm, const struct acrn_vcpu_regs *regs);
void vm_start(struct vm *vm);
void vm_reset(struct vm *vm);
bool vm_request_is_ours(struct vm *vm, unsigned int vcpu);
void vm_finish_request(struct vm *vm, unsigned int vcpu);
void vm_stop(struct vm *vm);
void vm_destroy(struct vm *vm);

/* What devices do; a failure is worth a warning, the VM goes on */
void vm_set_irqline(struct vm *vm, unsigned int gsi, unsigned int op);
bool vm_ioeventfd(struct vm *vm, int event, uint64_t gpa, uint32_t size,
		  bool assign);
bool vm_irqfd(struct vm *vm, int event, const struct acrn_msi_entry *msi);

/* Devices of the Service VM, with the plain numbers only */
bool vm_assign(struct vm *vm, uint16_t bdf);
void vm_deassign(struct vm *vm, uint16_t bdf);
bool vm_set_interrupt(struct vm *vm, struct acrn_ptdev_irq *irq, bool set);
bool vm_map_mmio(struct vm *vm, uint64_t gpa, uint64_t hpa, uint64_t size, bool map);

/* NULL: there is no such memory */
void *vm_memory(struct vm *vm, uint64_t gpa, uint64_t size);
/* For what has to be there: the program ends if it is not */
void *vm_must_have(struct vm *vm, uint64_t gpa, uint64_t size);

/* demo.c */
bool demo(void);

#endif /* HSM_RUN_VM_H */
