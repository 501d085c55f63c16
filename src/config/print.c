/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The config for readers: as it is in effect, and as it could be written. Both are YAML that can be
 * read back, both go by the table of options alone.
 */

#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/utf8.h"
#include "config/options.h"
#include "config/read.h"
#include "config/units.h"
#include "config/url.h"

/* A writer of block YAML. */
struct writer {
    FILE *out;
    unsigned indent;
    bool has_dash; /* the next key is the first of a list's entry */
};

static void begin_line(struct writer *w)
{
    unsigned blanks = w->indent - (w->has_dash ? 2 : 0);
    fprintf(w->out, "%*s%s", (int)blanks, "", w->has_dash ? "- " : "");
    w->has_dash = false;
}

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

/* A value: `$` is doubled where the reader would see a variable. Keys are not expanded. */
static void print_text(FILE *out, const char *text)
{
    if (is_safe_plain(text)) {
        fputs(text, out);
        return;
    }
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

static void print_ratio(FILE *out, double ratio)
{
    char text[UNITS_TEXT_MAX];
    units_print_ratio(ratio, text);
    fputs(text, out);
}

static void print_possible_secret(FILE *out, const char *text)
{
    char *shown = url_hide_secrets(text);
    print_text(out, shown);
    free(shown);
}

static void print_scalar(FILE *out, const struct option *option, const void *value)
{
    unsigned index = 0;
    char number[OPTION_NUMBER_MAX];
    switch (option->kind) {
    case OPTION_TEXT:
        if (option->may_hold_secret) {
            print_possible_secret(out, *(char *const *)value);
        } else {
            print_text(out, *(char *const *)value);
        }
        break;
    case OPTION_BOOL:
        fputs(*(const bool *)value ? "true" : "false", out);
        break;
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_DURATION:
        option_print_number(option->kind, *(const uint64_t *)value, number);
        fputs(number, out);
        break;
    case OPTION_RATIO:
        print_ratio(out, *(const double *)value);
        break;
    case OPTION_SWITCH:
        fputs(option->names[*(const bool *)value], out);
        break;
    case OPTION_CHOICE:
        memcpy(&index, value, sizeof(index));
        fputs(option->names[index], out);
        break;
    default:
        break;
    }
}

static void print_key(struct writer *w, const char *key)
{
    begin_line(w);
    if (is_safe_plain(key)) {
        fputs(key, w->out);
    } else {
        print_quoted(w->out, key);
    }
    fputs(":", w->out);
}

static void print_texts(struct writer *w, const struct option *option,
                        const struct string_list *list)
{
    if (list->count == 0 && option->fallback == NULL) {
        return;
    }
    print_key(w, option->name);
    fputs(list->count == 0 ? " []\n" : "\n", w->out);
    for (size_t i = 0; i < list->count; i++) {
        fprintf(w->out, "%*s- ", (int)w->indent + 2, "");
        print_text(w->out, list->items[i]);
        fputc('\n', w->out);
    }
}

static void print_map(struct writer *w, const struct option *option,
                      const struct key_value_list *list)
{
    if (list->count == 0) {
        return;
    }
    print_key(w, option->name);
    fputc('\n', w->out);
    w->indent += 2;
    for (size_t i = 0; i < list->count; i++) {
        bool hide =
            option->may_hold_secret && is_secret_name(slice_from_string(list->items[i].key));
        print_key(w, list->items[i].key);
        fputc(' ', w->out);
        print_text(w->out, hide ? "[hidden]" : list->items[i].value);
        fputc('\n', w->out);
    }
    w->indent -= 2;
}

static void print_ratio_map(struct writer *w, const struct option *option,
                            const struct list_slot *list)
{
    const struct service_policy *policies = list->items;
    if (list->count == 0) {
        return;
    }
    print_key(w, option->name);
    fputc('\n', w->out);
    w->indent += 2;
    for (size_t i = 0; i < list->count; i++) {
        print_key(w, policies[i].service);
        fputc(' ', w->out);
        print_ratio(w->out, policies[i].min_coverage);
        fputc('\n', w->out);
    }
    w->indent -= 2;
}

static void print_section(struct writer *w, const struct option *options, const void *target);

static void print_sections(struct writer *w, const struct option *option,
                           const struct list_slot *list)
{
    print_key(w, option->name);
    fputs(list->count == 0 ? " []\n" : "\n", w->out);
    w->indent += 4;
    for (size_t i = 0; i < list->count; i++) {
        w->has_dash = true;
        print_section(w, option->children, (const char *)list->items + i * option->size);
    }
    w->indent -= 4;
}

/* Has a section anything to show? One whose options are all unset would be a bare key. */
static bool has_values(const struct option *options, const void *target)
{
    for (const struct option *option = options; option->name != NULL; option++) {
        const void *value = (const char *)target + option->offset;
        bool is_list = option->kind == OPTION_TEXTS || option->kind == OPTION_MAP ||
                       option->kind == OPTION_RATIO_MAP;
        bool has = is_list                       ? ((const struct list_slot *)value)->count > 0
                   : option->kind == OPTION_TEXT ? *(char *const *)value != NULL
                                                 : true;
        if (has) {
            return true;
        }
    }
    return false;
}

static void print_option(struct writer *w, const struct option *option, const void *value)
{
    switch (option->kind) {
    case OPTION_TEXTS:
        print_texts(w, option, value);
        break;
    case OPTION_MAP:
        print_map(w, option, value);
        break;
    case OPTION_RATIO_MAP:
        print_ratio_map(w, option, value);
        break;
    case OPTION_SECTIONS:
        print_sections(w, option, value);
        break;
    case OPTION_SECTION:
        if (has_values(option->children, value)) {
            print_key(w, option->name);
            fputc('\n', w->out);
            w->indent += 2;
            print_section(w, option->children, value);
            w->indent -= 2;
        }
        break;
    default:
        if (option->kind != OPTION_TEXT || *(char *const *)value != NULL) {
            print_key(w, option->name);
            fputc(' ', w->out);
            print_scalar(w->out, option, value);
            fputc('\n', w->out);
        }
    }
}

static void print_section(struct writer *w, const struct option *options, const void *target)
{
    for (const struct option *option = options; option->name != NULL; option++) {
        print_option(w, option, (const char *)target + option->offset);
    }
}

void config_print(const struct settings *settings, FILE *out)
{
    struct writer w = {out, 0, false};
    print_section(&w, options_root, settings);
}
