// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What the command line says (multiboot, QEMU's -append):
 *	service_cpus=N	CPUs 1..N are the Service VM's, those after them are kept
 *			for User VMs (2)
 *	unprivileged	CPUID does not show the privilege bit
 *	api=MAJOR.MINOR	what HC_GET_API_VERSION answers (1.0)
 *	generation=N	be like release N of ACRN: 1.3, 1.6, 2.4, 2.6 or 3.3 (1.3)
 *	quiet		no lines of the log about hypercalls and events
 */
#include "generation.h"
#include "config.h"

struct config config = {
	.service_cpus = 2,
	.privileged = true,
	.api_major = 1,
	.log_calls = true,
	.generation_known = true,
};

/**
 * is_service_cpu() - is this a CPU that the Service VM was given at the start?
 * @apic_id: the CPU
 *
 * Return: true if so.
 */
bool is_service_cpu(u32 apic_id)
{
	return apic_id >= SERVICE_BSP && apic_id - SERVICE_BSP < config.service_cpus;
}

static u32 number(const char **text)
{
	u32 n = 0;

	for (; **text >= '0' && **text <= '9'; ++*text)
		n = n * 10 + (**text - '0');
	return n;
}

/* Does the word at *@text begin with @name?  Then step over it. */
static bool word(const char **text, const char *name)
{
	size_t n = strlen(name);

	if (memcmp(*text, name, n))
		return false;
	*text += n;
	return true;
}

static size_t word_length(const char *text)
{
	size_t n = 0;

	while (text[n] && text[n] != ' ')
		n++;
	return n;
}

/**
 * config_read() - take the options from the command line
 * @line: what the boot loader was given
 */
void config_read(const char *line)
{
	while (*line) {
		if (word(&line, "service_cpus=")) {
			config.service_cpus = number(&line);
		} else if (word(&line, "unprivileged")) {
			config.privileged = false;
		} else if (word(&line, "api=")) {
			config.api_major = number(&line);
			line += *line == '.';
			config.api_minor = number(&line);
		} else if (word(&line, "generation=")) {
			config.generation_known = generation_choose(line, word_length(line));
		} else if (word(&line, "turn_us=")) {
			config.turn_us = number(&line);
		} else if (word(&line, "quiet")) {
			config.log_calls = false;
		}
		while (*line && *line != ' ')
			line++;
		while (*line == ' ')
			line++;
	}
}
