/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Giving up capabilities.
 */
#ifndef CAPABILITY_H
#define CAPABILITY_H

void keep_capability(int capability);

#endif /* CAPABILITY_H */
