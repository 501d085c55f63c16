/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The options of filters. To add a kind: its struct or list in record/filter_settings.h, a row here, its
 * line in `kinds` below, its file in src/filters and its chapter in docs/filters.md.
 */

#include "config/filter_options.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/check.h"
#include "config/filter_check.h"
#include "record/filter_settings.h"

#define AT(member) offsetof(struct remove_settings, member)
static const struct option remove_options[] = {
    {.name = "names", .kind = OPTION_TEXTS, .offset = AT(names), .check = check_target,
     .example = "[password, user.email]", .help = "Fields with these names."},
    {.name = "prefixes", .kind = OPTION_TEXTS, .offset = AT(prefixes), .check = check_not_empty,
     .example = "[tmp_]", .help = "Top-level fields of which the name begins so."},
    {.name = "patterns", .kind = OPTION_TEXTS, .offset = AT(patterns), .check = check_pattern,
     .example = "['^x-']", .help = "Top-level fields whose name matches one of these PCRE2 "
                                   "patterns."},
    {0},
};
#undef AT

static char *check_remove(const void *section)
{
    const struct remove_settings *remove = section;
    return remove->names.count + remove->prefixes.count + remove->patterns.count == 0
               ? mem_string("says nothing to remove: `names`, `prefixes` or `patterns`")
               : NULL;
}

static char *check_nest(const void *section)
{
    const struct nest_settings *nest = section;
    if (nest->under == NULL) {
        return mem_string("does not say into which object: `under`");
    }
    return nest->names.count + nest->prefixes.count == 0
               ? mem_string("names no fields: `names` or `prefixes`")
               : NULL;
}

#define AT(member) offsetof(struct nest_settings, member)
static const struct option nest_options[] = {
    {.name = "names", .kind = OPTION_TEXTS, .offset = AT(names), .check = check_not_empty,
     .example = "[user, ip]", .help = "Top-level fields with these names."},
    {.name = "prefixes", .kind = OPTION_TEXTS, .offset = AT(prefixes), .check = check_not_empty,
     .example = "[http_]", .help = "Top-level fields of which the name begins so."},
    {.name = "under", .kind = OPTION_TEXT, .offset = AT(under), .is_required = true,
     .check = check_not_empty, .example = "http",
     .help = "Top-level object that gets the fields; clew creates it if it does not exist."},
    {.name = "strip_prefix", .kind = OPTION_BOOL, .offset = AT(strip_prefix), .fallback = "false",
     .help = "Remove the prefix from the names of the fields."},
    {0},
};
#undef AT

static char *check_lift(const void *section)
{
    const struct lift_settings *lift = section;
    return lift->from == NULL ? mem_string("names no object: `from`") : NULL;
}

#define AT(member) offsetof(struct lift_settings, member)
static const struct option lift_options[] = {
    {.name = "from", .kind = OPTION_TEXT, .offset = AT(from), .is_required = true,
     .check = check_plain_field, .example = "http",
     .help = "Object whose fields are lifted. They take its place and replace fields with the same "
             "names."},
    {.name = "prefix", .kind = OPTION_TEXT, .offset = AT(prefix), .check = check_not_empty,
     .example = "http_", .help = "Prefix for the names of the lifted fields."},
    {0},
};
#undef AT

static const char *const text_formats[] = {"json", "logfmt", "ltsv", "regex", NULL};

static char *check_parse(const void *section)
{
    const struct text_settings *parse = section;
    bool is_regex = parse->format == TEXT_REGEX;
    if (is_regex && parse->pattern == NULL) {
        return mem_string("has no `pattern`, which the format regex needs");
    }
    return !is_regex && (parse->pattern != NULL || parse->types.count > 0)
               ? mem_string("has a `pattern` or `types`, which go with `format: regex` only")
               : NULL;
}

#define AT(member) offsetof(struct text_settings, member)
static const struct option parse_filter_options[] = {
    {.name = "field", .kind = OPTION_TEXT, .offset = AT(field), .fallback = "$body",
     .check = check_field, .help = "Field whose text is parsed."},
    {.name = "format", .kind = OPTION_CHOICE, .offset = AT(format), .fallback = "json",
     .names = text_formats,
     .help = "Format of the text: a JSON object, key=value pairs, LTSV, or a pattern with named "
             "groups."},
    {.name = "pattern", .kind = OPTION_TEXT, .offset = AT(pattern), .check = check_groups,
     .example = "'^(?<method>\\S+) (?<path>\\S+)'",
     .help = "PCRE2 pattern; each named group that matches becomes a field."},
    {.name = "types", .kind = OPTION_MAP, .offset = AT(types), .check = check_type,
     .example = "{status: int}",
     .help = "Types of groups that are not strings: int, double or bool."},
    {.name = "keep", .kind = OPTION_BOOL, .offset = AT(keep), .fallback = "true",
     .help = "Keep the parsed text in its field."},
    {.name = "prefix", .kind = OPTION_TEXT, .offset = AT(prefix), .check = check_not_empty,
     .example = "app_", .help = "Prefix for the names of the new fields."},
    {.name = "under", .kind = OPTION_TEXT, .offset = AT(under), .check = check_not_empty,
     .example = "app",
     .help = "Top-level object that gets the new fields. By default they are top-level fields and "
             "replace those with the same names."},
    {0},
};
#undef AT

static const char *const redactions[] = {"mask", "hash", NULL};

static const char *const redact_limits[] = {"mask", "keep", NULL};

static char *check_redact(const void *section)
{
    const struct redact_settings *redact = section;
    return redact->keys.count + redact->patterns.count == 0
               ? mem_string("says nothing to redact: `keys` or `patterns`")
               : NULL;
}

#define AT(member) offsetof(struct redact_settings, member)
static const struct option redact_options[] = {
    {.name = "keys", .kind = OPTION_TEXTS, .offset = AT(keys), .check = check_redact_key,
     .example = "[password, authorization]",
     .help = "Fields whose whole value is hidden, by name, at any depth and in any case; also "
             "$body."},
    {.name = "patterns", .kind = OPTION_TEXTS, .offset = AT(patterns), .check = check_secret,
     .example = "[card, email, 'ssn=\\d+']",
     .help = "Replace matches in any text: `card`, `email`, `token`, `ipv4`, `credential`, or a "
             "PCRE2 pattern."},
    {.name = "at_limit", .kind = OPTION_CHOICE, .offset = AT(at_limit), .fallback = "mask",
     .names = redact_limits,
     .help = "What to do with a text on which a pattern reaches its limit of steps: `mask` hides "
             "all of it; `keep` leaves it unchanged, so the writer of the log can switch the "
             "pattern off."},
    {.name = "with", .kind = OPTION_CHOICE, .offset = AT(with), .fallback = "mask",
     .names = redactions,
     .help = "Replacement: `mask` writes [redacted]; `hash` writes a hash, so that equal values can "
             "be correlated."},
    {.name = "salt", .kind = OPTION_TEXT, .offset = AT(salt), .is_secret = true,
     .check = check_not_empty, .example = "'${SALT}'",
     .help = "Secret key for the hash. Without it, known values can be guessed."},
    {0},
};
#undef AT

static char *check_limit(const void *section)
{
    const struct limit_settings *limit = section;
    return limit->value_bytes == 0 && limit->body_bytes == 0 && limit->attributes == 0
               ? mem_string("sets no limit: `value_bytes`, `body_bytes` or `attributes`")
               : NULL;
}

#define AT(member) offsetof(struct limit_settings, member)
static const struct option limit_options[] = {
    {.name = "value_bytes", .kind = OPTION_SIZE, .offset = AT(value_bytes), .fallback = "0",
     .max = 1 << 30, .help = "Maximum length of an attribute's text, at any depth. 0: no limit."},
    {.name = "body_bytes", .kind = OPTION_SIZE, .offset = AT(body_bytes), .fallback = "0",
     .max = 1 << 30, .help = "Maximum length of the body. 0: no limit."},
    {.name = "attributes", .kind = OPTION_COUNT, .offset = AT(attributes), .fallback = "0",
     .max = 1000000,
     .help = "Maximum number of attributes. Further ones are removed and counted in "
             "dropped_attributes_count. 0: no limit."},
    {0},
};
#undef AT

static char *check_throttle(const void *section)
{
    const struct throttle_settings *throttle = section;
    return throttle->rate == 0 ? mem_string("has no `rate`") : NULL;
}

#define AT(member) offsetof(struct throttle_settings, member)
static const struct option throttle_options[] = {
    {.name = "by", .kind = OPTION_TEXTS, .offset = AT(by), .check = check_field,
     .example = "[$service, logger]",
     .help = "Fields that define a group: records with equal values share a limit. By default all "
             "records are one group."},
    {.name = "rate", .kind = OPTION_COUNT, .offset = AT(rate), .is_required = true, .min = 1,
     .max = 1000000000, .example = "100", .help = "Number of records of a group that pass per "
                                                  "period (`per`)."},
    {.name = "per", .kind = OPTION_DURATION, .offset = AT(per_ms), .fallback = "1s", .min = 1,
     .max = 24 * 60 * 60 * 1000, .help = "The period that `rate` refers to."},
    {.name = "burst", .kind = OPTION_COUNT, .offset = AT(burst), .fallback = "0", .max = 1000000000,
     .help = "Number of records that pass at once after a quiet time. 0: the same as `rate`."},
    {.name = "groups_max", .kind = OPTION_COUNT, .offset = AT(groups_max), .fallback = "10000",
     .min = 1, .max = 1000000,
     .help = "Maximum number of groups that clew remembers. A forgotten group starts with a full "
             "burst."},
    {0},
};
#undef AT

static const char *const without_ids[] = {"keep", "drop", "sample", NULL};

#define AT(member) offsetof(struct sample_settings, member)
static const struct option sample_options[] = {
    {.name = "ratio", .kind = OPTION_RATIO, .offset = AT(ratio), .fallback = "100%",
     .help = "Share of traces to keep: all records of a trace, or none."},
    {.name = "without_id", .kind = OPTION_CHOICE, .offset = AT(without_id), .fallback = "keep",
     .names = without_ids,
     .help = "What to do with records without a trace id: keep them, drop them, or keep the same "
             "share of them."},
    {0},
};
#undef AT

static const char *const on_errors[] = {"keep", "drop", NULL};

#define AT(member) offsetof(struct filter_settings, member)
const struct option filter_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "no health checks",
     .check = check_label,
     .help = "Name of the filter in metrics and messages. By default its kind, numbered if there "
             "are several."},
    {.name = "when", .kind = OPTION_CONDITION, .offset = AT(when),
     .example = "{severity: {at_least: WARN}}",
     .help = "Condition: only records that match go through the filter."},
    {.name = "on_error", .kind = OPTION_SWITCH, .offset = AT(drops_errors), .fallback = "keep",
     .names = on_errors,
     .help = "What to do with a record that the filter cannot process: keep or drop it. clew counts "
             "it in both cases."},
    {.name = "keep", .kind = OPTION_CONDITION, .offset = AT(keep),
     .example = "{severity: {at_least: INFO}}",
     .help = "Keep only records that match the condition; drop all others."},
    {.name = "drop", .kind = OPTION_CONDITION, .offset = AT(drop),
     .example = "{field: path, equals: /healthz}",
     .help = "Drop every record that matches the condition."},
    {.name = "rename", .kind = OPTION_MAP, .offset = AT(rename), .check = check_rename,
     .example = "{lvl: level}", .help = "Rename fields in place: `{old: new}`."},
    {.name = "copy", .kind = OPTION_MAP, .offset = AT(copy), .check = check_copy,
     .example = "{user.id: user_id}", .help = "Copy values to other fields: `{from: to}`."},
    {.name = "move", .kind = OPTION_MAP, .offset = AT(move), .check = check_move,
     .example = "{text: $body}", .help = "Move values to other fields: `{from: to}`."},
    {.name = "remove", .kind = OPTION_OPTIONAL, .offset = AT(remove), .children = remove_options,
     .size = sizeof(struct remove_settings), .check_section = check_remove,
     .help = "Remove fields. Values already read from them, such as an id, are kept."},
    {.name = "set", .kind = OPTION_CONSTANTS, .offset = AT(set), .check = check_assignment,
     .example = "{region: '${REGION:-eu}', who: '%{user}@%{host}'}",
     .help = "Set fields to values: constants with their types, or strings with %{names} in them."},
    {.name = "add", .kind = OPTION_CONSTANTS, .offset = AT(add), .check = check_assignment,
     .example = "{env: production}", .help = "Set fields like `set`, but only if they do not exist."},
    {.name = "nest", .kind = OPTION_OPTIONAL, .offset = AT(nest), .children = nest_options,
     .size = sizeof(struct nest_settings), .check_section = check_nest,
     .help = "Move top-level fields into an object."},
    {.name = "lift", .kind = OPTION_OPTIONAL, .offset = AT(lift), .children = lift_options,
     .size = sizeof(struct lift_settings), .check_section = check_lift,
     .help = "Move the fields of an object up to where the object is."},
    {.name = "parse", .kind = OPTION_OPTIONAL, .offset = AT(parse), .children = parse_filter_options,
     .size = sizeof(struct text_settings), .check_section = check_parse,
     .help = "Parse fields from a text, and ids from these fields if the record has none."},
    {.name = "convert", .kind = OPTION_MAP, .offset = AT(convert), .check = check_convert,
     .example = "{status: int}", .help = "Convert fields to another type: int, double, bool or "
                                         "string."},
    {.name = "redact", .kind = OPTION_OPTIONAL, .offset = AT(redact), .children = redact_options,
     .size = sizeof(struct redact_settings), .check_section = check_redact,
     .help = "Hide values, by field name or by pattern."},
    {.name = "limit", .kind = OPTION_OPTIONAL, .offset = AT(limit), .children = limit_options,
     .size = sizeof(struct limit_settings), .check_section = check_limit,
     .help = "Limit the length of texts and the number of attributes."},
    {.name = "throttle", .kind = OPTION_OPTIONAL, .offset = AT(throttle),
     .children = throttle_options, .size = sizeof(struct throttle_settings),
     .check_section = check_throttle,
     .help = "Drop the records of a group that exceed its rate."},
    {.name = "sample", .kind = OPTION_OPTIONAL, .offset = AT(sample), .children = sample_options,
     .size = sizeof(struct sample_settings),
     .help = "Keep a share of the traces, by their ids, and drop the others."},
    {0},
};
#undef AT

/* The options of an item that say what kind it is: all but `name`, `when` and `on_error`. */
static bool is_kind(const struct option *option)
{
    return option->offset != offsetof(struct filter_settings, name) &&
           option->offset != offsetof(struct filter_settings, when) &&
           option->offset != offsetof(struct filter_settings, drops_errors);
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
