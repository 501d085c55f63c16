/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "base/utf8.h"
#include "parse_case.h"
#include "parsers/parsers.h"

/*
 * syslog on any bytes: every field has a name that is UTF-8 (an empty one where a message in JSON has
 * one), no name comes twice, and every line is taken with the whole of it as the body.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct parse_case *c)
{
    struct fields *fields = &c->record.fields;
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        struct slice key = field_key(&fields->items[i]);
        ENSURE(utf8_is_valid(key.data, key.len));
        ENSURE(fields_find(fields, key) == &fields->items[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct parser *const parsers[] = {&parser_syslog};
    struct slice line = slice_make((const char *)data, size);
    for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
        struct parse_case c;
        parse_case_init(&c, parsers[i]);
        enum parse_result result = parse_case_run(&c, line);
        ENSURE(result == PARSE_OK || parsers[i] != &parser_syslog);
        if (result == PARSE_OK) {
            check(&c);
        }
        if (parsers[i] == &parser_syslog) {
            ENSURE(slice_is_equal(c.record.text, line));
        }
        parse_case_fini(&c);
    }
    return 0;
}
