/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_REPLAY_H
#define CLEW_DELIVERY_REPLAY_H

/*
 * Dead letters, listed and sent again. May run beside a `clew run` with the same data directory.
 *
 * Each letter is sent by the output that wrote it, as the config says now; letters of an output that
 * the config has no more go by the first one. What is taken is removed, what is refused again becomes
 * a letter of its own with the new reason, and a request all of which is rejected (partial success)
 * stays as it is.
 */

#include <stdbool.h>
#include <stdint.h>
#include "delivery/parcel.h"
#include "record/settings.h"

struct replay_counts {
    uint64_t sent;    /* records */
    uint64_t refused; /* once more, or rejected */
    uint64_t damaged; /* letters that cannot be read; they were set aside */
    uint64_t left;    /* letters */
    bool is_stuck;    /* the far end did not answer within shutdown_timeout */
};

/* Send all letters there are. Blocks. False if it could not be tried: *out_error is a sentence that
 * the caller frees. */
bool replay_run(const struct settings *settings, struct replay_counts *out_counts, char **out_error);

/* Call `show` for every letter that can be read, oldest first for each output. False as above. */
bool replay_list(const struct settings *settings,
                 void (*show)(void *context, const struct parcel *letter), void *context,
                 char **out_error);

#endif
