/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_BENCH_BENCH_H
#define CLEW_TESTS_BENCH_BENCH_H

/* What the programs that measure stages over a pod log in memory have in common. */

#include <stddef.h>
#include <stdint.h>
#include "core/source.h"
#include "input/frame.h"

/* CPU time of this process: other programs on the machine do not count. */
uint64_t bench_cpu_ns(void);

/* A whole file; the caller frees it. Ends the program when it cannot be read. */
struct slice bench_read(const char *path);

/* Each line of `text` through the frame stage, and each record to `take`, as if from a file whose first
 * byte is that of `text`. */
void bench_frame(struct slice text, struct frame *frame, const struct source *source,
                 void (*take)(void *context, const struct framed *framed), void *context);

#endif
