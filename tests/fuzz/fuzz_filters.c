/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include "filters/filter_case.h"
#include "otlp/otlp_decode.h"

/*
 * Any line through any chain: what no filter of the chain names comes out as it went in, the field
 * table is one, what is encoded decodes, and the same comes out where the filters are applied one by
 * one.
 *
 * The first byte says how many filters, as many bytes follow that choose them, the rest is the line.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CHAIN_MAX = 12,
    CHAINS_MAX = 64, /* kept ready: making one costs more than using it */
};

#define NOW_NS UINT64_C(1772447696000000000)

struct ready {
    uint8_t choices[CHAIN_MAX];
    size_t count;
    unsigned touches;
    struct filter_case filters;
    bool is_made;
};

static struct filter_case *get_chain(const uint8_t *choices, size_t count, unsigned *out_touches)
{
    static struct ready chains[CHAINS_MAX];
    size_t slot = count;
    for (size_t i = 0; i < count; i++) {
        slot = slot * 31 + choices[i];
    }
    struct ready *ready = &chains[slot % CHAINS_MAX];
    bool is_same = ready->is_made && ready->count == count &&
                   memcmp(ready->choices, choices, count) == 0;
    if (!is_same) {
        if (ready->is_made) {
            filter_case_fini(&ready->filters);
        }
        char *config = filter_chain_draw(choices, count, &ready->touches);
        filter_case_init(&ready->filters, config);
        free(config);
        memcpy(ready->choices, choices, count);
        ready->count = count;
        ready->is_made = true;
    }
    *out_touches = ready->touches;
    return &ready->filters;
}

static void check_encoding(struct filter_case *c, struct buf *request)
{
    struct buf decoded = {.limit = 1 << 28};
    filter_case_encode(c, request);
    otlp_decode_request(buf_slice(request), &decoded);
    ENSURE(decoded.len > 0);
    buf_fini(&decoded);
}

static void check_singly(struct filter_case *c, struct slice line, enum filter_verdict verdict,
                         const struct buf *request)
{
    struct buf again = {.limit = 1 << 26};
    filter_case_parse(c, line);
    ENSURE(filter_case_apply_singly(c, NOW_NS) == verdict);
    if (verdict == FILTER_KEEP) {
        filter_case_encode(c, &again);
        ENSURE(slice_is_equal(buf_slice(&again), buf_slice(request)));
    }
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = size > 0 ? data[0] % (CHAIN_MAX + 1) : 0;
    if (size < 1 + count) {
        return 0;
    }
    unsigned touches;
    struct filter_case *c = get_chain(data + 1, count, &touches);
    struct slice line = slice_make((const char *)data + 1 + count, size - 1 - count);
    struct buf request = {.limit = 1 << 26};
    filter_case_parse(c, line);
    struct filter_witness before = filter_case_witness(c);
    enum filter_verdict verdict = filters_apply(c->filters, c->record, NOW_NS);
    filter_case_check_table(c);
    if (verdict == FILTER_KEEP) {
        filter_case_compare(c, &before, touches);
        check_encoding(c, &request);
    }
    check_singly(c, line, verdict, &request);
    free(before.witness);
    buf_fini(&request);
    return 0;
}
