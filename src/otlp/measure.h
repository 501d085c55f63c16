/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_MEASURE_H
#define CLEW_OTLP_MEASURE_H

/*
 * A walk over the bytes of an ExportLogsServiceRequest that makes nothing of them: how many records
 * there are, and whether messages nest too deep to be decoded. protobuf-c decodes by recursion and
 * has no limit of its own, so hostile bytes are measured first.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

/* Messages within messages. One level of nesting in a log line is up to three of them. */
enum {
    WIRE_DEPTH_MAX = 512
};

enum wire_result {
    WIRE_OK = 0,
    WIRE_MALFORMED,
    WIRE_TOO_DEEP,
};

struct wire_counts {
    uint64_t records;
    uint64_t traced; /* with a trace_id of 16 bytes, not all zero */
};

/* Every message is walked, down to the values. */
enum wire_result wire_check(struct slice request);

/* Only as deep as the records themselves: what is in a record is not looked at, so it may be
 * malformed. *out_counts is what was counted until the end or the first mistake. */
enum wire_result wire_count(struct slice request, struct wire_counts *out_counts);

#endif
