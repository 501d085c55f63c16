/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "parse_case.h"
#include "parsers/json_oracle.h"
#include "parsers/parsers.h"

/*
 * The JSON scanner against jansson: both must take the same lines and see the same values, but for
 * the differences that json_oracle.h names. A line that clew takes has a table that is whole.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_table(const struct fields *fields, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i = fields->items[i].next) {
        const struct field *field = &fields->items[i];
        bool is_container = field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY;
        ENSURE(field->next > i && field->next <= end);
        ENSURE(is_container || field->next == i + 1);
        check_table(fields, i + 1, field->next);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice line = slice_make((const char *)data, size);
    struct parse_case c;
    parse_case_init(&c, &parser_json);
    enum parse_result result = parse_case_run(&c, line);
    if (result == PARSE_OK) {
        check_table(&c.record.fields, 0, c.record.fields.count);
    }
    ENSURE(oracle_agrees(line, result, &c.record.fields));
    parse_case_fini(&c);
    return 0;
}
