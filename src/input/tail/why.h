/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_WHY_H
#define CLEW_INPUT_TAIL_WHY_H

#include <stdbool.h>

struct counters;

/* Why `path` could not be opened, for people: good until the next call of strerror(3). What the sandbox
 * hides is counted. */
const char *why_not_opened(const char *path, int error, bool is_sandboxed,
                           struct counters *counters);

#endif
