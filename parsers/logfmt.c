/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "parsers/pairs.h"

/*
 * logfmt: a line that is key=value tokens (parsers/pairs.h) from its first to its last byte.
 *
 * Prose must not be taken for it, so three things make a line text: its first token is not
 * key=value, a token is neither pair nor bare key, or two bare keys stand side by side
 * (`trace_id=… order created` is a message with ids before it).
 */

static enum parse_result scan(const char *p, const char *end, struct record *record,
                              bool *out_repeated)
{
    bool is_ascii = utf8_is_ascii(p, (size_t)(end - p));
    bool may_be_bare = false;
    while (p < end) {
        struct pair pair;
        p = pair_scan(p, end, &pair);
        if (p == NULL || (pair.is_bare && !may_be_bare)) {
            return PARSE_NO;
        }
        may_be_bare = !pair.is_bare;
        enum parse_result result = pair_add(&pair, is_ascii, record, out_repeated);
        if (result != PARSE_OK) {
            return result;
        }
        while (p < end && pair_is_blank(*p)) {
            p++;
        }
    }
    return PARSE_OK;
}

static enum parse_result parse_logfmt(struct slice line, const struct parse_limits *limits,
                                      struct record *record)
{
    (void)limits;
    line = slice_trim(line);
    if (line.len == 0) {
        return PARSE_NO;
    }
    if (line.len > UINT32_MAX) {
        return PARSE_LIMIT;
    }
    fields_clear(&record->fields);
    record->format = FORMAT_LOGFMT;
    bool has_repeated = false;
    enum parse_result result = scan(line.data, line.data + line.len, record, &has_repeated);
    if (result != PARSE_OK) {
        return result;
    }
    return has_repeated && !fields_merge_repeated(&record->fields) ? PARSE_LIMIT : PARSE_OK;
}

const struct parser parser_logfmt = {
    .name = "logfmt",
    .format = FORMAT_LOGFMT,
    .parse = parse_logfmt,
};
