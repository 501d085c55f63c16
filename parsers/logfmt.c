/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "core/shapes.h"
#include "parsers/pairs.h"

/*
 * logfmt: a line that is key=value tokens (parsers/pairs.h) from its first to its last byte.
 *
 * Prose must not be taken for it, so three things make a line text: its first token is not
 * key=value, a token is neither pair nor bare key, or two bare keys stand side by side
 * (`trace_id=… order created` is a message with ids before it).
 *
 * A line like one before it is read by shape (core/shapes.h): blanks, key and '=' with one compare.
 */

struct logfmt {
    struct record *record;
    struct shapes *shapes;
    const char *end;
    uint32_t node;     /* where the path is (core/shapes.h); 0: no longer followed */
    bool has_missed;   /* keys are read one by one, and those before have been noted */
    bool is_ascii;     /* all of the line */
    bool has_repeated; /* a key may have come twice */
    bool may_be_bare;  /* the last token was not */
};

/* A pair whose blanks, key and '=' are known. Behind its value; NULL: *out_result says why. */
static const char *take_known(struct logfmt *logfmt, const char *p, const struct shape_node *node,
                              enum parse_result *out_result)
{
    struct pair pair;
    const char *behind = pair_scan_value(p + node->run_len, logfmt->end, &pair);
    struct field *field = behind != NULL ? fields_add(&logfmt->record->fields) : NULL;
    *out_result = behind == NULL ? PARSE_NO : PARSE_LIMIT;
    if (field == NULL) {
        return NULL;
    }
    field->key = p + node->key_at;
    field->key_len = node->key_len;
    field->key_id = node->key_id;
    field->flags = node->flags;
    logfmt->node = (uint32_t)(node - logfmt->shapes->nodes);
    *out_result = pair_set_value(field, &pair, logfmt->is_ascii, logfmt->record->arena);
    return *out_result == PARSE_OK ? behind : NULL;
}

/* The line leaves the known paths: what they have read until here has been noted nowhere. */
static void note_keys(struct logfmt *logfmt)
{
    struct fields *fields = &logfmt->record->fields;
    logfmt->has_missed = true;
    logfmt->shapes->misses++;
    for (uint32_t i = 0; i < fields->count; i++) {
        fields_note_member(fields, NO_OBJECT, &fields->items[i]);
    }
}

/* The pair that was added last becomes a step of the path; `mark` is behind the value before it. */
static void learn(struct logfmt *logfmt, const char *mark, const struct pair *pair)
{
    const struct fields *fields = &logfmt->record->fields;
    const struct field *field = &fields->items[fields->count - 1];
    const char *value = pair->key.data + pair->key.len + 1;
    if (pair->is_bare || logfmt->has_repeated) {
        logfmt->node = 0;
        return;
    }
    const struct shape_step step = {
        .run = slice_make(mark, (size_t)(value - mark)),
        .key_at = (size_t)(pair->key.data - mark),
        .key_len = pair->key.len,
        .key_id = field->key_id,
        .flags = field->flags,
    };
    logfmt->node = shapes_learn(logfmt->shapes, logfmt->node, SHAPE_SCALAR, &step);
}

/* The token behind the blanks at `p`, as take_known(). */
static const char *take_any(struct logfmt *logfmt, const char *p, enum parse_result *out_result)
{
    const char *mark = p;
    struct pair pair;
    if (!logfmt->has_missed) {
        note_keys(logfmt);
    }
    while (pair_is_blank(*p)) {
        p++;
    }
    p = pair_scan(p, logfmt->end, &pair);
    *out_result = PARSE_NO;
    if (p == NULL || (pair.is_bare && !logfmt->may_be_bare)) {
        return NULL;
    }
    *out_result = pair_add(&pair, logfmt->is_ascii, logfmt->record, &logfmt->has_repeated);
    if (*out_result != PARSE_OK) {
        return NULL;
    }
    logfmt->may_be_bare = !pair.is_bare;
    if (logfmt->node != 0) {
        learn(logfmt, mark, &pair);
    }
    return p;
}

/* The line has no blanks at its ends, so there is a token wherever it goes on. */
static enum parse_result scan(struct logfmt *logfmt, const char *p)
{
    enum parse_result result = PARSE_OK;
    while (p != NULL && p < logfmt->end) {
        const struct shape_node *nodes = logfmt->has_missed ? NULL : logfmt->shapes->nodes;
        const struct shape_node *found =
            nodes != NULL ? shapes_find(nodes, &nodes[logfmt->node], SHAPE_SCALAR, p, logfmt->end)
                          : NULL;
        if (found != NULL) {
            p = take_known(logfmt, p, found, &result);
            logfmt->may_be_bare = true;
        } else {
            p = take_any(logfmt, p, &result);
        }
    }
    return result;
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
    struct shapes *shapes = record->fields.shapes;
    struct logfmt logfmt = {
        .record = record,
        .shapes = shapes,
        .end = line.data + line.len,
        .node = shapes != NULL ? SHAPE_ROOT_LOGFMT : 0,
        .has_missed = shapes == NULL,
        .is_ascii = utf8_is_ascii(line.data, line.len),
    };
    if (shapes != NULL) {
        shapes_begin(shapes);
    }
    enum parse_result result = scan(&logfmt, line.data);
    if (result != PARSE_OK) {
        return result;
    }
    if (logfmt.has_repeated) {
        return fields_merge_repeated(&record->fields) ? PARSE_OK : PARSE_LIMIT;
    }
    if (logfmt.node != 0) {
        record->fields.shape =
            shapes_end(shapes, logfmt.node, SHAPE_SCALAR, record->fields.count);
    }
    return PARSE_OK;
}

const struct parser parser_logfmt = {
    .name = "logfmt",
    .format = FORMAT_LOGFMT,
    .parse = parse_logfmt,
};
