/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "otlp/encode.h"
#include "otlp/nesting.h"
#include "otlp_decode.h"

enum { FIELDS_MAX = 4096, BYTES_MAX = 1 << 20 };

/* A record and all that it needs. */
struct world {
    struct settings settings;
    struct source source;
    struct record record;
    struct otlp_encoder *encoder;
    struct buf out;
    struct buf text; /* `out` decoded */
    struct field items[FIELDS_MAX];
};

static struct world *world_new(void)
{
    struct world *world = mem_alloc(sizeof(*world));
    world->source.id = 1;
    world->record.source = &world->source;
    world->record.body_field = NO_FIELD;
    world->record.fields.items = world->items;
    world->record.fields.cap = FIELDS_MAX;
    world->encoder = otlp_encoder_new(&world->settings);
    buf_init(&world->out, BYTES_MAX);
    buf_init(&world->text, 16 * BYTES_MAX);
    return world;
}

static void world_free(struct world *world)
{
    otlp_encoder_free(world->encoder);
    buf_fini(&world->out);
    buf_fini(&world->text);
    free(world);
}

static struct field *add(struct world *world, const char *key, enum field_kind kind,
                         const char *text)
{
    ENSURE(world->record.fields.count < FIELDS_MAX);
    struct field *field = &world->items[world->record.fields.count++];
    *field = (struct field){.kind = (uint8_t)kind, .next = world->record.fields.count};
    field->key = key;
    field->key_len = (uint32_t)(key != NULL ? strlen(key) : 0);
    field->text = text;
    field->text_len = (uint32_t)(text != NULL ? strlen(text) : 0);
    return field;
}

/* What was added behind `container` is inside it. */
static void close_container(struct world *world, struct field *container)
{
    container->next = world->record.fields.count;
}

/* The whole request as text. */
static const char *decoded(struct world *world)
{
    otlp_encoder_end(world->encoder, &world->out);
    buf_clear(&world->text);
    struct slice guarded = driver_guarded(buf_slice(&world->out));
    otlp_decode_request(guarded, &world->text);
    buf_append(&world->text, "", 1);
    return world->text.data;
}

#define SCHEMA "schema https://opentelemetry.io/schemas/1.44.0\n"
#define SCOPE  SCHEMA "scope clew " CLEW_VERSION "\n" SCHEMA
#define HEAD   "resource {service.name=s\"unknown_service\"}\n" SCOPE

static void assert_request(struct world *world, const char *expected)
{
    assert_string_equal(decoded(world), expected);
}

static void encode_one(struct world *world, const char *expected)
{
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    assert_request(world, expected);
}

static void every_kind_of_value_keeps_its_type(void **state)
{
    (void)state;
    struct world *world = world_new();
    add(world, "null", FIELD_NULL, "null");
    add(world, "yes", FIELD_BOOL, "true")->value.b = true;
    add(world, "no", FIELD_BOOL, "false");
    add(world, "zero", FIELD_INT, "0");
    add(world, "min", FIELD_INT, "")->value.i = INT64_MIN;
    add(world, "max", FIELD_INT, "")->value.i = INT64_MAX;
    add(world, "half", FIELD_DOUBLE, "0.5")->value.d = 0.5;
    add(world, "tiny", FIELD_DOUBLE, "")->value.d = DBL_TRUE_MIN;
    add(world, "minus_zero", FIELD_DOUBLE, "-0.0")->value.d = -0.0;
    add(world, "big", FIELD_NUMBER, "18446744073709551616");
    add(world, "empty", FIELD_STRING, "");
    add(world, "text", FIELD_STRING, "h\xc3\xa9llo");
    add(world, "bytes", FIELD_BYTES, "\xff\xfe");
    add(world, "object", FIELD_OBJECT, "{}");
    add(world, "array", FIELD_ARRAY, "[]");
    add(world, "", FIELD_STRING, "no name");
    encode_one(world, HEAD "record {null=n,yes=T,no=F,zero=i0,min=i-9223372036854775808,"
                           "max=i9223372036854775807,half=d0.5,"
                           "tiny=d4.9406564584124654e-324,minus_zero=d-0,"
                           "big=s\"18446744073709551616\",empty=s\"\",text=s\"h\xc3\xa9llo\","
                           "bytes=b\"fffe\",object={},array=[],=s\"no name\"}\n");
    world_free(world);
}

static void nested_values_stay_nested(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct field *object = add(world, "http", FIELD_OBJECT, "");
    add(world, "status", FIELD_INT, "")->value.i = 503;
    struct field *array = add(world, "tags", FIELD_ARRAY, "");
    add(world, NULL, FIELD_STRING, "a");
    struct field *inner = add(world, NULL, FIELD_OBJECT, "");
    add(world, "", FIELD_NULL, "");
    close_container(world, inner);
    add(world, NULL, FIELD_ARRAY, "");
    close_container(world, array);
    add(world, "done", FIELD_BOOL, "")->value.b = true;
    close_container(world, object);
    add(world, "last", FIELD_INT, "");
    encode_one(world, HEAD "record {http={status=i503,tags=[s\"a\",{=n},[]],done=T},last=i0}\n");
    world_free(world);
}

static void moved_and_removed_fields_are_left_out_wherever_they_are(void **state)
{
    (void)state;
    struct world *world = world_new();
    add(world, "trace_id", FIELD_STRING, "x")->flags = FIELD_MOVED;
    struct field *object = add(world, "ctx", FIELD_OBJECT, "");
    add(world, "span_id", FIELD_STRING, "x")->flags = FIELD_MOVED;
    struct field *gone = add(world, "gone", FIELD_OBJECT, "");
    gone->flags = FIELD_REMOVED;
    add(world, "inside", FIELD_STRING, "x");
    close_container(world, gone);
    add(world, "kept", FIELD_INT, "");
    close_container(world, object);
    struct field *whole = add(world, "whole", FIELD_OBJECT, "");
    whole->flags = FIELD_MOVED;
    add(world, "inside", FIELD_STRING, "x");
    close_container(world, whole);
    encode_one(world, HEAD "record {ctx={kept=i0}}\n");
    world_free(world);
}

static void a_record_without_anything_is_still_a_record(void **state)
{
    (void)state;
    struct world *world = world_new();
    encode_one(world, HEAD "record {}\n");
    world_free(world);
}

static void the_records_own_fields_are_written(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct record *record = &world->record;
    record->time_ns = UINT64_C(1786413273221000000);
    record->observed_time_ns = UINT64_C(1786413274000000001);
    record->severity_number = 13;
    record->severity_text = SLICE("WARN");
    record->dropped_attributes = 300;
    record->flags = 1;
    record->has_flags = true;
    memset(record->trace_id, 0xAB, sizeof(record->trace_id));
    record->has_trace_id = true;
    memset(record->span_id, 0x01, sizeof(record->span_id));
    record->has_span_id = true;
    record->has_body_text = true;
    record->body_text = SLICE("declined");
    encode_one(world, HEAD "record time=1786413273221000000 observed=1786413274000000001 "
                           "severity=13 text=WARN body=s\"declined\" dropped=300 flags=01 "
                           "trace=abababababababababababababababab span=0101010101010101 {}\n");
    world_free(world);
}

static void ids_that_are_not_valid_are_not_sent(void **state)
{
    (void)state;
    struct world *world = world_new();
    memset(world->record.trace_id, 0xAB, sizeof(world->record.trace_id));
    memset(world->record.span_id, 0xAB, sizeof(world->record.span_id));
    world->record.flags = 1;
    encode_one(world, HEAD "record {}\n");
    world_free(world);
}

static void a_severity_text_that_is_not_utf8_does_not_spoil_the_request(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->record.severity_number = 9;
    world->record.severity_text = SLICE("IN\xff");
    encode_one(world, HEAD "record severity=9 {}\n");
    world_free(world);
}

static void a_body_is_text_bytes_or_any_field(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct record *record = &world->record;
    record->has_body_text = true;
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    record->body_text = SLICE("a\0b");
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    record->body_text = SLICE("\xc3(");
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    record->has_body_text = false;
    record->body_field = 1;
    struct field *outer = add(world, "outer", FIELD_OBJECT, "");
    struct field *body = add(world, "message", FIELD_OBJECT, "");
    body->flags = FIELD_MOVED;
    add(world, "code", FIELD_INT, "")->value.i = -1;
    close_container(world, body);
    add(world, "rest", FIELD_INT, "");
    close_container(world, outer);
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    body->flags = 0;
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    decoded(world);
    struct slice expected =
        SLICE(HEAD "record body=s\"\" {}\nrecord body=s\"a\0b\" {}\nrecord body=b\"c328\" {}\n"
                   "record body={code=i-1} {outer={rest=i0}}\n"
                   "record body={code=i-1} {outer={message={code=i-1},rest=i0}}\n\0");
    assert_slice_equal(buf_slice(&world->text), expected);
    world_free(world);
}

static void clews_own_attributes_tell_where_a_record_was_and_what_was_wrong(void **state)
{
    (void)state;
    struct world *world = world_new();
    char path[] = "/var/log/a.log";
    world->source.path = path;
    struct record *record = &world->record;
    record->iostream = IOSTREAM_STDERR;
    record->malformed = true;
    record->truncated = true;
    record->time_zone_assumed = true;
    record->has_trace_id = true;
    record->trace_id[15] = 1;
    record->also = UINT64_C(1) << NOTE_LOW64;
    record->file_hash = UINT64_C(0x0123456789abcdef);
    record->offset = 0xfedc;
    encode_one(world,
               HEAD "record trace=00000000000000000000000000000001 {log.iostream=s\"stderr\","
                    "log.file.path=s\"/var/log/a.log\","
                    "log.record.uid=s\"0123456789abcdef000000000000fedc\","
                    "clew.frame.malformed=T,clew.record.truncated=T,clew.trace.low64=T,"
                    "clew.time.zone_assumed=T}\n");
    world_free(world);
}

static void a_record_uid_has_the_digits_of_its_numbers(void **state)
{
    (void)state;
    struct world *world = world_new();
    uint64_t seed = 7;
    for (int i = 0; i < 200; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
        world->record.file_hash = seed | 1;
        world->record.offset = seed >> 20;
        char expected[256];
        snprintf(expected, sizeof(expected),
                 HEAD "record {log.record.uid=s\"%016" PRIx64 "%016" PRIx64 "\"}\n", seed | 1,
                 seed >> 20);
        buf_clear(&world->out);
        encode_one(world, expected);
    }
    world_free(world);
}

static void the_lines_own_attribute_of_the_same_name_wins(void **state)
{
    (void)state;
    struct world *world = world_new();
    char path[] = "/var/log/a.log";
    world->source.path = path;
    world->record.iostream = IOSTREAM_STDOUT;
    world->record.file_hash = 1;
    add(world, "log.file.path", FIELD_STRING, "mine");
    add(world, "log.file.name", FIELD_STRING, "mine");
    add(world, "log.record.uid", FIELD_INT, "");
    encode_one(world, HEAD "record {log.file.path=s\"mine\",log.file.name=s\"mine\","
                           "log.record.uid=i0,log.iostream=s\"stdout\"}\n");
    world_free(world);
}

static void records_of_one_resource_share_a_group(void **state)
{
    (void)state;
    struct world *world = world_new();
    char path[] = "/b";
    char key[] = "k8s.pod.name";
    char value[] = "pod-1";
    char number_key[] = "k8s.container.restart_count";
    char default_service[] = "cart";
    struct attribute attributes[] = {{key, value, 0, false}, {number_key, NULL, 3, true}};
    struct source other = {.id = 2, .path = path, .attributes = attributes, .attribute_count = 2};
    other.default_service = default_service;
    struct record *record = &world->record;
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    record->source = &other;
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    record->service = SLICE("checkout");
    record->service_namespace = SLICE("shop");
    assert_true(otlp_encoder_add(world->encoder, record, &world->out));
    assert_request(world, HEAD "record {}\nrecord {}\n"
                               "resource {service.name=s\"cart\",k8s.pod.name=s\"pod-1\","
                               "k8s.container.restart_count=i3}\n" SCOPE
                               "record {log.file.path=s\"/b\"}\n"
                               "resource {service.name=s\"checkout\",service.namespace=s\"shop\","
                               "k8s.pod.name=s\"pod-1\",k8s.container.restart_count=i3}\n"
                               SCOPE "record {log.file.path=s\"/b\"}\n");
    world_free(world);
}

static void a_new_request_begins_a_new_group(void **state)
{
    (void)state;
    struct world *world = world_new();
    encode_one(world, HEAD "record {}\n");
    buf_clear(&world->out);
    encode_one(world, HEAD "record {}\n");
    /* Also where the last request was given up without an end. */
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    buf_clear(&world->out);
    encode_one(world, HEAD "record {}\n");
    world_free(world);
}

static void what_is_kept_of_a_resource_is_forgotten_when_told(void **state)
{
    (void)state;
    struct world *world = world_new();
    char first[] = "first";
    char second[] = "second";
    world->source.default_service = first;
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    world->source.default_service = second;
    otlp_encoder_forget(world->encoder, &world->source);
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    assert_request(world, "resource {service.name=s\"first\"}\n" SCOPE "record {}\n"
                          "resource {service.name=s\"second\"}\n" SCOPE "record {}\n");
    world_free(world);
}

/* More services than the cache has slots, short and very long ones, again and again. */
static void many_resources_are_told_apart(void **state)
{
    (void)state;
    struct world *world = world_new();
    char *name = mem_alloc(5000);
    for (unsigned i = 0; i < 3000; i++) {
        size_t len = i % 7 == 0 ? 3000 : 8;
        memset(name, 'x', len);
        snprintf(name, 9, "%08u", i % 1000);
        name[8] = len > 8 ? 'x' : '\0';
        world->record.service = slice_make(name, len);
        buf_clear(&world->out);
        assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
        const char *text = decoded(world);
        assert_memory_equal(text, "resource {service.name=s\"", 25);
        assert_memory_equal(text + 25, name, len);
        assert_memory_equal(text + 25 + len, "\"}\n", 3);
    }
    free(name);
    world_free(world);
}

/* At every limit: all of the record or nothing of it. */
static void a_record_that_does_not_fit_leaves_the_request_as_it_was(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct field *object = add(world, "http", FIELD_OBJECT, "");
    add(world, "path", FIELD_STRING, "/api/v1/carts/00000000-0000-0000-0000-000000000000");
    close_container(world, object);
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    size_t first = world->out.len;
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    size_t both = world->out.len;
    for (size_t limit = 0; limit <= both; limit++) {
        struct buf small;
        buf_init(&small, limit);
        bool one = otlp_encoder_add(world->encoder, &world->record, &small);
        assert_int_equal(one, limit >= first);
        assert_int_equal(small.len, one ? first : 0);
        bool two = one && otlp_encoder_add(world->encoder, &world->record, &small);
        assert_int_equal(two, limit >= both);
        assert_int_equal(small.len, two ? both : one ? first : 0);
        otlp_encoder_end(world->encoder, &small);
        buf_clear(&world->text);
        otlp_decode_request(buf_slice(&small), &world->text);
        assert_null(memchr(world->text.data != NULL ? world->text.data : "", '!', world->text.len));
        buf_fini(&small);
    }
    world_free(world);
}

static void a_value_larger_than_any_request_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct field *huge = add(world, "huge", FIELD_STRING, "x");
    huge->text_len = UINT32_MAX; /* never read: sizes come first */
    assert_false(otlp_encoder_add(world->encoder, &world->record, &world->out));
    huge->text_len = 1 << 30;
    for (int i = 0; i < 8; i++) {
        add(world, "more", FIELD_STRING, "x")->text_len = 1 << 30;
    }
    assert_false(otlp_encoder_add(world->encoder, &world->record, &world->out));
    struct field *object = add(world, "object", FIELD_OBJECT, "");
    for (int i = 0; i < 8; i++) {
        add(world, "more", FIELD_STRING, "x")->text_len = 1 << 30;
    }
    close_container(world, object);
    assert_false(otlp_encoder_add(world->encoder, &world->record, &world->out));
    assert_int_equal(world->out.len, 0);
    world_free(world);
}

/* As many brackets as may be nested below the line, then one string of all the others. */
static void what_is_nested_too_deep_is_a_string_of_json(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (int i = 0; i < FIELDS_MAX; i++) {
        add(world, i == 0 ? "deep" : NULL, FIELD_ARRAY, "");
    }
    for (int i = 0; i < FIELDS_MAX; i++) {
        world->items[i].next = FIELDS_MAX;
    }
    struct buf expected;
    buf_init(&expected, SIZE_MAX);
    buf_append_string(&expected, HEAD "record {deep=");
    for (int i = 1; i < NESTING_LEVELS_MAX; i++) {
        buf_append_string(&expected, "[");
    }
    buf_append_string(&expected, "s\"");
    for (int i = NESTING_LEVELS_MAX - 1; i < 2 * FIELDS_MAX - NESTING_LEVELS_MAX + 1; i++) {
        buf_append_string(&expected, i < FIELDS_MAX ? "[" : "]");
    }
    buf_append_string(&expected, "\"");
    for (int i = 1; i < NESTING_LEVELS_MAX; i++) {
        buf_append_string(&expected, "]");
    }
    buf_append(&expected, "}\n", 3);
    assert_true(otlp_encoder_add(world->encoder, &world->record, &world->out));
    assert_string_equal(decoded(world), expected.data);
    assert_int_equal(otlp_encoder_take_cut(world->encoder), 1);
    assert_int_equal(otlp_encoder_take_cut(world->encoder), 0);
    buf_fini(&expected);
    world_free(world);
}

/* A random table, and by its side the text that it must be decoded to. */
struct maker {
    struct world *world;
    struct buf expected;
    uint64_t seed;
    char *pool; /* of texts */
};

static uint32_t draw(struct maker *maker, uint32_t below)
{
    maker->seed = maker->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(maker->seed >> 33) % below;
}

static uint32_t draw_len(struct maker *maker)
{
    static const uint32_t bounds[] = {4, 9, 40, 140, 17000};
    return draw(maker, bounds[draw(maker, 40) == 0 ? 4 : draw(maker, 4)]);
}

static void make_field(struct maker *maker, const char *key, unsigned depth);

static void make_held(struct maker *maker, struct field *field, unsigned depth)
{
    bool is_array = field->kind == FIELD_ARRAY;
    struct buf *expected = &maker->expected;
    bool is_first = true;
    buf_append_string(expected, is_array ? "[" : "{");
    for (uint32_t n = draw(maker, 6); n > 0; n--) {
        size_t before = expected->len;
        buf_append_string(expected, is_first ? "" : ",");
        size_t begun = expected->len;
        make_field(maker, is_array ? NULL : "member", depth + 1);
        is_first = is_first && expected->len == begun;
        expected->len = expected->len == begun ? before : expected->len;
    }
    buf_append_string(expected, is_array ? "]" : "}");
    close_container(maker->world, field);
}

static void make_value(struct maker *maker, struct field *field, unsigned depth)
{
    struct buf *expected = &maker->expected;
    field->text = maker->pool + draw(maker, 100);
    switch ((enum field_kind)field->kind) {
    case FIELD_NULL:
        buf_append_string(expected, "n");
        break;
    case FIELD_BOOL:
        field->value.b = draw(maker, 2) != 0;
        buf_append_string(expected, field->value.b ? "T" : "F");
        break;
    case FIELD_INT:
        field->value.i = (int64_t)(maker->seed >> draw(maker, 64)) * (draw(maker, 2) ? -1 : 1);
        buf_append_format(expected, "i%" PRId64, field->value.i);
        break;
    case FIELD_DOUBLE:
        field->value.d = (double)(int64_t)maker->seed / 3e9;
        buf_append_format(expected, "d%.17g", field->value.d);
        break;
    case FIELD_NUMBER:
    case FIELD_STRING:
        field->text_len = draw_len(maker);
        buf_append_string(expected, "s\"");
        buf_append_slice(expected, field_text(field));
        buf_append_string(expected, "\"");
        break;
    case FIELD_BYTES:
        field->text_len = draw_len(maker);
        buf_append_string(expected, "b\"");
        for (uint32_t i = 0; i < field->text_len; i++) {
            buf_append_format(expected, "%02x", (unsigned char)field->text[i]);
        }
        buf_append_string(expected, "\"");
        break;
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        make_held(maker, field, depth);
        break;
    }
}

static void make_field(struct maker *maker, const char *key, unsigned depth)
{
    enum field_kind kind = (enum field_kind)draw(maker, depth < 6 ? 9 : 7);
    struct field *field = add(maker->world, key, kind, NULL);
    size_t before = maker->expected.len;
    if (key != NULL) {
        field->key = maker->pool + draw(maker, 50);
        field->key_len = draw_len(maker);
        buf_append_slice(&maker->expected, field_key(field));
        buf_append_string(&maker->expected, "=");
    }
    field->flags = (uint8_t)(draw(maker, 10) == 0 ? 1 << draw(maker, 3) : 0);
    make_value(maker, field, depth);
    if ((field->flags & (FIELD_MOVED | FIELD_REMOVED)) != 0) {
        maker->expected.len = before;
    }
}

static void random_tables_are_decoded_to_what_they_were(void **state)
{
    (void)state;
    struct maker maker = {.world = world_new(), .seed = 42, .pool = mem_alloc(20000)};
    memset(maker.pool, 'v', 19999);
    buf_init(&maker.expected, 64 * BYTES_MAX);
    for (int round = 0; round < 1500; round++) {
        maker.world->record.fields.count = 0;
        buf_clear(&maker.expected);
        buf_append_string(&maker.expected, HEAD "record ");
        struct field top = {.kind = FIELD_OBJECT};
        make_held(&maker, &top, 0);
        buf_append_string(&maker.expected, "\n");
        buf_append(&maker.expected, "", 1);
        buf_clear(&maker.world->out);
        if (otlp_encoder_add(maker.world->encoder, &maker.world->record, &maker.world->out)) {
            assert_request(maker.world, maker.expected.data);
        } else {
            assert_true(maker.expected.len > BYTES_MAX / 2);
        }
    }
    buf_fini(&maker.expected);
    free(maker.pool);
    world_free(maker.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_keeps_its_type),
        cmocka_unit_test(nested_values_stay_nested),
        cmocka_unit_test(moved_and_removed_fields_are_left_out_wherever_they_are),
        cmocka_unit_test(a_record_without_anything_is_still_a_record),
        cmocka_unit_test(the_records_own_fields_are_written),
        cmocka_unit_test(ids_that_are_not_valid_are_not_sent),
        cmocka_unit_test(a_severity_text_that_is_not_utf8_does_not_spoil_the_request),
        cmocka_unit_test(a_body_is_text_bytes_or_any_field),
        cmocka_unit_test(clews_own_attributes_tell_where_a_record_was_and_what_was_wrong),
        cmocka_unit_test(a_record_uid_has_the_digits_of_its_numbers),
        cmocka_unit_test(the_lines_own_attribute_of_the_same_name_wins),
        cmocka_unit_test(records_of_one_resource_share_a_group),
        cmocka_unit_test(a_new_request_begins_a_new_group),
        cmocka_unit_test(what_is_kept_of_a_resource_is_forgotten_when_told),
        cmocka_unit_test(many_resources_are_told_apart),
        cmocka_unit_test(a_record_that_does_not_fit_leaves_the_request_as_it_was),
        cmocka_unit_test(a_value_larger_than_any_request_is_refused),
        cmocka_unit_test(what_is_nested_too_deep_is_a_string_of_json),
        cmocka_unit_test(random_tables_are_decoded_to_what_they_were),
    };
    return driver_run("OTLP encoder", tests, ARRAY_LEN(tests));
}
