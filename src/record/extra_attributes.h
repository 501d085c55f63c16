/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_EXTRA_ATTRIBUTES_H
#define CLEW_RECORD_EXTRA_ATTRIBUTES_H

/*
 * What clew adds to a record that is not a member of its line: where the line was, what was wrong
 * with it, and the attributes of its resource. One place decides, so that what is shipped and what
 * `clew parse` prints are the same.
 *
 * Everything is told as a `struct field`, so that an encoder writes it with the code it has for the
 * fields of the line. OpenTelemetry has log.* as attributes of the record, never of its resource.
 */

#include "record/record.h"
#include "record/settings.h"

/* The semantic conventions whose names clew gives: log.*, k8s.*, container.*, service.* and host.* here and
 * in kubernetes/describe.c. Told with each resource and scope; whoever takes up other names changes it. */
#define CLEW_SCHEMA_URL "https://opentelemetry.io/schemas/1.44.0"

/*
 *     log.iostream             string  "stdout" or "stderr"; none if the runtime did not say
 *     log.file.path            string  as it was opened; bytes if that is not UTF-8
 *     log.record.uid           string  32 hex digits: the file's hash and the line's offset
 *     clew.frame.malformed     true    the envelope was not what the runtime writes
 *     clew.record.truncated    true    a piece of a longer line
 *     clew.trace.low64         true    only the low 64 bits of the trace id are known
 *     clew.time.zone_assumed   true    the line's time named no zone
 */
enum extra {
    EXTRA_IOSTREAM,
    EXTRA_FILE_PATH,
    EXTRA_UID,
    EXTRA_MALFORMED,
    EXTRA_TRUNCATED,
    EXTRA_LOW64,
    EXTRA_ZONE_ASSUMED,
    EXTRA_ATTRIBUTES_MAX,
};

/* Which of them the record gets: bits 1 << enum extra. An attribute of the line's own with the same
 * key wins: ours is then left out. */
unsigned extra_attributes_select(const struct record *record);

/* The same before it has been asked which the line has itself. */
unsigned extra_attributes_wanted(const struct record *record);

/* Whether an attribute of this key may be one of them: hardly any is, so look at the first letters
 * before anything is compared. */
static inline bool extra_may_be(const struct field *field)
{
    return field->key_len >= 12 && (field->key[3] == '.' || field->key[4] == '.');
}

/* One of them, whether selected or not. Points into the record's source, constants and `uid`. */
struct field extra_attribute_make(const struct record *record, enum extra extra, char uid[32]);

struct extra_attributes {
    struct field items[EXTRA_ATTRIBUTES_MAX]; /* top level, no containers */
    size_t count;
    char uid[32]; /* an item may point here: the struct must stay where it was filled */
};

/* All that are selected. The items point into `out`, the record's source and constants. */
void extra_attributes_fill(const struct record *record, struct extra_attributes *out);

/* service.name of the record's resource: the line's own, else the source's, else the settings' (its
 * `service`, then its `resource`), else `unknown_service`, as the OpenTelemetry conventions ask.
 * Never empty. */
struct slice resource_service_name(const struct record *record, const struct settings *settings);

/*
 * The attributes of the record's resource in the order they are sent, each key once: service.name,
 * service.namespace of the line, then those of the source, then those of the settings that the
 * source does not have.
 *
 *     for (struct resource_walk walk = resource_walk_begin(record, settings);
 *          resource_walk_next(&walk, fields);)
 */
enum { RESOURCE_FIELDS = 2 }; /* an attribute takes as many: an array is followed by its one item */

struct resource_walk {
    const struct record *record;
    const struct settings *settings;
    size_t next;
};

static inline struct resource_walk resource_walk_begin(const struct record *record,
                                                       const struct settings *settings)
{
    return (struct resource_walk){.record = record, .settings = settings};
}

/* False at the end. out_fields[0].next is how many were set; they point into the record, its source
 * and the settings. */
bool resource_walk_next(struct resource_walk *walk, struct field out_fields[RESOURCE_FIELDS]);

#endif
