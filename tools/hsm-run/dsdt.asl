/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: what ACPI tells a guest about its devices, beside the tables of acpi.c.
 * iasl makes bytes of it, which acpi.c takes in.
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "ACRN  ", "HSM-RUN ", 1)
{
	/* SLEEP_TYPE_OFF of power.c */
	Name (\_S5, Package () { 1, 1, 0, 0 })

	Scope (\_SB)
	{
		/* One bus behind ports 0xcf8 and 0xcfc */
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A03"))
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed,
					PosDecode, 0, 0, 0, 0, 1)
				IO (Decode16, 0xcf8, 0xcf8, 1, 8)
				/* PCI_PORTS and PCI_MEMORY of pci.h */
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					EntireRange, 0, 0xc000, 0xcfff, 0, 0x1000)
				DWordMemory (ResourceProducer, PosDecode, MinFixed,
					MaxFixed, NonCacheable, ReadWrite, 0,
					0xc0000000, 0xcfffffff, 0, 0x10000000)
			})
			/*
			 * Our own devices have MSIs only.  The lines of those that are
			 * passed through: PASSTHROUGH_SLOT and PASSTHROUGH_IRQ of
			 * passthrough.h
			 */
			Name (_PRT, Package ()
			{
				Package () { 0x0002ffff, 0, 0, 16 },
				Package () { 0x0003ffff, 0, 0, 17 },
				Package () { 0x0004ffff, 0, 0, 18 },
				Package () { 0x0005ffff, 0, 0, 19 }
			})
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x3f8, 0x3f8, 1, 8)
				IRQNoFlags () { 4 }
			})
		}

		/* PANIC_PORT of devices.h; Linux's pvpanic-mmio drives it */
		Device (PEVT)
		{
			Name (_HID, "QEMU0001")
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x505, 0x505, 1, 1)
			})
			Name (_STA, 0xf)
		}

		Device (RTC)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x70, 0x70, 1, 2)
			})
		}
	}
}
