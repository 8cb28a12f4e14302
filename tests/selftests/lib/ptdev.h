/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * PCI devices that are given to User VMs: the devices of "testbed/run --devices", what
 * sysfs says of them and does to them, and the calls in the form that the hypervisor's
 * release has.
 */
#ifndef PTDEV_H
#define PTDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/acrn/acrn_a2_defs.h>
#include <linux/acrn/acrn_ioctl_defs.h>

/* Where QEMU has them: bus << 8 | device << 3 | function */
enum {
	PCI_HOST_BRIDGE	= 0x00,
	PCI_EDU		= 0x80,		/* one MSI, a BAR of 1 MiB */
	PCI_EDU_2	= 0x88,
	PCI_E1000E	= 0x90,		/* MSI-X with five vectors */
	PCI_SERIAL	= 0x98,		/* a line only */
	PCI_BRIDGE	= 0xa0,
	PCI_NOTHING	= 0xf8,
};

/* What an edu's first register reads as */
#define EDU_ID		0x010000edU

/* Drivers of pcidrv.ko */
#define DRIVER_ORDINARY	"pcidrv"
#define DRIVER_STUB	"vfio-pci"

void pci_start(void);
void pci_drivers(const char *parameters);
bool pci_there(unsigned int bdf);
void pci_path(unsigned int bdf, const char *file, char *path, size_t size);
void pci_bind(unsigned int bdf, const char *driver);
void pci_unbind(unsigned int bdf);
void pci_remove(unsigned int bdf);
void pci_rescan(void);
uint64_t pci_bar(unsigned int bdf, unsigned int bar, size_t *size);
volatile uint32_t *pci_registers(unsigned int bdf);
void pci_enable(unsigned int bdf);
void pci_disable(unsigned int bdf);
bool pci_is_master(unsigned int bdf);
void pci_set_master(unsigned int bdf);

/**
 * struct hv_device - who has a device, to the hypervisor
 * @dma: the vmid to which its DMA goes; 0: the Service VM
 * @function: the vmid in whose table of functions it is, in v1.x
 */
struct hv_device {
	unsigned long dma;
	unsigned long function;
};

struct hv_device hv_device(unsigned int bdf);
void check_owner(unsigned int bdf, unsigned int vmid, const char *when);
bool shown_device(unsigned int bdf, char *owner, size_t size);

/* The calls as device models of the hypervisor's release make them */
bool pt_by_bdf(void);
bool pt_is_a2(void);
int pt_create(unsigned int config, unsigned long flags);
int pt_create_bare(unsigned int config);
int pt_start(int fd);
int pt_pause(int fd);
int pt_reset_vm(int fd);
int pt_destroy(int fd);
int pt_assign(int fd, unsigned int bdf);
int pt_deassign(int fd, unsigned int bdf);
int pt_set(int fd, unsigned int bdf, unsigned int type, unsigned int first,
	   unsigned int second);
int pt_reset(int fd, unsigned int bdf, unsigned int type, unsigned int first);
int pt_map(int fd, uint64_t gpa, uint64_t hpa, size_t size);
int pt_unmap(int fd, uint64_t gpa, size_t size);

/* A virtual device that there is: memory that VMs share */
#define PT_IVSHMEM	0x11101af4

/* In place of a BDF: it is no PCI device */
#define PT_NO_PCI	0xffff

/* Where a device is in its VM */
#define PT_VIRT_BDF	0x18

/* Devices that are no PCI devices */
int pt_mmio(int fd, bool assign, uint64_t gpa, uint64_t hpa, uint64_t size);
int pt_pio(int fd, bool assign, unsigned int port, unsigned int size);
int pt_line(int fd, bool set, unsigned int virt, unsigned int phys);
int pt_vdev(int fd, bool add, uint64_t id, uint64_t slot);

unsigned int pt_hc_assign(void);
unsigned int pt_hc_deassign(void);

#endif /* PTDEV_H */
