// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: an MC146818 real-time clock with its CMOS memory: an index at port
 * 0x70, data at 0x71.  It shows the host's time, in UTC; setting it has no effect.
 * It makes no interrupts.
 */
#include <string.h>
#include <time.h>

#include "devices.h"

enum {
	SECOND,
	SECOND_ALARM,
	MINUTE,
	MINUTE_ALARM,
	HOUR,
	HOUR_ALARM,
	WEEKDAY,
	DAY,
	MONTH,
	YEAR,
	STATUS_A,
	STATUS_B,
	STATUS_C,
	STATUS_D,
	CENTURY = 0x32,	/* where the ACPI tables say it is */
	CMOS_SIZE = 0x80,
};

#define A_DIVIDER	0x26	/* 32768 Hz, the usual rate */
#define B_SET		0x80	/* the guest sets the time: it stands still */
#define B_BINARY	0x04
#define B_24_HOURS	0x02
#define D_VALID		0x80

static uint8_t cmos[CMOS_SIZE];
static uint8_t index_register;

static uint8_t as_told(unsigned int value)
{
	if (cmos[STATUS_B] & B_BINARY)
		return value;
	return value / 10 << 4 | value % 10;
}

static void look_at_the_clock(void)
{
	time_t now = time(NULL);
	unsigned int hour;
	struct tm t;

	if (cmos[STATUS_B] & B_SET || !gmtime_r(&now, &t))
		return;
	cmos[SECOND] = as_told(t.tm_sec);
	cmos[MINUTE] = as_told(t.tm_min);
	hour = t.tm_hour % 12 ? t.tm_hour % 12 : 12;
	cmos[HOUR] = cmos[STATUS_B] & B_24_HOURS ? as_told(t.tm_hour) :
		as_told(hour) | (t.tm_hour >= 12 ? 0x80 : 0);
	cmos[WEEKDAY] = as_told(t.tm_wday + 1);
	cmos[DAY] = as_told(t.tm_mday);
	cmos[MONTH] = as_told(t.tm_mon + 1);
	cmos[YEAR] = as_told(t.tm_year % 100);
	cmos[CENTURY] = as_told(19 + t.tm_year / 100);
}

static uint64_t rtc_read(struct device *device, uint64_t offset,
			 unsigned int size)
{
	(void)device;
	(void)size;
	if (!offset)
		return index_register;
	if (index_register <= YEAR || index_register == CENTURY)
		look_at_the_clock();
	return cmos[index_register];
}

static void rtc_write(struct device *device, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	(void)device;
	(void)size;
	if (!offset)
		index_register = value % CMOS_SIZE;	/* the top bit masks NMIs */
	else if (index_register == STATUS_A)
		cmos[STATUS_A] = value & 0x7f;		/* no update in progress */
	else if (index_register != STATUS_C && index_register != STATUS_D)
		cmos[index_register] = value;
}

static void rtc_reset(struct device *device)
{
	(void)device;
	memset(cmos, 0, sizeof(cmos));
	cmos[STATUS_A] = A_DIVIDER;
	cmos[STATUS_B] = B_24_HOURS;
	cmos[STATUS_D] = D_VALID;
	index_register = 0;
}

static struct device rtc = {
	.name = "rtc",
	.type = ACRN_IOREQ_PIO,
	.start = 0x70,
	.size = 2,
	.read = rtc_read,
	.write = rtc_write,
	.reset = rtc_reset,
};

/**
 * rtc_add() - add the clock
 * @vm: its VM
 */
void rtc_add(struct vm *vm)
{
	bus_add(vm, &rtc);
}
