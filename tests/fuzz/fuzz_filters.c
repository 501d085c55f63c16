/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include "filter_case.h"
#include "otlp_decode.h"
#include "outputs/otlp_encode.h"

/*
 * Any line through any chain: what no filter of the chain names comes out as it went in, the field
 * table is one, and what is encoded decodes.
 *
 * The first byte says how many filters, as many bytes follow that choose them, the rest is the line.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CHAIN_MAX = 12,
    CHAINS_MAX = 64, /* kept ready: making one costs more than using it */
};

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

static void check_encoding(struct filter_case *c)
{
    struct buf request = {.limit = 1 << 26};
    struct buf decoded = {.limit = 1 << 28};
    struct otlp_encoder *encoder = otlp_encoder_new(c->settings);
    ENSURE(otlp_encoder_add(encoder, c->record, &request));
    otlp_encoder_end(encoder, &request);
    otlp_decode_request(buf_slice(&request), &decoded);
    ENSURE(decoded.len > 0);
    otlp_encoder_free(encoder);
    buf_fini(&request);
    buf_fini(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = size > 0 ? data[0] % (CHAIN_MAX + 1) : 0;
    if (size < 1 + count) {
        return 0;
    }
    unsigned touches;
    struct filter_case *c = get_chain(data + 1, count, &touches);
    filter_case_parse(c, slice_make((const char *)data + 1 + count, size - 1 - count));
    struct filter_witness before = filter_case_witness(c);
    enum filter_verdict verdict = filters_apply(c->filters, c->record, 1772447696000000000);
    filter_case_check_table(c);
    if (verdict == FILTER_KEEP) {
        filter_case_compare(c, &before, touches);
        check_encoding(c);
    }
    free(before.witness);
    return 0;
}
