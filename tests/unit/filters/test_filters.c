/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "filter_case.h"
#include "filters/keyed_hash.h"
#include "record/secret.h"

#define ID    "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"
#define DROP  "(dropped)"

static const struct {
    const char *filter;
    const char *line;
    const char *shipped; /* attributes as field_dump.h has them */
    uint64_t errors;
} cases[] = {
    /* conditions */
    {"drop: {field: a}", "{\"a\":null}", DROP, 0},
    {"drop: {field: a, exists: false}", "{\"b\":1}", DROP, 0},
    {"drop: {field: a, equals: 1}", "{\"a\":1.0}", DROP, 0},
    {"drop: {field: a, equals: 1}", "{\"a\":\"1\"}", DROP, 0},
    {"drop: {field: a, equals: '1'}", "{\"a\":1}", DROP, 0},
    {"drop: {field: a, equals: 1}", "{\"a\":\"1.0\"}", "{\"a\":\"1.0\"}", 0},
    {"drop: {field: a, equals: true}", "{\"a\":true}", DROP, 0},
    {"drop: {field: a, equals: null}", "{\"a\":null}", DROP, 0},
    {"drop: {field: a, equals: null}", "{\"b\":1}", "{\"b\":i1}", 0},
    {"drop: {field: a, equals: ''}", "{\"a\":\"\"}", DROP, 0},
    {"drop: {field: a, equals: x}", "{\"a\":{\"x\":1}}", "{\"a\":{\"x\":i1}}", 0},
    {"drop: {field: a, equals: 9223372036854775807}", "{\"a\":9223372036854775807}", DROP, 0},
    {"drop: {field: a, equals: 9223372036854775807}", "{\"a\":9223372036854775806}",
     "{\"a\":i9223372036854775806}", 0},
    {"drop: {field: a, in: [x, 2, null]}", "{\"a\":2}", DROP, 0},
    {"drop: {field: a, in: [x, 2]}", "{\"a\":3}", "{\"a\":i3}", 0},
    {"drop: {field: a, matches: '^x+$'}", "{\"a\":\"xxx\"}", DROP, 0},
    {"drop: {field: a, matches: '(x+x+)+y'}", "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
     "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}", 0},
    {"drop: {field: a, contains: b, starts_with: a, ends_with: c}", "{\"a\":\"abc\"}", DROP, 0},
    {"drop: {field: a, ends_with: abcd}", "{\"a\":\"abc\"}", "{\"a\":\"abc\"}", 0},
    {"drop: {field: a, at_least: 2, less: 3}", "{\"a\":\"2.5\"}", DROP, 0},
    {"drop: {field: a, greater: 2}", "{\"a\":2}", "{\"a\":i2}", 0},
    {"drop: {field: a, at_most: 2}", "{\"a\":\"0x1\"}", "{\"a\":\"0x1\"}", 0},
    {"drop: {field: a, less: 1}", "{\"a\":\"nan\"}", "{\"a\":\"nan\"}", 0},
    {"drop: {severity: {at_least: WARN}}", "{\"level\":\"error\"}", DROP, 0},
    {"drop: {severity: {less: WARN}}", "{\"a\":1}", "{\"a\":i1}", 0},
    {"drop: {severity: INFO}", "{\"a\":1,\"severity_number\":10}", DROP, 0},
    {"drop: {trace_id: {equals: " ID "}}", "{\"trace_id\":\"" ID "\"}", DROP, 0},
    {"drop: {body: {contains: hi}}", "{\"msg\":\"oh hi\"}", DROP, 0},
    {"drop: {field: msg, contains: hi}", "{\"msg\":\"oh hi\"}", DROP, 0},
    {"drop: {service: shop}", "{\"service\":\"shop\"}", DROP, 0},
    {"drop: {resource: {k8s.namespace.name: shop, k8s.pod.name: {matches: '^web-'}}}", "{}", DROP,
     0},
    {"drop: {format: text, path: {starts_with: /var}}", "hello", DROP, 0},
    {"drop: {not: {any: [{field: a}, {field: b}]}}", "{\"c\":1}", DROP, 0},
    {"drop: {not: [{field: a}, {field: b}]}", "{\"a\":1,\"b\":1}", "{\"a\":i1,\"b\":i1}", 0},
    {"drop: {any: []}", "{\"a\":1}", "{\"a\":i1}", 0},
    {"keep: {field: a}", "{\"b\":1}", DROP, 0},
    {"keep: {}", "{\"b\":1}", "{\"b\":i1}", 0},
    {"drop: {}, when: {field: b, equals: 2}", "{\"b\":1}", "{\"b\":i1}", 0},
    /* names */
    {"remove: {names: [a.b]}", "{\"a.b\":1,\"a\":{\"b\":2}}", "{\"a\":{\"b\":i2}}", 0},
    {"remove: {names: [a.b, a.b]}", "{\"a.b\":1,\"a\":{\"b\":2}}", "{\"a\":{}}", 0},
    {"remove: {names: [a.b.c]}", "{\"a\":{\"b\":1,\"b.c\":2},\"a.b\":{\"c\":3}}",
     "{\"a\":{\"b\":i1},\"a.b\":{\"c\":i3}}", 0},
    {"remove: {names: [a.b.c]}", "{\"a\":{\"b\":1},\"a.b\":{\"c\":3}}",
     "{\"a\":{\"b\":i1},\"a.b\":{}}", 0},
    {"remove: {names: [a.0, a.b]}", "{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":i1}]}", 0},
    {"remove: {names: [a]}", "{\"a\":1,\"a\":2,\"b\":3}", "{\"b\":i3}", 0},
    {"remove: {prefixes: [a], patterns: ['z$']}", "{\"a\":1,\"ab\":2,\"b\":3,\"xz\":4}",
     "{\"b\":i3}", 0},
    /* rename */
    {"rename: {a: b}", "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":i1,\"c\":i3}", 0},
    {"rename: {a: a}", "{\"a\":1}", "{\"a\":i1}", 0},
    {"rename: {a: b, b: c}", "{\"a\":1,\"b\":2}", "{\"c\":i1}", 0},
    {"rename: {a.b: c}", "{\"a\":{\"b\":1,\"c\":2},\"c\":3}", "{\"a\":{\"c\":i1},\"c\":i3}", 0},
    {"rename: {trace_id: t}", "{\"trace_id\":\"" ID "\"}", "{}", 0},
    /* copy and move */
    {"copy: {a: b}", "{\"a\":{\"x\":[1]},\"b\":2,\"c\":3}",
     "{\"a\":{\"x\":[i1]},\"c\":i3,\"b\":{\"x\":[i1]}}", 0},
    {"copy: {a: a.b}", "{\"a\":{\"x\":1},\"c\":3}",
     "{\"a\":{\"x\":i1,\"b\":{\"x\":i1}},\"c\":i3}", 0},
    {"copy: {a.x: b.c.d}", "{\"a\":{\"x\":1},\"b\":{\"c\":{\"e\":2},\"f\":3},\"g\":4}",
     "{\"a\":{\"x\":i1},\"b\":{\"c\":{\"e\":i2,\"d\":i1},\"f\":i3},\"g\":i4}", 0},
    {"copy: {a: x.y}", "{\"a\":1}", "{\"a\":i1,\"x.y\":i1}", 0},
    {"copy: {a: b}", "{\"a\":{},\"b\":{\"c\":1}}", "{\"a\":{},\"b\":{}}", 0},
    {"copy: {a: b}", "{\"a\":5,\"z\":{\"y\":1},\"b\":{\"c\":1},\"d\":6}",
     "{\"a\":i5,\"z\":{\"y\":i1},\"b\":i5,\"d\":i6}", 0},
    {"copy: {a: $trace_id}", "{\"a\":\"xyz\"}", "{\"a\":\"xyz\"}", 1},
    {"copy: {a: $severity}", "{\"a\":99}", "{\"a\":i99}", 1},
    {"move: {a: a.b}", "{\"a\":{\"x\":1}}", "{\"a.b\":{\"x\":i1}}", 0},
    {"move: {a.b: a}", "{\"a\":{\"b\":{\"b\":1},\"c\":2}}", "{\"a\":{\"b\":i1}}", 0},
    {"move: {a: b}", "{\"a\":1,\"b\":{\"c\":2},\"d\":3}", "{\"b\":i1,\"d\":i3}", 0},
    {"move: {a: a}", "{\"a\":1,\"b\":2}", "{\"b\":i2,\"a\":i1}", 0},
    {"move: {$body: a}", "{\"msg\":\"hi\"}", "{\"a\":\"hi\"}", 0},
    /* set and add */
    {"set: {a: 1, b: '1', c: 1.5, d: true, e: null, f: 0123}", "{}",
     "{\"a\":i1,\"b\":\"1\",\"c\":d1.5,\"d\":true,\"e\":null,\"f\":\"0123\"}", 0},
    {"set: {a: '%{b}', c: '%{b}%{d}', e: 'x%%{b}y'}", "{\"b\":7,\"d\":\"z\"}",
     "{\"b\":i7,\"d\":\"z\",\"a\":i7,\"c\":\"7z\",\"e\":\"x%{b}y\"}", 0},
    {"set: {a: '%{nope}', b: 'x%{nope}', c: 'x%{o}'}", "{\"o\":{\"p\":1}}", "{\"o\":{\"p\":i1}}",
     0},
    {"set: {a: 2}", "{\"a\":{\"b\":[1,2],\"c\":3},\"d\":4}", "{\"a\":i2,\"d\":i4}", 0},
    {"set: {a.b: 2}", "{\"a\":{\"b\":[1,2],\"c\":3},\"d\":4}",
     "{\"a\":{\"b\":i2,\"c\":i3},\"d\":i4}", 0},
    {"set: {msg: x}", "{\"msg\":\"hi\"}", "{\"msg\":\"x\"}", 0},
    {"set: {$trace_id: '%{a}'}", "{\"a\":\"00000000000000000000000000000000\"}",
     "{\"a\":\"00000000000000000000000000000000\"}", 1},
    {"add: {a: 1, b: 2, msg: 3}", "{\"a\":null,\"msg\":\"hi\"}", "{\"a\":null,\"b\":i2}", 0},
    /* nest and lift */
    {"nest: {names: [a, b], under: o}", "{\"a\":{\"x\":1},\"c\":2,\"b\":3}",
     "{\"c\":i2,\"o\":{\"a\":{\"x\":i1},\"b\":i3}}", 0},
    {"nest: {names: [a], under: o}", "{\"o\":{\"a\":1,\"z\":2},\"a\":3,\"c\":4}",
     "{\"o\":{\"z\":i2,\"a\":i3},\"c\":i4}", 0},
    {"nest: {names: [a], under: o}", "{\"o\":5,\"a\":3}", "{\"o\":{\"a\":i3}}", 0},
    {"nest: {names: [a], under: o}", "{\"b\":3}", "{\"b\":i3}", 0},
    {"nest: {prefixes: [a_], under: a_o, strip_prefix: true}", "{\"a_\":1,\"a_b\":2,\"a_o\":3}",
     "{\"a_o\":{\"a_\":i1,\"b\":i2}}", 0},
    {"lift: {from: a}", "{\"a\":{\"a\":1,\"b\":{\"c\":2}},\"b\":3}",
     "{\"a\":i1,\"b\":{\"c\":i2}}", 0},
    {"lift: {from: a.b, prefix: p_}", "{\"a\":{\"b\":{\"c\":1,\"d\":[{}]},\"e\":2},\"f\":3}",
     "{\"a\":{\"e\":i2,\"p_c\":i1,\"p_d\":[{}]},\"f\":i3}", 0},
    {"lift: {from: a}", "{\"a\":[1]}", "{\"a\":[i1]}", 0},
    /* parse */
    {"parse: {field: a}", "{\"a\":\"{\\\"b\\\":{\\\"c\\\":1},\\\"d\\\":2}\",\"d\":3}",
     "{\"a\":\"{\\x22b\\x22:{\\x22c\\x22:1},\\x22d\\x22:2}\",\"b\":{\"c\":i1},\"d\":i2}", 0},
    {"parse: {field: a, keep: false}", "{\"a\":\"{\\\"a\\\":1}\"}", "{\"a\":i1}", 0},
    {"parse: {field: a, keep: false}", "{\"a\":\"[1]\"}", "{\"a\":\"[1]\"}", 1},
    {"parse: {field: a}", "{\"a\":5}", "{\"a\":i5}", 0},
    {"parse: {field: a}, on_error: drop", "{\"a\":\"x\"}", DROP, 1},
    {"parse: {field: a, format: ltsv}", "{\"a\":\"x:1\\ty:a:b\\tx:2\"}",
     "{\"a\":\"x:1\\x09y:a:b\\x09x:2\",\"x\":[\"1\",\"2\"],\"y\":\"a:b\"}", 0},
    {"parse: {field: a, format: ltsv}", "{\"a\":\"x:1\\tnone\"}", "{\"a\":\"x:1\\x09none\"}", 1},
    {"parse: {field: a, format: regex, pattern: '(?<n>\\w+)(-(?<o>x))?', types: {n: int}}",
     "{\"a\":\"12\"}", "{\"a\":\"12\",\"n\":i12}", 0},
    {"parse: {field: a, format: regex, pattern: '(?<n>\\w+)', types: {n: int}}", "{\"a\":\"q\"}",
     "{\"a\":\"q\",\"n\":\"q\"}", 1},
    {"parse: {field: a, under: o, prefix: p.}", "{\"a\":\"{\\\"x\\\":1}\",\"o\":{\"y\":2},\"z\":3}",
     "{\"a\":\"{\\x22x\\x22:1}\",\"o\":{\"y\":i2,\"p.x\":i1},\"z\":i3}", 0},
    /* convert */
    {"convert: {a: int}", "{\"a\":\" 12 \"}", "{\"a\":i12}", 0},
    {"convert: {a: int}", "{\"a\":3.0}", "{\"a\":i3}", 0},
    {"convert: {a: int}", "{\"a\":3.5}", "{\"a\":d3.5}", 1},
    {"convert: {a: int}", "{\"a\":\"9223372036854775808\"}", "{\"a\":\"9223372036854775808\"}", 1},
    {"convert: {a: double}", "{\"a\":7}", "{\"a\":d7}", 0},
    {"convert: {a: double}", "{\"a\":\"1e999\"}", "{\"a\":\"1e999\"}", 1},
    {"convert: {a: bool}", "{\"a\":\"TRUE\"}", "{\"a\":true}", 0},
    {"convert: {a: bool}", "{\"a\":2}", "{\"a\":i2}", 1},
    {"convert: {a: string}", "{\"a\":1.50}", "{\"a\":\"1.50\"}", 0},
    {"convert: {a: string}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":i1}}", 1},
    {"convert: {msg: int}", "{\"msg\":\"5\"}", "{}", 0},
    /* redact */
    {"redact: {keys: [PassWord]}", "{\"a\":[{\"password\":{\"b\":1}}],\"c\":2}",
     "{\"a\":[{\"password\":\"[redacted]\"}],\"c\":i2}", 0},
    {"redact: {keys: [a.b]}", "{\"a\":{\"b\":1,\"c\":2}}",
     "{\"a\":{\"b\":\"[redacted]\",\"c\":i2}}", 0},
    {"redact: {patterns: [card]}", "{\"a\":4111111111111111,\"b\":\"x 5500-0000-0000-0004.\"}",
     "{\"a\":\"[redacted]\",\"b\":\"x [redacted].\"}", 0},
    {"redact: {patterns: ['(?:x+)+[yz]']}",
     "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"b\":\"xy\"}",
     "{\"a\":\"[redacted]\",\"b\":\"[redacted]\"}", 1},
    {"redact: {patterns: ['(?:x+)+[yz]'], at_limit: keep}",
     "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"b\":\"xy\"}",
     "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"b\":\"[redacted]\"}", 1},
    {"redact: {patterns: ['(?:x+)+[yz]']}",
     "{\"msg\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"trace_id\":\"" ID "\"}", "{}", 1},
    {"redact: {patterns: ['x*']}", "{\"a\":\"axxb\"}", "{\"a\":\"a[redacted]b\"}", 0},
    {"redact: {patterns: ['\\xc3']}", "{\"a\":\"\xc3\xa4\"}", "{\"a\":b\"[redacted]\\xa4\"}", 0},
    /* limit */
    {"limit: {value_bytes: 3}", "{\"a\":\"\xc3\xa4\xc3\xa4\",\"b\":[\"12345\"],\"c\":12345}",
     "{\"a\":\"\\xc3\\xa4\",\"b\":[\"123\"],\"c\":i12345}", 0},
    {"limit: {attributes: 1}", "{\"msg\":\"m\",\"a\":{\"x\":1,\"y\":2},\"b\":1}",
     "{\"a\":{\"x\":i1,\"y\":i2}}", 0},
};

static void each_filter_makes_of_a_line_what_its_case_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct filter_case c;
        char *config = mem_format("filters:\n- {%s}\n", cases[i].filter);
        filter_case_init(&c, config);
        filter_case_parse(&c, slice_from_string(cases[i].line));
        enum filter_verdict verdict = filters_apply(c.filters, c.record, 1);
        size_t count;
        const struct filter_count *counts = filters_counts(c.filters, &count);
        const char *got = verdict == FILTER_DROP ? DROP : filter_case_dump(&c);
        if (strcmp(got, cases[i].shipped) != 0 || counts[0].errors != cases[i].errors) {
            print_error("%s of %s: %s, %d errors\n", cases[i].filter, cases[i].line, got,
                        (int)counts[0].errors);
        }
        assert_string_equal(got, cases[i].shipped);
        assert_int_equal(counts[0].errors, cases[i].errors);
        assert_int_equal(counts[0].dropped, verdict == FILTER_DROP);
        filter_case_check_table(&c);
        filter_case_fini(&c);
        free(config);
    }
}

#define SLOW "'(?:x+)+[yz]'" /* gives up on the text of AT_LIMIT */
#define AT_LIMIT "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"b\":\"1\"}"
#define AS_IT_WAS "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"b\":\"1\"}"
#define UNKNOWN "{field: a, matches: " SLOW "}"
#define A       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *filter;
    const char *shipped; /* of AT_LIMIT */
    uint64_t limits;
} limit_cases[] = {
    {"keep: " UNKNOWN, AS_IT_WAS, 1},
    {"drop: " UNKNOWN, AS_IT_WAS, 1},
    {"keep: {not: " UNKNOWN "}", AS_IT_WAS, 1},
    {"drop: {not: " UNKNOWN "}", AS_IT_WAS, 1},
    {"drop: {not: {not: " UNKNOWN "}}", AS_IT_WAS, 1},
    {"keep: {all: [" UNKNOWN ", {field: b}]}", AS_IT_WAS, 1},
    {"keep: {all: [" UNKNOWN ", {field: c}]}", DROP, 1},
    {"drop: {all: [{field: b}, " UNKNOWN "]}", AS_IT_WAS, 1},
    {"drop: {any: [" UNKNOWN ", {field: c}]}", AS_IT_WAS, 1},
    {"drop: {any: [" UNKNOWN ", {field: b}]}", DROP, 1},
    {"keep: {any: [" UNKNOWN ", {field: c}]}", AS_IT_WAS, 1},
    {"keep: {all: [{field: c}, " UNKNOWN "]}", DROP, 0},
    {"keep: {not: {any: [" UNKNOWN ", {field: b}]}}", DROP, 1},
    {"keep: {all: [{field: b}, {any: [" UNKNOWN ", " UNKNOWN "]}]}", AS_IT_WAS, 2},
    {"redact: {keys: [b]}, when: " UNKNOWN, "{\"a\":\"" A "\",\"b\":\"[redacted]\"}", 1},
    {"redact: {keys: [b]}, when: {not: " UNKNOWN "}", "{\"a\":\"" A "\",\"b\":\"[redacted]\"}",
     1},
    {"redact: {keys: [b]}, when: [" UNKNOWN ", {field: c}]", AS_IT_WAS, 1},
    {"remove: {names: [b]}, when: " UNKNOWN, "{\"a\":\"" A "\"}", 1},
    {"set: {b: ''}, when: " UNKNOWN, "{\"a\":\"" A "\",\"b\":\"\"}", 1},
    {"rename: {b: c}, when: " UNKNOWN, "{\"a\":\"" A "\",\"c\":\"1\"}", 1},
    {"parse: {field: b}, on_error: drop, when: " UNKNOWN, AS_IT_WAS, 1},
    {"drop: {}, when: " UNKNOWN, AS_IT_WAS, 1},
    {"sample: {ratio: 0, without_id: drop}, when: " UNKNOWN, AS_IT_WAS, 1},
    {"redact: {patterns: [" SLOW "]}", "{\"a\":\"[redacted]\",\"b\":\"1\"}", 1},
    {"redact: {patterns: [" SLOW "], at_limit: keep}", AS_IT_WAS, 1},
    {"parse: {field: a, format: regex, pattern: '(?<n>(?:x+)+)[yz]'}", AS_IT_WAS, 1},
};

static void where_a_pattern_gives_up_no_record_is_lost_and_no_secret_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(limit_cases); i++) {
        struct filter_case c;
        char *config = mem_format("filters:\n- {%s}\n", limit_cases[i].filter);
        filter_case_init(&c, config);
        filter_case_parse(&c, SLICE(AT_LIMIT));
        enum filter_verdict verdict = filters_apply(c.filters, c.record, 1);
        size_t count;
        const struct pattern_limits *limits = &filters_counts(c.filters, &count)->limits;
        const char *got = verdict == FILTER_DROP ? DROP : filter_case_dump(&c);
        if (strcmp(got, limit_cases[i].shipped) != 0 || limits->count != limit_cases[i].limits) {
            print_error("%s: %s, %d limits\n", limit_cases[i].filter, got, (int)limits->count);
        }
        assert_string_equal(got, limit_cases[i].shipped);
        assert_int_equal(limits->count, limit_cases[i].limits);
        assert_true((limits->pattern != NULL) == (limits->count > 0));
        filter_case_fini(&c);
        free(config);
    }
}

/* A name can be as hard to search as a text. */
static void remove_takes_a_field_on_whose_name_its_pattern_gives_up(void **state)
{
    (void)state;
    struct filter_case c;
    filter_case_init(&c, "filters:\n- remove: {patterns: [" SLOW "]}\n");
    filter_case_parse(&c, SLICE("{\"" A "\":1,\"b\":2}"));
    assert_int_equal(filters_apply(c.filters, c.record, 1), FILTER_KEEP);
    assert_string_equal(filter_case_dump(&c), "{\"b\":i2}");
    filter_case_fini(&c);
}

static const char *const lines[] = {
    "{\"witness\":{\"n\":[1,\"\xc3\xa4\",null,{\"k\":2.5}],\"s\":\"x\"},"
    "\"msg\":\"x 4111111111111111 a@b.de\","
    "\"level\":\"warn\",\"trace_id\":\"" ID "\",\"span_id\":\"" SPAN
    "\",\"a\":{\"b\":{\"c\":1,\"d\":[1,2]},\"c\":\"go\"},\"b\":7,\"c\":\"true\",\"m_x\":1,\"m_y\":\"y\"}",
    "{\"witness\":[],\"log\":\"{\\\"trace_id\\\":\\\"" ID "\\\",\\\"a\\\":{\\\"b\\\":1}}\",\"a\":\"k=1 "
    "b=2\",\"b\":\"h:1\\tj:2\",\"c\":\"gone?\",\"traceparent\":\"00-" ID "-" SPAN "-01\"}",
    "{\"a\":\"12\",\"b\":\"1.5\",\"c\":\"yes\",\"a.b\":\"5\",\"b.c\":{\"d\":1},"
    "\"x\":{\"y\":{\"z\":1}},\"password\":"
    "\"p\",\"witness\":\"w\",\"service\":\"web\",\"time\":\"2026-03-02T10:11:12Z\"}",
    "ERROR 2026-03-02 10:11:12 something failed 12x trace_id=" ID " a=1 b=\"x y\" witness=5 c=go",
    "a=1 b=2 c=go log=\"{}\" trace_id=" ID " msg=\"hi there\" level=info witness=w",
};

/* Also shows that the comparison can fail: a chain that names ids does change them. */
static void what_no_filter_of_a_chain_names_comes_out_as_it_went_in(void **state)
{
    (void)state;
    uint32_t random = 7;
    size_t kept = 0;
    size_t changed = 0;
    for (int round = 0; round < 1500; round++) {
        uint8_t choices[8];
        for (size_t i = 0; i < sizeof(choices); i++) {
            random = random * 1664525 + 1013904223;
            choices[i] = (uint8_t)(random >> 13);
        }
        unsigned touches;
        struct filter_case c;
        char *config = filter_chain_draw(choices, 1 + random % sizeof(choices), &touches);
        filter_case_init(&c, config);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
            filter_case_parse(&c, slice_from_string(lines[i]));
            struct filter_witness before = filter_case_witness(&c);
            if (filters_apply(c.filters, c.record, 1) == FILTER_KEEP) {
                kept++;
                filter_case_compare(&c, &before, touches);
                changed += before.own.has_trace_id != c.record->has_trace_id;
            }
            filter_case_check_table(&c);
            free(before.witness);
        }
        filter_case_fini(&c);
        free(config);
    }
    assert_true(kept > 2000);
    assert_true(changed > 50);
}

/* Lines of one shape (record/shapes.h) for each of those above, of which the names differ where a shape
 * does not tell them: in arrays. */
static const char *const more_lines[] = {
    "{\"witness\":[1,2],\"a\":1,\"b\":2}",
    "{\"witness\":[{\"b\":5}],\"a\":1,\"b\":2}",
    "{\"witness\":[{\"password\":5}],\"a\":1,\"b\":2}",
    "{\"PASSWORD\":1,\"A\":2,\"o\":{\"Password\":1,\"a\":2},\"a\":{},\"b\":[]}",
    "{\"\":1,\"a\":\"\",\"b\":[[{\"c\":1}]],\"log\":\"{\\\"b\\\":{\\\"c\\\":{\\\"d\\\":1}}}\",\"c\":\"b=3\"}",
};

static size_t compare_with_singly(struct filter_case *c, const char *line, struct buf *at_once,
                                  struct buf *singly)
{
    filter_case_parse(c, slice_from_string(line));
    enum filter_verdict verdict = filters_apply(c->filters, c->record, 1);
    filter_case_encode(c, at_once);
    filter_case_parse(c, slice_from_string(line));
    assert_int_equal(filter_case_apply_singly(c, 1), verdict);
    filter_case_encode(c, singly);
    assert_true(verdict == FILTER_DROP ||
                slice_is_equal(buf_slice(at_once), buf_slice(singly)));
    return verdict == FILTER_KEEP;
}

/* Each line twice, so that it is read both as one of an unknown and of a known shape. */
static void a_chain_does_what_its_filters_do_one_by_one(void **state)
{
    (void)state;
    uint32_t random = 11;
    size_t kept = 0;
    struct buf at_once = {.limit = 1 << 20};
    struct buf singly = {.limit = 1 << 20};
    for (int round = 0; round < 1500; round++) {
        uint8_t choices[8];
        for (size_t i = 0; i < sizeof(choices); i++) {
            random = random * 1664525 + 1013904223;
            choices[i] = (uint8_t)(random >> 13);
        }
        unsigned touches;
        struct filter_case c;
        char *config = filter_chain_draw(choices, 1 + random % sizeof(choices), &touches);
        filter_case_init(&c, config);
        for (size_t i = 0; i < 2 * (ARRAY_LEN(lines) + ARRAY_LEN(more_lines)); i++) {
            size_t at = i % (ARRAY_LEN(lines) + ARRAY_LEN(more_lines));
            const char *line =
                at < ARRAY_LEN(lines) ? lines[at] : more_lines[at - ARRAY_LEN(lines)];
            kept += compare_with_singly(&c, line, &at_once, &singly);
        }
        filter_case_fini(&c);
        free(config);
    }
    assert_true(kept > 8000);
    buf_fini(&at_once);
    buf_fini(&singly);
}

/* Each is also read after a line of the same shape. */
static const struct {
    const char *filters;
    const char *line;
    const char *expected;
} meanwhile_cases[] = {
    {"- parse: {field: log, keep: false}\n- remove: {names: [b.c.d]}\n",
     "{\"log\":\"{\\\"b\\\":{\\\"c\\\":{\\\"d\\\":1}}}\"}", "{\"b\":{\"c\":{}}}"},
    {"- drop: {any: [{field: x}, {field: y}, {field: z}]}\n", "{\"y\":1}", "dropped"},
    {"- drop: {any: [{field: x}, {field: y}, {field: z}]}\n", "{\"o\":{\"y\":1}}",
     "{\"o\":{\"y\":i1}}"},
    {"- drop: {all: [{field: x, exists: false}, {field: y}]}\n", "{\"y\":1}", "dropped"},
    {"- set: {z: 1}\n  when: {any: []}\n", "{\"y\":1}", "{\"y\":i1}"},
    {"- set: {z: 1}\n  when: {field: y, exists: false}\n", "{\"x\":1}", "{\"x\":i1,\"z\":i1}"},
    {"- rename: {a: b}\n- rename: {b: a}\n- remove: {names: [a]}\n", "{\"a\":1,\"c\":2}",
     "{\"c\":i2}"},
    {"- rename: {o.a: b}\n- remove: {names: [o.b]}\n", "{\"o\":{\"a\":1,\"b\":2}}", "{\"o\":{}}"},
    {"- set: {o.z: 1}\n- remove: {names: [b]}\n", "{\"o\":{\"y\":1},\"b\":2,\"c\":3}",
     "{\"o\":{\"y\":i1,\"z\":i1},\"c\":i3}"},
    {"- lift: {from: o}\n- remove: {names: [a]}\n", "{\"o\":{\"a\":1,\"c\":2}}", "{\"c\":i2}"},
    {"- nest: {names: [a], under: o}\n- remove: {names: [o.a]}\n", "{\"a\":1,\"c\":2}",
     "{\"c\":i2,\"o\":{}}"},
    {"- redact: {keys: [k]}\n", "{\"K\":1,\"l\":[{\"k\":2},{\"k\":3}],\"o\":{\"K\":4},\"m\":5}",
     "{\"K\":\"[redacted]\",\"l\":[{\"k\":\"[redacted]\"},{\"k\":\"[redacted]\"}],"
     "\"o\":{\"K\":\"[redacted]\"},\"m\":i5}"},
};

static void names_that_come_meanwhile_are_found_and_those_that_go_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(meanwhile_cases); i++) {
        struct filter_case c;
        char *config = mem_format("filters:\n%s", meanwhile_cases[i].filters);
        filter_case_init(&c, config);
        for (int round = 0; round < 3; round++) {
            filter_case_parse(&c, slice_from_string(meanwhile_cases[i].line));
            enum filter_verdict verdict = filters_apply(c.filters, c.record, 1);
            assert_string_equal(verdict == FILTER_DROP ? "dropped" : filter_case_dump(&c),
                                meanwhile_cases[i].expected);
        }
        filter_case_fini(&c);
        free(config);
    }
}

static void a_chain_that_names_nothing_of_the_line_changes_no_byte_of_what_is_sent(void **state)
{
    (void)state;
    struct filter_case c;
    filter_case_init(&c, "filters:\n"
                         "- drop: {field: no, equals: 1}\n- keep: {not: {field: no}}\n"
                         "- remove: {names: [no, no.no], prefixes: [no], patterns: ['^no']}\n"
                         "- rename: {no: a}\n- copy: {no: a, $resource.no: b}\n- move: {no: a}\n"
                         "- set: {a: '%{no}', $trace_id: '%{no}'}\n- add: {witness: 1}\n"
                         "- nest: {names: [no], under: a}\n- lift: {from: no}\n"
                         "- parse: {field: no}\n- convert: {no: int}\n"
                         "- redact: {keys: [no], patterns: ['no such text']}\n"
                         "- limit: {value_bytes: 1000, attributes: 100}\n"
                         "- throttle: {rate: 100}\n- sample: {ratio: 100%}\n"
                         "- set: {a: 5}\n  when: {field: no}\n");
    struct buf before = {.limit = 1 << 20};
    struct buf after = {.limit = 1 << 20};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        filter_case_parse(&c, slice_from_string(lines[i]));
        filter_case_encode(&c, &before);
        assert_int_equal(filters_apply(c.filters, c.record, 1), FILTER_KEEP);
        filter_case_encode(&c, &after);
        assert_true(slice_is_equal(buf_slice(&before), buf_slice(&after)));
    }
    buf_fini(&before);
    buf_fini(&after);
    filter_case_fini(&c);
}

static void one_record_is_not_looked_at_with_the_names_of_the_last(void **state)
{
    (void)state;
    struct filter_case c;
    filter_case_init(&c, "filters:\n- remove: {names: [b]}\n");
    filter_case_parse(&c, SLICE("{\"a\":1}"));
    filters_apply(c.filters, c.record, 1);
    filter_case_parse(&c, SLICE("{\"a\":1,\"b\":2}"));
    filters_apply(c.filters, c.record, 1);
    assert_string_equal(filter_case_dump(&c), "{\"a\":i1}");
    filter_case_fini(&c);
}

/* ---- limits ---- */

static void a_table_without_room_leaves_the_record_as_it_was(void **state)
{
    (void)state;
    static const char *const chains[] = {
        "set: {new: 1}", "copy: {a: new}", "move: {a: new}", "nest: {names: [a], under: new}",
        "parse: {field: p}", "copy: {a: $body}",
    };
    for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
        struct filter_case c;
        char *config =
            mem_format("parse: {fields_max: 16}\nfilters:\n- {%s}\n", chains[i]);
        filter_case_init(&c, config);
        filter_case_parse(&c, SLICE("{\"a\":{\"b\":1},\"p\":\"{\\\"x\\\":1}\",\"f1\":1,\"f2\":1,\"f3\":1,"
                                    "\"f4\":1,\"f5\":1,\"f6\":1,\"f7\":1,\"f8\":1,\"f9\":1,\"g1\":1,"
                                    "\"g2\":1,\"g3\":1,\"g4\":1}"));
        assert_int_equal(c.record->fields.count, 16);
        char *before = mem_string(filter_case_dump(&c));
        assert_int_equal(filters_apply_one(c.filters, 0, c.record, 1), FILTER_FAILED);
        assert_string_equal(filter_case_dump(&c), before);
        filter_case_check_table(&c);
        free(before);
        filter_case_fini(&c);
        free(config);
    }
}

/* An object of `count` members, `_` and a number, and another one of those of every third name. */
static char *many_fields(uint32_t count)
{
    struct buf line;
    buf_init(&line, SIZE_MAX);
    buf_append_string(&line, "{\"o\":{\"z\":0");
    for (uint32_t i = 0; i < count; i += 3) {
        buf_append_format(&line, ",\"%u\":0", i);
    }
    buf_append_string(&line, "},\"end\":1");
    for (uint32_t i = 0; i < count; i++) {
        buf_append_format(&line, ",\"_%u\":%u", i, i);
    }
    buf_append_string(&line, "}");
    char *text = mem_string_from(buf_slice(&line));
    buf_fini(&line);
    return text;
}

static uint32_t count_members(const struct fields *fields, uint32_t object)
{
    uint32_t count = 0;
    uint32_t end = object == NO_FIELD ? fields->count : fields->items[object].next;
    for (uint32_t i = object + 1; i < end; i = fields->items[i].next) { /* NO_FIELD + 1 is 0 */
        count += (fields->items[i].flags & FIELD_REMOVED) == 0;
    }
    return count;
}

/* The table is as large as the line needs, and not one place larger. */
static void nest_and_lift_move_all_or_nothing_however_many_there_are(void **state)
{
    (void)state;
    static const uint32_t counts[] = {3, 3000, 20001};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        uint32_t count = counts[i];
        struct filter_case c;
        char *config = mem_format("parse: {fields_max: %u}\nfilters:\n"
                                  "- nest: {prefixes: [_], under: o, strip_prefix: true}\n"
                                  "- lift: {from: o, prefix: _}\n",
                                  count + count / 3 + 16);
        char *line = many_fields(count);
        filter_case_init(&c, config);
        filter_case_parse(&c, slice_from_string(line));
        uint32_t used = c.record->fields.count;
        assert_int_equal(filters_apply_one(c.filters, 0, c.record, 1), FILTER_DONE);
        filter_case_check_table(&c);
        assert_int_equal(count_members(&c.record->fields, 0), count + 1);
        assert_int_equal(count_members(&c.record->fields, NO_FIELD), 2);
        assert_int_equal(filters_apply_one(c.filters, 1, c.record, 1), FILTER_DONE);
        filter_case_check_table(&c);
        assert_int_equal(count_members(&c.record->fields, NO_FIELD), count + 2);
        assert_int_equal(c.record->fields.count, used);
        filter_case_fini(&c);
        free(line);
        free(config);
    }
}

static void what_parse_finds_is_the_record_s_where_it_did_not_know(void **state)
{
    (void)state;
    struct filter_case c;
    filter_case_init(&c, "filters:\n- parse: {field: log, keep: false}\n");
    filter_case_parse(&c, SLICE("{\"log\":\"{\\\"trace_id\\\":\\\"" ID "\\\",\\\"span_id\\\":\\\"" SPAN
                                "\\\",\\\"level\\\":\\\"error\\\",\\\"msg\\\":\\\"in\\\"}\"}"));
    assert_false(c.record->has_trace_id);
    filters_apply(c.filters, c.record, 1);
    assert_true(c.record->has_trace_id && c.record->has_span_id && c.record->severity_number == 17);
    assert_true(slice_is_equal(c.record->body_text, SLICE("in")));
    assert_string_equal(filter_case_dump(&c), "{\"level\":\"error\"}");
    /* … and only there: its own id stays, the other is an attribute */
    filter_case_parse(&c, SLICE("{\"traceparent\":\"00-" ID "-" SPAN "-01\",\"msg\":\"out\",\"log\":"
                                "\"{\\\"trace_id\\\":\\\"11111111111111111111111111111111\\\","
                                "\\\"message\\\":"
                                "\\\"in\\\"}\"}"));
    filters_apply(c.filters, c.record, 1);
    assert_int_equal(c.record->trace_id[0], 0x4b);
    assert_true(slice_is_equal(c.record->body_text, SLICE("out")));
    assert_non_null(strstr(filter_case_dump(&c), "\"trace_id\":\"11111111111111111111111111111111\""));
    assert_non_null(strstr(filter_case_dump(&c), "\"message\":\"in\""));
    filter_case_fini(&c);
}

static void a_bucket_fills_with_time(void **state)
{
    (void)state;
    struct filter_case c;
    filter_case_init(&c, "filters:\n- throttle: {by: [a], rate: 2, burst: 3, groups_max: 1}\n");
    static const struct {
        const char *line;
        uint64_t ms;
        bool passes;
    } steps[] = {
        {"{\"a\":1}", 1000, true},  {"{\"a\":1}", 1000, true},  {"{\"a\":1}", 1000, true},
        {"{\"a\":1}", 1000, false}, {"{\"a\":2}", 1000, true},  {"{\"a\":1}", 1499, false},
        {"{\"a\":1}", 1500, true},  {"{\"a\":1}", 1400, false}, {"{}", 1400, true},
        {"{\"a\":1}", 9000, true},  {"{\"a\":1}", 9000, true},  {"{\"a\":1}", 9000, true},
        {"{\"a\":1}", 9000, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        filter_case_parse(&c, slice_from_string(steps[i].line));
        enum filter_verdict verdict = filters_apply(c.filters, c.record, steps[i].ms * 1000000);
        assert_int_equal(verdict == FILTER_KEEP, steps[i].passes);
    }
    filter_case_fini(&c);
}

static void a_smaller_share_of_traces_is_part_of_a_larger_one(void **state)
{
    (void)state;
    static const char *const shares[] = {"0%", "10%", "50%", "100%"};
    size_t kept[4] = {0};
    struct filter_case c[4];
    for (size_t s = 0; s < 4; s++) {
        char *config = mem_format("filters:\n- sample: {ratio: %s}\n", shares[s]);
        filter_case_init(&c[s], config);
        free(config);
    }
    uint64_t random = 1;
    for (int i = 0; i < 4000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        char *line = mem_format("{\"trace_id\":\"%016llx%016llx\"}",
                                (unsigned long long)random ^ 0x55,
                                (unsigned long long)(random ^ random >> 29));
        bool before = false;
        for (size_t s = 0; s < 4; s++) {
            filter_case_parse(&c[s], slice_from_string(line));
            bool is_kept = filters_apply(c[s].filters, c[s].record, 1) == FILTER_KEEP;
            assert_true(is_kept || !before);
            kept[s] += is_kept;
            before = is_kept;
        }
        free(line);
    }
    assert_int_equal(kept[0], 0);
    assert_in_range(kept[1], 300, 500);
    assert_in_range(kept[2], 1850, 2150);
    assert_int_equal(kept[3], 4000);
    for (size_t s = 0; s < 4; s++) {
        filter_case_fini(&c[s]);
    }
}

/* ---- secrets ---- */

static void secrets_are_found_by_their_shape(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *found; /* NULL: nothing */
    } rows[] = {
        {"card", "4111111111111111", "4111111111111111"},
        {"card", "pay 4111 1111 1111 1111!", "4111 1111 1111 1111"},
        {"card", "378282246310005", "378282246310005"},
        {"card", "6011-1111-1111-1117", "6011-1111-1111-1117"},
        {"card", "4111111111111112", NULL},
        {"card", "1700000000000", NULL},
        {"card", "a4111111111111111", NULL},
        {"card", "4111111111111111a", NULL},
        {"card", "0.4111111111111111", NULL},
        {"card", "4111  1111 1111 1111", NULL},
        {"card", "00000004111111111111111", NULL},
        {"card", ID, NULL},
        {"email", "to <eva.b+c@mail.example.com>,", "eva.b+c@mail.example.com"},
        {"email", "x@y", NULL},
        {"email", "@example.com", NULL},
        {"email", "a@@b.com", NULL},
        {"email", "root@10.0.0.1", NULL},
        {"email", "see a@b.co.", "a@b.co"},
        {"token", "Authorization: Bearer abcdef123456", "abcdef123456"},
        {"token", "basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
        {"token", "basic auth", NULL},
        {"token", "t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_def",
         "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_def"},
        {"token", "key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"},
        {"token", "https://user:secret@host/x", "user:secret"},
        {"token", "https://host/a:b@c", NULL},
        {"token", "skill-based", NULL},
        {"ipv4", "from 10.0.0.255:80", "10.0.0.255"},
        {"ipv4", "10.0.0.256", NULL},
        {"ipv4", "1.2.3.4.5", NULL},
        {"ipv4", "v1.2.3.4", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice text = slice_from_string(rows[i].text);
        size_t at = 0;
        size_t len = 0;
        bool found = secret_search(secret_find_name(rows[i].name), text, 0, &at, &len);
        char *got = found ? mem_string_from(slice_make(text.data + at, len)) : mem_string("(none)");
        assert_string_equal(got, rows[i].found != NULL ? rows[i].found : "(none)");
        free(got);
    }
    assert_int_equal(secret_find_name("cards"), SECRETS);
}

/* The vector of the paper's appendix A: key 00 … 0f, text 00 … 0e. */
static void the_keyed_hash_is_siphash(void **state)
{
    (void)state;
    const struct hash_key key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    char text[15];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)i;
    }
    assert_true(keyed_hash(&key, slice_make(text, 15)) == UINT64_C(0xa129ca6149be45e5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_filter_makes_of_a_line_what_its_case_says),
        cmocka_unit_test(where_a_pattern_gives_up_no_record_is_lost_and_no_secret_stays),
        cmocka_unit_test(remove_takes_a_field_on_whose_name_its_pattern_gives_up),
        cmocka_unit_test(what_no_filter_of_a_chain_names_comes_out_as_it_went_in),
        cmocka_unit_test(a_chain_does_what_its_filters_do_one_by_one),
        cmocka_unit_test(names_that_come_meanwhile_are_found_and_those_that_go_are_not),
        cmocka_unit_test(a_chain_that_names_nothing_of_the_line_changes_no_byte_of_what_is_sent),
        cmocka_unit_test(one_record_is_not_looked_at_with_the_names_of_the_last),
        cmocka_unit_test(a_table_without_room_leaves_the_record_as_it_was),
        cmocka_unit_test(nest_and_lift_move_all_or_nothing_however_many_there_are),
        cmocka_unit_test(what_parse_finds_is_the_record_s_where_it_did_not_know),
        cmocka_unit_test(a_bucket_fills_with_time),
        cmocka_unit_test(a_smaller_share_of_traces_is_part_of_a_larger_one),
        cmocka_unit_test(secrets_are_found_by_their_shape),
        cmocka_unit_test(the_keyed_hash_is_siphash),
    };
    return driver_run("filters", tests, ARRAY_LEN(tests));
}
