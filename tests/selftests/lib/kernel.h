/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The kernel around the driver: its log, its modules, what debugfs shows.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#define HSM_NODE	"/dev/acrn_hsm"
#define RAWHC_NODE	"/dev/rawhc"
#define TRACE		"/sys/kernel/tracing/trace"

void mount_filesystems(void);

/* The log from the moment of log_open() on */
int log_open(void);
void log_close(int log);
unsigned int log_count(int log, const char *text);
unsigned int log_mentions(int log, const char *text);
unsigned int log_warnings(int log);

/* Modules; results are 0 or a negative errno */
int module_load(const char *name, const char *parameters);
int module_unload(const char *name);
int driver_load(void);
int driver_load_with(const char *parameters);
int driver_unload(void);
bool driver_loaded(void);
bool driver_ready(void);
bool rawhc_ready(void);

unsigned int irq_count(void);

/* debugfs of the driver */
struct shown_vm {
	char state[16];
	unsigned int vcpus;
	unsigned int refs;
	unsigned long deferred;
};

unsigned int shown_vms(void);
bool shown_vm(unsigned int vmid, struct shown_vm *vm);
void shown_calls(const char *name, unsigned long *calls,
		 unsigned long *failures);

/* Tracepoints of the driver */
void trace_start(const char *event);
void trace_stop(void);
unsigned int trace_count(const char *event);

/* Numbers of the memory management */
long pinned_pages(void);
long process_pinned_kb(void);
long slab_objects(void);
void check_slab_growth(long before, long more);

int read_text(const char *path, char *text, size_t size);
int write_text(const char *path, const char *text);

#endif /* KERNEL_H */
