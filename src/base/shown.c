/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/utf8.h"

/*
 * What is written is formatted twice, each time with another byte in the place of the format's own control
 * characters: where the two differ stands one of ours, and all else that is a control character came
 * with an argument. So no argument can pass for a part of the format, and printf(3) need not be
 * written anew.
 */

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7F;
}

/* Of three bytes: U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool is_turn(const unsigned char *s)
{
    return s[0] == 0xE2 && ((s[1] == 0x80 && (s[2] == 0x8E || s[2] == 0x8F ||
                                              (s[2] >= 0xA8 && s[2] <= 0xAE))) ||
                            (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9));
}

size_t shown_len(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = utf8_sequence_len(text, len);
    bool is_hidden = (n == 1 && is_control(s[0])) || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0) ||
                     (n == 2 && s[0] == 0xD8 && s[1] == 0x9C) || (n == 3 && is_turn(s));
    return is_hidden ? 0 : n;
}

static void put_hidden(FILE *out, unsigned char c)
{
    if (c == '\n') {
        fputs("\\n", out);
    } else {
        fprintf(out, "\\x%02x", c);
    }
}

void shown_put(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t n = shown_len(text.data + i, text.len - i);
        if (n > 0) {
            fwrite(text.data + i, 1, n, out);
        } else {
            put_hidden(out, (unsigned char)text.data[i]);
        }
        i += n > 0 ? n : 1;
    }
}

/* Of a sequence of one to three bytes. */
static unsigned code_point(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    return len == 1   ? s[0]
           : len == 2 ? (s[0] & 0x1FU) << 6 | (s[1] & 0x3FU)
                      : (s[0] & 0x0FU) << 12 | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU);
}

void shown_put_json(FILE *out, struct slice json)
{
    size_t from = 0;
    for (size_t i = 0; i < json.len;) {
        char c = json.data[i];
        if ((c >= ' ' && c <= '~') || c == '\n' || c == '\t') { /* nearly all of it */
            i++;
            continue;
        }
        size_t n = utf8_sequence_len(json.data + i, json.len - i);
        if (n > 0 && shown_len(json.data + i, n) > 0) {
            i += n;
            continue;
        }
        fwrite(json.data + from, 1, i - from, out);
        fprintf(out, "\\u%04x", n > 0 ? code_point(json.data + i, n) : 0xFFFDU);
        i += n > 0 ? n : 1;
        from = i;
    }
    fwrite(json.data + from, 1, json.len - from, out);
}

/* The format's control characters, in their order; `format` has `mark` in their places. */
static char *take_controls(char *format, char mark)
{
    char *controls = mem_string(format);
    size_t count = 0;
    for (; *format != '\0'; format++) {
        if (is_control((unsigned char)*format)) {
            controls[count++] = *format;
            *format = mark;
        }
    }
    controls[count] = '\0';
    return controls;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* it is the caller's, which the compiler has checked */
static char *format_with(const char *format, char mark, va_list args, char **out_controls)
{
    char *marked = mem_string(format);
    char *text = NULL;
    *out_controls = take_controls(marked, mark);
    int len = vasprintf(&text, marked, args);
    ENSURE(len >= 0);
    free(marked);
    return text;
}
#pragma GCC diagnostic pop

void shown_print_list(FILE *out, const char *format, va_list args)
{
    char *controls;
    va_list again;
    va_copy(again, args);
    char *one = format_with(format, '\x01', args, &controls);
    char *two_controls;
    char *two = format_with(format, '\x02', again, &two_controls);
    va_end(again);
    const char *ours = controls;
    size_t from = 0;
    size_t at = 0;
    for (; one[at] != '\0'; at++) {
        if (one[at] != two[at]) {
            shown_put(out, slice_make(one + from, at - from));
            fputc(*ours++, out);
            from = at + 1;
        }
    }
    shown_put(out, slice_make(one + from, at - from));
    free(controls);
    free(two_controls);
    free(one);
    free(two);
}

void shown_print(FILE *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    shown_print_list(out, format, args);
    va_end(args);
}
