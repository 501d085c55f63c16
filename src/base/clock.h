/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_CLOCK_H
#define CLEW_BASE_CLOCK_H

/* The two clocks, in nanoseconds. Only the outer shell reads them; parsers and core are given the
 * time as an argument. */

#include <stdint.h>

uint64_t clock_realtime_ns(void);  /* since 1970-01-01T00:00:00Z; may jump */
uint64_t clock_monotonic_ns(void); /* since some fixed moment; never goes back */

#endif
