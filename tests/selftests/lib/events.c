// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Interrupts for User VMs and eventfds */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "events.h"
#include "harness.h"
#include "vm.h"

int msi_inject(int fd, uint64_t addr, uint64_t data)
{
	struct acrn_msi_entry msi = { addr, data };

	return hsm_ioctl(fd, IC_INJECT_MSI, &msi);
}

int irqline_set(int fd, uint32_t gsi, uint32_t op)
{
	return hsm_ioctl(fd, IC_SET_IRQLINE, (void *)ACRN_IRQLINE(gsi, op));
}

int ioeventfd(int fd, int event, uint32_t flags, uint64_t addr, uint32_t len,
	      uint64_t data)
{
	struct acrn_ioeventfd argument = {
		.fd = event, .flags = flags, .addr = addr, .len = len,
		.data = data,
	};

	return hsm_ioctl(fd, IC_EVENT_IOEVENTFD, &argument);
}

int irqfd(int fd, int event, uint32_t flags, uint64_t addr, uint64_t data)
{
	struct acrn_irqfd argument = {
		.fd = event, .flags = flags, .msi = { addr, data },
	};

	return hsm_ioctl(fd, IC_EVENT_IRQFD, &argument);
}

int event_new(void)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	check(event >= 0, "eventfd: %s", strerror(errno));
	return event;
}

void event_signal(int event)
{
	uint64_t one = 1;

	check(write(event, &one, sizeof(one)) == sizeof(one),
	      "write to an eventfd: %s", strerror(errno));
}

/**
 * event_count() - take an eventfd's count
 * @event: the eventfd
 *
 * Return: how often it was signalled since the last time.
 */
uint64_t event_count(int event)
{
	uint64_t count;

	if (read(event, &count, sizeof(count)) == sizeof(count))
		return count;
	check(errno == EAGAIN, "read from an eventfd: %s", strerror(errno));
	return 0;
}
