/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "base/mem.h"
#include "otlp/encode.h"
#include "otlp/nesting.h"
#include "otlp/otlp_decode.h"
#include "parse_case.h"
#include "parsers/parsers.h"
#include "record/extra_attributes.h"

/*
 * Any line that is JSON, encoded, and decoded by a reader that shares nothing with the encoder, is
 * what its field table says: but for what is nested deeper than decoders take, which is the container's
 * JSON text (that the text is right is what tests/interop asks Python), and names that are empty.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_range(struct buf *out, const struct fields *fields, uint32_t begin, uint32_t end,
                        bool has_keys, unsigned levels);

static void print_hex(struct buf *out, struct slice bytes)
{
    buf_append_string(out, "b\"");
    for (size_t i = 0; i < bytes.len; i++) {
        buf_append_format(out, "%02x", (unsigned char)bytes.data[i]);
    }
    buf_append_string(out, "\"");
}

static void print_scalar(struct buf *out, const struct field *field)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL:
        buf_append_string(out, field->value.b ? "T" : "F");
        break;
    case FIELD_INT:
        buf_append_format(out, "i%" PRId64, field->value.i);
        break;
    case FIELD_DOUBLE:
        buf_append_format(out, "d%.17g", field->value.d);
        break;
    case FIELD_NUMBER:
    case FIELD_STRING:
        buf_append_string(out, "s\"");
        buf_append_slice(out, field_text(field));
        buf_append_string(out, "\"");
        break;
    case FIELD_BYTES:
        print_hex(out, field_text(field));
        break;
    case FIELD_NULL:
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        buf_append_string(out, "n");
        break;
    }
}

static void print_value(struct buf *out, const struct fields *fields, uint32_t index, unsigned levels)
{
    const struct field *field = &fields->items[index];
    if (field->kind != FIELD_OBJECT && field->kind != FIELD_ARRAY) {
        print_scalar(out, field);
    } else if (levels > 0) {
        print_range(out, fields, index + 1, field->next, field->kind == FIELD_OBJECT, levels - 1);
    } else {
        buf_append_string(out, "s\"");
        nesting_write_text(fields->items, index, out);
        buf_append_string(out, "\"");
    }
}

/* `levels` of containers may follow in it. */
static void print_range(struct buf *out, const struct fields *fields, uint32_t begin, uint32_t end,
                        bool has_keys, unsigned levels)
{
    buf_append_string(out, has_keys ? "{" : "[");
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        buf_append_string(out, i > begin ? "," : "");
        if (has_keys) {
            buf_append_slice(out, field->key_len > 0 ? field_key(field) : slice_from_string("_"));
            buf_append_string(out, "=");
        }
        print_value(out, fields, i, levels);
    }
    buf_append_string(out, has_keys ? "}" : "]");
}

/* Of an object with both names the values become one array: tests/unit/otlp/test_nesting.c has those. */
static bool has_both_names(const struct fields *fields)
{
    bool has_empty = false;
    bool has_mark = false;
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        has_empty |= field->key_len == 0;
        has_mark |= slice_is_equal(field_key(field), slice_from_string("_"));
    }
    return has_empty && has_mark;
}

static void check(struct parse_case *c)
{
    struct settings settings = {0};
    struct source source = {.id = 1};
    struct buf request = {.limit = 1 << 24};
    struct buf expected = {.limit = 1 << 26};
    struct buf decoded = {.limit = 1 << 26};
    struct otlp_encoder *encoder = otlp_encoder_new(&settings);
    c->record.source = &source;
    c->record.body_field = NO_FIELD;
    ENSURE(otlp_encoder_add(encoder, &c->record, &request));
    otlp_encoder_end(encoder, &request);
    buf_append_string(&expected, "resource {service.name=s\"unknown_service\"}\n"
                                 "schema " CLEW_SCHEMA_URL "\nscope clew " CLEW_VERSION
                                 "\nschema " CLEW_SCHEMA_URL "\nrecord ");
    print_range(&expected, &c->record.fields, 0, c->record.fields.count, true, nesting_levels(0));
    buf_append_string(&expected, "\n");
    otlp_decode_request(buf_slice(&request), &decoded);
    ENSURE(slice_is_equal(buf_slice(&decoded), buf_slice(&expected)));
    otlp_encoder_free(encoder);
    buf_fini(&request);
    buf_fini(&expected);
    buf_fini(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    if (parse_case_run(&c, slice_make((const char *)data, size)) == PARSE_OK &&
        !has_both_names(&c.record.fields)) {
        check(&c);
    }
    parse_case_fini(&c);
    return 0;
}
