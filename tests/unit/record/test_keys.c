/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "record/keys.h"
#include "record/trace_class.h"

static void names_are_found_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        struct slice name;
        uint16_t id;
    } cases[] = {
        {SLICE("trace_id"), KEY_TRACE_ID},
        {SLICE("traceId"), KEY_TRACE_ID},
        {SLICE("TraceID"), KEY_TRACE_ID},
        {SLICE("trace.id"), KEY_TRACE_ID},
        {SLICE("trace-id"), KEY_TRACE_ID},
        {SLICE("_trace_id"), KEY_TRACE_ID},
        {SLICE("TRACE_ID"), KEY_TRACE_ID},
        {SLICE("otelTraceID"), KEY_TRACE_ID_OTEL},
        {SLICE("otel_trace_id"), KEY_TRACE_ID_OTEL},
        {SLICE("labels.trace_id"), KEY_TRACE_ID_OTEL},
        {SLICE("@tr"), KEY_TRACE_ID_OTEL},
        {SLICE("tr"), KEY_UNKNOWN},
        {SLICE("@sp"), KEY_SPAN_ID_OTEL},
        {SLICE("sp"), KEY_UNKNOWN},
        {SLICE("dd.trace_id"), KEY_TRACE_ID_DD},
        {SLICE("dd_trace_id"), KEY_TRACE_ID_DD},
        {SLICE("logging.googleapis.com/trace"), KEY_TRACE_ID_GCP},
        {SLICE("logging.googleapis.com/trace_sampled"), KEY_FLAGS_GCP},
        {SLICE("logging.googleapis.com/traceSampled"), KEY_FLAGS_GCP},
        {SLICE("operation_Id"), KEY_TRACE_ID_AZURE},
        {SLICE("OperationId"), KEY_TRACE_ID_AZURE_WEAK},
        {SLICE("operationId"), KEY_UNKNOWN}, /* OpenAPI's word */
        {SLICE("traceparent"), KEY_TRACEPARENT},
        {SLICE("http_traceparent"), KEY_TRACEPARENT},
        {SLICE("opentelemetry_context_traceparent"), KEY_TRACEPARENT},
        {SLICE("traceparents"), KEY_UNKNOWN},
        {SLICE("request_id"), KEY_REQUEST_ID},
        {SLICE("X-Request-ID"), KEY_REQUEST_ID},
        {SLICE("parent_id"), KEY_UNKNOWN},
        {SLICE("ParentId"), KEY_UNKNOWN},
        {SLICE("L"), KEY_LEVEL_ZAP},
        {SLICE("l"), KEY_UNKNOWN},
        {SLICE("@l"), KEY_LEVEL_CLEF},
        {SLICE("T"), KEY_TIME_ZAP},
        {SLICE("@t"), KEY_TIME_CLEF},
        {SLICE("t"), KEY_TIME_SHORT},
        {SLICE("s"), KEY_LEVEL_MONGO},
        {SLICE("v"), KEY_V},
        {SLICE("log.level"), KEY_LOG_DOT_LEVEL},
        {SLICE("log_level"), KEY_LOGLEVEL},
        {SLICE("LogLevel"), KEY_LOGLEVEL_NET},
        {SLICE("levelname"), KEY_LEVELNAME},
        {SLICE("level_name"), KEY_LEVEL_NAME_PSR},
        {SLICE("@timestamp"), KEY_AT_TIMESTAMP},
        {SLICE("timestamp"), KEY_TIMESTAMP},
        {SLICE("Timestamp"), KEY_TIMESTAMP_NET},
        {SLICE("ServiceName"), KEY_UNKNOWN}, /* Traefik's upstream */
        {SLICE("serviceName"), KEY_SERVICE_NAME},
        {SLICE("service.name"), KEY_SERVICE_DOT_NAME},
        {SLICE("MESSAGE"), KEY_MESSAGE},
        {SLICE(""), KEY_UNKNOWN},
        {SLICE("___"), KEY_UNKNOWN},
        {SLICE("\xff\x00z"), KEY_UNKNOWN},
    };
    struct key_cache *cache = key_cache_new();
    for (int round = 0; round < 3; round++) { /* the second and third come from the cache */
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct slice name = driver_guarded(cases[i].name);
            if (key_lookup(cache, name) != cases[i].id) {
                fail_msg("%.*s: %u", (int)name.len, name.data, key_lookup(cache, name));
            }
        }
    }
    key_cache_free(cache);
}

static void a_nested_name_is_tried_with_its_container(void **state)
{
    (void)state;
    static const struct {
        struct slice prefix;
        struct slice name;
        uint16_t id;
    } cases[] = {
        {SLICE("dd"), SLICE("trace_id"), KEY_TRACE_ID_DD},
        {SLICE("trace"), SLICE("id"), KEY_TRACE_ID},
        {SLICE("span"), SLICE("id"), KEY_SPAN_ID},
        {SLICE("trace"), SLICE("trace_id"), KEY_TRACE_ID_HONEYCOMB},
        {SLICE("otel"), SLICE("trace_id"), KEY_TRACE_ID_OTEL},
        {SLICE("log"), SLICE("level"), KEY_LOG_DOT_LEVEL},
        {SLICE("instant"), SLICE("epochSecond"), KEY_INSTANT_SECOND},
        {SLICE("timestamp"), SLICE("seconds"), KEY_TIMESTAMP_SECONDS},
        {SLICE("service"), SLICE("name"), KEY_SERVICE_DOT_NAME},
        {SLICE("level"), SLICE("no"), KEY_LEVELNO},
        {SLICE("record"), SLICE("message"), KEY_RECORD_MESSAGE},
        {SLICE("mdc"), SLICE("trace_id"), KEY_TRACE_ID},
        {SLICE("extra"), SLICE("dd.trace_id"), KEY_TRACE_ID_DD},
        {SLICE("mdc"), SLICE("message"), KEY_UNKNOWN},
        {SLICE("request"), SLICE("trace_id"), KEY_UNKNOWN},
        {SLICE(""), SLICE("trace_id"), KEY_TRACE_ID},
        {SLICE("trace"), SLICE(""), KEY_TRACE_WEAK},
    };
    struct key_cache *cache = key_cache_new();
    for (size_t i = 0; i < ARRAY_LEN(cases) * 2; i++) {
        size_t c = i % ARRAY_LEN(cases);
        assert_int_equal(key_lookup_joined(cache, cases[c].prefix, cases[c].name), cases[c].id);
    }
    key_cache_free(cache);
}

static void long_and_colliding_names_are_never_mistaken(void **state)
{
    (void)state;
    struct key_cache *cache = key_cache_new();
    char name[200];
    memset(name, '_', sizeof(name));
    memcpy(name + 20, "trace_id", 8);
    for (size_t len = 28; len < sizeof(name); len++) {
        uint16_t wanted = len <= KEY_NAME_MAX ? KEY_TRACE_ID : KEY_UNKNOWN;
        assert_int_equal(key_lookup(cache, slice_make(name, len)), wanted);
    }
    for (int i = 0; i < 20000; i++) {
        int len = snprintf(name, sizeof(name), "trace_%d_id", i);
        assert_int_equal(key_lookup(cache, slice_make(name, (size_t)len)), KEY_UNKNOWN);
        len = snprintf(name, sizeof(name), "opentelemetry_%05d_trace_id", i);
        assert_int_equal(key_lookup(cache, slice_make(name, (size_t)len)), KEY_UNKNOWN);
        assert_int_equal(key_lookup(cache, SLICE("trace_id")), KEY_TRACE_ID);
        assert_int_equal(key_lookup(cache, SLICE("opentelemetry_context_traceparent")),
                         KEY_TRACEPARENT);
    }
    key_cache_free(cache);
}

static void hits_are_the_top_level_members_that_mean_something(void **state)
{
    (void)state;
    static const struct {
        struct slice key;
        uint8_t kind;
    } members[] = {
        {SLICE("time"), FIELD_STRING},     {SLICE("color"), FIELD_STRING},
        {SLICE("dd"), FIELD_OBJECT}, /* holds the next one */
        {SLICE("trace_id"), FIELD_STRING}, {SLICE("msg"), FIELD_STRING},
    };
    struct field items[ARRAY_LEN(members)] = {0};
    for (uint32_t i = 0; i < ARRAY_LEN(members); i++) {
        items[i].key = members[i].key.data;
        items[i].key_len = (uint32_t)members[i].key.len;
        items[i].kind = members[i].kind;
        items[i].next = i + 1;
    }
    struct fields fields = {.items = items, .count = ARRAY_LEN(members)};
    fields.items[2].next = 4;
    struct key_cache *cache = key_cache_new();
    struct key_hits hits;
    key_hits_collect(cache, &fields, &hits);
    assert_int_equal(hits.count, 3);
    assert_int_equal(hits.items[0].id, KEY_TIME);
    assert_int_equal(hits.items[1].id, KEY_DD);
    assert_int_equal(hits.items[1].field, 2);
    assert_int_equal(hits.items[2].field, 4);
    assert_int_equal(hits.holds, KEY_HOLDS_TRACE | KEY_HOLDS_VALUES);
    assert_int_equal(hits.roles,
                     1u << KEY_ROLE_TIME | 1u << KEY_ROLE_CONTAINER | 1u << KEY_ROLE_BODY);
    assert_int_equal(fields.items[1].key_id, KEY_UNKNOWN);
    assert_int_equal(fields.items[4].key_id, KEY_MSG);
    key_cache_free(cache);
}

/* Far more names than places, so that most find theirs taken; two records, so that places that were
 * noted in the first are given to names of the second. */
static void a_member_noted_twice_is_always_noticed(void **state)
{
    (void)state;
    static char names[3000][80];
    struct fields fields;
    fields_init(&fields, 10000);
    fields.keys = key_cache_new();
    struct key_cache *plain = key_cache_new();
    uint32_t wrong = 0;
    for (unsigned record = 0; record < 3; record++) {
        fields_clear(&fields);
        for (uint32_t i = 0; i < 2 * ARRAY_LEN(names); i++) {
            char *name = names[i % ARRAY_LEN(names)];
            bool is_second = i >= ARRAY_LEN(names);
            if (!is_second) {
                snprintf(name, sizeof(names[0]), "%.*s%u_trace%s", (int)(i % 64),
                         "a_name_with_so_many_letters_that_nobody_has_ever_seen_a_longer_one", i,
                         i % 7 == record ? "_id" : "");
            }
            struct field field = {.key = name, .key_len = (uint32_t)strlen(name)};
            bool is_seen = fields_note_member(&fields, NO_OBJECT, &field);
            assert_true(is_seen || !is_second);
            wrong += is_seen && !is_second;
            assert_int_equal(field.key_id, key_lookup(plain, slice_from_string(name)));
        }
    }
    assert_int_equal(wrong, 0);
    key_cache_free(plain);
    key_cache_free(fields.keys);
    fields_fini(&fields);
}

static void a_member_of_a_container_is_another_one(void **state)
{
    (void)state;
    struct fields fields;
    fields_init(&fields, 100);
    fields.keys = key_cache_new();
    struct field field = {.key = "trace_id", .key_len = 8};
    assert_false(fields_note_member(&fields, NO_OBJECT, &field));
    assert_int_equal(field.key_id, KEY_TRACE_ID);
    assert_false(fields_note_member(&fields, 3, &field));
    assert_true(fields_note_member(&fields, 3, &field));
    assert_true(fields_note_member(&fields, NO_OBJECT, &field));
    fields_clear(&fields);
    assert_false(fields_note_member(&fields, NO_OBJECT, &field));
    key_cache_free(fields.keys);
    fields_fini(&fields);
}

static void roles_follow_the_order_of_the_ids(void **state)
{
    (void)state;
    assert_int_equal(key_role(KEY_UNKNOWN), KEY_ROLE_NONE);
    assert_int_equal(key_role(KEY_TRACE_ID), KEY_ROLE_TRACE_ID);
    assert_int_equal(key_role(KEY_TID_WEAK), KEY_ROLE_TRACE_ID);
    assert_int_equal(key_role(KEY_TRACEPARENT), KEY_ROLE_TRACE_HEADER);
    assert_int_equal(key_role(KEY_SPAN_ID), KEY_ROLE_SPAN_ID);
    assert_int_equal(key_role(KEY_FLAGS), KEY_ROLE_FLAGS);
    assert_int_equal(key_role(KEY_SEVERITY_NUMBER), KEY_ROLE_SEVERITY);
    assert_int_equal(key_role(KEY_DATE), KEY_ROLE_TIME);
    assert_int_equal(key_role(KEY_SERVICE), KEY_ROLE_SERVICE);
    assert_int_equal(key_role(KEY_NAME), KEY_ROLE_LOGGER);
    assert_int_equal(key_role(KEY_MESSAGE), KEY_ROLE_BODY);
    assert_int_equal(key_role(KEY_CALLER), KEY_ROLE_CODE);
    assert_int_equal(key_role(KEY_PID), KEY_ROLE_THREAD);
    assert_int_equal(key_role(KEY_ERR), KEY_ROLE_EXCEPTION);
    assert_int_equal(key_role(KEY_RESOURCE), KEY_ROLE_CONTAINER);
    assert_int_equal(key_role(KEYS_END), KEY_ROLE_NONE);
    assert_int_equal(key_holds(KEYS_END), 0);
}

static void a_cache_can_have_rows_of_its_own(void **state)
{
    (void)state;
    static const struct key_row rows[] = {{"my.req.trace", 7}, {"X-Trace", 8}, {"xtrace", 9}};
    struct key_cache *cache = key_cache_new_of(rows, ARRAY_LEN(rows));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(key_lookup(cache, SLICE("my_req_trace")), 7);
        assert_int_equal(key_lookup(cache, SLICE("x_trace")), 8);
        assert_int_equal(key_lookup(cache, SLICE("trace_id")), 0);
        assert_int_equal(key_lookup(cache, SLICE("my_traceparent")), 0);
    }
    key_cache_free(cache);
}

static void classes_and_notes_have_names(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < TRACE_NOTES_END; bit++) {
        assert_non_null(trace_note_name(bit));
    }
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        assert_int_equal(trace_class_from_name(trace_class_name((enum trace_class)c)), c);
    }
    assert_int_equal(trace_class_from_name("okay"), TRACE_CLASSES);
    assert_true(TRACE_NOTES_END <= 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_every_spelling),
        cmocka_unit_test(a_nested_name_is_tried_with_its_container),
        cmocka_unit_test(long_and_colliding_names_are_never_mistaken),
        cmocka_unit_test(hits_are_the_top_level_members_that_mean_something),
        cmocka_unit_test(a_member_noted_twice_is_always_noticed),
        cmocka_unit_test(a_member_of_a_container_is_another_one),
        cmocka_unit_test(roles_follow_the_order_of_the_ids),
        cmocka_unit_test(a_cache_can_have_rows_of_its_own),
        cmocka_unit_test(classes_and_notes_have_names),
    };
    return driver_run("keys", tests, ARRAY_LEN(tests));
}
