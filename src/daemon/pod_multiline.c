/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pod_multiline.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "parsers/multiline_builtin.h"
#include "record/multiline_names.h"

enum { SETS_MAX = 32, NAMES_MAX = 16 };

struct joined_set {
    char *value; /* of the annotation */
    struct multiline_rules *rules;
};

struct pod_multiline {
    const struct settings *settings;
    struct counters *counters;
    struct joined_set sets[SETS_MAX];
    size_t count;
};

struct pod_multiline *pod_multiline_new(const struct settings *settings, struct counters *counters)
{
    struct pod_multiline *pod_multiline = mem_alloc(sizeof(*pod_multiline));
    pod_multiline->settings = settings;
    pod_multiline->counters = counters;
    return pod_multiline;
}

void pod_multiline_free(struct pod_multiline *pod_multiline)
{
    for (size_t i = 0; pod_multiline != NULL && i < pod_multiline->count; i++) {
        free(pod_multiline->sets[i].value);
        multiline_rules_free(pod_multiline->sets[i].rules);
    }
    free(pod_multiline);
}

static bool is_builtin(const char *name)
{
    for (const struct builtin_rules *b = builtin_rules; b->name != NULL; b++) {
        if (strcmp(b->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_among(const struct string_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct multiline_rule_settings *find_own(const struct settings *settings,
                                                      const char *name)
{
    for (size_t i = 0; i < settings->multiline_count; i++) {
        if (strcmp(settings->multiline[i].name, name) == 0) {
            return &settings->multiline[i];
        }
    }
    return NULL;
}

/* Each once, and the built-in ones not beside `all`: so the rules have room for them, and for as many
 * states of the config's own as an input may have. */
static bool split_names(const struct settings *settings, char *text, struct string_list *names)
{
    char *name;
    size_t builtin = 0;
    size_t states = 0;
    bool has_all = false;
    while ((name = strsep(&text, ",")) != NULL) {
        name += strspn(name, " ");
        const struct multiline_rule_settings *own = find_own(settings, name);
        bool is_all = own == NULL && strcmp(name, MULTILINE_ALL) == 0;
        if (is_among(names, name) || names->count == NAMES_MAX ||
            (own == NULL && !is_all && !is_builtin(name))) {
            return false;
        }
        has_all = has_all || is_all;
        builtin += own == NULL;
        states += own != NULL ? multiline_rule_states(own) : 0;
        names->items[names->count++] = name;
    }
    return states <= MULTILINE_OWN_STATES_MAX && (!has_all || builtin == 1);
}

static struct multiline_rules *make(const struct pod_multiline *pod_multiline, const char *value)
{
    char *items[NAMES_MAX];
    struct input_settings input = {.multiline = {.rules = {items, 0}}};
    char *text = mem_string(value);
    struct multiline_rules *rules =
        split_names(pod_multiline->settings, text, &input.multiline.rules)
            ? multiline_rules_new(pod_multiline->settings, &input)
            : NULL;
    free(text);
    return rules;
}

const struct multiline_rules *pod_multiline_rules(struct pod_multiline *pod_multiline,
                                                  const struct source *source,
                                                  const struct multiline_rules *fallback)
{
    const char *value = source->policy.multiline;
    if (value[0] == '\0') {
        return fallback;
    }
    if (strcmp(value, "off") == 0) {
        return NULL;
    }
    for (size_t i = 0; i < pod_multiline->count; i++) {
        if (strcmp(pod_multiline->sets[i].value, value) == 0) {
            return pod_multiline->sets[i].rules;
        }
    }
    struct multiline_rules *rules =
        pod_multiline->count < SETS_MAX ? make(pod_multiline, value) : NULL;
    if (rules == NULL) {
        counters_add(pod_multiline->counters, C_KUBERNETES_ANNOTATIONS_IGNORED, 1);
        return fallback;
    }
    pod_multiline->sets[pod_multiline->count++] = (struct joined_set){mem_string(value), rules};
    return rules;
}
