/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_ADDRESSES_H
#define CLEW_OUTPUTS_ADDRESSES_H

/*
 * The addresses that have taken a request since clew started.
 *
 * An address that has taken one is right, so what it refuses is at fault; of any other nobody knows.
 * All outputs of all workers share one list, so that what one of them has found out holds for every
 * one, and for an output that a reload opens. An address is all that a request carries beside its
 * records: endpoint, headers, proxy and compression, since a mistake in any of them is refused alike.
 *
 * Any thread may call any of these at any time.
 */

#include <stdbool.h>
#include <stdint.h>
#include "record/settings.h"

struct addresses;

/* As many are remembered; of one that is forgotten nobody knows. */
enum { ADDRESSES_MAX = 256 };

struct addresses *addresses_new(void);
void addresses_free(struct addresses *addresses); /* NULL is fine */

/* A hash of the address, by which the others know it. */
uint64_t address_of(const struct output_settings *settings);

/* NULL is an empty list that takes nothing. */
void addresses_add(struct addresses *addresses, uint64_t address);
bool addresses_has(struct addresses *addresses, uint64_t address);

#endif
