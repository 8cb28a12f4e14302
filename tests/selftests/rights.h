/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Giving up capabilities.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

void keep_capability(int capability);

#endif /* RIGHTS_H */
