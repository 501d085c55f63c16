/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/text.h"

#include <endian.h>
#include "base/mem.h"
#include "resolve/trace/scan.h"

/*
 * Most text holds no id, so the pass is made of cheap doubts. Sixteen bytes at a time it looks for
 * the few bytes that every convention needs:
 *
 *     = :    a label may end here        its last two letters must be those of a known label,
 *                                        then the whole label is looked up
 *     [      ids by position             `[T-S]`, `[app,T,S]`: the closing bracket is near, and the
 *                                        separators are where they must be
 *     |      NR-LINKING|                 the word is in front of it
 *
 * and for sixteen hex digits in a row, which every run of 32 contains at a multiple of sixteen.
 *
 * A handler returns where the pass goes on; it never goes back. Colours (ESC[…m) are stepped over
 * where they stand between a label, its separator and its value.
 */

#define BRACKET_MAX 200
#define ESC         '\x1b'

typedef uint8_t block __attribute__((vector_size(16)));
typedef int8_t signed_block __attribute__((vector_size(16)));

/* ------------------------------------------------------------------------------------------------
 * Ids by position
 */

static bool is_id_or_blank(struct slice text, size_t digits)
{
    return text.len == 0 || ((text.len == digits || text.len == 16) && is_hex(text));
}

static void add_pair(struct scan *scan, struct slice trace, struct slice span,
                     const struct flags_value *flags)
{
    struct context_value context;
    normalise_trace(trace, FORM_HEX, scan->scanner->options, &context);
    normalise_span(span, FORM_HEX, scan->scanner->options, &context.span);
    if (flags != NULL) {
        context.flags = *flags;
    }
    candidates_add_context(scan->out, FAMILY_MARKER, &context, scan_place(scan, true));
}

/* Micrometer: [T-S], each padded with blanks to its full width, all blanks without a span. Brave:
 * [T/S]. */
static bool take_pair(struct scan *scan, struct slice inside)
{
    if (inside.len != 49 && inside.len != 33) {
        return false;
    }
    size_t width = inside.len - 17;
    char separator = inside.data[width];
    struct slice trace = slice_trim(slice_make(inside.data, width));
    struct slice span = slice_trim(slice_skip(inside, width + 1));
    bool is_blank = separator == ' ' && trace.len == 0 && span.len == 0 && inside.len == 49;
    bool is_pair = (separator == '-' || separator == '/') && trace.len + span.len > 0 &&
                   is_id_or_blank(trace, width) && is_id_or_blank(span, 16);
    if (is_blank || is_pair) {
        add_pair(scan, trace, span, NULL);
    }
    return is_blank || is_pair;
}

static bool is_sleuth_id(struct slice text)
{
    return text.len >= 13 && text.len <= 32 && is_hex(text);
}

static bool is_application(struct slice text, bool may_have_blanks)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!scan_is_label(text.data[i]) && !(may_have_blanks && text.data[i] == ' ')) {
            return false;
        }
    }
    return true;
}

/* Sleuth: [app,T,S] and [app,T,S,exportable], [app,,] without a span; [T,S] is a common pattern. */
static bool take_list(struct scan *scan, struct slice inside)
{
    struct slice parts[4] = {{0}};
    size_t count = 0;
    struct slice rest = inside;
    while (count < 4) {
        const char *comma = rest.len > 0 ? memchr(rest.data, ',', rest.len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - rest.data) : rest.len;
        parts[count++] = slice_trim(slice_make(rest.data, len));
        if (comma == NULL) {
            rest.len = 0;
            break;
        }
        rest = slice_skip(rest, len + 1);
        if (count == 4) {
            return false;
        }
    }
    if (count == 2) {
        if ((parts[0].len != 32 && parts[0].len != 16) || parts[1].len != 16 || !is_hex(parts[0]) ||
            !is_hex(parts[1])) {
            return false;
        }
        add_pair(scan, parts[0], parts[1], NULL);
        return true;
    }
    bool is_none = parts[1].len == 0 && parts[2].len == 0 && inside.len - parts[0].len <= 8;
    bool is_list = is_sleuth_id(parts[1]) && (parts[2].len == 0 || is_sleuth_id(parts[2]));
    if (count < 3 || !is_application(parts[0], is_list) || (!is_none && !is_list)) {
        return false;
    }
    struct flags_value flags = {.state = FLAGS_NONE};
    if (count == 4 && parts[3].len > 0) {
        normalise_flags(parts[3], false, &flags);
        if (flags.state != FLAGS_KNOWN) {
            return false;
        }
    }
    add_pair(scan, parts[1], parts[2], &flags);
    return true;
}

static __attribute__((noinline)) size_t take_bracket(struct scan *scan, size_t at)
{
    size_t limit = scan->n - at < BRACKET_MAX ? scan->n - at : BRACKET_MAX;
    const char *close = memchr(scan->s + at, ']', limit);
    if (close == NULL || (at > 0 && scan->s[at - 1] == ESC)) {
        return at + 1;
    }
    size_t end = (size_t)(close - scan->s);
    struct slice inside = scan_part(scan, at + 1, end);
    if (slice_has_prefix(inside, SLICE("!dt ")) ||
        (inside.len > 13 &&
         slice_is_equal_nocase(slice_make(inside.data, 13), SLICE("opentelemetry")))) {
        scan->marked_until = end;
        return at + 1;
    }
    if (inside.len < 2) {
        return at + 1;
    }
    if (take_pair(scan, inside)) {
        return end;
    }
    bool is_list = memchr(inside.data, ',', inside.len) != NULL && take_list(scan, inside);
    return is_list ? end : at + 1;
}

static size_t take_nr_linking(struct scan *scan, size_t bar)
{
    if (!scan_ends_at(scan, bar, SLICE("NR-LINKING"))) {
        return bar + 1;
    }
    size_t end = bar;
    for (int bars = 0; end < scan->n; end++) {
        bars += scan->s[end] == '|';
        if (bars == 6 || scan->s[end] == '\n') {
            break;
        }
    }
    struct context_value context;
    normalise_trace(scan_part(scan, bar - 10, end), FORM_NR_LINKING, scan->scanner->options,
                    &context);
    candidates_add_context(scan->out, FAMILY_MARKER, &context, scan_place(scan, true));
    return end > bar ? end : bar + 1;
}

/* `…=` or `…: ` in front: somebody's field, but none that we know. */
static bool is_labelled(const struct scan *scan, size_t at)
{
    while (at > 0 && (scan->s[at - 1] == '"' || scan->s[at - 1] == '\'' ||
                      scan->s[at - 1] == '\\' || scan->s[at - 1] == ' ')) {
        at--;
    }
    return at > 0 && (scan->s[at - 1] == '=' || scan->s[at - 1] == ':' || scan->s[at - 1] == '>');
}

/* Sixteen hex digits begin at `at`: perhaps an id, perhaps a traceparent around it. */
static __attribute__((noinline)) size_t take_run(struct scan *scan, size_t at)
{
    size_t begin = at;
    size_t end = at + 16;
    while (begin > 0 && end - begin <= 32 && scan_is_hex(scan->s[begin - 1])) {
        begin--;
    }
    while (end < scan->n && scan_is_hex(scan->s[end])) {
        end++;
    }
    if (end - begin != 32 || (begin > 0 && scan_is_word(scan->s[begin - 1])) ||
        (end < scan->n && scan_is_word(scan->s[end]))) {
        return end;
    }
    if (begin >= 3 && end + 20 <= scan->n && !(begin > 3 && scan_is_word(scan->s[begin - 4])) &&
        !(end + 20 < scan->n && scan_is_word(scan->s[end + 20]))) {
        struct context_value context;
        struct slice text = scan_part(scan, begin - 3, end + 20);
        normalise_trace(text, FORM_TRACEPARENT, scan->scanner->options, &context);
        if (context.trace.is_valid && !is_labelled(scan, begin - 3)) {
            candidates_add_context(scan->out, FAMILY_TRACEPARENT, &context,
                                   scan_place(scan, false));
            return end + 20;
        }
    }
    struct context_value context;
    normalise_trace(scan_part(scan, begin, end), FORM_HEX, scan->scanner->options, &context);
    if (context.trace.is_valid && !is_labelled(scan, begin)) {
        scan->out->has_bare_id = true;
    }
    return end;
}

/* ------------------------------------------------------------------------------------------------
 * The pass
 */

static size_t take_trigger(struct scan *scan, size_t at)
{
    switch (scan->s[at]) {
    case '[':
        return take_bracket(scan, at);
    case '|':
        return take_nr_linking(scan, at);
    default:
        return scan_take_label(scan, at);
    }
}

/* The doubts that need no more than the bytes in front: most colons end a number or a word that is
 * no label. Quotes, blanks, colours and b3 go the long way. */
static inline bool is_dull(const struct scan *scan, size_t at)
{
    if (at < 2) {
        return scan->s[at] != '[';
    }
    char last = scan->s[at - 1];
    switch (scan->s[at]) {
    case '[':
        return false;
    case '|':
        return last != 'G';
    default:
        return scan_is_word(last) && last != 'm' &&
               !scan_may_end_label(scan->scanner, scan->s[at - 2], last);
    }
}

/* The triggers among eight bytes, 0xff each in `hits`; the place where the pass goes on. */
static size_t take_triggers(struct scan *scan, size_t at, uint64_t hits, size_t resume)
{
    while (hits != 0) {
        unsigned byte = (unsigned)__builtin_ctzll(hits) / 8;
        hits &= ~(UINT64_C(0xFF) << (byte * 8));
        if (at + byte >= resume && !is_dull(scan, at + byte)) {
            resume = take_trigger(scan, at + byte);
        }
    }
    return resume;
}

static inline block find_triggers(block x)
{
    return (block)((x == '=') | (x == ':') | (x == '[') | (x == '|'));
}

static inline uint64_t fold(block x)
{
    uint64_t halves[2];
    memcpy(halves, &x, sizeof(halves));
    return halves[0] | halves[1];
}

/* A letter from g on is in almost every sixteen bytes of words, and in no run of hex digits. */
static inline bool has_late_letter(block x)
{
    return fold((block)((signed_block)x > 'f')) != 0;
}

static size_t take_block(struct scan *scan, size_t at, block triggers, size_t resume)
{
    uint64_t halves[2];
    memcpy(halves, &triggers, sizeof(halves));
    resume = take_triggers(scan, at, le64toh(halves[0]), resume);
    return take_triggers(scan, at + 8, le64toh(halves[1]), resume);
}

void trace_text_scan(struct trace_text *scanner, struct slice text, bool is_message,
                     struct trace_candidates *out)
{
    struct scan scan = {scanner, text.data, text.len, is_message, 0, out};
    size_t resume = 0;
    size_t at = 0;
    block x;
    for (; text.len - at >= sizeof(block); at += sizeof(block)) {
        memcpy(&x, text.data + at, sizeof(block));
        block triggers = find_triggers(x);
        if (fold(triggers) != 0) {
            resume = take_block(&scan, at, triggers, resume);
        } else if (!has_late_letter(x) && at >= resume && is_hex(scan_part(&scan, at, at + 16))) {
            resume = take_run(&scan, at);
        }
    }
    if (at < text.len) {
        char rest[sizeof(block)] = {0};
        memcpy(rest, text.data + at, text.len - at);
        memcpy(&x, rest, sizeof(block));
        (void)take_block(&scan, at, find_triggers(x), resume);
    }
}

static void add_label_end(struct trace_text *scanner, struct slice name)
{
    if (name.len >= 2) {
        scanner->label_ends[name.data[name.len - 2] & 31] |= 1u << (name.data[name.len - 1] & 31);
    }
}

void trace_text_init(struct trace_text *scanner, struct key_cache *keys,
                     const struct trace_user *user, unsigned options)
{
    /* trace_id, traceparent, trace, span, b3, trace_flags, sampled, exportable, X-Span-Export,
     * SW_CTX, @tr, @sp, x-instana-t, x-instana-s, x-cloud-trace-context, Root */
    static const struct slice ends[] = {
        SLICE("id"), SLICE("nt"), SLICE("ce"), SLICE("an"), SLICE("b3"), SLICE("gs"),
        SLICE("ed"), SLICE("le"), SLICE("rt"), SLICE("tx"), SLICE("tr"), SLICE("sp"),
        SLICE("-t"), SLICE("-s"), SLICE("xt"), SLICE("ot"),
    };
    *scanner = (struct trace_text){.keys = keys, .user = user, .options = options};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        add_label_end(scanner, ends[i]);
    }
    if (user != NULL) {
        memset(scanner->label_ends, 0xFF, sizeof(scanner->label_ends));
    }
}
