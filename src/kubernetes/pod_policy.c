/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/pod_policy.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "record/record.h"
#include "resolve/time/zone.h"

/* An annotation at hand. */
struct reading {
    const char *key;
    const char *value;
    struct slice container;
    struct source_policy *policy;
    struct counters *counters;
    bool is_wanted; /* clew.dev/exclude says false */
};

#define ALL_STREAMS (1U << IOSTREAM_NONE | 1U << IOSTREAM_STDOUT | 1U << IOSTREAM_STDERR)

static void ignore(const struct reading *r)
{
    counters_add(r->counters, C_KUBERNETES_ANNOTATIONS_IGNORED, 1);
}

/* -1: neither. */
static int truth_of(const char *value)
{
    struct slice s = slice_trim(slice_from_string(value));
    if (slice_is_equal_nocase(s, SLICE("true")) || slice_is_equal(s, SLICE("1"))) {
        return 1;
    }
    return slice_is_equal_nocase(s, SLICE("false")) || slice_is_equal(s, SLICE("0")) ? 0 : -1;
}

/* `a, b,c` has the name. */
static bool names(const char *list, struct slice name)
{
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        if (slice_is_equal(slice_trim(slice_make(list, len)), name)) {
            return true;
        }
        list += len + (list[len] == ',');
    }
    return false;
}

/* `rest` of a key: nothing, or `-` and the name of this container. */
static bool is_for_container(const struct reading *r, const char *rest)
{
    return rest[0] == '\0' ||
           (rest[0] == '-' && slice_is_equal(slice_from_string(rest + 1), r->container));
}

/* `[_stdout|_stderr][-<container>]`, as Fluent Bit has it. 0: not for this container. */
static unsigned streams_of(const struct reading *r, const char *rest)
{
    unsigned streams = ALL_STREAMS;
    if (strncmp(rest, "_stdout", 7) == 0) {
        streams = 1U << IOSTREAM_STDOUT;
        rest += 7;
    } else if (strncmp(rest, "_stderr", 7) == 0) {
        streams = 1U << IOSTREAM_STDERR;
        rest += 7;
    }
    return is_for_container(r, rest) ? streams : 0;
}

static void exclude_if_true(const struct reading *r, unsigned streams)
{
    int truth = truth_of(r->value);
    if (streams != 0 && truth < 0) {
        ignore(r);
    }
    r->policy->excluded |= truth == 1 ? streams : 0;
}

static void set_format(const struct reading *r, bool is_foreign)
{
    static const char *const formats[] = {"auto", "json", "logfmt", "text"};
    for (size_t i = is_foreign; i < ARRAY_LEN(formats) - is_foreign; i++) {
        if (strcmp(r->value, formats[i]) == 0) {
            r->policy->has_format = true;
            r->policy->format = (int)i;
            return;
        }
    }
    ignore(r);
}

static void set_multiline(const struct reading *r)
{
    size_t len = strlen(r->value);
    if (len >= SOURCE_MULTILINE_BYTES) {
        ignore(r);
        return;
    }
    memcpy(r->policy->multiline, r->value, len + 1);
}

static void set_min_coverage(const struct reading *r)
{
    char *end;
    double share = strtod(r->value, &end);
    bool is_percent = *end == '%';
    share = is_percent ? share / 100 : share;
    end += is_percent;
    if (end == r->value || *end != '\0' || !(share >= 0 && share <= 1)) {
        ignore(r);
        return;
    }
    r->policy->has_min_coverage = true;
    r->policy->min_coverage = share;
}

static void set_zone(const struct reading *r)
{
    char *error = NULL;
    struct zone *zone = zone_open(r->value, &error);
    size_t len = strlen(r->value);
    if (zone == NULL || len >= SOURCE_ZONE_BYTES) {
        ignore(r);
    } else {
        memcpy(r->policy->zone, r->value, len + 1);
    }
    zone_free(zone);
    free(error);
}

static void read_own(struct reading *r, const char *name)
{
    if (strcmp(name, "exclude") == 0) {
        if (truth_of(r->value) >= 0) {
            exclude_if_true(r, ALL_STREAMS);
            r->is_wanted = truth_of(r->value) == 0;
        } else if (names(r->value, r->container)) {
            r->policy->excluded = ALL_STREAMS;
        }
    } else if (strncmp(name, "parser", 6) == 0) {
        if (is_for_container(r, name + 6)) {
            set_format(r, false);
        }
    } else if (strncmp(name, "multiline", 9) == 0) {
        if (is_for_container(r, name + 9)) {
            set_multiline(r);
        }
    } else if (strncmp(name, "timezone", 8) == 0) {
        if (is_for_container(r, name + 8)) {
            set_zone(r);
        }
    } else if (strcmp(name, "min-coverage") == 0) {
        set_min_coverage(r);
    } else {
        ignore(r);
    }
}

static void read_fluentbit(struct reading *r, const char *name)
{
    if (strncmp(name, "exclude", 7) == 0) {
        exclude_if_true(r, streams_of(r, name + 7));
    } else if (strncmp(name, "parser", 6) == 0 && streams_of(r, name + 6) != 0 &&
               !r->policy->has_format) {
        set_format(r, true);
    }
}

static void read_vector(struct reading *r, const char *name)
{
    if (strcmp(name, "exclude") == 0) {
        exclude_if_true(r, ALL_STREAMS);
    } else if (strcmp(name, "exclude-containers") == 0 && names(r->value, r->container)) {
        r->policy->excluded = ALL_STREAMS;
    }
}

/* Its own words before those of others: clew.dev/parser stands, whatever follows. */
static void read_pairs(struct reading *r, const struct key_value_list *list)
{
    static const struct {
        struct slice prefix;
        void (*read)(struct reading *r, const char *name);
    } kinds[] = {
        {SLICE("clew.dev/"), read_own},
        {SLICE("fluentbit.io/"), read_fluentbit},
        {SLICE("vector.dev/"), read_vector},
    };
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        for (size_t i = 0; i < list->count; i++) {
            r->key = list->items[i].key;
            r->value = list->items[i].value;
            if (slice_has_prefix(slice_from_string(r->key), kinds[k].prefix)) {
                kinds[k].read(r, r->key + kinds[k].prefix.len);
            }
        }
    }
}

struct source_policy pod_policy_read(const struct pod *pod, struct slice container,
                                     const struct kubernetes_settings *settings,
                                     struct counters *counters)
{
    struct source_policy policy = {0};
    struct reading r = {.container = container, .policy = &policy, .counters = counters};
    if (settings->pod_annotations) {
        read_pairs(&r, &pod->annotations);
        read_pairs(&r, &pod->labels);
    }
    if (r.is_wanted) {
        policy.excluded = 0;
    } else if (settings->only_annotated) {
        policy.excluded = ALL_STREAMS;
    }
    return policy;
}
