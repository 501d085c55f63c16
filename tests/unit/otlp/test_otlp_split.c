/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "otlp/encode.h"
#include "otlp/split.h"

enum { RECORDS = 7 };

/* Which of three sources each record is of: groups of 2, 1, 3 and 1 records. */
static const int source_of[RECORDS] = {0, 0, 1, 2, 2, 2, 0};

struct world {
    struct settings settings;
    struct source sources[3];
    char names[3][8];
    struct otlp_encoder *encoder;
    struct buf request;
};

static void encode(struct world *world, uint32_t first, uint32_t count, struct buf *out)
{
    struct record record = {.body_field = NO_FIELD};
    for (uint32_t i = first; i < first + count; i++) {
        record.source = &world->sources[source_of[i]];
        record.time_ns = i + 1;
        assert_true(otlp_encoder_add(world->encoder, &record, out));
    }
    otlp_encoder_end(world->encoder, out);
}

static struct world *world_new(void)
{
    struct world *world = mem_alloc(sizeof(*world));
    world->encoder = otlp_encoder_new(&world->settings);
    for (uint64_t i = 0; i < 3; i++) {
        snprintf(world->names[i], sizeof(world->names[i]), "s%d", (int)i);
        world->sources[i] = (struct source){.id = i + 1, .default_service = world->names[i]};
    }
    buf_init(&world->request, 1 << 20);
    encode(world, 0, RECORDS, &world->request);
    return world;
}

static void world_free(struct world *world)
{
    otlp_encoder_free(world->encoder);
    buf_fini(&world->request);
    free(world);
}

static void every_piece_is_what_would_have_been_encoded_alone(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (uint32_t first = 0; first < RECORDS; first++) {
        for (uint32_t count = 1; first + count <= RECORDS; count++) {
            struct buf piece = {.limit = 1 << 20};
            struct buf expected = {.limit = 1 << 20};
            assert_true(otlp_split_copy(buf_slice(&world->request), first, count, &piece));
            encode(world, first, count, &expected);
            assert_slice_equal(buf_slice(&piece), buf_slice(&expected));
            buf_fini(&piece);
            buf_fini(&expected);
        }
    }
    world_free(world);
}

static void a_piece_behind_the_end_is_empty(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct buf piece = {.limit = 1 << 20};
    assert_true(otlp_split_copy(buf_slice(&world->request), RECORDS, 5, &piece));
    assert_int_equal(piece.len, 0);
    assert_true(otlp_split_copy(buf_slice(&world->request), 0, 0, &piece));
    assert_int_equal(piece.len, 0);
    buf_fini(&piece);
    world_free(world);
}

static void a_damaged_request_is_told_and_never_read_past_its_end(void **state)
{
    (void)state;
    struct world *world = world_new();
    size_t good = 0;
    for (size_t len = 0; len < world->request.len; len++) {
        struct buf piece = {.limit = 1 << 20};
        struct slice cut = driver_guarded(slice_make(world->request.data, len));
        good += otlp_split_copy(cut, 1, 3, &piece);
        buf_fini(&piece);
    }
    assert_in_range(good, 1, 4); /* only where a group ends */
    world_free(world);
}

static void a_limit_is_kept(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct buf whole = {.limit = 1 << 20};
    assert_true(otlp_split_copy(buf_slice(&world->request), 1, 4, &whole));
    for (size_t limit = 0; limit < whole.len; limit++) {
        struct buf piece = {.limit = limit};
        assert_false(otlp_split_copy(buf_slice(&world->request), 1, 4, &piece));
        assert_true(piece.len <= limit);
        buf_fini(&piece);
    }
    buf_fini(&whole);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_is_what_would_have_been_encoded_alone),
        cmocka_unit_test(a_piece_behind_the_end_is_empty),
        cmocka_unit_test(a_damaged_request_is_told_and_never_read_past_its_end),
        cmocka_unit_test(a_limit_is_kept),
    };
    return driver_run("OTLP split", tests, ARRAY_LEN(tests));
}
