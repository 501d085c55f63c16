/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_PACE_H
#define CLEW_INPUT_TAIL_PACE_H

/*
 * How fast a pod may be read: so many bytes a second, for all of its logs together. A pod that was quiet
 * may have what it left of the last second at once.
 *
 *     a pod     begins              ends
 *     known     its first join      its last leave
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/map.h"

struct pace;
struct paced; /* one pod */

struct pace *pace_new(uint64_t bytes_per_second);
void pace_free(struct pace *pace); /* when all have left; NULL is fine */

struct paced *pace_join(struct pace *pace, const char *pod);
void pace_leave(struct pace *pace, struct paced *paced); /* NULL is fine */

/* So many bytes of it were read. */
void pace_note(const struct pace *pace, struct paced *paced, uint64_t bytes, uint64_t now_ns);

/* When it may be read again: 0 is now. */
uint64_t paced_until_ns(const struct paced *paced, uint64_t now_ns);

/* True once for each pod: it has reached the limit. */
bool paced_is_news(struct paced *paced);
const char *paced_pod(const struct paced *paced);

#endif
