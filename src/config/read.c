/* SPDX-License-Identifier: Apache-2.0 */
#include "config/read.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/condition.h"
#include "config/units.h"
#include "record/settings.h"

enum {
    NAMES_MAX = 64,     /* options of one section */
    ITEMS_MAX = 4096,   /* of a list or map */
    SECTIONS_MAX = 256, /* of a list of sections */
};

/* One option on its way into its struct. */
struct reading {
    const struct option *option;
    const struct node *node;
    char *path; /* `outputs[0].timeout` */
    struct diag *diag;
    void *target; /* the section's struct */
};

static void *slot(const struct reading *r)
{
    return (char *)r->target + r->option->offset;
}

/* The value as messages show it: never one that may be a secret. */
static char *shown(const struct reading *r)
{
    const char *text = r->node->text;
    if (r->option->may_hold_secret || r->option->is_secret || strlen(text) > 64) {
        return mem_string("the value given");
    }
    return mem_format("\"%s\"", text);
}

/* Is it a text at all? Complains if not. */
static bool is_text(const struct reading *r, const char *expected)
{
    if (r->node->kind == NODE_TEXT) {
        return !r->node->is_broken;
    }
    diag_add(r->diag, DIAG_ERROR, r->node->place, "`%s` must be %s, not a %s", r->path, expected,
             r->node->kind == NODE_MAP ? "map" : "list");
    return false;
}

static void wrong_value(const struct reading *r, const char *expected)
{
    char *value = shown(r);
    diag_add(r->diag, DIAG_ERROR, r->node->place, "`%s` must be %s, not %s", r->path, expected,
             value);
    free(value);
}

/* Ask the option's own check, if it has one. */
static bool is_accepted(const struct reading *r, const char *key)
{
    char *complaint = r->option->check != NULL ? r->option->check(key, r->node->text) : NULL;
    if (complaint != NULL) {
        diag_add(r->diag, DIAG_ERROR, r->node->place, "`%s` %s", r->path, complaint);
        free(complaint);
        return false;
    }
    return true;
}

static void wrong_name(const struct reading *r)
{
    char *names = option_join_names(r->option->names);
    const char *nearest = diag_nearest(r->node->text, r->option->names);
    char *value = shown(r);
    diag_add(r->diag, DIAG_ERROR, r->node->place, "`%s` must be %s, not %s%s%s%s", r->path, names, value,
             nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
             nearest != NULL ? "\"?" : "");
    free(value);
    free(names);
}

/* Others who write YAML, Helm among them, make booleans of `off` and `on`. */
static const char *name_meant(const char *text)
{
    return strcmp(text, "false") == 0 ? "off" : strcmp(text, "true") == 0 ? "on" : text;
}

static bool find_name(const struct reading *r, unsigned *out_index)
{
    for (unsigned i = 0; r->option->names[i] != NULL; i++) {
        if (strcmp(r->option->names[i], name_meant(r->node->text)) == 0) {
            *out_index = i;
            return true;
        }
    }
    wrong_name(r);
    return false;
}

static void read_text(const struct reading *r)
{
    unsigned index = 0;
    const char *const *names = r->option->names;
    if (!is_text(r, option_expects(OPTION_TEXT)) || (names != NULL && !find_name(r, &index))) {
        return;
    }
    if (is_accepted(r, NULL)) {
        free(*(char **)slot(r));
        *(char **)slot(r) = mem_string(names != NULL ? names[index] : r->node->text);
    }
}

static void read_bool(const struct reading *r)
{
    const char *text = r->node->text;
    if (!is_text(r, option_expects(OPTION_BOOL))) {
        return;
    }
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        wrong_value(r, option_expects(OPTION_BOOL));
        return;
    }
    *(bool *)slot(r) = text[0] == 't';
}

static void read_choice(const struct reading *r)
{
    unsigned index;
    if (!is_text(r, option_expects(OPTION_TEXT)) || !find_name(r, &index)) {
        return;
    }
    if (r->option->kind == OPTION_SWITCH) {
        *(bool *)slot(r) = index == 1;
    } else {
        memcpy(slot(r), &index, sizeof(index)); /* an enum without negative values */
    }
}

static void out_of_range(const struct reading *r)
{
    char min[OPTION_NUMBER_MAX];
    char max[OPTION_NUMBER_MAX];
    option_print_number(r->option->kind, r->option->min, min);
    option_print_number(r->option->kind, r->option->max, max);
    char *value = shown(r);
    diag_add(r->diag, DIAG_ERROR, r->node->place, "`%s` must be from %s to %s, not %s", r->path, min,
             max, value);
    free(value);
}

static void read_number(const struct reading *r)
{
    const struct option *option = r->option;
    uint64_t number = 0;
    if (!is_text(r, option_expects(option->kind))) {
        return;
    }
    const char *text = r->node->text;
    if (!(option->kind == OPTION_SIZE       ? units_parse_size(text, &number)
          : option->kind == OPTION_DURATION ? units_parse_duration(text, &number)
                                            : units_parse_count(text, &number))) {
        wrong_value(r, option_expects(option->kind));
    } else if (option->max > 0 && (number < option->min || number > option->max)) {
        out_of_range(r);
    } else {
        *(uint64_t *)slot(r) = number;
    }
}

static bool read_ratio(const struct reading *r, double *out_ratio)
{
    double ratio;
    if (!is_text(r, option_expects(OPTION_RATIO))) {
        return false;
    }
    if (!units_parse_ratio(r->node->text, &ratio) || ratio > 1) {
        wrong_value(r, option_expects(OPTION_RATIO));
        return false;
    }
    *out_ratio = ratio;
    return true;
}

/* A list or map of the right kind and of a length that is allowed. */
static bool is_collection(const struct reading *r, enum node_kind kind, size_t max)
{
    if (r->node->kind != kind) {
        if (r->node->kind == NODE_TEXT && !r->node->is_broken) {
            wrong_value(r, option_expects(r->option->kind));
        } else {
            is_text(r, option_expects(r->option->kind));
        }
        return false;
    }
    if (r->node->count > max) {
        diag_add(r->diag, DIAG_ERROR, r->node->place, "`%s` has more than %zu entries", r->path,
                 max);
        return false;
    }
    return true;
}

/* `r` for one entry of its list or map; the caller frees its path. */
static struct reading entry_reading(const struct reading *r, const struct node_entry *entry,
                                    size_t index)
{
    struct reading inner = *r;
    inner.node = entry->value;
    inner.path = entry->key != NULL ? mem_format("%s.%s", r->path, entry->key)
                                    : mem_format("%s[%zu]", r->path, index);
    return inner;
}

static void read_texts(const struct reading *r)
{
    struct string_list *list = slot(r);
    if (r->node->kind == NODE_TEXT) { /* one text is a list of one */
        list->items = mem_array(1, sizeof(*list->items));
        if (!r->node->is_broken && is_accepted(r, NULL)) {
            list->items[list->count++] = mem_string(r->node->text);
        }
        return;
    }
    if (!is_collection(r, NODE_LIST, ITEMS_MAX)) {
        return;
    }
    list->items = mem_array(r->node->count, sizeof(*list->items));
    size_t index = 0;
    for (const struct node_entry *e = r->node->first; e != NULL; e = e->next) {
        struct reading inner = entry_reading(r, e, index++);
        if (is_text(&inner, "a text") && is_accepted(&inner, NULL)) {
            list->items[list->count++] = mem_string(e->value->text);
        }
        free(inner.path);
    }
}

static void put_pair(struct key_value_list *list, const char *key, const char *value)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) == 0) {
            free(list->items[i].value);
            list->items[i].value = mem_string(value);
            return;
        }
    }
    list->items[list->count++] = (struct key_value){mem_string(key), mem_string(value)};
}

/* Adds to what is there: a map that merges is read twice. */
static void read_map(const struct reading *r)
{
    struct key_value_list *list = slot(r);
    if (!is_collection(r, NODE_MAP, ITEMS_MAX)) {
        return;
    }
    list->items = mem_resize(list->items, list->count + r->node->count, sizeof(*list->items));
    for (const struct node_entry *e = r->node->first; e != NULL; e = e->next) {
        struct reading inner = entry_reading(r, e, 0);
        if (is_text(&inner, "a text") && is_accepted(&inner, e->key)) {
            put_pair(list, e->key, e->value->text);
        }
        free(inner.path);
    }
}

static void read_ratio_map(const struct reading *r)
{
    struct list_slot *list = slot(r);
    if (!is_collection(r, NODE_MAP, ITEMS_MAX)) {
        return;
    }
    struct service_policy *policies = mem_array(r->node->count, sizeof(*policies));
    list->items = policies;
    for (const struct node_entry *e = r->node->first; e != NULL; e = e->next) {
        struct reading inner = entry_reading(r, e, 0);
        double ratio;
        if (read_ratio(&inner, &ratio)) {
            policies[list->count++] = (struct service_policy){mem_string(e->key), ratio};
        }
        free(inner.path);
    }
}

static void read_condition(const struct reading *r)
{
    *(struct condition_settings **)slot(r) = condition_read(r->node, r->path, r->diag);
}

/* Values keep their types. */
static void read_constants(const struct reading *r)
{
    struct named_constant_list *list = slot(r);
    if (!is_collection(r, NODE_MAP, ITEMS_MAX)) {
        return;
    }
    list->items = mem_array(r->node->count, sizeof(*list->items));
    for (const struct node_entry *e = r->node->first; e != NULL; e = e->next) {
        struct reading inner = entry_reading(r, e, 0);
        if (is_text(&inner, "a value") && is_accepted(&inner, e->key)) {
            struct named_constant *added = &list->items[list->count++];
            added->name = mem_string(e->key);
            constant_read(e->value, &added->value);
        }
        free(inner.path);
    }
}

static void check_section(const struct reading *r)
{
    char *complaint = r->option->check_section != NULL ? r->option->check_section(r->target) : NULL;
    if (complaint != NULL) {
        struct diag_place place = r->node != NULL ? r->node->place : (struct diag_place){0};
        diag_add(r->diag, DIAG_ERROR, place, "`%s` %s", r->path, complaint);
        free(complaint);
    }
}

static void note_place(const struct reading *r)
{
    if (r->option->has_place && r->node != NULL) {
        struct settings_place *place = r->target;
        *place = (struct settings_place){mem_string(r->node->place.file), r->node->place.line,
                                         r->node->place.column};
    }
}

static void read_one_section(const struct reading *r, const struct node *fallbacks)
{
    struct list_slot *list = slot(r);
    struct reading inner = *r;
    inner.path = mem_format("%s[%zu]", r->path, list->count);
    inner.target = (char *)list->items + list->count++ * r->option->size;
    if (r->node == NULL || is_collection(&inner, NODE_MAP, ITEMS_MAX)) {
        size_t errors = r->diag->errors;
        note_place(&inner);
        read_section(r->option->children, r->node, fallbacks, inner.path, r->diag, inner.target);
        if (!r->option->has_place || r->diag->errors == errors) {
            check_section(&inner);
        }
    }
    free(inner.path);
}

/* One after the other into an array of the section's structs. */
static void read_sections(const struct reading *r, const struct node *fallbacks)
{
    struct list_slot *list = slot(r);
    if (!is_collection(r, NODE_LIST, SECTIONS_MAX)) {
        return;
    }
    list->items = mem_array(r->node->count, r->option->size);
    for (const struct node_entry *e = r->node->first; e != NULL; e = e->next) {
        struct reading inner = *r;
        inner.node = e->value;
        read_one_section(&inner, fallbacks);
    }
}

/* Without a list there is one section, if there are fallbacks to fill it. */
static void read_or_make_sections(const struct reading *r, const struct node *fallbacks)
{
    struct list_slot *list = slot(r);
    if (r->node != NULL) {
        read_sections(r, fallbacks);
    } else if (fallbacks != NULL) {
        list->items = mem_array(1, r->option->size);
        read_one_section(r, fallbacks);
    }
}

static void read_value(const struct reading *r)
{
    switch (r->option->kind) {
    case OPTION_TEXT:
        read_text(r);
        break;
    case OPTION_BOOL:
        read_bool(r);
        break;
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_DURATION:
        read_number(r);
        break;
    case OPTION_RATIO:
        read_ratio(r, slot(r));
        break;
    case OPTION_CHOICE:
    case OPTION_SWITCH:
        read_choice(r);
        break;
    case OPTION_TEXTS:
        read_texts(r);
        break;
    case OPTION_MAP:
        read_map(r);
        break;
    case OPTION_RATIO_MAP:
        read_ratio_map(r);
        break;
    case OPTION_CONDITION:
        read_condition(r);
        break;
    case OPTION_CONSTANTS:
        read_constants(r);
        break;
    case OPTION_SECTION:
    case OPTION_SECTIONS:
    case OPTION_OPTIONAL:
        break; /* read_option() knows these */
    }
}

/* The table's default; a list's is its texts with blanks between. */
static void read_default(const struct reading *r)
{
    struct node node = {.kind = NODE_TEXT, .text = r->option->fallback};
    struct reading fallback = *r;
    fallback.node = &node;
    if (r->option->kind != OPTION_TEXTS) {
        read_value(&fallback);
        return;
    }
    struct string_list *list = slot(r);
    for (const char *at = node.text; *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        list->items = mem_resize(list->items, list->count + 1, sizeof(*list->items));
        list->items[list->count++] = mem_string_from(slice_make(at, len));
        at += len;
    }
}

/* A value of one kind or another from where there is one. */
static void read_plain_option(struct reading *r, const struct node *fallback)
{
    const struct option *option = r->option;
    bool is_list = option->kind == OPTION_TEXTS || option->kind == OPTION_MAP ||
                   option->kind == OPTION_RATIO_MAP;
    bool has_node = r->node != NULL || fallback != NULL;
    /* A wrong value leaves the default, so that what is said about other options makes sense. */
    if (option->fallback != NULL && !(is_list && has_node)) {
        read_default(r);
    }
    if (r->node != NULL && fallback != NULL && option->merges) {
        struct reading behind = *r;
        behind.node = fallback;
        read_value(&behind);
    } else if (r->node == NULL) {
        r->node = fallback;
    }
    if (r->node != NULL) {
        read_value(r);
    }
}

static void read_optional(const struct reading *r)
{
    if (r->node != NULL && is_collection(r, NODE_MAP, ITEMS_MAX)) {
        void *section = mem_alloc(r->option->size);
        *(void **)slot(r) = section;
        size_t errors = r->diag->errors;
        read_section(r->option->children, r->node, NULL, r->path, r->diag, section);
        struct reading whole = *r;
        whole.target = section;
        if (r->diag->errors == errors) {
            check_section(&whole);
        }
    }
}

static void read_option(struct reading *r, const struct node *fallback)
{
    if (r->option->kind == OPTION_SECTIONS) {
        read_or_make_sections(r, fallback);
    } else if (r->option->kind == OPTION_OPTIONAL) {
        read_optional(r);
    } else if (r->option->kind != OPTION_SECTION) {
        read_plain_option(r, fallback);
    } else if (r->node == NULL || is_collection(r, NODE_MAP, ITEMS_MAX)) {
        read_section(r->option->children, r->node, fallback, r->path, r->diag, slot(r));
    }
}

static char *join_path(const char *path, const char *name)
{
    return mem_format("%s%s%s", path, *path != '\0' ? "." : "", name);
}

static bool has_option(const struct option *options, const char *name)
{
    for (; options->name != NULL; options++) {
        if (strcmp(options->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void unknown_option(const struct option *options, const struct node_entry *entry,
                           const char *path, struct diag *diag)
{
    const char *names[NAMES_MAX + 1];
    size_t count = 0;
    for (; options[count].name != NULL; count++) {
        ENSURE(count < NAMES_MAX);
        names[count] = options[count].name;
    }
    names[count] = NULL;
    const char *nearest = diag_nearest(entry->key, names);
    char *list = option_join_names(names);
    char *where = *path != '\0' ? mem_format(" in `%s`", path) : mem_string("");
    if (nearest != NULL) {
        diag_add(diag, DIAG_ERROR, entry->place, "unknown option `%s`%s; did you mean `%s`?",
                 entry->key, where, nearest);
    } else {
        diag_add(diag, DIAG_ERROR, entry->place, "unknown option `%s`%s; there are %s",
                 entry->key, where, list);
    }
    free(where);
    free(list);
}

void read_section(const struct option *options, const struct node *map,
                  const struct node *fallbacks, const char *path, struct diag *diag, void *target)
{
    for (const struct node_entry *e = map != NULL ? map->first : NULL; e != NULL; e = e->next) {
        if (!has_option(options, e->key)) {
            unknown_option(options, e, path, diag);
        }
    }
    for (const struct option *option = options; option->name != NULL; option++) {
        struct reading r = {option, node_get(map, option->name), join_path(path, option->name),
                            diag, target};
        read_option(&r, node_get(fallbacks, option->name));
        free(r.path);
    }
}

static void free_texts(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
}

static void free_map(struct key_value_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].key);
        free(list->items[i].value);
    }
    free(list->items);
}

static void free_ratio_map(struct list_slot *list)
{
    struct service_policy *policies = list->items;
    for (size_t i = 0; i < list->count; i++) {
        free(policies[i].service);
    }
    free(policies);
}

static void free_sections(const struct option *option, struct list_slot *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char *section = (char *)list->items + i * option->size;
        free_section(option->children, section);
        if (option->has_place) {
            free(((struct settings_place *)(void *)section)->file);
        }
    }
    free(list->items);
}

static void free_optional(const struct option *option, void *section)
{
    if (section != NULL) {
        free_section(option->children, section);
        free(section);
    }
}

static void free_condition(struct condition_settings *condition)
{
    if (condition != NULL) {
        condition_settings_fini(condition);
        free(condition);
    }
}

static void free_constants(struct named_constant_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        constant_fini(&list->items[i].value);
    }
    free(list->items);
}

void free_section(const struct option *options, void *target)
{
    for (const struct option *option = options; option->name != NULL; option++) {
        void *value = (char *)target + option->offset;
        if (option->kind == OPTION_TEXT) {
            free(*(char **)value);
        } else if (option->kind == OPTION_TEXTS) {
            free_texts(value);
        } else if (option->kind == OPTION_MAP) {
            free_map(value);
        } else if (option->kind == OPTION_RATIO_MAP) {
            free_ratio_map(value);
        } else if (option->kind == OPTION_SECTION) {
            free_section(option->children, value);
        } else if (option->kind == OPTION_SECTIONS) {
            free_sections(option, value);
        } else if (option->kind == OPTION_OPTIONAL) {
            free_optional(option, *(void **)value);
        } else if (option->kind == OPTION_CONDITION) {
            free_condition(*(struct condition_settings **)value);
        } else if (option->kind == OPTION_CONSTANTS) {
            free_constants(value);
        }
    }
}
