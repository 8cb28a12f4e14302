// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: two small devices for guests that are tests.
 *
 * The exit port ends the run; the byte written to it is the exit status.
 *
 * The checker, at 0xd0000000, says whether the guest's idea of its memory is
 * ours: the guest writes an address, a size and the SHA-256 of those bytes, and
 * reads 1 if sha256sum, here, finds the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"

static uint64_t exit_read(struct device *device, uint64_t offset,
			  unsigned int size)
{
	(void)device;
	(void)offset;
	(void)size;
	return ~0UL;
}

static void exit_write(struct device *device, uint64_t offset,
		       unsigned int size, uint64_t value)
{
	(void)device;
	(void)offset;
	(void)size;
	bus_exit_status = value & 0xff;
	bus_end(BUS_EXIT);
}

static struct device exit_port = {
	.name = "exit",
	.type = ACRN_IOREQ_PIO,
	.start = 0xf4,
	.size = 4,
	.read = exit_read,
	.write = exit_write,
};

/**
 * struct checker_registers - what the guest sees, all readable
 * @gpa: where the checked memory begins
 * @size: bytes
 * @digest: the guest's SHA-256 of it
 * @result: written: compare; read: 1 the same, 0 not
 */
struct checker_registers {
	uint64_t gpa;
	uint64_t size;
	uint8_t digest[32];
	uint64_t result;
};

static struct checker_registers registers;

static bool sha256_is(const void *data, size_t size, const uint8_t digest[32])
{
	char file[] = "/tmp/hsm-run-XXXXXX", command[64];
	char line[80] = "", expected[65];
	FILE *sum;
	int i, fd;

	fd = mkstemp(file);
	if (fd < 0)
		return false;
	if (write(fd, data, size) == (ssize_t)size) {
		snprintf(command, sizeof(command), "sha256sum %s", file);
		sum = popen(command, "re");
		if (sum) {
			if (!fgets(line, sizeof(line), sum))
				line[0] = '\0';
			pclose(sum);
		}
	}
	close(fd);
	unlink(file);

	for (i = 0; i < 32; i++)
		sprintf(expected + 2 * i, "%02x", digest[i]);
	return !strncmp(line, expected, 64);
}

static void check(struct vm *vm)
{
	const void *data = vm_memory(vm, registers.gpa, registers.size);

	registers.result = data && sha256_is(data, registers.size,
					     registers.digest);
	fprintf(stderr, "hsm-run: the SHA-256 of %lu bytes at %#lx is %s\n",
		(unsigned long)registers.size, (unsigned long)registers.gpa,
		registers.result ? "as the guest says" : "not what the guest says");
}

static uint64_t checker_read(struct device *device, uint64_t offset,
			     unsigned int size)
{
	uint64_t value = 0;

	(void)device;
	memcpy(&value, (uint8_t *)&registers + offset, size);
	return value;
}

static void checker_write(struct device *device, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	memcpy((uint8_t *)&registers + offset, &value, size);
	if (offset == offsetof(struct checker_registers, result))
		check(device->vm);
}

static struct device checker = {
	.name = "checker",
	.type = ACRN_IOREQ_MMIO,
	.start = 0xd0000000,
	.size = sizeof(struct checker_registers),
	.read = checker_read,
	.write = checker_write,
};

/**
 * checker_add() - add the exit port and the checker
 * @vm: their VM
 */
void checker_add(struct vm *vm)
{
	bus_add(vm, &exit_port);
	bus_add(vm, &checker);
}
