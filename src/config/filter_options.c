/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The options of filters. To add a kind: its struct or list in core/filter_settings.h, a row here, its
 * line in `kinds` below, its file in src/filters and its chapter in docs/filters.md.
 */

#include "config/filter_options.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/check.h"
#include "core/filter_settings.h"

#define AT(member) offsetof(struct remove_settings, member)
static const struct option remove_options[] = {
    {.name = "names", .kind = OPTION_TEXTS, .offset = AT(names), .check = check_target,
     .example = "[password, user.email]", .help = "Fields of these names."},
    {.name = "prefixes", .kind = OPTION_TEXTS, .offset = AT(prefixes), .check = check_not_empty,
     .example = "[tmp_]", .help = "Top-level fields of which the name begins so."},
    {.name = "patterns", .kind = OPTION_TEXTS, .offset = AT(patterns), .check = check_pattern,
     .example = "['^x-']", .help = "Top-level fields of which the name matches one of these PCRE2 patterns."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct filter_settings, member)
const struct option filter_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "no health checks",
     .check = check_label,
     .help = "What metrics and messages call it; by default its kind, numbered when there are several."},
    {.name = "when", .kind = OPTION_CONDITION, .offset = AT(when),
     .example = "{severity: {at_least: WARN}}",
     .help = "Only records for which this holds go through the filter."},
    {.name = "keep", .kind = OPTION_CONDITION, .offset = AT(keep),
     .example = "{severity: {at_least: INFO}}",
     .help = "Drops every record for which the condition does not hold."},
    {.name = "drop", .kind = OPTION_CONDITION, .offset = AT(drop),
     .example = "{field: path, equals: /healthz}",
     .help = "Drops every record for which the condition holds."},
    {.name = "remove", .kind = OPTION_OPTIONAL, .offset = AT(remove), .children = remove_options,
     .size = sizeof(struct remove_settings),
     .help = "Takes fields away. What has been read from them, such as an id, stays."},
    {0},
};
#undef AT

/* The options of an item that say what kind it is: all but `name` and `when`. */
static bool is_kind(const struct option *option)
{
    return option->offset != offsetof(struct filter_settings, name) &&
           option->offset != offsetof(struct filter_settings, when);
}

static bool is_given(const struct option *option, const void *section)
{
    const void *value = (const char *)section + option->offset;
    bool is_list = option->kind == OPTION_MAP || option->kind == OPTION_CONSTANTS;
    return is_list ? ((const struct string_list *)value)->count > 0 : *(void *const *)value != NULL;
}

static char *list_kinds(void)
{
    char *list = mem_string("");
    for (const struct option *option = filter_options; option->name != NULL; option++) {
        if (is_kind(option)) {
            char *longer = mem_format("%s%s%s", list, *list != '\0' ? ", " : "", option->name);
            free(list);
            list = longer;
        }
    }
    return list;
}

char *check_filter(const void *section)
{
    const struct filter_settings *filter = section;
    const struct option *first = NULL;
    for (const struct option *option = filter_options; option->name != NULL; option++) {
        if (is_kind(option) && is_given(option, section)) {
            if (first != NULL) {
                return mem_format("is one filter: `%s` and `%s` are two items of the list", first->name,
                                  option->name);
            }
            first = option;
        }
    }
    if (first == NULL) {
        char *kinds = list_kinds();
        char *complaint = mem_format("says nothing to do; the kinds of filters are %s", kinds);
        free(kinds);
        return complaint;
    }
    if (filter->keep != NULL && filter->when != NULL) {
        return mem_string("has two conditions: `keep` takes its own and no `when`");
    }
    return NULL;
}

static const char *kind_of(const struct filter_settings *filter)
{
    for (const struct option *option = filter_options; option->name != NULL; option++) {
        if (is_kind(option) && is_given(option, filter)) {
            return option->name;
        }
    }
    return "filter";
}

static bool has_name(const struct filter_settings *items, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].name != NULL && strcmp(items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static char *make_name(const struct filter_settings *items, size_t count, size_t index)
{
    const char *kind = kind_of(&items[index]);
    char *name = mem_string(kind);
    for (size_t number = 2; has_name(items, count, name); number++) {
        free(name);
        name = mem_format("%s_%zu", kind, number);
    }
    return name;
}

void settle_filters(struct filter_settings *items, size_t count, const char *path,
                    struct diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        const struct settings_place *at = &items[i].place;
        if (items[i].name == NULL) {
            items[i].name = make_name(items, count, i);
        } else if (has_name(items, i, items[i].name)) {
            diag_add(diag, DIAG_ERROR, (struct diag_place){at->file, at->line, at->column},
                     "`%s[%zu]` has the name \"%s\" of another filter", path, i, items[i].name);
        }
    }
}
