/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include "parse_case.h"
#include "json_oracle.h"
#include "parsers/parsers.h"

/*
 * Made documents and their mutations against jansson, and the corpus: valid/<name>/input with the
 * dump it must give in `expected`, invalid/<name>/input. Names begin with y_ (must be taken), i_
 * (the RFC leaves it open; clew takes it and loses nothing) or n_ (must be refused).
 */

enum { DOCUMENTS = 20000, MUTATIONS = 8, DOCUMENT_BYTES_MAX = 1 << 16, DEPTH = 4 };

struct maker {
    uint64_t random;
    struct buf out;
};

static uint32_t pick(struct maker *maker, uint32_t below)
{
    maker->random ^= maker->random << 13;
    maker->random ^= maker->random >> 7;
    maker->random ^= maker->random << 17;
    return (uint32_t)(maker->random >> 33) % below;
}

static void make_blanks(struct maker *maker)
{
    static const char *const blanks[] = {"", "", "", "", "", " ", "  ", "\t", "\r\n"};
    buf_append_string(&maker->out, blanks[pick(maker, ARRAY_LEN(blanks))]);
}

static void make_string(struct maker *maker)
{
    static const char *const pieces[] = {
        "a", "b", "level", "trace_id", "0123456789abcdef", " ", "\\n", "\\\"", "\\\\", "\\/",
        "\\u0041", "\\u00e9", "\\ud83e\\uddf6", "\\ud800", "\\u0000", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\xa7\xb6", "\xff", "{", "}", ",", ":", "a longer piece of text of forty bytes --",
    };
    buf_append_string(&maker->out, "\"");
    for (uint32_t n = pick(maker, 5); n > 0; n--) {
        /* Most strings are made of the plain pieces that come first. */
        uint32_t common = pick(maker, 3) != 0 ? 6 : ARRAY_LEN(pieces);
        buf_append_string(&maker->out, pieces[pick(maker, common)]);
    }
    buf_append_string(&maker->out, "\"");
}

static void make_number(struct maker *maker)
{
    uint64_t big = (uint64_t)pick(maker, UINT32_MAX) << 32 | pick(maker, UINT32_MAX);
    switch (pick(maker, 5)) {
    case 0:
        buf_append_format(&maker->out, "%d", (int)pick(maker, 2000) - 1000);
        break;
    case 1:
        buf_append_format(&maker->out, "%lld", (long long)big);
        break;
    case 2:
        buf_append_format(&maker->out, "%u.%06u", pick(maker, 2000000000), pick(maker, 1000000));
        break;
    case 3:
        buf_append_format(&maker->out, "-%llu%s", (unsigned long long)big,
                          pick(maker, 2) ? "" : "00");
        break;
    default:
        buf_append_format(&maker->out, "%.*e", (int)pick(maker, 20), (double)big);
        maker->out.len -= 2;
        buf_append_format(&maker->out, "%u", pick(maker, 300));
    }
}

static void make_value(struct maker *maker, int depth);

static void make_container(struct maker *maker, bool is_object, int depth)
{
    buf_append_string(&maker->out, is_object ? "{" : "[");
    make_blanks(maker);
    uint32_t count = pick(maker, 6);
    for (uint32_t i = 0; i < count; i++) {
        buf_append_string(&maker->out, i > 0 ? "," : "");
        make_blanks(maker);
        if (is_object) {
            make_string(maker);
            make_blanks(maker);
            buf_append_string(&maker->out, ":");
            make_blanks(maker);
        }
        make_value(maker, depth - 1);
        make_blanks(maker);
    }
    buf_append_string(&maker->out, is_object ? "}" : "]");
}

static void make_value(struct maker *maker, int depth)
{
    static const char *const words[] = {"true", "false", "null"};
    uint32_t kind = pick(maker, depth > 0 ? 7 : 5);
    if (kind < 2) {
        make_string(maker);
    } else if (kind < 4) {
        make_number(maker);
    } else if (kind == 4) {
        buf_append_string(&maker->out, words[pick(maker, ARRAY_LEN(words))]);
    } else {
        make_container(maker, kind == 5, depth);
    }
}

/* Change, drop, insert or cut. */
static void mutate(struct maker *maker)
{
    static const char bytes[] = "{}[]\",:\\0123456789.-+eEtrufalsn \t\n\r\x01\x1f\x7f\x80\xc3\xff";
    struct buf *out = &maker->out;
    uint32_t at = pick(maker, (uint32_t)out->len);
    char byte = bytes[pick(maker, sizeof(bytes))]; /* its NUL as well */
    switch (pick(maker, 4)) {
    case 0:
        out->data[at] = byte;
        break;
    case 1:
        memmove(out->data + at, out->data + at + 1, out->len - at - 1);
        out->len--;
        break;
    case 2:
        buf_append(out, "x", 1);
        memmove(out->data + at + 1, out->data + at, out->len - at - 1);
        out->data[at] = byte;
        break;
    default:
        memmove(out->data, out->data + at % 8, out->len - at % 8);
        out->len -= at % 8;
    }
}

static void assert_agreement(struct parse_case *c, struct slice line)
{
    /* Exactly as long as it is, so that the sanitizers see a byte too many. */
    char *copy = mem_alloc(line.len);
    memcpy(copy, line.data, line.len);
    line.data = copy;
    enum parse_result result = parse_case_run(c, line);
    if (!oracle_agrees(line, result, &c->record.fields)) {
        print_error("result %d for: %.*s\n", result, (int)line.len, line.data);
        fail();
    }
    free(copy);
}

static void made_documents_and_their_mutations_are_judged_as_by_jansson(void **state)
{
    (void)state;
    struct parse_case c;
    struct maker maker = {.random = 88172645463325252u};
    parse_case_init(&c, &parser_json);
    buf_init(&maker.out, DOCUMENT_BYTES_MAX);
    for (int i = 0; i < DOCUMENTS; i++) {
        buf_clear(&maker.out);
        make_container(&maker, true, DEPTH);
        assert_agreement(&c, buf_slice(&maker.out));
        assert_int_equal(parse_case_run(&c, buf_slice(&maker.out)) != PARSE_LIMIT, 1);
        for (int n = 0; n < MUTATIONS && maker.out.len > 1; n++) {
            mutate(&maker);
            assert_agreement(&c, buf_slice(&maker.out));
        }
    }
    buf_fini(&maker.out);
    parse_case_fini(&c);
}

/* The oracle must be able to say no. */
static void the_oracle_sees_a_wrong_value(void **state)
{
    (void)state;
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    assert_int_equal(parse_case_run(&c, SLICE("{\"a\":[1,{\"b\":\"x\"}]}")), PARSE_OK);
    assert_true(oracle_agrees(SLICE("{\"a\":[1,{\"b\":\"x\"}]}"), PARSE_OK, &c.record.fields));
    static const struct slice others[] = {
        SLICE("{\"a\":[2,{\"b\":\"x\"}]}"),   SLICE("{\"a\":[1,{\"b\":\"y\"}]}"),
        SLICE("{\"a\":[1,{\"c\":\"x\"}]}"),   SLICE("{\"a\":[1.0,{\"b\":\"x\"}]}"),
        SLICE("{\"a\":[1,{\"b\":\"x\"},1]}"), SLICE("{\"a\":[1,{\"b\":\"x\"}],\"b\":1}"),
        SLICE("{\"a\":[1,{\"b\":\"x\"}"),     SLICE("{}"),
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_false(oracle_agrees(others[i], PARSE_OK, &c.record.fields));
    }
    assert_false(oracle_agrees(SLICE("{}"), PARSE_NO, &c.record.fields));
    parse_case_fini(&c);
}

static int is_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void try_corpus_case(struct parse_case *c, const char *folder, bool is_valid)
{
    char *path = mem_format("%s/input", folder);
    size_t len;
    char *bytes = driver_read_file(path, &len);
    enum parse_result result = parse_case_run(c, driver_guarded(slice_make(bytes, len)));
    if (result != (is_valid ? PARSE_OK : PARSE_NO)) {
        print_error("%s: result %d\n", folder, result);
        fail();
    }
    assert_true(oracle_agrees(slice_make(bytes, len), result, &c->record.fields));
    free(path);
    if (is_valid) {
        path = mem_format("%s/expected", folder);
        char *expected = driver_read_file(path, &len);
        assert_slice_equal(parse_case_dump(c), slice_make(expected, len - 1)); /* its newline */
        free(expected);
        free(path);
    }
    free(bytes);
}

static void try_corpus(const char *kind, bool is_valid, int at_least)
{
    const char *root = getenv("CLEW_SOURCE_ROOT");
    char *path = mem_format("%s/tests/corpus/json/%s", root != NULL ? root : ".", kind);
    struct dirent **entries;
    int count = scandir(path, &entries, is_name, alphasort);
    assert_true(count >= at_least);
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    for (int i = 0; i < count; i++) {
        char *folder = mem_format("tests/corpus/json/%s/%s", kind, entries[i]->d_name);
        try_corpus_case(&c, folder, is_valid);
        free(folder);
        free(entries[i]);
    }
    free(entries);
    free(path);
    parse_case_fini(&c);
}

static void the_valid_corpus_gives_what_is_expected(void **state)
{
    (void)state;
    try_corpus("valid", true, 50);
}

static void the_invalid_corpus_is_refused(void **state)
{
    (void)state;
    try_corpus("invalid", false, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_documents_and_their_mutations_are_judged_as_by_jansson),
        cmocka_unit_test(the_oracle_sees_a_wrong_value),
        cmocka_unit_test(the_valid_corpus_gives_what_is_expected),
        cmocka_unit_test(the_invalid_corpus_is_refused),
    };
    return driver_run("json_oracle", tests, ARRAY_LEN(tests));
}
