/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/mem.h"
#include "input/chunk.h"

enum { LINE_MAX_BYTES = 16, HELD_BYTES_MAX = LINE_MAX_BYTES + 10 + CHUNK_READ_BYTES };

/* Writes down each line as `BEGIN-END text`, with `+` for a piece that goes on, `~` for one that was cut
 * and `$` for one without an end, and refuses as often as it is told to. */
struct world {
    struct input_settings settings;
    struct line_sink sink;
    struct counters counters;
    struct chunk chunk;
    struct buf lines;
    unsigned refusals; /* before each line that is taken */
    unsigned refused;
    unsigned gones;
};

static enum line_answer take_line(void *context, const struct line *line)
{
    struct world *world = context;
    assert_ptr_equal(line->source, world->chunk.source);
    assert_true(line->read_ns > 0 && line->steady_ns > 0);
    if (world->refused < world->refusals) {
        world->refused++;
        return LINE_NO_ROOM;
    }
    world->refused = 0;
    buf_append_format(&world->lines, "%" PRIu64 "-%" PRIu64 " ", line->begin.offset, line->end.offset);
    buf_append_slice(&world->lines, line->text);
    buf_append_format(&world->lines, "%s%s%s;", line->is_piece ? "+" : "", line->is_cut ? "~" : "",
                      line->is_unterminated ? "$" : "");
    return LINE_TAKEN;
}

static void count_gone(void *context, struct stream *stream)
{
    struct world *world = context;
    assert_ptr_equal(stream, &world->chunk.stream);
    world->gones++;
}

static void open_world(struct world *world, bool is_split)
{
    *world = (struct world){
        .settings = {.line_bytes_max = LINE_MAX_BYTES,
                     .long_line = is_split ? LONG_LINE_SPLIT : LONG_LINE_TRUNCATE},
        .sink = {.line = take_line, .gone = count_gone},
        .lines = {.limit = 1 << 20},
    };
    world->sink.context = world;
    chunk_init(&world->chunk, &world->settings, &world->sink, &world->counters,
               source_new("-", "stdin", 1));
}

static void close_world(struct world *world)
{
    chunk_fini(&world->chunk);
    assert_int_equal(world->gones, 1);
    buf_fini(&world->lines);
}

static void give(struct world *world, bool is_end)
{
    for (unsigned tries = 0; !chunk_give(&world->chunk, is_end); tries++) {
        assert_true(tries <= 1000);
    }
}

/* In pieces of so many bytes. */
static void read_text(struct world *world, const char *text, size_t piece)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += piece) {
        size_t part = len - at < piece ? len - at : piece;
        char *room = chunk_room(&world->chunk);
        assert_non_null(room);
        memcpy(room, text + at, part);
        chunk_add(&world->chunk, part);
        give(world, false);
    }
    give(world, true);
    assert_true(chunk_is_empty(&world->chunk));
}

static void lines_are_the_same_however_they_come(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
        bool counts_octets;
        bool truncates;
        unsigned splits;
        unsigned truncations;
    } cases[] = {
        {"a\nb\r\n\nlast", "0-2 a;2-5 b;5-6 ;6-10 last$;", false, false, 0, 0},
        {"0123456789abcdef\n", "0-17 0123456789abcdef;", false, false, 0, 0},
        {"0123456789abcdefg\nx\n", "0-16 0123456789abcdef~;16-18 g+;18-20 x;", false, false, 1, 0},
        {"0123456789abcdef0123456789abcdefg", "0-16 0123456789abcdef~;16-32 0123456789abcdef+~;32-33 g+$;",
         false, false, 1, 0},
        {"0123456789abcdefg\nx\n", "0-16 0123456789abcdef~;18-20 x;", false, true, 0, 1},
        {"0123456789abcdef0123456789abcdefg\nx\n0123456789abcdefg\n",
         "0-16 0123456789abcdef~;34-36 x;36-52 0123456789abcdef~;", false, true, 0, 2},
        {"5 <1>ab\n", "0-8 5 <1>ab;", false, false, 0, 0},
        {"5 <1>ab4 <2>c\nx\n", "0-7 <1>ab;7-13 <2>c;13-14 ;14-16 x;", true, false, 0, 0},
        {"7 <1>ab\r\n6 <2>ab\nx\n", "0-9 <1>ab;9-17 <2>ab;17-19 x;", true, false, 0, 0},
        {"6 <1>a\nb<2>c\n", "0-8 <1>a\nb;8-13 <2>c;", true, false, 0, 0},
        {"16 <1>3456789abcdef17 <1>3456\n", "0-19 <1>3456789abcdef;19-30 17 <1>3456;", true, false, 0, 0},
        {"12 monkeys\n9 lives\n", "0-11 12 monkeys;11-19 9 lives;", true, false, 0, 0},
        {"0 <1>x\n05 <1>x\n", "0-7 0 <1>x;7-15 05 <1>x;", true, false, 0, 0},
        {"1234567890 <1>x\n", "0-16 1234567890 <1>x;", true, false, 0, 0},
        {"9 <1>x", "0-6 9 <1>x$;", true, false, 0, 0},
        {"12", "0-2 12$;", true, false, 0, 0},
        {"0123456789abcdefg\n3 <1>x", "0-16 0123456789abcdef~;16-18 g+;18-23 <1>;23-24 x$;",
         true, false, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t piece = 1; piece <= strlen(cases[i].text); piece++) {
            struct world world;
            open_world(&world, !cases[i].truncates);
            world.chunk.counts_octets = cases[i].counts_octets;
            world.refusals = (unsigned)piece % 3;
            read_text(&world, cases[i].text, piece);
            buf_append(&world.lines, "", 1);
            assert_string_equal(world.lines.data, cases[i].expected);
            assert_int_equal(world.counters.values[C_BYTES_READ], strlen(cases[i].text));
            assert_int_equal(world.counters.values[C_LINES_SPLIT], cases[i].splits);
            assert_int_equal(world.counters.values[C_LINES_TRUNCATED], cases[i].truncations);
            unsigned lines = 0;
            for (const char *at = cases[i].expected; (at = strchr(at, ';')) != NULL; at++) {
                lines++;
            }
            assert_int_equal(world.counters.values[C_LINES_READ], lines);
            close_world(&world);
        }
    }
}

/* A datagram is one message, whatever is in it. */
static void a_message_that_came_alone_stays_one(void **state)
{
    (void)state;
    static const char *const messages[] = {"<1>a\nb\n", "12 x", "", "no number"};
    struct world world;
    open_world(&world, true);
    world.chunk.counts_octets = true;
    world.chunk.holds_messages = true;
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        assert_true(chunk_add_message(&world.chunk, slice_from_string(messages[i])));
    }
    give(&world, false);
    assert_true(chunk_is_empty(&world.chunk));
    buf_append(&world.lines, "", 1);
    assert_string_equal(world.lines.data, "0-9 <1>a\nb;9-15 12 x;15-26 no number;");
    assert_int_equal(world.counters.values[C_BYTES_READ], 7 + 4 + 9);
    close_world(&world);
}

static void while_nothing_is_taken_no_more_is_read_than_there_is_room_for(void **state)
{
    (void)state;
    struct world world;
    size_t held = 0;
    open_world(&world, true);
    world.refusals = UINT32_MAX;
    for (char *room; (room = chunk_room(&world.chunk)) != NULL; held += 10) {
        memcpy(room, "123456789\n", 10);
        chunk_add(&world.chunk, 10);
        assert_false(chunk_give(&world.chunk, false));
        assert_true(held <= HELD_BYTES_MAX);
    }
    while (chunk_add_message(&world.chunk, SLICE("123456789\n"))) {
        held += 13;
        assert_true(held <= HELD_BYTES_MAX);
    }
    assert_int_equal(world.counters.values[C_LINES_READ], 0);
    assert_false(chunk_is_empty(&world.chunk));
    world.refusals = 0;
    assert_true(chunk_give(&world.chunk, true));
    assert_true(chunk_is_empty(&world.chunk));
    assert_true(world.counters.values[C_LINES_READ] > CHUNK_READ_BYTES / 20);
    close_world(&world);
}

static void the_service_of_the_config_is_that_of_a_source_without_one(void **state)
{
    (void)state;
    static char service[] = "cart";
    struct world world;
    open_world(&world, true);
    assert_null(world.chunk.source->default_service);
    close_world(&world);
    for (int has_one = 0; has_one < 2; has_one++) {
        struct source *source = source_new("-", "stdin", 1);
        source->default_service = has_one ? mem_string("own") : NULL;
        open_world(&world, true);
        source_free(world.chunk.source);
        buf_fini(&world.chunk.buf);
        world.settings.service = service;
        chunk_init(&world.chunk, &world.settings, &world.sink, &world.counters, source);
        assert_string_equal(source->default_service, has_one ? "own" : "cart");
        close_world(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_however_they_come),
        cmocka_unit_test(a_message_that_came_alone_stays_one),
        cmocka_unit_test(while_nothing_is_taken_no_more_is_read_than_there_is_room_for),
        cmocka_unit_test(the_service_of_the_config_is_that_of_a_source_without_one),
    };
    return driver_run("chunks", tests, ARRAY_LEN(tests));
}
