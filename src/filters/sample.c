/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `sample`: a share of the traces, the same ones wherever the rule is used.
 *
 * The last 56 bits of a trace id are taken as random, as W3C Trace Context level 2 asks of who makes
 * ids, and compared with a threshold, as OpenTelemetry's consistent probability sampling does
 * ("TraceState: Probability Sampling", the rejection threshold T and the randomness R: a trace is
 * kept where R >= T). So all records of one trace have one fate, here, on every node, and in a
 * Collector or SDK that samples by the same rule; and what a smaller share keeps, a larger one does.
 */

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "filters/filter.h"

#define RANDOM_END (UINT64_C(1) << 56)

struct sample {
    uint64_t threshold;
    enum without_id without_id;
};

static void *make(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error)
{
    (void)env;
    (void)out_error;
    if (item->sample == NULL) {
        return NULL;
    }
    struct sample *sample = mem_alloc(sizeof(*sample));
    sample->threshold = (uint64_t)((1.0 - item->sample->ratio) * (double)RANDOM_END + 0.5);
    sample->without_id = item->sample->without_id;
    return sample;
}

static uint64_t randomness(const uint8_t trace_id[16])
{
    uint64_t bits = 0;
    for (size_t i = 9; i < 16; i++) {
        bits = bits << 8 | trace_id[i];
    }
    return bits;
}

/* A record without a trace is named by its place in its file. */
static uint64_t randomness_of_place(const struct record *record)
{
    return hash_bytes(&record->offset, sizeof(record->offset), record->file_hash) % RANDOM_END;
}

static enum filter_result apply(void *data, struct record *record, uint64_t now_ns)
{
    (void)now_ns;
    const struct sample *sample = data;
    if (!record->has_trace_id && sample->without_id != WITHOUT_ID_SAMPLE) {
        return sample->without_id == WITHOUT_ID_KEEP ? FILTER_DONE : FILTER_DROPPED;
    }
    uint64_t random =
        record->has_trace_id ? randomness(record->trace_id) : randomness_of_place(record);
    return random >= sample->threshold ? FILTER_DONE : FILTER_DROPPED;
}

static void free_sample(void *data)
{
    free(data);
}

const struct filter_kind filter_sample = {"sample", make, apply, free_sample, NULL, true};
