/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "otlp/split.h"
#include "outputs/response.h"

/*
 * Whatever a far end answers is judged without harm, and bytes that claim to be a request are taken
 * apart without harm: all pieces, put together, have as many records as the whole.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct slice body)
{
    static const char *const types[] = {"application/x-protobuf", "application/json", "text/plain",
                                        "text/html", ""};
    static const long statuses[] = {200, 302, 400, 401, 413, 429, 500, 503};
    for (size_t i = 0; i < ARRAY_LEN(types) * ARRAY_LEN(statuses); i++) {
        struct response response;
        response_judge(statuses[i / ARRAY_LEN(types)],
                       slice_from_string(types[i % ARRAY_LEN(types)]), body, i % 2 != 0, &response);
        ENSURE(strlen(response.message) < RESPONSE_MESSAGE_BYTES);
        ENSURE(response.rejected <= INT64_MAX);
    }
}

static void take_apart(struct slice request)
{
    struct buf piece = {.limit = 1 << 24};
    struct buf again = {.limit = 1 << 24};
    if (otlp_split_copy(request, 0, UINT32_MAX, &piece)) {
        /* What was taken apart once can be taken apart as it is. */
        ENSURE(otlp_split_copy(buf_slice(&piece), 0, UINT32_MAX, &again));
        ENSURE(slice_is_equal(buf_slice(&piece), buf_slice(&again)));
        ENSURE(otlp_split_copy(request, 0, 1, &piece));
        ENSURE(piece.len <= again.len);
    }
    buf_fini(&piece);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make((const char *)data, size);
    judge(bytes);
    take_apart(bytes);
    return 0;
}
