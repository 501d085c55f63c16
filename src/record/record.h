/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_RECORD_H
#define CLEW_RECORD_RECORD_H

/*
 * One log record on its way: from the frame stage to the encoder.
 *
 *     frame     sets line, runtime_time_ns, iostream, source, file_hash, offset, malformed
 *     parse     fills fields, sets format (and text_time… nothing else)
 *     resolve   sets the ids, severity, time, body, service; marks what moved with FIELD_MOVED
 *     filter    may change fields; the resolved values only where a rule names them
 *     encode    reads all of it
 *
 * Everything points into the line, the record's arena or the source; nothing is owned. A record is
 * good until the next one is begun with record_begin().
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "record/fields.h"
#include "record/source.h"
#include "record/trace_class.h"

enum record_format {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_LOGFMT, /* key=value from the first to the last byte */
    FORMAT_OTLP,   /* a line that is OTLP/JSON itself */
};

/* "text", "json" (OTLP/JSON too), "logfmt": as `clew parse` prints it. */
const char *record_format_name(enum record_format format);

enum iostream {
    IOSTREAM_NONE,
    IOSTREAM_STDOUT,
    IOSTREAM_STDERR,
};

struct record {
    /* from the frame stage */
    struct slice line;           /* whole, without the runtime's envelope and without newline */
    const struct source *source; /* where it comes from; never NULL */
    uint64_t runtime_time_ns;    /* the envelope's time, 0 if there was none */
    uint64_t observed_time_ns;   /* when clew read it */
    uint64_t file_hash;          /* with offset: names the line for log.record.uid */
    uint64_t offset;             /* of the line's first byte in its file */
    enum iostream iostream;
    bool malformed;              /* the envelope was not what the runtime writes: line is raw */
    bool truncated;              /* over a limit: a piece of a longer line */

    /* from the parse stage */
    enum record_format format;
    struct fields fields;
    struct slice text;           /* FORMAT_TEXT: the whole line, also where pairs at its end are in
                                    `fields`; empty for every other format */

    /* from the resolve stage */
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags;               /* W3C trace flags */
    bool has_trace_id;
    bool has_span_id;
    bool has_flags;
    enum trace_class trace_class;
    uint64_t also;               /* bits: 1 << enum trace_class or enum trace_note */
    uint64_t time_ns;            /* 0: not known */
    bool time_zone_assumed;      /* the line named no zone */
    uint8_t severity_number;     /* 1 to 24, 0: not known */
    struct slice severity_text;  /* as in the line */
    bool has_body_text;          /* the body is body_text … */
    struct slice body_text;      /* valid UTF-8 or not: the encoder looks */
    uint32_t body_field;         /* … else this field of the table, unless it is NO_FIELD */
    struct slice service;        /* the line's own service name, empty if it has none */
    struct slice service_namespace;
    struct slice logger;         /* for the audit; stays among the attributes */
    uint32_t dropped_attributes; /* removed by limits */

    struct arena *arena;         /* unescaped and made strings; not owned */
};

#define NO_FIELD UINT32_MAX

/* Forget the last record, keep the memory. Clears the arena too. */
void record_begin(struct record *record);

#endif
