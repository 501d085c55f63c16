/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_BENCH_COMMON_H
#define CLEW_TESTS_BENCH_COMMON_H

/* What the programs that measure stages over a pod log in memory have in common. */

#include <stdint.h>
#include "daemon/pipeline.h"

/* CPU time of this process: other programs on the machine do not count. */
uint64_t bench_cpu_ns(void);

/* A whole file, which the caller frees; *out_text is all of it. Ends the program when it cannot be
 * read. */
char *bench_read(const char *path, struct slice *out_text);

/* Gives each line of `text`, as if it were read from a file, to the frame stage, and each record
 * that comes out of it to `take`. */
void bench_frame(struct slice text, struct frame *frame, struct source *source,
                 void (*take)(void *context, const struct framed *framed), void *context);

#endif
