/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_ENCODE_H
#define CLEW_OTLP_ENCODE_H

/*
 * Records to the bytes of an ExportLogsServiceRequest (opentelemetry-proto, logs/v1), straight from
 * the field table: one pass that computes sizes, one that writes each byte once.
 *
 * Records of one resource that follow each other share one ResourceLogs. Its length is not known
 * when it is begun, so it is written in a varint of fixed width and set when the group ends; a
 * varint with leading zero groups is what every protobuf reader takes.
 */

#include <stdbool.h>
#include "base/buf.h"
#include "record/record.h"
#include "record/settings.h"

struct otlp_encoder;

/* Where a request stands that is not whole yet. */
struct otlp_pause {
    bool in_group;
    uint64_t group_serial;       /* of the resource block that the open group began with */
    size_t resource_logs_len_at; /* where in the request its two lengths go */
    size_t scope_logs_len_at;
};

/* `settings` gives resource attributes of all records and the service name of those that name none;
 * it must outlive the encoder. */
struct otlp_encoder *otlp_encoder_new(const struct settings *settings);
void otlp_encoder_free(struct otlp_encoder *encoder);

/*
 * Append the record to the request in `out`, which only this encoder writes to, and which is empty
 * at the first record of a request. False if it does not fit under out->limit: `out` is then as it
 * was, and the record belongs into the next request; if `out` was empty, into none.
 */
bool otlp_encoder_add(struct otlp_encoder *encoder, const struct record *record, struct buf *out);

/* How many values of the records since the last call were nested deeper than parse.depth_max and went
 * as text (otlp/nesting.h). */
uint64_t otlp_encoder_take_cut(struct otlp_encoder *encoder);

/* The request in `out` is whole. The next add begins a new one. */
void otlp_encoder_end(struct otlp_encoder *encoder, struct buf *out);

/* Leave a request that is not whole, to write another; and go on with it. `pause` may be zeroed, for
 * a request that has not begun. */
struct otlp_pause otlp_encoder_pause(struct otlp_encoder *encoder);
void otlp_encoder_resume(struct otlp_encoder *encoder, const struct otlp_pause *pause);

/* The source is going away: forget what was cached for it. */
void otlp_encoder_forget(struct otlp_encoder *encoder, const struct source *source);

#endif
