/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The config for readers: as it is in effect, and as it could be written. Both are YAML that can be
 * read back, both go by the table of options alone.
 */

#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "config/condition.h"
#include "config/options.h"
#include "config/read.h"
#include "config/units.h"
#include "config/url.h"
#include "config/yaml_text.h"

/* A writer of block YAML. */
struct writer {
    FILE *out;
    unsigned indent;
    bool has_dash; /* the next key is the first of a list's entry */
    bool is_for_us; /* secrets too: nobody else sees it */
};

static void begin_line(struct writer *w)
{
    unsigned blanks = w->indent - (w->has_dash ? 2 : 0);
    fprintf(w->out, "%*s%s", (int)blanks, "", w->has_dash ? "- " : "");
    w->has_dash = false;
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
    yaml_print_text(out, shown);
    free(shown);
}

static void print_scalar(struct writer *w, const struct option *option, const void *value)
{
    FILE *out = w->out;
    unsigned index = 0;
    char number[OPTION_NUMBER_MAX];
    switch (option->kind) {
    case OPTION_TEXT:
        if (option->is_secret && !w->is_for_us) {
            yaml_print_text(out, "[hidden]");
        } else if (option->may_hold_secret && !w->is_for_us) {
            print_possible_secret(out, *(char *const *)value);
        } else {
            yaml_print_text(out, *(char *const *)value);
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
    yaml_print_key(w->out, key);
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
        yaml_print_text(w->out, list->items[i]);
        fputc('\n', w->out);
    }
}

/* Names of headers do not tell: x-honeycomb-team and uptrace-dsn hold keys. So only those are shown
 * that are known to hold none. */
static bool may_be_shown(const char *header)
{
    static const char *const harmless[] = {
        "accept",      "accept-language", "content-language",  "content-type",
        "organization", "stream-name",    "x-honeycomb-dataset", "x-scope-orgid",
        "thanos-tenant", "user-agent",
    };
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
        if (strcasecmp(header, harmless[i]) == 0) {
            return true;
        }
    }
    return false;
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
        bool hide = option->may_hold_secret && !w->is_for_us && !may_be_shown(list->items[i].key);
        print_key(w, list->items[i].key);
        fputc(' ', w->out);
        yaml_print_text(w->out, hide ? "[hidden]" : list->items[i].value);
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

static void print_constants(struct writer *w, const struct option *option,
                            const struct named_constant_list *list)
{
    if (list->count == 0) {
        return;
    }
    print_key(w, option->name);
    fputc('\n', w->out);
    w->indent += 2;
    for (size_t i = 0; i < list->count; i++) {
        print_key(w, list->items[i].name);
        fputc(' ', w->out);
        constant_print(&list->items[i].value, w->out);
        fputc('\n', w->out);
    }
    w->indent -= 2;
}

static void print_condition(struct writer *w, const struct option *option,
                            const struct condition_settings *condition)
{
    if (condition != NULL) {
        print_key(w, option->name);
        fputc(' ', w->out);
        condition_print(condition, w->out);
        fputc('\n', w->out);
    }
}

static void print_section(struct writer *w, const struct option *options, const void *target);

static void print_sections(struct writer *w, const struct option *option,
                           const struct list_slot *list)
{
    if (option->is_example && list->count == 0) {
        return;
    }
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
                       option->kind == OPTION_RATIO_MAP || option->kind == OPTION_CONSTANTS;
        bool is_pointer = option->kind == OPTION_TEXT || option->kind == OPTION_OPTIONAL ||
                          option->kind == OPTION_CONDITION;
        bool has = is_list      ? ((const struct list_slot *)value)->count > 0
                   : is_pointer ? *(void *const *)value != NULL
                                : true;
        if (has) {
            return true;
        }
    }
    return false;
}

static void print_block(struct writer *w, const struct option *option, const void *section)
{
    print_key(w, option->name);
    if (!has_values(option->children, section)) {
        fputs(" {}\n", w->out);
        return;
    }
    fputc('\n', w->out);
    w->indent += 2;
    print_section(w, option->children, section);
    w->indent -= 2;
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
    case OPTION_CONSTANTS:
        print_constants(w, option, value);
        break;
    case OPTION_CONDITION:
        print_condition(w, option, *(struct condition_settings *const *)value);
        break;
    case OPTION_OPTIONAL:
        if (*(void *const *)value != NULL) {
            print_block(w, option, *(void *const *)value);
        }
        break;
    case OPTION_SECTION:
        if (has_values(option->children, value)) {
            print_block(w, option, value);
        }
        break;
    default:
        if (option->kind != OPTION_TEXT || *(char *const *)value != NULL) {
            print_key(w, option->name);
            fputc(' ', w->out);
            print_scalar(w, option, value);
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
    struct writer w = {.out = out};
    print_section(&w, options_root, settings);
}

static char *describe(const struct option *option, const void *target, bool is_item)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    ENSURE(memory != NULL);
    struct writer w = {.out = memory, .is_for_us = true};
    if (is_item) {
        print_section(&w, option->children, target);
    } else {
        print_option(&w, option, (const char *)target + option->offset);
    }
    fclose(memory);
    return text;
}

static bool are_same(const char *name, const void *a, const void *b, bool are_items)
{
    char *first = describe(options_find(name), a, are_items);
    char *second = describe(options_find(name), b, are_items);
    bool is_same = strcmp(first, second) == 0;
    free(first);
    free(second);
    return is_same;
}

bool config_is_same(const char *option, const struct settings *a, const struct settings *b)
{
    return are_same(option, a, b, false);
}

bool config_is_same_item(const char *option, const void *a, const void *b)
{
    return are_same(option, a, b, true);
}
