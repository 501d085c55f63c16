/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_PROBE_H
#define CLEW_OUTPUTS_PROBE_H

/*
 * Is it the address or the records? An address that refuses a request is asked once more, by requests
 * with nothing of a log in them:
 *
 *     state     left by
 *     idle      probe_start()
 *     empty     its answer; where that refuses it: record
 *     record    its answer
 *
 * The empty request has no records at all (OTLP allows that), so a receiver that takes it keeps nothing.
 * Some refuse what is empty, so a second one has a single record that clew made up. It is told by its
 * body (PROBE_TEXT), by service.name and the scope's name, both "clew".
 *
 * A 2xx is an address that takes requests, whatever a partial success in it says of the made-up
 * record: who judges records one by one has read the request.
 */

#include <stdbool.h>
#include "base/http_client.h"
#include "outputs/response.h"
#include "record/counters.h"
#include "record/settings.h"

#define PROBE_TEXT "clew asks whether this address takes logs; this is no line of any log"

struct probe;

enum probe_verdict {
    PROBE_TAKEN,   /* by one of the two */
    PROBE_REFUSED, /* both, in a way that would be a refusal of records */
    PROBE_FAILED,  /* neither: no answer, or one that says nothing about either */
};

/* Of the last answer; good during the call. */
struct probe_result {
    enum probe_verdict verdict;
    const struct http_answer *answer;
    const struct response *response; /* what it means; NULL: there was none */
};

/* May start it again, must not free it. */
typedef void probe_done_fn(void *context, const struct probe_result *result);

/* `client`, `settings` and `counters` must outlive it. */
struct probe *probe_new(struct http_client *client, const struct output_settings *settings,
                        struct counters *counters, probe_done_fn *done, void *context);
void probe_free(struct probe *probe); /* stops it; NULL is fine */

void probe_start(struct probe *probe); /* not while it runs */
bool probe_is_running(const struct probe *probe); /* NULL is fine: no */

#endif
