/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_OUTAGE_H
#define CLEW_OUTPUTS_OUTAGE_H

/*
 * Times in which a far end takes nothing: when to try next, and what is worth a line in the log.
 *
 * Knows no clock: `now_ns` is monotonic time. Waits double from retry_initial_ms to retry_max_ms
 * and are drawn from the upper half of that, so that many clews do not come back at one moment. A
 * Retry-After is never undercut, but one of more than asked_max_ms counts as that.
 */

#include <stdbool.h>
#include <stdint.h>

struct outage {
    uint64_t initial_ms;
    uint64_t max_ms;
    uint64_t asked_max_ms;
    uint64_t seed; /* of the jitter */
    bool is_on;
    unsigned tries; /* that failed, since it began */
    uint64_t since_ns;
    uint64_t until_ns; /* no try before this */
    uint64_t ended_ns; /* the last one; 0: there was none */
    bool is_said;      /* its beginning has been logged, so its end must be */
    int said_reason;   /* what was logged last */
};

/* A sentence that was logged, so that it is not logged for every batch. */
struct said {
    uint64_t hash;
    uint64_t at_ns;
};

/* Why a request failed. */
struct failure {
    int reason;              /* tells reasons apart */
    bool is_mistake;         /* of an operator: retry slowly, and say so when it comes up */
    uint64_t retry_after_ms; /* as the far end asked; 0: it did not */
};

/* A wait before try `tries` + 1, in nanoseconds. */
uint64_t outage_backoff_ns(struct outage *outage, unsigned tries);

/* A request failed: an outage begins or goes on; until_ns is when to try again. True if this is to
 * be logged: the first failure in a while, an outage that follows another closely only once it has
 * lasted, and a mistake that was not named yet. */
bool outage_fail(struct outage *outage, const struct failure *failure, uint64_t now_ns);

/* True the first time, when the words change, and when they have not been said for a minute. */
bool said_is_news(struct said *said, const char *words, uint64_t now_ns);

/* A request was answered. True if an outage that was logged ended with it. */
bool outage_end(struct outage *outage, uint64_t now_ns);

#endif
