/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_text.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/shown.h"
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

/* What stands raw between double quotes: nothing that no terminal is shown either, and no mark of
 * YAML's. */
static bool is_safe_quoted(const char *sequence, size_t len)
{
    bool is_byte_order = len == 3 && memcmp(sequence, "\ufeff", 3) == 0;
    return shown_len(sequence, len) > 0 && !is_byte_order && *sequence != '"' && *sequence != '\\';
}

/* A character of one to three bytes, or a byte that is none. */
static void print_escaped(FILE *out, const char *sequence, size_t len)
{
    const unsigned char *s = (const unsigned char *)sequence;
    if (len == 1) {
        fprintf(out, "\\x%02x", s[0]);
    } else if (len == 2) {
        fprintf(out, "\\u%04X", (s[0] & 0x1FU) << 6 | (s[1] & 0x3FU));
    } else {
        fprintf(out, "\\u%04X", (s[0] & 0x0FU) << 12 | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU));
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
