/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "resolve/head.h"
#include "resolve/severity.h"

/*
 * Times, levels, zone files and heads of text lines. What is found lies within the input, times
 * stay within their bounds, and a time written by the C library reads back as the same one.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REFERENCE_NS 1772446302000000000ULL

static bool is_within(struct slice part, struct slice whole)
{
    return part.len == 0 ||
           (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void read_times(struct slice text, const struct timestamp_env *env)
{
    struct timestamp found = {.ns = 1};
    ENSURE(timestamp_scan(text, env, &found) <= text.len);
    ENSURE(timestamp_scan_klog(text, env, &found) <= text.len);
    timestamp_from_text(text, env, &found);
    timestamp_from_number(text, &found.ns);
    timestamp_from_units(text, 1000000, &found.ns);
    timestamp_from_parts(text, text, &found.ns);
    ENSURE(found.ns != 0);
}

static void read_levels(struct slice text)
{
    struct slice clean = severity_clean(text);
    ENSURE(is_within(clean, text));
    ENSURE(severity_from_text(clean, SEVERITY_SYSLOG) <= 24);
    int64_t level = 0;
    memcpy(&level, text.data, text.len < sizeof(level) ? text.len : sizeof(level));
    for (int scale = 0; scale < SEVERITY_SCALES; scale++) {
        ENSURE(severity_from_number(level, (enum severity_scale)scale) <= 24);
        ENSURE(severity_from_number(level % 1000, (enum severity_scale)scale) <= 24);
    }
}

static void read_head(struct slice text, const struct timestamp_env *env)
{
    struct head head;
    head_read(text, env, &head);
    ENSURE(head.severity_number <= 24);
    ENSURE(is_within(head.severity_text, text));
    ENSURE(is_within(head.service, text));
    ENSURE(is_within(head.logger, text));
}

static void read_zone(struct slice bytes)
{
    struct zone *zone = zone_new_tzif(bytes);
    if (zone != NULL) {
        int32_t offset = zone_offset_of_local(zone, 1772446272);
        ENSURE(offset > -1000000 && offset < 1000000);
        zone_free(zone);
    }
}

/* gmtime_r() writes it, clew reads it. */
static void write_and_read(struct slice bytes, const struct timestamp_env *env)
{
    uint64_t ns = 0;
    memcpy(&ns, bytes.data, bytes.len < sizeof(ns) ? bytes.len : sizeof(ns));
    time_t seconds = (time_t)(ns / 1000000000);
    if (ns == 0 || seconds >= 18446744073) {
        return;
    }
    struct tm tm;
    char date[32];
    char text[64];
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof(text), "%s.%09lluZ", date, (unsigned long long)(ns % 1000000000));
    struct timestamp found = {0};
    ENSURE(timestamp_from_text(slice_from_string(text), env, &found));
    ENSURE(found.ns == ns && !found.zone_assumed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + (size == 0)); /* its end is the sanitizer's */
    if (size > 0) {
        memcpy(copy, data, size);
    }
    struct slice text = slice_make(copy, size);
    struct timestamp_cache cache = {.days = 0};
    struct timestamp_env env = {NULL, REFERENCE_NS, &cache};
    read_times(text, &env);
    read_levels(text);
    read_head(text, &env);
    read_zone(text);
    write_and_read(text, &env);
    free(copy);
    return 0;
}
