/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "parse_case.h"
#include "parsers/parsers.h"
#include "record/shape_answers.h"

/* Read with what the lines before have taught, a line is what it is without. */
struct pair_of_cases {
    struct parse_case with;
    struct parse_case without;
    struct slice room; /* ends at a page that cannot be read */
};

enum { ROOM_BYTES = 512 };

static void init(struct pair_of_cases *p, const struct parser *parser)
{
    static const char zeros[ROOM_BYTES];
    p->room = driver_guarded(slice_make(zeros, sizeof(zeros)));
    parse_case_init(&p->with, parser);
    parse_case_init(&p->without, parser);
    shapes_free(p->without.record.fields.shapes);
    p->without.record.fields.shapes = NULL;
}

static void fini(struct pair_of_cases *p)
{
    parse_case_fini(&p->with);
    parse_case_fini(&p->without);
}

static void assert_same_hits(struct key_cache *keys, struct fields *fields)
{
    struct key_hits top;
    if (fields->shape == NULL) {
        return;
    }
    struct shape *shape = fields->shape;
    key_hits_collect(keys, fields, &top);
    if (!shape->is_known) {
        shape->top = top;
        shape->is_known = true;
    }
    assert_int_equal(shape->top.count, top.count);
    assert_int_equal(shape->top.roles, top.roles);
    assert_int_equal(shape->top.holds, top.holds);
    for (uint32_t i = 0; i < top.count; i++) {
        assert_int_equal(shape->top.items[i].id, top.items[i].id);
        assert_int_equal(shape->top.items[i].field, top.items[i].field);
    }
}

static void assert_same(struct pair_of_cases *p, struct slice text)
{
    char *end = (char *)(uintptr_t)p->room.data + ROOM_BYTES;
    memcpy(end - text.len, text.data, text.len);
    struct slice line = slice_make(end - text.len, text.len);
    enum parse_result result = parse_case_run(&p->without, line);
    assert_int_equal(parse_case_run(&p->with, line), result);
    if (result != PARSE_OK) {
        return;
    }
    struct fields *with = &p->with.record.fields;
    const struct fields *without = &p->without.record.fields;
    assert_slice_equal(parse_case_dump(&p->with), parse_case_dump(&p->without));
    for (uint32_t i = 0; i < with->count; i++) {
        assert_int_equal(with->items[i].key_id, without->items[i].key_id);
        assert_int_equal(with->items[i].flags, without->items[i].flags);
        assert_int_equal(with->items[i].next, without->items[i].next);
        bool has_text = with->items[i].kind != FIELD_STRING && with->items[i].kind != FIELD_BYTES;
        assert_true(!has_text || with->items[i].text == without->items[i].text);
    }
    assert_same_hits(with->keys, with);
}

/* Lines that differ from one before them where a path could be followed too far. */
static const struct slice json_lines[] = {
    SLICE("{\"level\":30,\"time\":1778465000000,\"msg\":\"a\"}"),
    SLICE("{\"level\":30,\"time\":1778465000000,\"msg\":\"a\",\"msg\":\"b\"}"),
    SLICE("{\"level\":30,\"level\":40,\"time\":1778465000000,\"msg\":\"a\"}"),
    SLICE("{\"level\": 30,\"time\": 1778465000000, \"msg\": \"a\"}"),
    SLICE("{\"level\":30,\"time\": 1778465000000 ,\"msg\":\"a\" }"),
    SLICE("{\"level\":{\"name\":\"info\"},\"time\":1,\"msg\":\"a\"}"),
    SLICE("{\"level\":{\"name\":\"info\",\"time\":1},\"msg\":\"a\"}"),
    SLICE("{\"level\":{\"name\":\"info\",\"name\":1},\"msg\":\"a\"}"),
    SLICE("{\"level\":{},\"time\":1,\"msg\":\"a\"}"),
    SLICE("{\"level\":[],\"time\":1,\"msg\":\"a\"}"),
    SLICE("{\"level\":[1,2],\"time\":1,\"msg\":\"a\"}"),
    SLICE("{\"level\":[1,2],\"time\":[1],\"msg\":\"a\"}"),
    SLICE("{\"level\":[1],\"time\":[1,2],\"msg\":\"a\"}"),
    SLICE("{\"level\":[{\"a\":1,\"a\":2},{\"a\":1}],\"time\":1,\"msg\":\"a\"}"),
    SLICE("{\"a\":{\"b\":{\"c\":1}},\"msg\":\"a\"}"),
    SLICE("{\"a\":{\"b\":{\"c\":1},\"msg\":\"a\"}}"),
    SLICE("{\"a\":{\"b\":{\"c\":1,\"msg\":\"a\"}}}"),
    SLICE("{\"a\":{\"b\":{\"c\":1 },\"msg\":\"a\"}}"),
    SLICE("{\"a\":{\"b\":{\"c\":1}},\"msg\":\"a\\\"b\",\"n\":\"Z\xc3\xbcrich\"}"),
    SLICE("{\"a\":{\"b\":{\"c\":1}},\"msg\":\"a\",\"n\":\"\xff\"}"),
    SLICE("{\"a\":{\"b\":{\"c\":1}},\"m\\u0073g\":\"a\",\"msg\":\"b\"}"),
    SLICE("{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\"}"),
    SLICE("{\"an unusually long name that no run of bytes has room for\":1,\"msg\":\"a\"}"),
    SLICE("{\"x\":null,\"y\":true,\"z\":1.5e300,\"msg\":\"a\"}"),
    SLICE("{\"n\":1234567,\"m\":12345678,\"k\":123456789012345,\"j\":1234567890123456}"),
    SLICE("{\"n\":1626175065.5934923,\"m\":12345678.5,\"k\":248.61,\"j\":50.8}"),
    SLICE("{\"n\":0.5,\"m\":01.5,\"k\":1.,\"j\":1}"),
    SLICE("{\"n\":12345.6,\"m\":1234.567,\"k\":1e5,\"j\":1.5E2}"),
    SLICE("{\"n\":1,\"m\":0,\"k\":10,\"j\":3.25}"),
    SLICE("{\"x\":,\"y\":true}"),
    SLICE("{\"x\":1\"y\":true}"),
    SLICE("{}"),
};

static const struct slice logfmt_lines[] = {
    SLICE("level=info msg=a n=1"),       SLICE("level=info msg=\"a b\" n=1"),
    SLICE("level=info msg= n="),         SLICE("level=info  msg=a   n=1"),
    SLICE("level=info msg=a msg=b n=1"), SLICE("level=info msg=a bare n=1"),
    SLICE("level=info bare msg=a n=1"),  SLICE("level=info two bare msg=a n=1"),
    SLICE("level=info msg=\"a\\n\" n=1"), SLICE("level=info msg=\"a\"n=1"),
    SLICE("level=info msg=a,b n=\xff"),  SLICE("level=info msg=\"a n=1"),
    SLICE("l=1 m=2 n=3"),                SLICE("l=1 mm=2 n=3"),
};

static uint32_t below(uint64_t *state, size_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % n);
}

/* A line with a few bytes changed, removed, or taken from elsewhere in it. */
static struct slice mutate(uint64_t *state, struct slice line, char out[ROOM_BYTES])
{
    static const char bytes[] = "\"\\{}[],: \t1a=e\xc3";
    size_t len = line.len;
    memcpy(out, line.data, len);
    for (uint32_t n = below(state, 4); n > 0 && len > 1; n--) {
        size_t at = below(state, len);
        size_t cut = 1 + below(state, len - at < 8 ? len - at : 8);
        switch (below(state, 3)) {
        case 0:
            out[at] = bytes[below(state, sizeof(bytes) - 1)];
            break;
        case 1:
            memmove(out + at, out + at + cut, len - at - cut);
            len -= cut;
            break;
        default:
            memmove(out + at + cut, out + at, len - at);
            len += cut;
            break;
        }
    }
    return slice_make(out, len);
}

static void compare_many(const struct parser *parser, const struct slice *lines, size_t count)
{
    struct pair_of_cases p;
    uint64_t state = 1;
    char bytes[ROOM_BYTES];
    init(&p, parser);
    for (size_t n = 0; n < 4 * count * count; n++) { /* each behind each */
        assert_same(&p, lines[n / count % count]);
        assert_same(&p, lines[n % count]);
    }
    for (int n = 0; n < 60000; n++) {
        struct slice line = lines[below(&state, count)];
        assert_same(&p, mutate(&state, line, bytes));
    }
    fini(&p);
}

static void a_json_line_is_the_same_with_shapes_and_without(void **state)
{
    (void)state;
    compare_many(&parser_json, json_lines, ARRAY_LEN(json_lines));
}

static void a_logfmt_line_is_the_same_with_shapes_and_without(void **state)
{
    (void)state;
    compare_many(&parser_logfmt, logfmt_lines, ARRAY_LEN(logfmt_lines));
}

static void a_line_seen_before_takes_its_path(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    const struct shapes *shapes = c.record.fields.shapes;
    for (int n = 0; n < 3; n++) {
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(parse_case_run(&c, json_lines[i == 0 ? 0 : 13 + i]), PARSE_OK);
        }
        assert_non_null(c.record.fields.shape);
    }
    uint32_t misses = shapes->misses;
    assert_int_equal(parse_case_run(&c, json_lines[0]), PARSE_OK);
    assert_int_equal(shapes->misses, misses);
    parse_case_fini(&c);
}

/* However many names there are, memory stays bounded, and what comes often is learnt again. */
static void shapes_that_are_full_are_forgotten(void **state)
{
    (void)state;
    struct pair_of_cases p;
    char bytes[128];
    init(&p, &parser_json);
    const struct shapes *shapes = p.with.record.fields.shapes;
    bool was_full = false;
    for (unsigned n = 0; n < 40000; n++) {
        int len = snprintf(bytes, sizeof(bytes), "{\"a\":1,\"n%u\":2,\"m%u\":{\"x\":[1]}}",
                           n % 7 * n, n);
        assert_same(&p, slice_make(bytes, (size_t)len));
        was_full = was_full || shapes->is_full;
        assert_true(shapes->node_count <= 2048);
    }
    assert_true(was_full);
    for (unsigned n = 0; n < 10000; n++) {
        assert_same(&p, json_lines[n % 3 == 0 ? 0 : 21]);
    }
    assert_false(shapes->is_full);
    fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_json_line_is_the_same_with_shapes_and_without),
        cmocka_unit_test(a_logfmt_line_is_the_same_with_shapes_and_without),
        cmocka_unit_test(a_line_seen_before_takes_its_path),
        cmocka_unit_test(shapes_that_are_full_are_forgotten),
    };
    return driver_run("shapes", tests, ARRAY_LEN(tests));
}
