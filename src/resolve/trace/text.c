/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/text.h"

#include <endian.h>
#include "base/mem.h"

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

/* One pass over one text. Offsets are into `s`; every function keeps inside of its `n` bytes. */
struct scan {
    const struct trace_text *scanner;
    const char *s;
    size_t n;
    bool is_message;
    size_t marked_until; /* labels before this place are inside a marker's brackets */
    struct trace_candidates *out;
};

static inline bool scan_is_hex(char c)
{
    char folded = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (folded >= 'a' && folded <= 'f');
}

static inline bool scan_is_word(char c)
{
    char folded = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (folded >= 'a' && folded <= 'z') || c == '_';
}

static inline bool scan_is_label(char c)
{
    return scan_is_word(c) || c == '.' || c == '-' || c == '@';
}

static inline struct slice scan_part(const struct scan *scan, size_t from, size_t to)
{
    return slice_make(scan->s + from, to - from);
}

static inline bool scan_ends_at(const struct scan *scan, size_t at, struct slice word)
{
    return at >= word.len && memcmp(scan->s + at - word.len, word.data, word.len) == 0;
}

static inline struct candidate_place scan_place(const struct scan *scan, bool is_marker)
{
    return (struct candidate_place){NO_FIELD, scan->is_message && !is_marker};
}

static inline bool scan_may_end_label(const struct trace_text *scanner, char before_last, char last)
{
    return (scanner->label_ends[before_last & 31] >> (last & 31) & 1) != 0;
}

/* ------------------------------------------------------------------------------------------------
 * Labels
 *
 * A label, its separator, its value. The label is read backwards from the separator, the value
 * forwards. Between them may be quotes (escaped ones too), blanks and colours; after `=` no blank
 * is allowed unless there was one before it, or the empty value of `trace_id= span_id=x` would read
 * as `span_id=x`.
 */

#define LABEL_MAX  KEY_NAME_MAX
#define VALUE_MAX  512 /* bytes of a value that are looked at */
#define BLANKS_MAX 4   /* between a label, its separator and its value */

static bool starts_at(const struct scan *scan, size_t at, struct slice word)
{
    return at <= scan->n && slice_has_prefix(slice_make(scan->s + at, scan->n - at), word);
}

/* Behind any ESC[…m at `at`. */
static size_t skip_colours(const struct scan *scan, size_t at)
{
    while (at + 1 < scan->n && scan->s[at] == ESC && scan->s[at + 1] == '[') {
        size_t end = at + 2;
        while (end < scan->n && end - at < 20 && scan->s[end] != 'm') {
            end++;
        }
        if (end >= scan->n || scan->s[end] != 'm') {
            return at;
        }
        at = end + 1;
    }
    return at;
}

/* Where the colours that end in front of `at` begin. */
static size_t skip_colours_back(const struct scan *scan, size_t at)
{
    while (at >= 3 && scan->s[at - 1] == 'm') {
        size_t begin = at - 1;
        while (begin > 0 && at - begin < 20 &&
               ((scan->s[begin - 1] >= '0' && scan->s[begin - 1] <= '9') ||
                scan->s[begin - 1] == ';')) {
            begin--;
        }
        if (begin < 2 || scan->s[begin - 1] != '[' || scan->s[begin - 2] != ESC) {
            return at;
        }
        at = begin - 2;
    }
    return at;
}

static size_t skip_blanks(const struct scan *scan, size_t at)
{
    size_t limit = at + BLANKS_MAX;
    while (at < scan->n && at < limit && scan->s[at] == ' ') {
        at++;
    }
    return at;
}

struct label {
    struct slice name;
    bool has_blank; /* between it and the separator */
    bool is_quoted;
};

/* `Trace ID: …` is written in two words. */
static size_t begin_of_two_words(const struct scan *scan, size_t begin, size_t end)
{
    static const struct slice words[] = {SLICE("trace "), SLICE("span ")};
    if (!slice_is_equal_nocase(scan_part(scan, begin, end), SLICE("id"))) {
        return begin;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = words[i].len;
        if (begin >= len && slice_is_equal_nocase(scan_part(scan, begin - len, begin), words[i]) &&
            (begin == len || !scan_is_label(scan->s[begin - len - 1]))) {
            return begin - len;
        }
    }
    return begin;
}

/* The label that ends at a separator; false if no known label can end like this. */
static bool find_label(const struct scan *scan, size_t separator, struct label *out)
{
    size_t end = separator;
    while (end > 0 && separator - end < BLANKS_MAX && scan->s[end - 1] == ' ') {
        end--;
    }
    out->has_blank = end != separator;
    end = skip_colours_back(scan, end);
    out->is_quoted = end > 0 && (scan->s[end - 1] == '"' || scan->s[end - 1] == '\'');
    end -= out->is_quoted;
    end -= out->is_quoted && end > 0 && scan->s[end - 1] == '\\';
    if (end < 2 || !scan_may_end_label(scan->scanner, scan->s[end - 2], scan->s[end - 1])) {
        return false;
    }
    size_t begin = end;
    while (begin > 0 && end - begin < LABEL_MAX && scan_is_label(scan->s[begin - 1])) {
        begin--;
    }
    if (begin >= 2 && scan->s[begin - 1] == '[' && scan->s[begin - 2] == ESC) {
        begin = skip_colours(scan, begin - 2); /* the colour in front of it looked like a part */
        begin = begin < end ? begin : end;
    }
    static const struct slice google = {"logging.googleapis.com/", 23};
    if (scan_ends_at(scan, begin, google)) {
        begin -= google.len;
    }
    out->name = scan_part(scan, begin_of_two_words(scan, begin, end), end);
    return out->name.len > 0;
}

struct value {
    struct slice text;
    size_t end;     /* where the pass goes on */
    bool has_blank; /* in front of it */
    bool is_quoted;
};

/* Ends a value: 1 any, 2 all but those of headers, which have several parts. */
static const uint8_t value_ends[256] = {
    [' '] = 1, ['\t'] = 1, ['\n'] = 1, ['\r'] = 1, [','] = 1, ['"'] = 1,  ['\''] = 1, [']'] = 1,
    [')'] = 1, ['}'] = 1,  ['>'] = 1,  ['|'] = 1,  ['&'] = 1, ['\\'] = 1, [ESC] = 1,  [';'] = 2,
};

static bool ends_value(char c, bool is_header)
{
    uint8_t kind = value_ends[(unsigned char)c];
    return kind == 1 || (kind == 2 && !is_header);
}

/* `(null)` and `<nil>` end with their own bracket. */
static size_t find_word_end(const struct scan *scan, size_t begin)
{
    static const struct slice words[] = {SLICE("(null)"), SLICE("(none)"), SLICE("()"),
                                         SLICE("<nil>"),  SLICE("<null>"), SLICE("<no value>")};
    struct slice rest = scan_part(scan, begin, scan->n);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (rest.len >= words[i].len &&
            slice_is_equal_nocase(slice_make(rest.data, words[i].len), words[i])) {
            return begin + words[i].len;
        }
    }
    return begin;
}

/* `|root.1.` is .NET's; a bar ends any other value. */
static size_t find_value_end(const struct scan *scan, size_t begin, bool is_header)
{
    size_t limit = begin + VALUE_MAX < scan->n ? begin + VALUE_MAX : scan->n;
    size_t end = begin;
    if (begin < limit && (scan->s[begin] == '(' || scan->s[begin] == '<')) {
        end = find_word_end(scan, begin);
    }
    if (end < limit && (scan->s[end] == '|' && end + 1 < limit && scan_is_hex(scan->s[end + 1]))) {
        end++;
    }
    while (end < limit && !ends_value(scan->s[end], is_header)) {
        end++;
    }
    return end;
}

static size_t find_quote(const struct scan *scan, size_t begin, char quote)
{
    size_t limit = begin + VALUE_MAX < scan->n ? begin + VALUE_MAX : scan->n;
    size_t end = begin;
    while (end < limit && scan->s[end] != quote && scan->s[end] != '\\') {
        end++;
    }
    return end;
}

/* `span_id=x`; not `<id>/1;o=1`, nor `Root=1-…`, which are values of headers. */
static bool begins_with_label(struct slice text, bool is_header)
{
    size_t len = 0;
    while (len < text.len && scan_is_label(text.data[len])) {
        len++;
    }
    return len > 0 && len < text.len && text.data[len] == '=' &&
           !(is_header && normalise_is_xray(text));
}

/* `trace_id: span_id: x`: what stands behind the empty value is the next label. */
static bool is_next_label(const struct scan *scan, const struct value *value, bool is_header)
{
    struct slice text = value->text;
    return value->has_blank && !value->is_quoted && text.len > 0 &&
           (text.data[text.len - 1] == ':' || begins_with_label(text, is_header) ||
            (value->end + 1 < scan->n && scan->s[value->end] == ' ' &&
             scan->s[value->end + 1] == ':'));
}

/* A sentence's full stop is no part of an id; a hierarchical one has more dots than that. */
static struct slice without_full_stop(struct slice text)
{
    if (text.len > 1 && text.data[text.len - 1] == '.' &&
        memchr(text.data, '.', text.len - 1) == NULL) {
        text.len--;
    }
    return text;
}

static bool read_value(const struct scan *scan, size_t separator, bool label_has_blank,
                       bool is_header, struct value *out)
{
    size_t at = separator + 1;
    bool may_be_blank = scan->s[separator] == ':' || label_has_blank;
    if (scan->s[separator] == '=' && at < scan->n && scan->s[at] == '>') {
        at++;
        may_be_blank = true;
    }
    if (at < scan->n && scan->s[at] == '=') {
        return false; /* a comparison */
    }
    at = skip_colours(scan, at);
    size_t begin = may_be_blank ? skip_blanks(scan, at) : at;
    out->has_blank = begin != at;
    begin = skip_colours(scan, begin);
    size_t quote = begin + (begin < scan->n && scan->s[begin] == '\\');
    out->is_quoted = quote < scan->n && (scan->s[quote] == '"' || scan->s[quote] == '\'');
    if (out->is_quoted) {
        out->end = find_quote(scan, quote + 1, scan->s[quote]);
        out->text = scan_part(scan, quote + 1, out->end);
        return true;
    }
    if (begin < scan->n && scan->s[begin] == '[') {
        const char *close = memchr(scan->s + begin, ']', scan->n - begin);
        out->end = close != NULL ? (size_t)(close - scan->s) : begin;
    } else {
        out->end = find_value_end(scan, begin, is_header);
    }
    out->text = without_full_stop(scan_part(scan, begin, out->end));
    if (is_next_label(scan, out, is_header)) {
        out->text.len = 0;
        out->end = at;
    }
    return true;
}

/* "no trace_id: please retry" is a sentence. */
static bool is_prose(char separator, const struct value *value)
{
    if (separator != ':' || !value->has_blank || value->is_quoted || value->text.len == 0 ||
        is_placeholder(value->text)) {
        return false;
    }
    for (size_t i = 0; i < value->text.len; i++) {
        char folded = (char)(value->text.data[i] | 0x20);
        if (folded < 'a' || folded > 'z') {
            return false;
        }
    }
    return !is_hex(value->text);
}

/* Segment and decision stand behind the id in Lambda's REPORT line:
 * XRAY TraceId: 1-… SegmentId: … Sampled: true */
static void add_xray_report(const struct scan *scan, size_t at, struct context_value *context)
{
    static const struct slice segment = {"SegmentId: ", 11};
    static const struct slice sampled = {"Sampled: ", 9};
    at = skip_blanks(scan, at + (at < scan->n && scan->s[at] == '\t'));
    if (starts_at(scan, at, segment)) {
        size_t begin = at + segment.len;
        size_t end = find_value_end(scan, begin, false);
        normalise_span(scan_part(scan, begin, end), FORM_HEX, scan->scanner->options,
                       &context->span);
        at = skip_blanks(scan, end + (end < scan->n && scan->s[end] == '\t'));
    }
    if (starts_at(scan, at, sampled)) {
        size_t begin = at + sampled.len;
        normalise_flags(scan_part(scan, begin, find_value_end(scan, begin, false)), false,
                        &context->flags);
    }
}

/* Inside a message a marker is context, any other label a mention. */
static bool is_marker_label(const struct scan *scan, struct slice name, const struct trace_key *key,
                            const struct value *value)
{
    if (!scan->is_message) {
        return true;
    }
    size_t begin = (size_t)(name.data - scan->s);
    bool is_sql_comment =
        key->form == FORM_TRACEPARENT && value->is_quoted && value->text.data[-1] == '\'';
    return begin < scan->marked_until || key->family == FAMILY_SKYWALKING || is_sql_comment ||
           (key->family == FAMILY_XRAY) || scan_ends_at(scan, begin, SLICE("XRAY "));
}

static void add_trace_value(struct scan *scan, const struct label *label,
                            const struct trace_key *key, const struct value *value)
{
    struct context_value context;
    enum id_form form = key->form;
    size_t begin = (size_t)(label->name.data - scan->s);
    if (form == FORM_TID) {
        if (!slice_is_equal(label->name, SLICE("TID"))) {
            return; /* a thread id */
        }
        bool is_none = is_placeholder(value->text) && value->text.len > 0;
        form = is_none ? FORM_SKYWALKING : FORM_TID;
    }
    normalise_trace(value->text, form, scan->scanner->options, &context);
    if (scan_ends_at(scan, begin, SLICE("XRAY "))) {
        add_xray_report(scan, value->end, &context);
    }
    bool is_marker = is_marker_label(scan, label->name, key, value);
    candidates_add_context(scan->out, key->family, &context, scan_place(scan, is_marker));
}

static void add_value(struct scan *scan, const struct label *label, uint16_t id,
                      const struct trace_key *key, const struct value *value)
{
    bool is_marker = is_marker_label(scan, label->name, key, value);
    struct candidate_place place = scan_place(scan, is_marker);
    if (key->role == KEY_ROLE_SPAN_ID) {
        struct id_value span;
        normalise_span(value->text, key->form, scan->scanner->options, &span);
        candidates_add_span(scan->out, key->family, &span, place);
    } else if (key->role == KEY_ROLE_FLAGS) {
        struct flags_value flags;
        if (id == KEY_FLAGS_B3_DEBUG) {
            normalise_b3_flags(value->text, &flags);
        } else {
            normalise_flags(value->text, false, &flags);
        }
        candidates_add_flags(scan->out, key->family, &flags, place);
    } else {
        add_trace_value(scan, label, key, value);
        if (id == KEY_TRACE_ID_UNSAMPLED) {
            struct flags_value flags = {.bits = 0, .state = FLAGS_KNOWN};
            candidates_add_flags(scan->out, key->family, &flags, place);
        }
    }
}

static struct trace_key find_key(const struct scan *scan, struct slice name, uint16_t *out_id)
{
    *out_id = KEY_UNKNOWN;
    if (scan->scanner->user != NULL) {
        enum key_role role = trace_user_role(scan->scanner->user, name);
        if (role != KEY_ROLE_NONE) {
            return (struct trace_key){(uint8_t)role, FAMILY_USER, FORM_HEX};
        }
    }
    *out_id = key_lookup(scan->scanner->keys, name);
    if (*out_id == KEY_UNKNOWN && slice_is_equal(name, SLICE("Root"))) {
        *out_id = KEY_TRACE_ID_XRAY; /* "Root=1-…" of load balancers */
    }
    return trace_key(*out_id);
}

/* The label in front of the `=` or `:` at `separator`, if it is one of ours, and its value. Returns
 * where the pass goes on. */
static __attribute__((noinline)) size_t take_label(struct scan *scan, size_t separator)
{
    struct label label;
    uint16_t id;
    if (!find_label(scan, separator, &label)) {
        return separator + 1;
    }
    struct trace_key key = find_key(scan, label.name, &id);
    struct value value;
    if (memchr(label.name.data, ' ', label.name.len) != NULL && key.form == FORM_HEX) {
        key.form = FORM_WEAK; /* two words: a sentence, unless an id follows */
    }
    bool is_header = key.role == KEY_ROLE_TRACE_HEADER || key.family == FAMILY_XRAY;
    if (key.role == KEY_ROLE_NONE ||
        !read_value(scan, separator, label.has_blank, is_header, &value)) {
        return separator + 1;
    }
    if (slice_is_equal(label.name, SLICE("Root")) && !slice_has_prefix(value.text, SLICE("1-"))) {
        return separator + 1;
    }
    if (!is_prose(scan->s[separator], &value)) {
        add_value(scan, &label, id, &key, &value);
    }
    return value.end > separator ? value.end : separator + 1;
}

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
        return take_label(scan, at);
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
