/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run as a process of a test: what it is told, and what it says.
 */
#ifndef HSM_RUN_H
#define HSM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HSM_RUN		"/bin/hsm-run"

/* The uuids of the first two configurations, as --uuid takes them */
#define FIRST_UUID	"d2795438-25d6-11e8-864e-cb7a18b34643"
#define SECOND_UUID	"495ae2e5-2603-4d64-af76-d4bc5a8ec0e5"

/**
 * struct run - a running hsm-run
 * @pid: the process
 * @input: a pipe to its standard input, or -1: that is empty
 * @output: what it and its guest print, both streams
 * @length: bytes in @text
 * @seen: how much of it was waited for
 * @text: what was read of @output
 */
struct run {
	pid_t pid;
	int input;
	int output;
	size_t length;
	size_t seen;
	char text[262144];
};

/* The arguments of run_start() */
#define RUN(...)	((const char *const[]){ HSM_RUN, __VA_ARGS__, NULL })

const char *run_linux_options(const char *more);
void run_start(struct run *run, const char *const argv[]);
void run_start_typing(struct run *run, const char *const argv[]);
void run_type(struct run *run, const char *text);
const char *run_expect(struct run *run, const char *text);
void run_expect_end(struct run *run, int status);
void run_kill(struct run *run);

#endif /* HSM_RUN_H */
