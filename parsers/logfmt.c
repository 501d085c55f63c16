/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include "base/utf8.h"
#include "parsers/known.h"
#include "parsers/pairs.h"
#include "parsers/scan.h"
#include "record/shapes.h"

/*
 * logfmt: a line that is key=value tokens (parsers/pairs.h) from its first to its last byte.
 *
 * Prose must not be taken for it, so three things make a line text: its first token is not
 * key=value, a token is neither pair nor bare key, or two bare keys stand side by side
 * (`trace_id=… order created` is a message with ids before it).
 *
 * A line like one before it is read by shape (record/shapes.h): blanks, key and '=' with one compare,
 * then to the next bit of what ends a value (parsers/scan.h). Nothing of a line is looked at as a
 * whole before its first token has been taken, since most text has none.
 */

struct logfmt {
    struct record *record;
    struct shapes *shapes;
    struct slice line;
    const char *end;
    uint32_t node;     /* where the path is (record/shapes.h); 0: no longer followed */
    bool has_missed;   /* keys are read one by one, and those before have been noted */
    bool is_utf8;      /* all of the line */
    bool has_repeated; /* a key may have come twice */
    bool may_be_bare;  /* the last token was not */
    const char *begin; /* of the window; NULL: the line has not been looked at */
    struct scan_window window;
};

static void next_window(struct logfmt *logfmt, const char *begin)
{
    logfmt->begin = begin;
    scan_fill_pairs(begin, logfmt->end, &logfmt->window);
}

/* Once a line. Keys and values end at ASCII bytes: where the line is UTF-8, so are they. */
static __attribute__((noinline)) void look(struct logfmt *logfmt)
{
    struct slice line = logfmt->line;
    logfmt->window.high = 0;
    next_window(logfmt, line.data);
    bool is_ascii = line.len <= SCAN_WINDOW_BYTES && logfmt->window.high == 0;
    logfmt->is_utf8 = is_ascii || utf8_is_valid(line.data, line.len);
}

/* What find_end() leaves over. */
static __attribute__((noinline)) const char *find_end_far(struct logfmt *logfmt, const char *p)
{
    for (;;) {
        size_t at = (size_t)(p - logfmt->begin);
        if (at >= SCAN_WINDOW_BYTES) {
            next_window(logfmt, p);
            at = 0;
        }
        uint64_t ends = logfmt->window.words[at / SCAN_BLOCK_BYTES] >> at % SCAN_BLOCK_BYTES;
        if (ends != 0) {
            return p + (unsigned)__builtin_ctzll(ends);
        }
        p += SCAN_BLOCK_BYTES - at % SCAN_BLOCK_BYTES;
    }
}

/* The first byte at or behind `p` that ends a value, or the line's end. */
static inline const char *find_end(struct logfmt *logfmt, const char *p)
{
    size_t at = (size_t)(p - logfmt->begin);
    if (__builtin_expect(at < SCAN_WINDOW_BYTES, 1)) {
        uint64_t ends = scan_from(&logfmt->window, at);
        if (__builtin_expect(ends != 0, 1)) {
            return p + (unsigned)__builtin_ctzll(ends);
        }
    }
    return find_end_far(logfmt, p);
}

/* A value in quotes, or one of a line that is not UTF-8. Behind it; NULL: *out_result says why. */
static __attribute__((noinline)) const char *take_odd_value(const struct logfmt *logfmt,
                                                            const char *p, struct field *field,
                                                            enum parse_result *out_result)
{
    struct pair pair;
    p = pair_scan_value(p, logfmt->end, &pair);
    *out_result = p == NULL ? PARSE_NO
                            : pair_set_value(field, &pair, logfmt->is_utf8, logfmt->record->arena);
    return *out_result == PARSE_OK ? p : NULL;
}

/* The value at `p`, as take_odd_value(). */
static inline const char *take_value(struct logfmt *logfmt, const char *p, struct field *field,
                                     enum parse_result *out_result)
{
    if ((p < logfmt->end && *p == '"') || !logfmt->is_utf8) {
        return take_odd_value(logfmt, p, field, out_result);
    }
    const char *end = find_end(logfmt, p);
    if (end < logfmt->end && !pair_is_blank(*end)) {
        *out_result = PARSE_NO;
        return NULL;
    }
    field->text = p;
    field->text_len = (uint32_t)(end - p);
    return end;
}

/* As many pairs as follow the known path. Behind them; NULL: *out_result says why. */
static const char *take_known(struct logfmt *logfmt, const char *p, enum parse_result *out_result)
{
    struct fields *fields = &logfmt->record->fields;
    const struct shape_node *nodes = logfmt->shapes->nodes;
    const struct shape_node *node = &nodes[logfmt->node];
    for (;;) {
        const struct shape_node *next = shapes_find(nodes, node, SHAPE_SCALAR, p, logfmt->end);
        if (next == NULL) {
            break;
        }
        node = next;
        if (logfmt->begin == NULL) {
            look(logfmt);
        }
        struct field *field = known_add(fields, node, p);
        if (field == NULL) {
            *out_result = PARSE_LIMIT;
            return NULL;
        }
        p = take_value(logfmt, p + node->run_len, field, out_result);
        if (p == NULL) {
            return NULL;
        }
        logfmt->may_be_bare = true;
    }
    logfmt->node = (uint32_t)(node - nodes);
    return p;
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
    if (logfmt->begin == NULL) {
        look(logfmt);
    }
    *out_result = pair_add(&pair, logfmt->is_utf8, logfmt->record, &logfmt->has_repeated);
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
        if (!logfmt->has_missed) {
            p = take_known(logfmt, p, &result);
        }
        if (p != NULL && p < logfmt->end) {
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
    struct logfmt logfmt; /* without an initializer, which would clear the window */
    logfmt.record = record;
    logfmt.shapes = shapes;
    logfmt.line = line;
    logfmt.end = line.data + line.len;
    logfmt.node = shapes != NULL ? SHAPE_ROOT_LOGFMT : 0;
    logfmt.has_missed = shapes == NULL;
    logfmt.has_repeated = false;
    logfmt.may_be_bare = false;
    logfmt.begin = NULL;
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
