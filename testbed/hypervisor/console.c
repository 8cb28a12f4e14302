// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The log: QEMU's debug console, port 0xe9.  The serial port is the Service
 * VM's.  A message is one line and comes out whole.
 */
#include "config.h"
#include "console.h"

#define DEBUG_CONSOLE	0xe9
#define LINE_MAX	256
#define EVENTS_MAX	2000	/* lines about events between two marks */

static struct spinlock console_lock;

/**
 * struct sink - text under construction
 * @at: where the next character goes
 * @end: the last place, for the NUL
 */
struct sink {
	char *at;
	char *end;
};

static void put(struct sink *s, char c)
{
	if (s->at < s->end)
		*s->at++ = c;
}

static void put_number(struct sink *s, u64 value, u32 base, u32 width, char pad)
{
	char digits[24];
	u32 n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > n; width--)
		put(s, pad);
	while (n)
		put(s, digits[--n]);
}

/**
 * format_text_va() - a small vsnprintf()
 * @to: buffer
 * @size: its size
 * @format: %s %c %u %d %x and %lu %ld %lx, with a width
 * @args: the arguments
 */
void format_text_va(char *to, size_t size, const char *format, va_list args)
{
	struct sink s = { to, to + size - 1 };

	for (; *format; format++) {
		u32 width = 0;
		bool wide;
		char pad = ' ';

		if (*format != '%') {
			put(&s, *format);
			continue;
		}
		if (*++format == '0')
			pad = '0';
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (*format - '0');
		wide = *format == 'l';
		if (wide)
			format++;
		switch (*format) {
		case 'x':
		case 'u': {
			u64 v = wide ? va_arg(args, u64) : va_arg(args, u32);

			put_number(&s, v, *format == 'x' ? 16 : 10, width, pad);
			break;
		}
		case 'd': {
			s64 v = wide ? va_arg(args, s64) : va_arg(args, s32);

			if (v < 0)
				put(&s, '-');
			put_number(&s, v < 0 ? -(u64)v : (u64)v, 10, width, pad);
			break;
		}
		case 's': {
			const char *text = va_arg(args, const char *);

			while (*text)
				put(&s, *text++);
			break;
		}
		case 'c':
			put(&s, va_arg(args, int));
			break;
		default:
			put(&s, *format);
		}
	}
	*s.at = 0;
}

/**
 * format_text() - a small snprintf()
 * @to: buffer
 * @size: its size
 * @format: as format_text_va() has it
 */
void format_text(char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text_va(to, size, format, args);
	va_end(args);
}

static void write_line(const char *line)
{
	while (*line)
		outb(DEBUG_CONSOLE, *line++);
	outb(DEBUG_CONSOLE, '\n');
}

/**
 * log() - one line for the log
 * @format: as format_text_va() has it, no newline
 */
void log(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;

	va_start(args, format);
	format_text_va(line, sizeof(line), format, args);
	va_end(args);
	spin_lock(&console_lock);
	write_line(line);
	spin_unlock(&console_lock);
}

static u32 events;

/**
 * log_event() - one line about a VM or a CPU, unless there were very many
 * @format: as format_text_va() has it, no newline
 */
void log_event(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	u32 n;

	if (!config.log_calls)
		return;
	n = add_return(events, 1);
	if (n == EVENTS_MAX)
		log("no more lines about events until the next mark");
	if (n >= EVENTS_MAX)
		return;
	va_start(args, format);
	format_text_va(line, sizeof(line), format, args);
	va_end(args);
	log("%s", line);
}

/**
 * log_again() - a new test begins: log events again
 */
void log_again(void)
{
	WRITE_ONCE(events, 0);
}

/**
 * panic() - the hypervisor cannot go on
 * @format: why
 *
 * The end marker never comes, which is what the runner goes by; QEMU is told
 * to end so that nobody waits for the timeout.
 */
void panic(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	u32 patience = 10000000;

	va_start(args, format);
	format_text_va(line, sizeof(line), format, args);
	va_end(args);
	while (!spin_trylock(&console_lock) && --patience)
		cpu_relax();
	write_line("");
	write_line("panic: the hypervisor stops");
	write_line(line);
	outb(0xf4, 0x20);
	for (;;)
		__asm__ volatile("cli; hlt");
}
