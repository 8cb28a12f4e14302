// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACPI tables for the Service VM: the firmware's, with the MADT replaced by
 * one that lists only the Service VM's CPUs and has them started through a
 * mailbox (multiprocessor wake-up structure) and not with INIT and SIPI.
 */
#include "config.h"
#include "console.h"
#include "start.h"
#include "cpu.h"
#include "boot.h"
#include "mailbox.h"

#define MADT_FIRST_ENTRY	44
#define MADT_LOCAL_APIC		0
#define MADT_WAKEUP		0x10
#define LOCAL_APIC_ENABLED	BIT(0)
#define FADT_PM1A_CONTROL	64
#define FADT_PM_TIMER		76
#define RSDP_LENGTH		20	/* revision 0: no XSDT */
#define RSDP_RSDT		16

struct table {
	char signature[4];
	u32 length;
	u8 revision;
	u8 checksum;
	u8 rest[26];
	u32 entry[];	/* of an RSDT */
} __packed;

struct madt_wakeup {
	u8 type;
	u8 length;
	u16 version;
	u32 reserved;
	u64 mailbox;
	u64 reset_vector;
} __packed;

_Static_assert(offsetof(struct table, entry) == 36, "ACPI table header");
_Static_assert(sizeof(struct madt_wakeup) == 24, "ACPI wake-up structure");

static SHARED u8 new_madt[2048] __aligned(4096);
static SHARED u8 new_rsdt[512] __aligned(16);
static SHARED u8 new_rsdp[RSDP_LENGTH] __aligned(16);

u16 acpi_pm1_control;	/* port; 0: none */
u16 acpi_pm_timer;	/* port */

static u8 checksum(const u8 *p, u32 n)
{
	u8 sum = 0;

	while (n--)
		sum += *p++;
	return -sum;
}

static void set_checksum(struct table *t)
{
	t->checksum = 0;
	t->checksum = checksum((u8 *)t, t->length);
}

/* Counts the machine's CPUs on the way. */
static void build_madt(const struct table *old)
{
	const u8 *entry = (const u8 *)old + MADT_FIRST_ENTRY;
	const u8 *end = (const u8 *)old + old->length;
	u8 *out = new_madt + MADT_FIRST_ENTRY;

	if (old->length + sizeof(struct madt_wakeup) > sizeof(new_madt))
		panic("MADT of %u bytes", old->length);
	memcpy(new_madt, old, MADT_FIRST_ENTRY);
	for (; entry < end; entry += entry[1]) {
		if (entry[0] == MADT_LOCAL_APIC) {
			if (!(entry[4] & LOCAL_APIC_ENABLED))
				continue;
			if (entry[3] >= MAX_CPUS)
				panic("APIC id %u, more than %u", entry[3], MAX_CPUS - 1);
			cpu_count++;
			if (!is_service_cpu(entry[3]))
				continue;
		}
		memcpy(out, entry, entry[1]);
		out += entry[1];
	}
	*(struct madt_wakeup *)out = (struct madt_wakeup) {
		.type = MADT_WAKEUP,
		.length = sizeof(struct madt_wakeup),
		.version = 1,
		.mailbox = mailbox_page(),
		.reset_vector = (u64)mailbox_reset_vector,
	};
	out += sizeof(struct madt_wakeup);
	((struct table *)new_madt)->length = out - new_madt;
	set_checksum((struct table *)new_madt);
}

static const u8 *find_rsdp(void)
{
	u64 at;

	for (at = 0xe0000; at < 0x100000; at += 16)
		if (!memcmp((void *)at, "RSD PTR ", 8))
			return (void *)at;
	panic("no ACPI tables");
}

/**
 * acpi_build() - make the Service VM's tables
 *
 * Return: address of its RSDP.
 */
u64 acpi_build(void)
{
	const u8 *rsdp = find_rsdp();
	const struct table *old = (void *)(u64)*(const u32 *)(rsdp + RSDP_RSDT);
	struct table *rsdt = (void *)new_rsdt;
	u32 i, n = 0;

	if (old->length > sizeof(new_rsdt))
		panic("RSDT of %u bytes", old->length);
	memcpy(rsdt, old, sizeof(*rsdt));
	for (i = 0; i < (old->length - sizeof(*old)) / 4; i++) {
		struct table *t = (void *)(u64)old->entry[i];

		/* The IOMMU is the hypervisor's. */
		if (!memcmp(t->signature, "DMAR", 4))
			continue;
		rsdt->entry[n++] = old->entry[i];
		if (!memcmp(t->signature, "FACP", 4)) {
			acpi_pm1_control = *(u16 *)((u8 *)t + FADT_PM1A_CONTROL);
			acpi_pm_timer = *(u16 *)((u8 *)t + FADT_PM_TIMER);
		}
		if (!memcmp(t->signature, "APIC", 4)) {
			build_madt(t);
			rsdt->entry[n - 1] = (u32)(u64)new_madt;
		}
	}
	rsdt->length = sizeof(*rsdt) + 4 * n;
	set_checksum(rsdt);

	memcpy(new_rsdp, rsdp, RSDP_LENGTH);
	new_rsdp[15] = 0;	/* revision */
	*(u32 *)(new_rsdp + RSDP_RSDT) = (u32)(u64)rsdt;
	new_rsdp[8] = 0;
	new_rsdp[8] = checksum(new_rsdp, RSDP_LENGTH);
	if (!cpu_count || !acpi_pm_timer)
		panic("no MADT, or no ACPI timer");
	return (u64)new_rsdp;
}
