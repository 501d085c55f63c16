/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/baseline.h"

#include <jansson.h>
#include <stdlib.h>
#include "audit/json.h"
#include "base/mem.h"

struct audit_baseline {
    json_t *root;
    json_t *groups; /* of root */
};

static bool is_group(const json_t *group)
{
    return json_is_string(json_object_get(group, "service")) &&
           json_is_number(json_object_get(group, "coverage")) &&
           json_is_integer(json_object_get(group, "records"));
}

static char *find_fault(const json_t *root)
{
    const json_t *groups = json_object_get(root, "groups");
    if (!json_is_array(groups) || !json_is_integer(json_object_get(root, "version"))) {
        return mem_string("is not a report of `clew audit --format json`");
    }
    if (json_integer_value(json_object_get(root, "version")) != AUDIT_JSON_VERSION) {
        return mem_format("has version %lld, this clew compares version %d",
                          json_integer_value(json_object_get(root, "version")),
                          AUDIT_JSON_VERSION);
    }
    for (size_t i = 0; i < json_array_size(groups); i++) {
        if (!is_group(json_array_get(groups, i))) {
            return mem_format("has no service, records or coverage in group %zu", i);
        }
    }
    return NULL;
}

struct audit_baseline *audit_baseline_new(const char *text, size_t len, char **out_error)
{
    json_error_t error;
    json_t *root = json_loadb(text, len, 0, &error);
    char *fault = root != NULL ? find_fault(root)
                               : mem_format("is not JSON: line %d: %s", error.line, error.text);
    if (fault != NULL) {
        json_decref(root);
        *out_error = fault;
        return NULL;
    }
    struct audit_baseline *baseline = mem_alloc(sizeof(*baseline));
    baseline->root = root;
    baseline->groups = json_object_get(root, "groups");
    return baseline;
}

void audit_baseline_free(struct audit_baseline *baseline)
{
    if (baseline != NULL) {
        json_decref(baseline->root);
        free(baseline);
    }
}

/* The name as the report writes it, so that one that is not UTF-8 is found again. */
static char *key_of(const char *service, const char *name_space)
{
    return mem_format("%s\n%s", service, name_space != NULL ? name_space : "");
}

static json_t *index_of(const struct audit_baseline *baseline)
{
    json_t *by_name = json_object();
    for (size_t i = 0; i < json_array_size(baseline->groups); i++) {
        json_t *group = json_array_get(baseline->groups, i);
        char *key = key_of(json_string_value(json_object_get(group, "service")),
                           json_string_value(json_object_get(group, "namespace")));
        json_object_set(by_name, key, group);
        free(key);
    }
    return by_name;
}

static void compare(struct audit_entry *entry, const json_t *old, double margin,
                    uint64_t min_records)
{
    uint64_t old_records = (uint64_t)json_integer_value(json_object_get(old, "records"));
    if (old_records < min_records || entry->group->book.records < min_records) {
        return;
    }
    entry->has_before = true;
    entry->before = json_number_value(json_object_get(old, "coverage"));
    /* The report's shares have four digits: half of the last one is no change. */
    entry->is_worse = audit_coverage_is_under(entry->coverage + 0.00005, entry->before - margin);
}

void audit_baseline_compare(const struct audit_baseline *baseline, double margin,
                            uint64_t min_records, struct audit_report *report)
{
    json_t *by_name = index_of(baseline);
    for (size_t i = 0; i < report->count; i++) {
        struct audit_entry *entry = &report->entries[i];
        char *service = audit_json_name(entry->group->service);
        char *name_space = audit_json_name(entry->group->name_space);
        char *key = key_of(service, name_space);
        const json_t *old = json_object_get(by_name, key);
        if (old != NULL) {
            compare(entry, old, margin, min_records);
            report->worse_count += entry->is_worse;
            json_object_del(by_name, key);
        }
        free(service);
        free(name_space);
        free(key);
    }
    report->is_compared = true;
    report->gone_count = json_object_size(by_name);
    report->is_met = report->is_met && report->worse_count == 0;
    json_decref(by_name);
}
