// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Clients in the kernel, through the module client.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "kclient.h"
#include "kernel.h"

#define CLIENT_NODE	"/dev/acrn_client"

/**
 * kclient_open() - open the module's node
 *
 * Return: the file, which is no client yet.
 */
int kclient_open(void)
{
	int fd;

	if (access(CLIENT_NODE, F_OK))
		check_result(module_load("client", ""), 0, "insmod client");
	fd = open(CLIENT_NODE, O_RDWR | O_CLOEXEC);
	check(fd >= 0, CLIENT_NODE ": %s", strerror(errno));
	return fd;
}

static int kclient_call(int fd, unsigned long number, const void *argument)
{
	return ioctl(fd, number, argument) ? -errno : 0;
}

/**
 * kclient_create() - make a client
 * @fd: the file
 * @vmid: its VM
 * @how: CLIENT_AT_ONCE...
 *
 * Return: 0 or a negative errno.
 */
int kclient_create(int fd, unsigned long vmid, unsigned long how)
{
	return kclient_call(fd, CLIENT_CREATE, (void *)(vmid | how << 32));
}

int kclient_destroy(int fd)
{
	return kclient_call(fd, CLIENT_DESTROY, NULL);
}

int kclient_add(int fd, uint32_t type, uint64_t start, uint64_t last)
{
	struct client_range range = { type, 0, start, last };

	return kclient_call(fd, CLIENT_ADD, &range);
}

int kclient_del(int fd, uint32_t type, uint64_t start, uint64_t last)
{
	struct client_range range = { type, 0, start, last };

	return kclient_call(fd, CLIENT_DEL, &range);
}

int kclient_complete(int fd, unsigned int vcpu, uint64_t result)
{
	struct client_complete complete = { vcpu, 0, result };

	return kclient_call(fd, CLIENT_COMPLETE, &complete);
}

int kclient_msi(int fd, uint64_t addr, uint64_t data)
{
	struct client_msi msi = { addr, data };

	return kclient_call(fd, CLIENT_MSI, &msi);
}

int kclient_map(int fd, struct client_map *map)
{
	return kclient_call(fd, CLIENT_MAP, map);
}

int kclient_unmap(int fd, unsigned long id)
{
	return kclient_call(fd, CLIENT_UNMAP, (void *)id);
}

/**
 * kclient_load() - read from guest memory that the client holds
 * @fd: the file
 * @id: the memory
 * @offset: where in it
 *
 * Return: the 8 bytes that are there.
 */
uint64_t kclient_load(int fd, unsigned int id, uint64_t offset)
{
	struct client_word word = { id, 0, offset, 0 };

	check_result(kclient_call(fd, CLIENT_LOAD, &word), 0, "CLIENT_LOAD");
	return word.value;
}

void kclient_store(int fd, unsigned int id, uint64_t offset, uint64_t value)
{
	struct client_word word = { id, 0, offset, value };

	check_result(kclient_call(fd, CLIENT_STORE, &word), 0, "CLIENT_STORE");
}

int kclient_protect(int fd, uint64_t gpa)
{
	return kclient_call(fd, CLIENT_PROTECT, (void *)gpa);
}

int kclient_unprotect(int fd, uint64_t gpa)
{
	return kclient_call(fd, CLIENT_UNPROTECT, (void *)gpa);
}

/**
 * kclient_seen() - what the client has seen, which has to be legal
 * @fd: the file
 * @seen: filled in
 */
void kclient_seen(int fd, struct client_seen *seen)
{
	check_result(kclient_call(fd, CLIENT_SEEN, seen), 0, "CLIENT_SEEN");
	check_equal(seen->outside, 0,
		    "accesses outside of the client's ranges");
	check_equal(seen->refused, 0, "completions that were refused");
}

uint64_t kclient_requests(int fd)
{
	struct client_seen seen;

	kclient_seen(fd, &seen);
	return seen.requests;
}
