/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The tests' harness: TAP output, one child process per test, and after each
 * test the proof that nothing is left behind.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE	4096UL

/**
 * struct test - one line of TAP
 * @name: what is shown; "[A4]" is a defect of DEFECTS.rst that it guards against
 *	(DEFECTS.rst)
 * @run: the test; it returns when all is well, and otherwise ends in fail()
 * @seconds: how long it may take; longer on slow kernels
 * @line: where it stands in the program: the tests run in this order
 * @next: the program's next test
 */
struct test {
	const char *name;
	void (*run)(void);
	unsigned int seconds;
	unsigned int line;
	struct test *next;
};

#define TEST_SECONDS	60

/*
 * TEST(function, title) { body }: a test.  Each is known to run_tests() before
 * main() begins.
 */
#define TEST(function, title)	TIMED_TEST(function, TEST_SECONDS, title)

#define TIMED_TEST(function, limit, title)				\
	static void function(void);					\
	static void __attribute__((constructor)) function##_add(void)	\
	{								\
		static struct test test = {				\
			.name = title, .run = function,			\
			.seconds = limit, .line = __LINE__,		\
		};							\
									\
		add_test(&test);					\
	}								\
	static void function(void)

/* What a program needs; without it the program fails as a whole */
#define NEED_HYPERVISOR	(1U << 0)	/* the test hypervisor */
#define NEED_DRIVER	(1U << 1)	/* acrn.ko, loaded if it is not yet */
#define NEED_RAWHC	(1U << 2)	/* rawhc.ko, loaded if it is not yet */

void add_test(struct test *test);
int run_tests(unsigned int needs);
void allow_seconds(unsigned int seconds);

void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail_at(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void skip(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void lose_pages(unsigned int count);

#define fail(...)	fail_at(__FILE__, __LINE__, __VA_ARGS__)

#define check(condition, ...)				\
	do {						\
		if (!(condition))			\
			fail(__VA_ARGS__);		\
	} while (0)

void check_result_at(const char *file, int line, int result, int expected,
		     const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The result of a call: 0 or more, or a negative errno */
#define check_result(result, expected, ...)		\
	check_result_at(__FILE__, __LINE__, result, expected, __VA_ARGS__)

void check_equal_at(const char *file, int line, uint64_t value,
		    uint64_t expected, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#define check_equal(value, expected, ...)		\
	check_equal_at(__FILE__, __LINE__, value, expected, __VA_ARGS__)

const char *result_name(int result);

/* Processes of a test: they die with it, and a fail() in one fails the test */
pid_t start_child(void (*run)(void *data), void *data);
void end_child(pid_t pid);
void in_child(void (*run)(void *data), void *data);
void kill_child(pid_t pid);

void *get_pages(unsigned int count);
/* The calling thread alone */
void run_on_cpu(unsigned int cpu);
void sleep_ms(unsigned int ms);
uint64_t now_us(void);

#endif /* HARNESS_H */
