/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Clients in the kernel, through the module client.  Results are 0 or a negative errno.
 */
#ifndef KCLIENT_H
#define KCLIENT_H

#include <stdint.h>

#include "client.h"

int kclient_open(void);
int kclient_create(int fd, unsigned long vmid, unsigned long how);
int kclient_destroy(int fd);
int kclient_add(int fd, uint32_t type, uint64_t start, uint64_t last);
int kclient_del(int fd, uint32_t type, uint64_t start, uint64_t last);
int kclient_complete(int fd, unsigned int vcpu, uint64_t result);
int kclient_msi(int fd, uint64_t addr, uint64_t data);
int kclient_map(int fd, struct client_map *map);
int kclient_unmap(int fd, unsigned long id);
uint64_t kclient_load(int fd, unsigned int id, uint64_t offset);
void kclient_store(int fd, unsigned int id, uint64_t offset, uint64_t value);
int kclient_protect(int fd, uint64_t gpa);
int kclient_unprotect(int fd, uint64_t gpa);
void kclient_seen(int fd, struct client_seen *seen);
uint64_t kclient_requests(int fd);

#endif /* KCLIENT_H */
