/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: what was asked for on the command line.
 */
#ifndef HSM_RUN_OPTIONS_H
#define HSM_RUN_OPTIONS_H

#include "loader.h"
#include "passthrough.h"

/**
 * struct options - what was asked for
 * @demo: lead a VM through its life; nothing else counts
 * @guest: what to run; @program or @kernel is set
 * @disk: file that is its disk, or NULL
 * @passthrough: PCI devices that it gets: bus << 8 | device << 3 | function
 * @passthroughs: how many
 * @memory: bytes of its RAM
 * @hugepages: take them from huge pages
 * @vcpus: how many
 * @uuid: the VM's configuration in the hypervisor
 * @silence: seconds after which a guest that asks for nothing is given up, or 0
 * @reboot: start a guest again that resets the machine
 * @trace: print each request
 * @stats: print counters at the end
 */
struct options {
	bool demo;
	struct guest guest;
	const char *disk;
	uint16_t passthrough[PASSTHROUGH_MAX];
	unsigned int passthroughs;
	size_t memory;
	bool hugepages;
	unsigned int vcpus;
	uint8_t uuid[16];
	unsigned int silence;
	bool reboot;
	bool trace;
	bool stats;
};

void options_parse(int argc, char **argv, struct options *options);

#endif /* HSM_RUN_OPTIONS_H */
