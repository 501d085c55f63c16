/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/utf8.h"

static void a_buf_takes_all_or_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_true(buf_append_string(&buf, "12345678"));
    assert_false(buf_append_string(&buf, "abc"));
    assert_slice_equal(buf_slice(&buf), SLICE("12345678"));
    assert_true(buf_append_string(&buf, "90"));
    assert_false(buf_append_string(&buf, "x"));
    buf_fini(&buf);
}

static void an_arena_stops_at_its_limit_and_starts_anew(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 10000);
    for (int round = 0; round < 3; round++) {
        size_t taken = 0;
        while (arena_alloc(&arena, 100) != NULL) {
            taken += 100;
        }
        assert_in_range(taken, 4000, 10000);
        arena_clear(&arena);
    }
    assert_null(arena_alloc(&arena, 10001));
    arena_fini(&arena);
}

static void utf8_is_judged_as_rfc_3629_says(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        bool valid;
    } cases[] = {
        {SLICE(""), true},
        {SLICE("plain ascii, more than eight bytes"), true},
        {SLICE("gr\xc3\xbc\xc3\x9f"), true},
        {SLICE("\xe2\x82\xac"), true},
        {SLICE("\xf0\x9f\xa7\xb6"), true},
        {SLICE("\xf4\x8f\xbf\xbf"), true},
        {SLICE("\xc0\x80"), false},         /* overlong */
        {SLICE("\xe0\x80\x80"), false},     /* overlong */
        {SLICE("\xf0\x80\x80\x80"), false}, /* overlong */
        {SLICE("\xed\xa0\x80"), false},     /* surrogate */
        {SLICE("\xf4\x90\x80\x80"), false}, /* above U+10FFFF */
        {SLICE("\xff"), false},
        {SLICE("\x80"), false},
        {SLICE("12345678\xc3"), false}, /* ends within */
        {SLICE("\xe2\x82"), false},
        {SLICE("\xc3("), false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice text = driver_guarded(cases[i].text);
        assert_int_equal(utf8_is_valid(text.data, text.len), cases[i].valid);
    }
}

static void what_is_not_ascii_is_seen_at_every_place(void **state)
{
    (void)state;
    char plain[80];
    memset(plain, 'a', sizeof(plain));
    struct slice room = driver_guarded(slice_make(plain, sizeof(plain)));
    char *end = (char *)(uintptr_t)room.data + room.len;
    for (size_t len = 1; len <= sizeof(plain); len++) {
        char *text = end - len;
        assert_true(utf8_is_ascii(text, len));
        for (size_t i = 0; i < len; i++) {
            text[i] = '\xff';
            assert_false(utf8_is_ascii(text, len) || utf8_is_valid(text, len));
            if (i + 1 < len) {
                memcpy(text + i, "\xc3\xbc", 2);
                assert_false(utf8_is_ascii(text, len));
                assert_true(utf8_is_valid(text, len));
                text[i + 1] = 'a';
            }
            text[i] = 'a';
        }
    }
}

static void utf8_encodes_what_it_accepts(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
        char out[4];
        if (c >= 0xD800 && c < 0xE000) {
            continue;
        }
        assert_int_equal(utf8_sequence_len(out, utf8_encode(c, out)), utf8_encode(c, out));
    }
}

static void a_hash_sees_every_byte_and_the_length(void **state)
{
    (void)state;
    char text[64] = {0};
    for (size_t len = 1; len < sizeof(text); len++) {
        uint64_t before = hash_bytes(text, len, 0);
        assert_true(before != hash_bytes(text, len - 1, 0));
        for (size_t i = 0; i < len; i++) {
            text[i] = 1;
            assert_true(before != hash_bytes(text, len, 0));
            text[i] = 0;
        }
    }
}

static void a_misspelt_name_finds_its_neighbour(void **state)
{
    (void)state;
    static const char *const names[] = {"include", "exclude", "read_from", NULL};
    assert_string_equal(diag_nearest("inlcude", names), "include");
    assert_string_equal(diag_nearest("readfrom", names), "read_from");
    assert_null(diag_nearest("compression", names));
}

static void nothing_in_a_log_line_speaks_to_a_terminal_or_begins_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *shown;
    } rows[] = {
        {"plain", "plain"},
        {"a\nlevel=error", "a\\x0alevel=error"},
        {"\" msg=\\", "\\\" msg=\\\\"},
        {"\x1b[31m", "\\x1b[31m"},
        {"\x7f", "\\x7f"},
        {"\xc2\x85\xc2\x9b", "\\xc2\\x85\\xc2\\x9b"}, /* NEL and CSI of eight bits */
        {"\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9"},
        {"\xff", "\\xff"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int ends[2];
        char line[256];
        assert_int_equal(pipe(ends), 0);
        log_event(&(struct log){ends[1], LOG_INFO}, LOG_WARN, "%s", rows[i].text);
        ssize_t len = read(ends[0], line, sizeof(line) - 1);
        assert_true(len > 0);
        line[len] = '\0';
        char *msg = strstr(line, " level=warn msg=\"");
        assert_non_null(msg);
        char *expected = mem_format(" level=warn msg=\"%s\"\n", rows[i].shown);
        assert_string_equal(msg, expected);
        free(expected);
        close(ends[0]);
        close(ends[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buf_takes_all_or_nothing),
        cmocka_unit_test(an_arena_stops_at_its_limit_and_starts_anew),
        cmocka_unit_test(utf8_is_judged_as_rfc_3629_says),
        cmocka_unit_test(what_is_not_ascii_is_seen_at_every_place),
        cmocka_unit_test(utf8_encodes_what_it_accepts),
        cmocka_unit_test(a_hash_sees_every_byte_and_the_length),
        cmocka_unit_test(a_misspelt_name_finds_its_neighbour),
        cmocka_unit_test(nothing_in_a_log_line_speaks_to_a_terminal_or_begins_a_line),
    };
    return driver_run("base", tests, ARRAY_LEN(tests));
}
