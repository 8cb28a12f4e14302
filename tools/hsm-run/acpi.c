// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: the ACPI tables: where interrupt controllers and vCPUs are, how the
 * machine is switched off and reset, and, in the DSDT, the devices.
 *
 * The layouts are those of the ACPI specification, FADT revision 4.
 */
#include <stdint.h>
#include <string.h>

#include "devices.h"
#include "loader.h"

/* dsdt.asl, through iasl */
#include "dsdt.h"

#define OEM_ID		"ACRN  "
#define OEM_TABLE_ID	"HSM-RUN "
#define LAPIC_ADDRESS	0xfee00000
#define IOAPIC_ADDRESS	0xfec00000
#define CENTURY_INDEX	0x32		/* in the CMOS memory, rtc.c */

#define PACKED		__attribute__((packed))

struct rsdp {
	char signature[8];
	uint8_t checksum;	/* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} PACKED;

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} PACKED;

struct xsdt {
	struct header header;
	uint64_t tables[2];
} PACKED;

struct facs {
	char signature[4];
	uint32_t length;
	uint8_t unused[24];
	uint8_t version;
	uint8_t reserved[31];
} PACKED;

struct address {
	uint8_t space;		/* 1: ports */
	uint8_t bits;
	uint8_t offset;
	uint8_t access;		/* 1: bytes */
	uint64_t address;
} PACKED;

struct fadt {
	struct header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved0;
	uint8_t profile;
	uint16_t sci;
	uint32_t smi_command;	/* 0: ACPI needs not be switched on */
	uint8_t smi_values[4];
	uint32_t pm1a_event;
	uint32_t pm1b_event;
	uint32_t pm1a_control;
	uint32_t pm1b_control;
	uint32_t pm2_control;
	uint32_t pm_timer;	/* there is none: the TSC is better */
	uint32_t gpe0;
	uint32_t gpe1;
	uint8_t pm1_event_size;
	uint8_t pm1_control_size;
	uint8_t other_sizes[4];
	uint8_t gpe1_base;
	uint8_t cst_control;
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint16_t flush_size;
	uint16_t flush_stride;
	uint8_t duty[2];
	uint8_t day_alarm;
	uint8_t month_alarm;
	uint8_t century;
	uint16_t boot_flags;
	uint8_t reserved1;
	uint32_t flags;
	struct address reset;
	uint8_t reset_value;
	uint8_t reserved2[3];
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct address x_blocks[8];
} PACKED;

#define NO_C2		101
#define NO_C3		1001
#define BOOT_LEGACY	(1 << 0)	/* there are devices of the ISA bus */
#define BOOT_NO_VGA	(1 << 2)
#define FLAG_WBINVD	(1 << 0)
#define FLAG_C1		(1 << 2)
#define FLAG_NO_POWER_BUTTON (1 << 4)	/* not one in the PM1 registers, */
#define FLAG_NO_SLEEP_BUTTON (1 << 5)	/* nor this one, */
#define FLAG_NO_RTC_STATUS (1 << 6)	/* nor the alarm */
#define FLAG_RESET	(1 << 10)	/* the reset register is there */

struct madt {
	struct header header;
	uint32_t lapic;
	uint32_t flags;
} PACKED;

#define MADT_HAS_PICS	1

struct madt_lapic {
	uint8_t type;		/* 0 */
	uint8_t length;
	uint8_t uid;
	uint8_t apic_id;
	uint32_t flags;		/* 1: enabled */
} PACKED;

struct madt_ioapic {
	uint8_t type;		/* 1 */
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t first_gsi;
} PACKED;

struct madt_override {
	uint8_t type;		/* 2 */
	uint8_t length;
	uint8_t bus;
	uint8_t irq;
	uint32_t gsi;
	uint16_t flags;
} PACKED;

#define ACTIVE_HIGH_LEVEL 0x0d

struct madt_nmi {
	uint8_t type;		/* 4 */
	uint8_t length;
	uint8_t uid;		/* 0xff: all */
	uint16_t flags;
	uint8_t lint;
} PACKED;

/* Where the next table goes; the FACS has to be at a multiple of 64 bytes */
static uint64_t next_gpa;

static void *place(struct vm *vm, size_t size, uint64_t *gpa)
{
	*gpa = next_gpa;
	next_gpa += (size + 63) & ~63UL;
	return memset(vm_must_have(vm, *gpa, size), 0, size);
}

static uint8_t checksum(const void *table, size_t size)
{
	const uint8_t *byte = table;
	uint8_t sum = 0;

	while (size--)
		sum -= *byte++;
	return sum;
}

static void finish(struct header *header, const char *signature,
		   unsigned int revision, size_t size)
{
	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = size;
	header->revision = revision;
	memcpy(header->oem_id, OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, OEM_TABLE_ID, sizeof(header->oem_table_id));
	header->oem_revision = 1;
	header->checksum = checksum(header, size);
}

static uint64_t build_madt(struct vm *vm)
{
	size_t size = sizeof(struct madt) +
		      vm->vcpus * sizeof(struct madt_lapic) +
		      sizeof(struct madt_ioapic) +
		      sizeof(struct madt_override) + sizeof(struct madt_nmi);
	struct madt_override *override;
	struct madt_ioapic *ioapic;
	struct madt_lapic *lapic;
	struct madt_nmi *nmi;
	struct madt *madt;
	unsigned int i;
	uint64_t gpa;

	madt = place(vm, size, &gpa);
	madt->lapic = LAPIC_ADDRESS;
	madt->flags = MADT_HAS_PICS;
	lapic = (void *)(madt + 1);
	for (i = 0; i < vm->vcpus; i++, lapic++)
		*lapic = (struct madt_lapic){ 0, sizeof(*lapic), i, i, 1 };
	ioapic = (void *)lapic;
	*ioapic = (struct madt_ioapic){ 1, sizeof(*ioapic), 0, 0,
					IOAPIC_ADDRESS, 0 };
	override = (void *)(ioapic + 1);
	*override = (struct madt_override){ 2, sizeof(*override), 0, SCI_IRQ,
					    SCI_IRQ, ACTIVE_HIGH_LEVEL };
	nmi = (void *)(override + 1);
	*nmi = (struct madt_nmi){ 4, sizeof(*nmi), 0xff, 0, 1 };
	finish(&madt->header, "APIC", 3, size);
	return gpa;
}

static uint64_t build_fadt(struct vm *vm)
{
	uint64_t gpa, facs_gpa, dsdt_gpa;
	struct facs *facs;
	struct fadt *fadt;

	facs = place(vm, sizeof(*facs), &facs_gpa);
	memcpy(facs->signature, "FACS", sizeof(facs->signature));
	facs->length = sizeof(*facs);
	facs->version = 1;
	memcpy(place(vm, sizeof(dsdt_aml_code), &dsdt_gpa), dsdt_aml_code,
	       sizeof(dsdt_aml_code));

	fadt = place(vm, sizeof(*fadt), &gpa);
	fadt->facs = facs_gpa;
	fadt->dsdt = dsdt_gpa;
	fadt->sci = SCI_IRQ;
	fadt->pm1a_event = PM1_EVENT_PORT;
	fadt->pm1_event_size = PM1_EVENT_SIZE;
	fadt->pm1a_control = PM1_CONTROL_PORT;
	fadt->pm1_control_size = PM1_CONTROL_SIZE;
	fadt->c2_latency = NO_C2;
	fadt->c3_latency = NO_C3;
	fadt->century = CENTURY_INDEX;
	fadt->boot_flags = BOOT_LEGACY | BOOT_NO_VGA;
	fadt->flags = FLAG_WBINVD | FLAG_C1 | FLAG_NO_POWER_BUTTON |
		      FLAG_NO_SLEEP_BUTTON | FLAG_NO_RTC_STATUS | FLAG_RESET;
	fadt->reset = (struct address){ 1, 8, 0, 1, RESET_PORT };
	fadt->reset_value = RESET_VALUE;
	fadt->x_dsdt = dsdt_gpa;
	finish(&fadt->header, "FACP", 4, sizeof(*fadt));
	return gpa;
}

/**
 * acpi_build() - put the tables into the guest's memory
 * @vm: a VM with memory, not running
 *
 * Return: guest-physical address of the RSDP.
 */
uint64_t acpi_build(struct vm *vm)
{
	uint64_t rsdp_gpa, xsdt_gpa;
	struct rsdp *rsdp;
	struct xsdt *xsdt;

	next_gpa = ACPI_GPA;
	rsdp = place(vm, sizeof(*rsdp), &rsdp_gpa);
	xsdt = place(vm, sizeof(*xsdt), &xsdt_gpa);
	xsdt->tables[0] = build_fadt(vm);
	xsdt->tables[1] = build_madt(vm);
	finish(&xsdt->header, "XSDT", 1, sizeof(*xsdt));

	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, OEM_ID, sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt_gpa;
	rsdp->checksum = checksum(rsdp, offsetof(struct rsdp, length));
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
	return rsdp_gpa;
}
