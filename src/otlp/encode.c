/* SPDX-License-Identifier: Apache-2.0 */
#include "otlp/encode.h"

/*
 * Nearly every record is short, of the resource of the one before, and finds room: add_direct()
 * writes it in one walk, and sets its length, for which two bytes were left, at the end. It gives up
 * on anything else, before or while it writes, and since what is behind out->len is nobody's, nothing
 * has to be taken back.
 *
 * Any other record is laid out before anything is written: measure() walks the field table once and
 * knows then how long the LogRecord and its parts are and which of clew's own attributes go in. If
 * all of it fits, put_record() puts each byte once, straight behind the request. Both ways give the
 * same bytes, and `out` is never left with half a record.
 *
 * A group is a run of records of one resource: one ResourceLogs with one ScopeLogs. Its head comes
 * ready from the resource cache (resource.h); its two lengths are set when it ends. A group is
 * begun only together with its first record, so there is never an empty one.
 *
 * clew adds attributes of its own; which, record/extra_attributes.h decides. What does not change
 * about them is encoded once, when the encoder is made, or kept with the resource.
 */

#include <stdlib.h>
#include "base/mem.h"
#include "base/utf8.h"
#include "otlp/nesting.h"
#include "otlp/resource.h"
#include "otlp/value.h"
#include "record/extra_attributes.h"

enum {
    UID_CHARS = 32,
    PREPARED_BYTES_MAX = 64,
    USUAL_BYTES_MAX = 512,
    EXTRAS_BYTES_MAX = USUAL_BYTES_MAX + EXTRA_ATTRIBUTES_MAX * PREPARED_BYTES_MAX,
    DIRECT_HEAD_BYTES = 3,       /* tag and length of a record that is written directly */
    DIRECT_BYTES_MAX = 1 << 14,  /* behind them: what two bytes can tell */
    DIRECT_ROOM_BYTES = 1024,    /* over the line's length: room that is asked for at first */
    OWN_BYTES_MAX = 128,         /* of times, severity, ids */
    /* Far above what a request may hold; keeps every sum within 32 bits. */
    RECORD_BYTES_MAX = 1 << 30,
};

/* A whole attribute of a record, ready to be copied. */
struct prepared {
    size_t len;
    char bytes[PREPARED_BYTES_MAX];
};

/* What clew adds to nearly every record, one after the other and ready to be copied: iostream, path,
 * uid, the last digits of which are the record's own. */
struct usual_extras {
    uint64_t serial; /* of the resource block; 0: nothing is ready */
    uint64_t file_hash;
    uint32_t offset_high; /* half of the record's offset */
    enum iostream iostream;
    unsigned extras; /* which they are */
    size_t len;
    char bytes[USUAL_BYTES_MAX];
};

struct otlp_encoder {
    struct resource_cache *resources;
    struct value_sizes sizes;
    struct prepared prepared[EXTRA_ATTRIBUTES_MAX]; /* not the path, which the resource has */
    struct prepared stderr_prepared;                /* beside the EXTRA_IOSTREAM that says stdout */
    struct usual_extras usual;
    uint64_t cut; /* see otlp_encoder_take_cut() */
    struct otlp_pause at; /* where the request in hand stands */
};

/* How long one record and its parts are. */
struct layout {
    const struct resource_block *block;
    uint64_t record_len; /* bytes of the LogRecord message */
    uint64_t body_len;   /* bytes of its body's AnyValue, if it has one */
    bool has_body;
    bool body_is_utf8; /* of a body that is text */
    bool has_severity_text;
    unsigned extras; /* of extra_attributes_select() */
};

static struct prepared prepare(const struct record *record, enum extra extra)
{
    char uid[UID_CHARS];
    struct field field = extra_attribute_make(record, extra, uid);
    struct fields fields = {.items = &field, .count = 1};
    uint32_t size;
    struct value_sizes sizes = {.items = &size, .cap = 1};
    struct prepared prepared;
    ENSURE(value_attributes_size(&fields, &sizes) <= sizeof(prepared.bytes));
    char *end = value_put_attributes(prepared.bytes, TAG_RECORD_ATTRIBUTE, &fields, &sizes);
    prepared.len = (size_t)(end - prepared.bytes);
    return prepared;
}

struct otlp_encoder *otlp_encoder_new(const struct settings *settings)
{
    struct otlp_encoder *encoder = mem_alloc(sizeof(*encoder));
    encoder->resources = resource_cache_new(settings);
    value_sizes_init(&encoder->sizes, nesting_levels(settings->parse.depth_max));
    struct record record = {.iostream = IOSTREAM_STDOUT};
    for (enum extra extra = 0; extra < EXTRA_ATTRIBUTES_MAX; extra++) {
        if (extra != EXTRA_FILE_PATH) {
            encoder->prepared[extra] = prepare(&record, extra);
        }
    }
    record.iostream = IOSTREAM_STDERR;
    encoder->stderr_prepared = prepare(&record, EXTRA_IOSTREAM);
    return encoder;
}

void otlp_encoder_free(struct otlp_encoder *encoder)
{
    if (encoder == NULL) {
        return;
    }
    resource_cache_free(encoder->resources);
    value_sizes_fini(&encoder->sizes);
    free(encoder);
}

/* The bytes of one of clew's attributes, as far as they are the same for every record. */
static struct slice extra_bytes(const struct otlp_encoder *encoder, const struct record *record,
                                const struct layout *layout, enum extra extra)
{
    if (extra == EXTRA_FILE_PATH) {
        return buf_slice(&layout->block->path_attribute);
    }
    const struct prepared *prepared = &encoder->prepared[extra];
    if (extra == EXTRA_IOSTREAM && record->iostream == IOSTREAM_STDERR) {
        prepared = &encoder->stderr_prepared;
    }
    return slice_make(prepared->bytes, prepared->len);
}

static uint64_t measure_extras(const struct otlp_encoder *encoder, const struct record *record,
                               struct layout *layout)
{
    uint64_t sum = 0;
    layout->extras = extra_attributes_select(record);
    for (enum extra extra = 0; layout->extras >> extra != 0; extra++) {
        if ((layout->extras >> extra & 1) != 0) {
            sum += extra_bytes(encoder, record, layout, extra).len;
        }
    }
    return sum;
}

static uint64_t measure_body(struct otlp_encoder *encoder, const struct record *record,
                             struct layout *layout)
{
    layout->has_body = record->has_body_text || record->body_field != NO_FIELD;
    if (!layout->has_body) {
        return 0;
    }
    if (record->has_body_text) {
        struct slice text = record->body_text;
        layout->body_is_utf8 = utf8_is_valid(text.data, text.len);
        layout->body_len = size_delimited(text.len);
    } else {
        layout->body_len = value_size(&record->fields, record->body_field, &encoder->sizes);
    }
    return size_delimited(layout->body_len);
}

static uint64_t measure_own_fields(const struct record *record, struct layout *layout)
{
    struct slice text = record->severity_text;
    /* A proto3 string that is not UTF-8 costs the whole request; a level never has such bytes. */
    layout->has_severity_text = text.len > 0 && utf8_is_valid(text.data, text.len);
    return (record->time_ns != 0 ? 9U : 0U) + (record->observed_time_ns != 0 ? 9U : 0U) +
           (record->severity_number != 0 ? 1 + size_varint(record->severity_number) : 0U) +
           (layout->has_severity_text ? size_delimited(text.len) : 0U) +
           (record->dropped_attributes != 0 ? 1 + size_varint(record->dropped_attributes) : 0U) +
           (record->has_flags ? 5U : 0U) +
           (record->has_trace_id ? 2 + sizeof(record->trace_id) : 0U) +
           (record->has_span_id ? 2 + sizeof(record->span_id) : 0U);
}

static struct layout measure(struct otlp_encoder *encoder, const struct record *record)
{
    struct layout layout = {.block = resource_cache_get(encoder->resources, record)};
    encoder->sizes.cut = 0;
    value_sizes_reserve(&encoder->sizes, record->fields.count);
    layout.record_len = measure_own_fields(record, &layout) +
                        measure_body(encoder, record, &layout) +
                        value_attributes_size(&record->fields, &encoder->sizes) +
                        measure_extras(encoder, record, &layout);
    return layout;
}

/* Eight hex digits of a 32-bit number, highest first: each nibble into its byte, then to ASCII. */
static char *put_hex32(char *p, uint32_t v)
{
    uint64_t x = (uint64_t)(v >> 16) | (uint64_t)(v & 0xFFFF) << 32;
    x = (x >> 8 & UINT64_C(0x000000FF000000FF)) | (x & UINT64_C(0x000000FF000000FF)) << 16;
    x = (x >> 4 & UINT64_C(0x000F000F000F000F)) | (x & UINT64_C(0x000F000F000F000F)) << 8;
    uint64_t is_letter = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    x += UINT64_C(0x3030303030303030) + is_letter * ('a' - '9' - 1);
    x = htole64(x);
    memcpy(p, &x, sizeof(x));
    return p + sizeof(x);
}

static char *put_hex64(char *p, uint64_t v)
{
    return put_hex32(put_hex32(p, (uint32_t)(v >> 32)), (uint32_t)v);
}

static char *put_extras(char *p, const struct otlp_encoder *encoder, const struct record *record,
                        const struct layout *layout)
{
    for (enum extra extra = 0; layout->extras >> extra != 0; extra++) {
        if ((layout->extras >> extra & 1) == 0) {
            continue;
        }
        struct slice bytes = extra_bytes(encoder, record, layout, extra);
        p = put_bytes(p, bytes.data, bytes.len);
        if (extra == EXTRA_UID) {
            /* The same digits that extra_attribute_make() writes, over those that were prepared. */
            put_hex64(put_hex64(p - UID_CHARS, record->file_hash), record->offset);
        }
    }
    return p;
}

static char *put_body(char *p, struct otlp_encoder *encoder, const struct record *record,
                      const struct layout *layout)
{
    if (!layout->has_body) {
        return p;
    }
    p = put_head(p, TAG_RECORD_BODY, layout->body_len);
    if (record->has_body_text) {
        return put_any_text(p, record->body_text, layout->body_is_utf8);
    }
    return value_put(p, &record->fields, record->body_field, &encoder->sizes);
}

static char *put_times_and_severity(char *p, const struct record *record,
                                    const struct layout *layout)
{
    if (record->time_ns != 0) {
        *p++ = TAG_RECORD_TIME;
        p = put_fixed64(p, record->time_ns);
    }
    if (record->observed_time_ns != 0) {
        *p++ = TAG_RECORD_OBSERVED;
        p = put_fixed64(p, record->observed_time_ns);
    }
    if (record->severity_number != 0) {
        *p++ = TAG_RECORD_SEVERITY;
        p = put_varint(p, record->severity_number);
    }
    return layout->has_severity_text
               ? put_delimited(p, TAG_RECORD_SEVERITY_TEXT, record->severity_text)
               : p;
}

static char *put_ids(char *p, const struct record *record)
{
    if (record->has_flags) {
        *p++ = TAG_RECORD_FLAGS;
        p = put_fixed32(p, record->flags);
    }
    if (record->has_trace_id) {
        p = put_head(p, TAG_RECORD_TRACE_ID, sizeof(record->trace_id));
        p = put_bytes(p, (const char *)record->trace_id, sizeof(record->trace_id));
    }
    if (record->has_span_id) {
        p = put_head(p, TAG_RECORD_SPAN_ID, sizeof(record->span_id));
        p = put_bytes(p, (const char *)record->span_id, sizeof(record->span_id));
    }
    return p;
}

static char *put_record(char *p, struct otlp_encoder *encoder, const struct record *record,
                        const struct layout *layout)
{
    p = put_head(p, TAG_SCOPE_LOGS_RECORD, layout->record_len);
    p = put_times_and_severity(p, record, layout);
    p = put_body(p, encoder, record, layout);
    p = value_put_attributes(p, TAG_RECORD_ATTRIBUTE, &record->fields, &encoder->sizes);
    p = put_extras(p, encoder, record, layout);
    if (record->dropped_attributes != 0) {
        *p++ = TAG_RECORD_DROPPED;
        p = put_varint(p, record->dropped_attributes);
    }
    return put_ids(p, record);
}

static void end_group(struct otlp_encoder *encoder, struct buf *out)
{
    if (encoder->at.in_group) {
        size_t *at[] = {&encoder->at.resource_logs_len_at, &encoder->at.scope_logs_len_at};
        for (size_t i = 0; i < ARRAY_LEN(at); i++) {
            put_fixed_len(out->data + *at[i], out->len - *at[i] - WIRE_FIXED_LEN_BYTES);
        }
        encoder->at.in_group = false;
    }
}

static void begin_group(struct otlp_encoder *encoder, const struct resource_block *block,
                        struct buf *out)
{
    end_group(encoder, out);
    encoder->at.in_group = true;
    encoder->at.group_serial = block->serial;
    encoder->at.resource_logs_len_at = out->len + block->resource_logs_len_at;
    encoder->at.scope_logs_len_at = out->len + block->scope_logs_len_at;
    memcpy(out->data + out->len, block->head.data, block->head.len);
    out->len += block->head.len;
}

/* With its length measured first. */
static bool add_measured(struct otlp_encoder *encoder, const struct record *record, struct buf *out)
{
    struct layout layout = measure(encoder, record);
    if (layout.record_len > RECORD_BYTES_MAX) {
        return false;
    }
    bool is_same = encoder->at.in_group && encoder->at.group_serial == layout.block->serial;
    size_t head_len = is_same ? 0 : layout.block->head.len;
    size_t len = size_delimited(layout.record_len);
    if (!buf_reserve(out, head_len + len)) {
        return false;
    }
    if (!is_same) {
        begin_group(encoder, layout.block, out);
    }
    char *begin = out->data + out->len;
    char *end = put_record(begin, encoder, record, &layout);
    ENSURE((size_t)(end - begin) == len);
    out->len += len;
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * In one walk
 */

#define EXTRAS_USUAL (1U << EXTRA_IOSTREAM | 1U << EXTRA_FILE_PATH | 1U << EXTRA_UID)

/* False if they are longer than there is a place for. */
static bool prepare_usual(struct otlp_encoder *encoder, const struct record *record,
                          const struct resource_block *block, unsigned extras)
{
    struct usual_extras *usual = &encoder->usual;
    const struct layout layout = {.block = block, .extras = extras};
    size_t len = 2 * PREPARED_BYTES_MAX + block->path_attribute.len;
    usual->serial = 0;
    if (len > sizeof(usual->bytes)) {
        return false;
    }
    usual->len = (size_t)(put_extras(usual->bytes, encoder, record, &layout) - usual->bytes);
    usual->serial = block->serial;
    usual->extras = extras;
    usual->file_hash = record->file_hash;
    usual->offset_high = (uint32_t)(record->offset >> 32);
    usual->iostream = record->iostream;
    return true;
}

/* Room for EXTRAS_BYTES_MAX is at `p`. NULL: they are longer than that. */
static char *put_usual(char *p, struct otlp_encoder *encoder, const struct record *record,
                       const struct resource_block *block, unsigned extras)
{
    struct usual_extras *usual = &encoder->usual;
    const struct layout rest = {.block = block, .extras = extras & ~EXTRAS_USUAL};
    extras &= EXTRAS_USUAL;
    bool is_ready = usual->serial == block->serial && usual->file_hash == record->file_hash &&
                    usual->iostream == record->iostream && usual->extras == extras &&
                    usual->offset_high == (uint32_t)(record->offset >> 32);
    if (!is_ready && !prepare_usual(encoder, record, block, extras)) {
        return NULL;
    }
    memcpy(p, usual->bytes, usual->len);
    p += usual->len;
    if ((extras & 1U << EXTRA_UID) != 0) { /* the last of them */
        put_hex32(p - UID_CHARS / 4, (uint32_t)record->offset);
    }
    return rest.extras == 0 ? p : put_extras(p, encoder, record, &rest);
}

static inline uint64_t load_word(const char *s)
{
    uint64_t word;
    memcpy(&word, s, sizeof(word));
    return word;
}

static inline uint32_t load_half(const char *s)
{
    uint32_t half;
    memcpy(&half, s, sizeof(half));
    return half;
}

/* Whether all are ASCII. */
static inline bool is_plain(struct slice text)
{
    const char *s = text.data;
    size_t len = text.len;
    uint64_t seen = 0;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            seen |= load_word(s + i);
        }
        seen |= load_word(s + len - 8);
    } else if (len >= 4) {
        seen = load_half(s) | load_half(s + len - 4);
    } else if (len > 0) {
        seen = (unsigned char)(s[0] | s[len / 2] | s[len - 1]);
    }
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

static bool is_utf8(struct slice text)
{
    return is_plain(text) || utf8_is_valid(text.data, text.len);
}

/* Everything before the attributes. */
static char *put_direct_head(char *p, const char *limit, const struct record *record)
{
    struct layout layout = {.has_severity_text = record->severity_text.len > 0 &&
                                                 is_utf8(record->severity_text)};
    size_t texts = record->severity_text.len + (record->has_body_text ? record->body_text.len : 0);
    if ((size_t)(limit - p) < texts + OWN_BYTES_MAX ||
        (!record->has_body_text && record->body_field != NO_FIELD)) {
        return NULL;
    }
    p = put_times_and_severity(p, record, &layout);
    if (record->has_body_text) {
        p = put_head(p, TAG_RECORD_BODY, size_delimited(record->body_text.len));
        p = put_any_text(p, record->body_text, is_utf8(record->body_text));
    }
    return p;
}

/* Everything behind tag and length; NULL: it is a record for the other way. */
static char *put_direct(char *p, const char *limit, struct otlp_encoder *encoder,
                        const struct record *record, const struct resource_block *block)
{
    const struct fields *fields = &record->fields;
    const struct key_heads *heads = key_heads_get(fields);
    bool may_have_extra = heads != NULL && heads->may_be_extra;
    p = put_direct_head(p, limit, record);
    if (p != NULL) {
        p = heads != NULL ? value_put_headed(p, limit, fields, heads, record->line, &encoder->sizes)
                          : value_put_direct(p, limit, fields, record->line, &encoder->sizes,
                                             &may_have_extra);
    }
    if (p == NULL || limit - p < EXTRAS_BYTES_MAX + OWN_BYTES_MAX) {
        return NULL;
    }
    unsigned extras = may_have_extra ? extra_attributes_select(record)
                                     : extra_attributes_wanted(record);
    p = put_usual(p, encoder, record, block, extras);
    return p == NULL ? NULL : put_ids(p, record);
}

/* False, with `out` as it was, if the record is none for this way. */
static bool add_direct(struct otlp_encoder *encoder, const struct record *record,
                       const struct resource_block *block, struct buf *out)
{
    size_t room = record->line.len + DIRECT_ROOM_BYTES;
    if (!encoder->at.in_group || encoder->at.group_serial != block->serial ||
        record->line.len > DIRECT_BYTES_MAX || record->dropped_attributes != 0 ||
        !buf_reserve(out, room + room)) {
        return false;
    }
    char *begin = out->data + out->len;
    char *record_at = begin + DIRECT_HEAD_BYTES;
    char *end = put_direct(record_at, out->data + out->cap, encoder, record, block);
    size_t len = end != NULL ? (size_t)(end - record_at) : DIRECT_BYTES_MAX;
    if (len < 0x80 || len >= DIRECT_BYTES_MAX) {
        return false; /* its length would take one byte, or three */
    }
    put_head(begin, TAG_SCOPE_LOGS_RECORD, len);
    out->len += DIRECT_HEAD_BYTES + len;
    return true;
}

bool otlp_encoder_add(struct otlp_encoder *encoder, const struct record *record, struct buf *out)
{
    encoder->at.in_group = encoder->at.in_group && out->len > 0;
    const struct resource_block *block = resource_cache_get(encoder->resources, record);
    encoder->sizes.cut = 0;
    bool fits = add_direct(encoder, record, block, out) || add_measured(encoder, record, out);
    encoder->cut += fits ? encoder->sizes.cut : 0;
    return fits;
}

uint64_t otlp_encoder_take_cut(struct otlp_encoder *encoder)
{
    uint64_t cut = encoder->cut;
    encoder->cut = 0;
    return cut;
}

void otlp_encoder_end(struct otlp_encoder *encoder, struct buf *out)
{
    end_group(encoder, out);
}

struct otlp_pause otlp_encoder_pause(struct otlp_encoder *encoder)
{
    struct otlp_pause pause = encoder->at;
    encoder->at = (struct otlp_pause){0};
    return pause;
}

void otlp_encoder_resume(struct otlp_encoder *encoder, const struct otlp_pause *pause)
{
    encoder->at = *pause;
}

void otlp_encoder_forget(struct otlp_encoder *encoder, const struct source *source)
{
    resource_cache_forget(encoder->resources, source);
}
