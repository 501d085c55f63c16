/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_NESTING_H
#define CLEW_OTLP_NESTING_H

/*
 * How deep values go on nested, and the JSON text that stands for what is deeper.
 *
 * The protobuf libraries of C++, Java, Python, Rust and .NET read messages up to 100 deep below the
 * request and refuse all of a request that goes deeper. An attribute's AnyValue is the fifth
 * (ResourceLogs, ScopeLogs, LogRecord, KeyValue, AnyValue); what an object holds is three messages
 * deeper (KeyValueList, KeyValue, AnyValue), what an array holds two. The line itself is the first
 * level and holds the attributes, so that 31 objects below it come to 5 + 31 * 3 = 98, and one more
 * would be refused. Arrays alone could be 47; one number for both is what people can remember.
 *
 * Filters see everything nested, so that they reach what they name however deep it is. Whoever writes
 * a record down cuts it: a container below the deepest level is a string there, its JSON text.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "record/fields.h"

enum {
    NESTING_LEVELS_MAX = 32, /* the line is one */
};

/* Levels of containers that go on nested below the line: parse.depth_max of them are left with it; 0
 * stands for as many as there may be. */
static inline uint32_t nesting_levels(uint64_t depth_max)
{
    bool is_less = depth_max > 0 && depth_max < NESTING_LEVELS_MAX;
    return (is_less ? (uint32_t)depth_max : NESTING_LEVELS_MAX) - 1;
}

/*
 * Append the container at `index` of a field table as JSON text (RFC 8259): names in order, integers
 * and numbers as the line has them, without what moved or was removed. Bytes that are not UTF-8 stay
 * as they are, but for lone surrogates, which are escapes again; so the text is UTF-8 only where all
 * that it holds is. False, and may have written a part, at out->limit. Calls itself as deep as the
 * containers nest.
 */
bool nesting_write_text(const struct field *items, uint32_t index, struct buf *out);

#endif
