/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <fcntl.h>
#include <stdlib.h>
#include <uchar.h>
#include <unistd.h>
#include "base/buf.h"
#include "input/tail/encoding.h"

/* Files in UTF-16, and byte order marks. */

enum { ROOM = 1 << 20 };

/* ---- writing ---- */

static void append_bytes(struct rig *rig, const char *name, const char *bytes, size_t len)
{
    char *path = rig_path(rig, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    free(path);
}

static void to_bytes(const char16_t *text, bool is_big, struct buf *out)
{
    buf_init(out, ROOM);
    for (; *text != 0; text++) {
        char unit[2] = {(char)(*text & 0xFF), (char)(*text >> 8)};
        char swapped[2] = {unit[1], unit[0]};
        assert_true(buf_append(out, is_big ? swapped : unit, 2));
    }
}

static void append_wide(struct rig *rig, const char *name, const char16_t *text, bool is_big)
{
    struct buf bytes;
    to_bytes(text, is_big, &bytes);
    append_bytes(rig, name, bytes.data, bytes.len);
    buf_fini(&bytes);
}

/* ---- what comes of it ---- */

static void lines_of_utf16_come_as_utf8(void **state)
{
    static const struct {
        enum encoding setting;
        bool has_mark;
        bool is_big;
    } cases[] = {
        {ENCODING_AUTO, true, false},     {ENCODING_AUTO, true, true},
        {ENCODING_UTF_16LE, true, false}, {ENCODING_UTF_16LE, false, false},
        {ENCODING_UTF_16BE, true, true},  {ENCODING_UTF_16BE, false, true},
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        rig->settings.encoding = cases[i].setting;
        if (cases[i].has_mark) {
            append_wide(rig, "a.log", u"\ufeff", cases[i].is_big);
        }
        append_wide(rig, "a.log", u"plain\r\n", cases[i].is_big);
        /* Each has the byte of a newline in it, and is none. */
        append_wide(rig, "a.log", u"\u010a \u0a0a \u0a00 \u0a0d\n\n", cases[i].is_big);
        append_wide(rig, "a.log", u"gr\u00fc\u00df\U0001f9f6\n", cases[i].is_big);
        rig_open(rig, "a.log");
        rig_run_until(rig, 4);
        rig_assert_line(rig, 0, "plain");
        rig_assert_line(rig, 1, "\xc4\x8a \xe0\xa8\x8a \xe0\xa8\x80 \xe0\xa8\x8d");
        rig_assert_line(rig, 2, "");
        rig_assert_line(rig, 3, "gr\xc3\xbc\xc3\x9f\xf0\x9f\xa7\xb6");
        size_t mark = cases[i].has_mark ? 2 : 0;
        assert_int_equal(rig->lines[0].begin.offset, mark);
        assert_int_equal(rig->lines[0].end.offset, mark + 14);
        assert_int_equal(rig->lines[3].end.offset, mark + 14 + 16 + 2 + 14);
        append_wide(rig, "a.log", u"more\n", cases[i].is_big);
        rig_run_until(rig, 5);
        rig_assert_line(rig, 4, "more");
        assert_int_equal(rig->counters.values[C_ENCODING_ERRORS], 0);
        rig_close(rig);
        rig_remove(rig, "a.log");
        rig_forget_lines(rig);
    }
}

static void a_mark_of_utf8_is_no_text(void **state)
{
    struct rig *rig = *state;
    rig_write(rig, "a.log", "\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbfnot the first\n");
    rig_write(rig, "b.log", "\xef\xbb\n");
    rig_open(rig, "*.log");
    rig_run_until(rig, 3);
    rig_assert_line(rig, 0, "{\"a\":1}");
    rig_assert_line(rig, 1, "\xef\xbb\xbfnot the first");
    rig_assert_line(rig, 2, "\xef\xbb");
    assert_int_equal(rig->lines[0].begin.offset, 3);
}

static void a_character_may_be_written_in_halves(void **state)
{
    struct rig *rig = *state;
    struct buf bytes;
    to_bytes(u"\ufeffone\ntw\U0001f9f6\nthree\n", false, &bytes);
    rig_write(rig, "a.log", "");
    rig_open(rig, "a.log");
    for (size_t i = 0; i < bytes.len; i++) {
        append_bytes(rig, "a.log", bytes.data + i, 1);
        rig_run_ms(rig, 8);
    }
    rig_run_until(rig, 3);
    rig_assert_line(rig, 0, "one");
    rig_assert_line(rig, 1, "tw\xf0\x9f\xa7\xb6");
    rig_assert_line(rig, 2, "three");
    buf_fini(&bytes);
}

static void a_restart_goes_on_in_the_middle(void **state)
{
    struct rig *rig = *state;
    append_wide(rig, "a.log", u"\ufeffone\ntwo\n", true);
    rig_open(rig, "a.log");
    rig_run_until(rig, 2);
    rig_close(rig);
    append_wide(rig, "a.log", u"\nfour\n", true);
    rig_open(rig, "a.log");
    rig_run_until(rig, 4);
    rig_assert_line(rig, 2, "");
    rig_assert_line(rig, 3, "four");
    assert_false(rig->lines[2].is_piece);
}

static void a_long_line_is_cut_between_characters(void **state)
{
    struct rig *rig = *state;
    rig->settings.line_bytes_max = 15; /* pieces of 10 bytes, which are 15 of UTF-8 at most */
    append_wide(rig, "a.log", u"\ufeffabcd\U0001f9f6efgh\U0001f9f6\nend\n", false);
    rig_open(rig, "a.log");
    rig_run_until(rig, 4);
    rig_assert_line(rig, 0, "abcd");
    rig_assert_line(rig, 1, "\xf0\x9f\xa7\xb6" "efg");
    rig_assert_line(rig, 2, "h\xf0\x9f\xa7\xb6");
    rig_assert_line(rig, 3, "end");
    assert_true(rig->lines[0].is_cut && !rig->lines[0].is_piece);
    assert_true(rig->lines[1].is_cut && rig->lines[1].is_piece);
    assert_true(!rig->lines[2].is_cut && rig->lines[2].is_piece);
    assert_int_equal(rig->counters.values[C_LINES_SPLIT], 1);
}

static void a_long_line_is_truncated_if_so_chosen(void **state)
{
    struct rig *rig = *state;
    rig->settings.line_bytes_max = 15;
    rig->settings.long_line = LONG_LINE_TRUNCATE;
    append_wide(rig, "a.log", u"\ufeffabcdefghijklmnop\nend\n", false);
    rig_open(rig, "a.log");
    rig_run_until(rig, 2);
    rig_assert_line(rig, 0, "abcde");
    rig_assert_line(rig, 1, "end");
    assert_int_equal(rig->counters.values[C_LINES_TRUNCATED], 1);
}

static void lines_longer_than_a_turn_come_whole(void **state)
{
    struct rig *rig = *state;
    static char16_t text[60001];
    for (size_t i = 0; i < 60000; i++) {
        text[i] = u'\u010a'; /* a newline's byte in each */
    }
    rig->settings.read_bytes = 4096;
    append_wide(rig, "a.log", u"\ufeffone\n", false);
    rig_open(rig, "a.log");
    rig_run_until(rig, 1);
    append_wide(rig, "a.log", text, false);
    rig_run_ms(rig, 60);
    append_wide(rig, "a.log", text, false);
    append_wide(rig, "a.log", u"\nend\n", false);
    rig_run_until(rig, 3);
    assert_int_equal(rig->lines[1].len, 2 * 120000);
    rig_assert_line(rig, 2, "end");
}

static void a_last_line_without_newline_is_given_after_its_time(void **state)
{
    struct rig *rig = *state;
    append_wide(rig, "a.log", u"\ufeffone\ntwo", true);
    append_bytes(rig, "a.log", "\0", 1); /* half a character */
    rig_open(rig, "a.log");
    rig_run_until(rig, 2);
    rig_assert_line(rig, 1, "two");
    assert_true(rig->lines[1].is_unterminated);
    append_bytes(rig, "a.log", "\n\0x\0\n", 5);
    rig_run_until(rig, 3);
    rig_assert_line(rig, 2, "x");
}

static void what_is_no_character_is_marked_and_counted(void **state)
{
    struct rig *rig = *state;
    rig->settings.encoding = ENCODING_UTF_16LE;
    append_bytes(rig, "a.log", "a\0\x3d\xd8" "b\0\n\0\xf6\xddz\0\n\0\x3d\xd8\n\0ok\n\0", 22);
    append_bytes(rig, "a.log", "k\0\n\0", 4);
    rig_open(rig, "a.log");
    rig_run_until(rig, 5);
    rig_assert_line(rig, 0, "a\xef\xbf\xbd" "b");
    rig_assert_line(rig, 1, "\xef\xbf\xbdz");
    rig_assert_line(rig, 2, "\xef\xbf\xbd");
    rig_assert_line(rig, 3, "\xe6\xad\xaf"); /* two bytes of ASCII are one character */
    rig_assert_line(rig, 4, "k");
    assert_int_equal(rig->counters.values[C_ENCODING_ERRORS], 3);
}

static void read_from_end_begins_behind_a_newline(void **state)
{
    struct rig *rig = *state;
    rig->settings.read_from = READ_FROM_END;
    append_wide(rig, "a.log", u"\ufeffone\ntw", false);
    rig_open(rig, "a.log");
    rig_run_ms(rig, 50);
    append_wide(rig, "a.log", u"o\nthree\n", false);
    rig_run_until(rig, 2);
    rig_assert_line(rig, 0, "two");
    rig_assert_line(rig, 1, "three");
}

static void without_a_mark_bytes_stay_what_they_are(void **state)
{
    struct rig *rig = *state;
    rig_write(rig, "a.log", "\xfe\xfd\n\xff\xfe later\n");
    rig->settings.encoding = ENCODING_UTF_8;
    rig_write(rig, "b.log", "\xff\xfe" "b\n");
    rig_open(rig, "b.log");
    rig_run_until(rig, 1);
    rig_assert_line(rig, 0, "\xff\xfe" "b");
    rig_close(rig);
    rig->settings.encoding = ENCODING_AUTO;
    rig_open(rig, "a.log");
    rig_run_until(rig, 3);
    rig_assert_line(rig, 1, "\xfe\xfd");
    rig_assert_line(rig, 2, "\xff\xfe later");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

/* An argument is a pattern of names: only those tests are run. */
int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(lines_of_utf16_come_as_utf8),
        TEST(a_mark_of_utf8_is_no_text),
        TEST(a_character_may_be_written_in_halves),
        TEST(a_restart_goes_on_in_the_middle),
        TEST(a_long_line_is_cut_between_characters),
        TEST(a_long_line_is_truncated_if_so_chosen),
        TEST(lines_longer_than_a_turn_come_whole),
        TEST(a_last_line_without_newline_is_given_after_its_time),
        TEST(what_is_no_character_is_marked_and_counted),
        TEST(read_from_end_begins_behind_a_newline),
        TEST(without_a_mark_bytes_stay_what_they_are),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return driver_run("encoding", tests, ARRAY_LEN(tests));
}
