/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_text.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/utf8.h"

/* Would YAML take the bare text as this text, and not as null, structure or a comment? */
static bool is_safe_plain(const char *text)
{
    static const char *const special[] = {"null", "~", "true", "false", "yes", "no", "on"};
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_./+%@:-";
    size_t len = strlen(text);
    for (size_t i = 0; i < ARRAY_LEN(special); i++) {
        if (strcmp(text, special[i]) == 0) {
            return false;
        }
    }
    return len > 0 && strspn(text, safe) == len && strchr("-:%@+", text[0]) == NULL &&
           text[len - 1] != ':';
}

/* What stands raw between double quotes: no control character, line break or mark of YAML's. */
static bool is_safe_quoted(const char *sequence, size_t len)
{
    static const char *const breaks[] = {"\u2028", "\u2029", "\ufeff"};
    for (size_t i = 0; i < ARRAY_LEN(breaks); i++) {
        if (len == 3 && memcmp(sequence, breaks[i], 3) == 0) {
            return false;
        }
    }
    unsigned char first = (unsigned char)sequence[0];
    return len == 1 ? first >= 0x20 && first < 0x7f && first != '"' && first != '\\'
                    : !(first == 0xc2 && (unsigned char)sequence[1] < 0xa0);
}

static void print_escaped(FILE *out, const char *sequence, size_t len)
{
    unsigned char last = (unsigned char)sequence[len - 1];
    if (len == 3) { /* one of the three above */
        fputs(last == 0xbf ? "\\uFEFF" : last == 0xa8 ? "\\u2028" : "\\u2029", out);
    } else {
        fprintf(out, "\\x%02x", last); /* U+0080 to U+009F end in the byte of their number */
    }
}

static void print_quoted(FILE *out, const char *text)
{
    size_t rest = strlen(text);
    fputc('"', out);
    while (rest > 0) {
        size_t len = utf8_sequence_len(text, rest);
        if (len > 0 && is_safe_quoted(text, len)) {
            fwrite(text, 1, len, out);
        } else {
            print_escaped(out, text, len > 0 ? len : 1);
        }
        text += len > 0 ? len : 1;
        rest -= len > 0 ? len : 1;
    }
    fputc('"', out);
}

void yaml_print_text(FILE *out, const char *text)
{
    if (is_safe_plain(text)) {
        fputs(text, out);
    } else {
        yaml_print_quoted(out, text);
    }
}

void yaml_print_key(FILE *out, const char *key)
{
    if (is_safe_plain(key)) {
        fputs(key, out);
    } else {
        print_quoted(out, key);
    }
}

void yaml_print_quoted(FILE *out, const char *text)
{
    char *doubled = mem_alloc(2 * strlen(text) + 1);
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        doubled[len++] = *c;
        if (*c == '$' && (c[1] == '{' || c[1] == '$')) {
            doubled[len++] = '$';
        }
    }
    print_quoted(out, doubled);
    free(doubled);
}
