/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/zone.h"

#include <stdlib.h>
#include "base/mem.h"
#include "resolve/time/civil.h"
#include "resolve/time/zone_rule.h"

/*
 * The 64-bit block of a TZif file (version 2 and later) is a list of moments and of the offset that
 * holds from each on, followed by a POSIX TZ string for what comes after the last moment. The
 * 32-bit block in front is stepped over.
 */

#define CHANGES_MAX 4096 /* the longest real zone has some 240 */
#define OFFSET_MAX  (26 * 3600)

struct change {
    int64_t at_s; /* this moment is the first with the new offset */
    int32_t offset_s;
};

struct zone {
    int32_t first_offset_s; /* before the first change */
    size_t count;
    struct change *changes;
    bool has_rule; /* … for after the last change */
    struct zone_rule rule;
};

struct header {
    uint32_t utc_flags;
    uint32_t standard_flags;
    uint32_t leap_seconds;
    uint32_t changes;
    uint32_t types;
    uint32_t name_bytes;
};

#define HEADER_BYTES 44
#define TYPE_BYTES   6

static int64_t read_big_endian(const char *p, size_t n)
{
    uint64_t value = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++) {
        value = value << 8 | (unsigned char)p[i];
    }
    return (int64_t)value;
}

static bool read_header(struct slice bytes, struct header *header)
{
    if (bytes.len < HEADER_BYTES || memcmp(bytes.data, "TZif", 4) != 0) {
        return false;
    }
    uint32_t *const numbers[] = {&header->utc_flags, &header->standard_flags, &header->leap_seconds,
                                 &header->changes,   &header->types,          &header->name_bytes};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        *numbers[i] = (uint32_t)read_big_endian(bytes.data + 20 + 4 * i, 4);
        if (*numbers[i] > CHANGES_MAX) {
            return false;
        }
    }
    return header->types > 0;
}

static size_t block_bytes(const struct header *h, size_t time_bytes)
{
    return h->changes * (time_bytes + 1) + h->types * TYPE_BYTES + h->name_bytes +
           h->leap_seconds * (time_bytes + 4) + h->standard_flags + h->utc_flags;
}

/* Step over the 32-bit header and block; false for version 1, which has nothing behind them. */
static bool skip_old_block(struct slice *bytes)
{
    struct header header;
    if (!read_header(*bytes, &header) || bytes->data[4] < '2') {
        return false;
    }
    *bytes = slice_skip(*bytes, HEADER_BYTES + block_bytes(&header, 4));
    return true;
}

static bool read_type(const char *types, const struct header *header, size_t index,
                      int32_t *out_offset_s)
{
    if (index >= header->types) {
        return false;
    }
    int64_t offset = read_big_endian(types + index * TYPE_BYTES, 4);
    if (offset < -OFFSET_MAX || offset > OFFSET_MAX) {
        return false;
    }
    *out_offset_s = (int32_t)offset;
    return true;
}

static bool read_changes(struct zone *zone, const struct header *header, const char *times)
{
    const char *indexes = times + header->changes * 8;
    const char *types = indexes + header->changes;
    if (!read_type(types, header, 0, &zone->first_offset_s)) {
        return false;
    }
    zone->changes = mem_array(header->changes + 1, sizeof(zone->changes[0]));
    for (size_t i = 0; i < header->changes; i++) {
        struct change *change = &zone->changes[zone->count];
        change->at_s = read_big_endian(times + i * 8, 8);
        if (!read_type(types, header, (unsigned char)indexes[i], &change->offset_s) ||
            (i > 0 && change->at_s <= change[-1].at_s)) {
            return false;
        }
        zone->count++;
    }
    return true;
}

static bool read_footer(struct zone *zone, struct slice footer)
{
    if (footer.len < 2 || footer.data[0] != '\n') {
        return false;
    }
    const char *end = memchr(footer.data + 1, '\n', footer.len - 1);
    if (end == NULL) {
        return false;
    }
    struct slice text = slice_make(footer.data + 1, (size_t)(end - footer.data - 1));
    zone->has_rule = text.len > 0;
    return text.len == 0 || zone_rule_parse(text, &zone->rule);
}

struct zone *zone_new_tzif(struct slice bytes)
{
    struct header header;
    if (!skip_old_block(&bytes) || !read_header(bytes, &header) || header.leap_seconds > 0) {
        return NULL;
    }
    size_t size = HEADER_BYTES + block_bytes(&header, 8);
    if (bytes.len < size) {
        return NULL;
    }
    struct zone *zone = mem_alloc(sizeof(*zone));
    if (!read_changes(zone, &header, bytes.data + HEADER_BYTES) ||
        !read_footer(zone, slice_skip(bytes, size))) {
        zone_free(zone);
        return NULL;
    }
    return zone;
}

struct zone *zone_new_fixed(int32_t offset_s)
{
    struct zone *zone = mem_alloc(sizeof(*zone));
    zone->first_offset_s = offset_s;
    return zone;
}

void zone_free(struct zone *zone)
{
    if (zone != NULL) {
        free(zone->changes);
        free(zone);
    }
}

int32_t zone_offset_at(const struct zone *zone, int64_t utc_s)
{
    size_t low = 0;
    size_t high = zone->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at_s <= utc_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->count && zone->has_rule) {
        return zone_rule_offset_at(&zone->rule, utc_s);
    }
    return low == 0 ? zone->first_offset_s : zone->changes[low - 1].offset_s;
}

int32_t zone_offset_of_local(const struct zone *zone, int64_t local_s)
{
    /* No zone changes twice within two days, so one of the offsets a day to each side is the one.
     * Before the change wins where both fit (the first of the two) and where none does. */
    int32_t before = zone_offset_at(zone, local_s - SECONDS_PER_DAY);
    int32_t after = zone_offset_at(zone, local_s + SECONDS_PER_DAY);
    if (before == after || zone_offset_at(zone, local_s - before) == before) {
        return before;
    }
    return zone_offset_at(zone, local_s - after) == after ? after : before;
}

int32_t zone_offset_of_local_later(const struct zone *zone, int64_t local_s)
{
    int32_t after = zone_offset_at(zone, local_s + SECONDS_PER_DAY);
    return zone_offset_at(zone, local_s - after) == after ? after
                                                          : zone_offset_of_local(zone, local_s);
}
