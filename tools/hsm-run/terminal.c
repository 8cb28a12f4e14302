// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: the terminal at the guest's serial port: standard input and output.
 *
 * In raw mode every key is the guest's, Ctrl-C too, but for one that ends the
 * run.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "devices.h"

#define ESCAPE	0x1d	/* Ctrl-] */

static struct termios before;
static bool raw_mode;

static void input_ready(struct watch *watch);

static struct watch input = { .fd = STDIN_FILENO, .ready = input_ready };
static bool input_over;

static void restore(void)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void input_ready(struct watch *watch)
{
	uint8_t byte;
	ssize_t got = read(STDIN_FILENO, &byte, 1);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		input_over = true;
		watch->fd = -1;
	} else if (raw_mode && byte == ESCAPE) {
		bus_end(BUS_STOPPED);
	} else {
		uart_receive(byte);
		if (!uart_has_room())
			watch->fd = -1;
	}
}

/**
 * terminal_room() - the UART has room again for what is typed
 */
void terminal_room(void)
{
	if (!input_over)
		input.fd = STDIN_FILENO;
}

/**
 * terminal_send() - show a byte
 * @byte: what the guest sent
 */
void terminal_send(uint8_t byte)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (write(STDOUT_FILENO, &byte, 1) != 1) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			/* Nobody listens any more. */
			bus_end(BUS_STOPPED);
			return;
		}
		poll(&output, 1, -1);
	}
}

/**
 * terminal_open() - begin to read what is typed
 * @raw: if it is a terminal, give the guest each key as it is
 */
void terminal_open(bool raw)
{
	struct termios now;

	bus_watch(&input);
	if (!raw || tcgetattr(STDIN_FILENO, &before))
		return;
	now = before;
	cfmakeraw(&now);
	now.c_oflag = before.c_oflag;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &now))
		err(1, "terminal");
	raw_mode = true;
	atexit(restore);
	warnx("Ctrl-] ends the VM");
}
