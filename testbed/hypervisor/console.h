/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The log.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include "types.h"

void log(const char *format, ...) __printf(1, 2);
void log_event(const char *format, ...) __printf(1, 2);
void log_again(void);
void format_text(char *to, size_t size, const char *format, ...) __printf(3, 4);
void format_text_va(char *to, size_t size, const char *format, va_list args);
void panic(const char *format, ...) __printf(1, 2) __noreturn;

#endif /* HV_CONSOLE_H */
