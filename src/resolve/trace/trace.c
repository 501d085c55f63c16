/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/trace.h"

#include <fnmatch.h>
#include <stdlib.h>
#include "base/mem.h"
#include "resolve/trace/candidates.h"
#include "resolve/trace/text.h"
#include "resolve/trace/user.h"

/*
 * Gathers candidates from four places, in this order, and stops as soon as both ids are there:
 *
 *     the config's own keys and patterns
 *     a text line in front of its fields   the layout's place: what follows may be a mention
 *     top-level members                    from the hits
 *     containers                           of the table only, three deep, `spans` from its end
 *     the rest of the text
 *
 * What they mean together is decided in candidates.c.
 */

#define DEPTH_MAX    3
#define ELEMENTS_MAX 64 /* of `spans` or `scopes`; further ones are not looked at */

struct trace_resolver {
    struct key_cache *keys;
    struct trace_user *user; /* NULL: the config adds nothing */
    struct trace_text text;
    const struct string_list *exclude;
    uint64_t last_source_id; /* of which is known … */
    bool is_excluded;        /* … this */
    unsigned options;
    bool message_fallback;
    bool repeat_moved;
    struct trace_candidates candidates; /* of the record in hand: kept here to stay warm */
};

/* One record's work. */
struct work {
    struct trace_resolver *resolver;
    struct trace_candidates *candidates;
    const struct fields *fields;
    enum record_format format;
};

struct trace_resolver *trace_resolver_new(const struct trace_settings *settings, char **out_error)
{
    char *error = NULL;
    struct trace_user *user = trace_user_new(settings, &error);
    if (error != NULL) {
        *out_error = error;
        return NULL;
    }
    struct trace_resolver *resolver = mem_alloc(sizeof(*resolver));
    resolver->keys = key_cache_new();
    resolver->user = user;
    resolver->exclude = &settings->exclude;
    resolver->options = (settings->repair ? ID_REPAIR : 0u) | (settings->uuid ? ID_UUID : 0u) |
                        (settings->dd_decimal_pad ? ID_DECIMAL_PAD : 0u);
    resolver->message_fallback = settings->message_fallback == MESSAGE_FALLBACK_LABELLED;
    resolver->repeat_moved = settings->repeat_moved;
    trace_text_init(&resolver->text, resolver->keys, user, resolver->options);
    return resolver;
}

void trace_resolver_free(struct trace_resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    key_cache_free(resolver->keys);
    trace_user_free(resolver->user);
    free(resolver);
}

/* ------------------------------------------------------------------------------------------------
 * One member
 */

/* A JSON number with a fraction or an exponent went through a double: its digits are gone. In a
 * key=value line the same characters are simply text. */
static bool is_damaged(const struct work *work, const struct field *field)
{
    bool is_number = field->kind == FIELD_DOUBLE || field->kind == FIELD_NUMBER;
    if (!is_number || (work->format != FORMAT_JSON && work->format != FORMAT_OTLP)) {
        return false;
    }
    struct slice text = field_text(field);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.' || (text.data[i] | 0x20) == 'e') {
            return true;
        }
    }
    return false;
}

static bool is_container(const struct field *field)
{
    return field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY;
}

/* null is what no text is: the empty one. */
static struct slice value_text(const struct field *field)
{
    return field->kind == FIELD_NULL ? slice_make(NULL, 0) : field_text(field);
}

static bool is_weak(uint8_t form)
{
    return form == FORM_WEAK || form == FORM_WEAK_32 || form == FORM_TID;
}

static struct id_value damaged_id(void)
{
    return (struct id_value){.state = TRACE_MALFORMED_OTHER,
                             .notes = UINT64_C(1) << NOTE_NUMERIC_PRECISION};
}

static void read_context(const struct work *work, const struct trace_key *key,
                         const struct field *field, struct context_value *out)
{
    *out = (struct context_value){.trace.state = TRACE_ABSENT, .span.state = TRACE_ABSENT};
    bool is_text = field->kind == FIELD_STRING || field->kind == FIELD_BYTES ||
                   work->format == FORMAT_TEXT || work->format == FORMAT_LOGFMT;
    if (is_container(field) || (is_weak(key->form) && !is_text)) {
        return;
    }
    if (is_damaged(work, field)) {
        out->trace = damaged_id();
        return;
    }
    enum id_form form = key->form;
    if (form == FORM_TID && slice_is_equal(field_key(field), SLICE("TID")) &&
        is_placeholder(value_text(field))) {
        form = FORM_SKYWALKING;
    }
    normalise_trace(value_text(field), form, work->resolver->options, out);
}

static void read_span(const struct work *work, const struct trace_key *key,
                      const struct field *field, struct id_value *out)
{
    *out = (struct id_value){.state = TRACE_ABSENT};
    if (is_container(field)) {
        return;
    }
    if (is_damaged(work, field)) {
        if (!is_weak(key->form)) {
            *out = damaged_id();
        }
        return;
    }
    normalise_span(value_text(field), key->form, work->resolver->options, out);
}

/* Where a member's value may be said to have moved from: a whole top-level field of text. */
static struct candidate_place field_place(const struct work *work, uint32_t index, bool is_nested)
{
    const struct field *field = &work->fields->items[index];
    bool is_text =
        field->kind == FIELD_STRING || work->format == FORMAT_TEXT || work->format == FORMAT_LOGFMT;
    return (struct candidate_place){is_text && !is_nested ? index : NO_FIELD, false};
}

static void add_flags(struct work *work, uint16_t id, const struct trace_key *key, uint32_t index,
                      struct candidate_place place)
{
    const struct field *field = &work->fields->items[index];
    struct flags_value flags;
    if (is_container(field)) {
        return;
    }
    if (id == KEY_FLAGS_B3_DEBUG) {
        normalise_b3_flags(value_text(field), &flags);
    } else {
        bool is_number = work->format == FORMAT_JSON && field->kind == FIELD_INT;
        normalise_flags(value_text(field), is_number, &flags);
    }
    candidates_add_flags(work->candidates, key->family, &flags, place);
}

/* A member that was there several times: the last one counts, a different valid id is a conflict.
 */
static void add_repeated(struct work *work, const struct trace_key *key, uint32_t index)
{
    const struct field *array = &work->fields->items[index];
    struct context_value last = {.trace.state = TRACE_ABSENT, .span.state = TRACE_ABSENT};
    struct context_value one;
    for (uint32_t i = index + 1; i < array->next; i = work->fields->items[i].next) {
        read_context(work, key, &work->fields->items[i], &one);
        if (one.trace.is_valid && last.trace.is_valid &&
            memcmp(one.trace.bytes, last.trace.bytes, sizeof(one.trace.bytes)) != 0) {
            work->candidates->is_duplicate_different = true;
        }
        last = one.trace.state != TRACE_ABSENT ? one : last;
    }
    last.trace.is_verbatim = false;
    work->candidates->has_duplicate = true;
    candidates_add_context(work->candidates, key->family, &last,
                           (struct candidate_place){NO_FIELD, false});
}

/* The last element of a repeated member, else the member itself. */
static uint32_t last_of(const struct work *work, uint32_t index)
{
    const struct field *field = &work->fields->items[index];
    uint32_t last = index;
    if ((field->flags & FIELD_REPEATED) != 0) {
        for (uint32_t i = index + 1; i < field->next; i = work->fields->items[i].next) {
            last = i;
        }
    }
    return last;
}

/* Kong: {"trace_id": {"w3c": "…", "datadog": "…"}}. W3C's first, else any 32 digits, else
 * Datadog's. */
static void add_kong(struct work *work, uint32_t index)
{
    static const struct trace_key hex = {KEY_ROLE_TRACE_ID, FAMILY_OTEL, FORM_HEX};
    static const struct trace_key dd = {KEY_ROLE_TRACE_ID, FAMILY_OTEL, FORM_DD};
    const struct field *object = &work->fields->items[index];
    struct context_value best = {.trace.state = TRACE_ABSENT, .span.state = TRACE_ABSENT};
    unsigned best_rank = 0;
    for (uint32_t i = index + 1; i < object->next; i = work->fields->items[i].next) {
        const struct field *field = &work->fields->items[i];
        bool is_dd = slice_is_equal(field_key(field), SLICE("datadog"));
        bool is_w3c = slice_is_equal(field_key(field), SLICE("w3c"));
        struct context_value one;
        read_context(work, is_dd ? &dd : &hex, field, &one);
        unsigned rank = is_w3c ? 4 : is_dd ? 2 : 3;
        rank = one.trace.is_valid ? rank : one.trace.state != TRACE_ABSENT;
        if (rank > best_rank) {
            best = one;
            best_rank = rank;
        }
    }
    candidates_add_context(work->candidates, FAMILY_OTEL, &best,
                           (struct candidate_place){NO_FIELD, false});
}

static void add_member(struct work *work, uint16_t id, const struct trace_key *key, uint32_t index,
                       bool is_nested)
{
    const struct field *field = &work->fields->items[index];
    bool is_repeated = field->kind == FIELD_ARRAY && (field->flags & FIELD_REPEATED) != 0;
    struct candidate_place place = field_place(work, index, is_nested || is_repeated);
    if (key->role == KEY_ROLE_SPAN_ID) {
        struct id_value span;
        read_span(work, key, &work->fields->items[last_of(work, index)], &span);
        candidates_add_span(work->candidates, key->family, &span, place);
    } else if (key->role == KEY_ROLE_FLAGS) {
        add_flags(work, id, key, last_of(work, index), place);
    } else if (is_repeated) {
        add_repeated(work, key, index);
    } else if (id == KEY_TRACE_ID && field->kind == FIELD_OBJECT) {
        add_kong(work, index);
    } else {
        struct context_value context;
        read_context(work, key, field, &context);
        if (id == KEY_TRACE_ID_UNSAMPLED) {
            context.flags = (struct flags_value){.bits = 0, .state = FLAGS_KNOWN};
        }
        candidates_add_context(work->candidates, key->family, &context, place);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Containers
 */

static bool is_complete(const struct work *work)
{
    return candidates_has_trace(work->candidates) && candidates_has_span(work->candidates);
}

static void walk_container(struct work *work, uint16_t id, uint32_t index, unsigned depth);

static void walk_member(struct work *work, uint16_t container_id, struct slice container,
                        uint32_t index, unsigned depth)
{
    const struct field *field = &work->fields->items[index];
    if (field->key == NULL) {
        return;
    }
    struct slice name = field_key(field);
    uint16_t id = key_lookup_joined(work->resolver->keys, container, name);
    if (id == KEY_UNKNOWN) {
        id = key_lookup(work->resolver->keys, name);
    }
    struct trace_key key = trace_key(id);
    if (container_id == KEY_SPAN_WEAK && id == KEY_SPAN_ID &&
        slice_is_equal_nocase(name, SLICE("id"))) {
        key.form = FORM_WEAK; /* a field of the application's own span object, as in Rust */
    }
    if (key.role != KEY_ROLE_NONE) {
        add_member(work, id, &key, index, true);
    }
    if (is_container(field) && (key_holds(id) & KEY_HOLDS_TRACE) != 0 && id != KEY_TRACE_ID &&
        depth < DEPTH_MAX) {
        walk_container(work, id, index, depth + 1);
    }
}

static void walk_object(struct work *work, uint16_t id, struct slice name, uint32_t index,
                        unsigned depth)
{
    uint32_t end = work->fields->items[index].next;
    for (uint32_t i = index + 1; i < end; i = work->fields->items[i].next) {
        walk_member(work, id, name, i, depth);
    }
}

/* A scope, or a span of a list: an object of members, or .NET's printed form of one. */
static void walk_element(struct work *work, uint16_t id, struct slice name, uint32_t index,
                         unsigned depth)
{
    const struct field *field = &work->fields->items[index];
    if (field->kind == FIELD_OBJECT) {
        walk_object(work, id, name, index, depth);
    } else if (field->kind == FIELD_STRING && id == KEY_SCOPES) {
        trace_text_scan(&work->resolver->text, field_text(field), true, work->candidates);
    }
}

static void walk_list(struct work *work, uint16_t id, uint32_t index, unsigned depth)
{
    const struct field *array = &work->fields->items[index];
    uint32_t elements[ELEMENTS_MAX];
    uint32_t count = 0;
    for (uint32_t i = index + 1; i < array->next; i = work->fields->items[i].next) {
        /* The last ones are the ones that matter in `spans`: the newest replaces the oldest. */
        elements[count++ % ELEMENTS_MAX] = i;
    }
    uint32_t kept = count < ELEMENTS_MAX ? count : ELEMENTS_MAX;
    uint32_t before = work->candidates->trace_count + work->candidates->span_count;
    for (uint32_t k = 0; k < kept; k++) {
        bool is_backward = id == KEY_SPANS;
        uint32_t at = is_backward ? count - 1 - k : count - kept + k;
        walk_element(work, id, field_key(array), elements[at % ELEMENTS_MAX], depth);
        if (is_backward && work->candidates->trace_count + work->candidates->span_count > before) {
            return; /* the innermost span that has ids is the one */
        }
    }
}

static void walk_container(struct work *work, uint16_t id, uint32_t index, unsigned depth)
{
    const struct field *field = &work->fields->items[index];
    if (field->kind == FIELD_OBJECT) {
        walk_object(work, id, field_key(field), index, depth);
    } else if (id == KEY_SPANS || id == KEY_SCOPES) {
        walk_list(work, id, index, depth);
    }
}

static void walk_containers(struct work *work, const struct key_hits *hits)
{
    for (uint32_t i = 0; i < hits->count && !is_complete(work); i++) {
        uint16_t id = hits->items[i].id;
        uint32_t index = hits->items[i].field;
        if (is_container(&work->fields->items[index]) && id != KEY_TRACE_ID &&
            (key_holds(id) & KEY_HOLDS_TRACE) != 0) {
            walk_container(work, id, index, 1);
        }
    }
}

/* ------------------------------------------------------------------------------------------------
 * A line that is OTLP/JSON itself
 */

static uint32_t find_member(const struct fields *fields, uint32_t object, struct slice key)
{
    uint32_t end = object != NO_FIELD ? fields->items[object].next : 0;
    for (uint32_t i = object + 1; object != NO_FIELD && i < end; i = fields->items[i].next) {
        if (slice_is_equal(field_key(&fields->items[i]), key)) {
            return i;
        }
    }
    return NO_FIELD;
}

/* The first element of the array under this name. */
static uint32_t find_first(const struct fields *fields, uint32_t object, struct slice key)
{
    uint32_t array = find_member(fields, object, key);
    bool has_element = array != NO_FIELD && fields->items[array].kind == FIELD_ARRAY &&
                       fields->items[array].next > array + 1;
    return has_element ? array + 1 : NO_FIELD;
}

/* The ids of the first log record. */
static void add_otlp(struct work *work, uint32_t resource_logs)
{
    const struct fields *fields = work->fields;
    const struct field *array = &fields->items[resource_logs];
    if (array->kind != FIELD_ARRAY || array->next == resource_logs + 1) {
        return;
    }
    uint32_t scope = find_first(fields, resource_logs + 1, SLICE("scopeLogs"));
    uint32_t record = scope != NO_FIELD ? find_first(fields, scope, SLICE("logRecords")) : NO_FIELD;
    static const struct {
        struct slice name;
        uint16_t id;
    } members[] = {
        {SLICE("traceId"), KEY_TRACE_ID},
        {SLICE("spanId"), KEY_SPAN_ID},
        {SLICE("flags"), KEY_FLAGS},
    };
    for (size_t i = 0; record != NO_FIELD && i < ARRAY_LEN(members); i++) {
        uint32_t index = find_member(fields, record, members[i].name);
        struct trace_key key = trace_key(members[i].id);
        /* An empty id is OTLP's way to leave it out. */
        if (index != NO_FIELD && (fields->items[index].text_len > 0)) {
            add_member(work, members[i].id, &key, index, true);
        }
    }
}

/* ------------------------------------------------------------------------------------------------
 * The stage
 */

#define TRACE_ROLES                                                                                \
    (1u << KEY_ROLE_TRACE_ID | 1u << KEY_ROLE_TRACE_HEADER | 1u << KEY_ROLE_SPAN_ID |              \
     1u << KEY_ROLE_FLAGS | 1u << KEY_ROLE_OTLP)

static void add_hits(struct work *work, const struct key_hits *hits)
{
    if ((hits->roles & TRACE_ROLES) == 0) {
        return;
    }
    for (uint32_t i = 0; i < hits->count; i++) {
        uint16_t id = hits->items[i].id;
        struct trace_key key = trace_key(id);
        if (key.role != KEY_ROLE_NONE) {
            add_member(work, id, &key, hits->items[i].field, false);
        } else if (id == KEY_RESOURCE_LOGS) {
            add_otlp(work, hits->items[i].field);
        }
    }
}

static void add_user_keys(struct work *work)
{
    struct user_hit found[USER_HITS_MAX];
    size_t count = trace_user_find(work->resolver->user, work->fields, found);
    for (size_t i = 0; i < count; i++) {
        struct trace_key key = {(uint8_t)found[i].role, FAMILY_USER, FORM_HEX};
        add_member(work, KEY_UNKNOWN, &key, found[i].field, found[i].is_nested);
    }
}

/* Labels inside a structured line's message, when the config does not want them: they are seen and
 * said, but not shipped. */
static void drop_mentions(struct trace_candidates *candidates)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < candidates->trace_count; i++) {
        if (candidates->traces[i].place.in_message) {
            candidates->has_bare_id = candidates->has_bare_id || candidates->traces[i].id.is_valid;
        } else {
            candidates->traces[kept++] = candidates->traces[i];
        }
    }
    candidates->trace_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < candidates->span_count; i++) {
        if (!candidates->spans[i].place.in_message) {
            candidates->spans[kept++] = candidates->spans[i];
        }
    }
    candidates->span_count = kept;
}

static bool has_any(const struct trace_candidates *candidates)
{
    return candidates->trace_count + candidates->span_count + candidates->flags_count > 0;
}

/* How much of a text line stands in front of its fields, which end it. */
static size_t head_len(const struct record *record, struct slice text)
{
    const struct fields *fields = &record->fields;
    if (record->format != FORMAT_TEXT || fields->count == 0) {
        return record->format == FORMAT_TEXT ? text.len : 0;
    }
    const char *first = fields->items[0].key;
    bool is_inside = first >= text.data && first < text.data + text.len;
    return is_inside ? (size_t)(first - text.data) : text.len;
}

static void add_head(struct work *work, struct slice head)
{
    if (head.len > 0) {
        trace_text_scan(&work->resolver->text, head, false, work->candidates);
    }
}

static void add_text(struct work *work, struct slice text)
{
    bool is_text_line = work->format == FORMAT_TEXT;
    bool has_candidate = work->candidates->trace_count + work->candidates->span_count > 0;
    if (text.len == 0 || (is_text_line ? is_complete(work) : has_candidate)) {
        return;
    }
    if (!is_text_line && trace_user_has_patterns(work->resolver->user)) {
        trace_user_match(work->resolver->user, text, work->resolver->options, work->candidates);
        if (has_any(work->candidates)) {
            return;
        }
    }
    trace_text_scan(&work->resolver->text, text, !is_text_line, work->candidates);
}

static bool read_usual(const struct field *field, size_t digits, uint8_t *out)
{
    return field->kind == FIELD_STRING && id_read_usual(field_text(field), digits, out);
}

/*
 * What nearly every line with ids looks like: trace_id, span_id and perhaps trace_flags as
 * OpenTelemetry writes them. Same result as the general way, at a tenth of its cost; false, with
 * the record as it was, for anything else.
 */
static bool resolve_usual(const struct trace_resolver *resolver, struct record *record,
                          const struct shape_answers *answers)
{
    struct field *items = record->fields.items;
    struct field *flags_field = answers->flags != ANSWER_NONE ? &items[answers->flags] : NULL;
    struct flags_value flags = {.state = FLAGS_NONE};
    uint8_t ids[24];
    if (!read_usual(&items[answers->trace], 32, ids) ||
        !read_usual(&items[answers->span], 16, ids + 16)) {
        return false;
    }
    if (flags_field != NULL) {
        bool is_bool = flags_field->kind == FIELD_BOOL;
        if (!is_bool && flags_field->kind != FIELD_STRING) {
            return false;
        }
        normalise_flags(field_text(flags_field), false, &flags);
        if (is_bool ? flags.state != FLAGS_KNOWN : !flags.is_verbatim) {
            return false;
        }
    }
    memcpy(record->trace_id, ids, sizeof(record->trace_id));
    memcpy(record->span_id, ids + 16, sizeof(record->span_id));
    record->has_trace_id = true;
    record->has_span_id = true;
    record->has_flags = flags_field != NULL;
    record->flags = flags.bits;
    record->trace_class = flags_field != NULL && (flags.bits & 1) == 0 ? TRACE_UNSAMPLED : TRACE_OK;
    static const uint8_t zeros[8];
    record->also = (flags_field == NULL ? UINT64_C(1) << NOTE_SAMPLING_UNKNOWN : 0) |
                   (memcmp(ids, zeros, sizeof(zeros)) == 0 ? UINT64_C(1) << NOTE_LOW64 : 0);
    uint8_t moved = resolver->repeat_moved ? 0 : FIELD_MOVED;
    items[answers->trace].flags |= moved;
    items[answers->span].flags |= moved;
    if (flags_field != NULL && flags_field->kind == FIELD_STRING) {
        flags_field->flags |= moved;
    }
    return true;
}

static void set_absent(struct record *record)
{
    record->has_trace_id = false;
    record->has_span_id = false;
    record->has_flags = false;
    record->flags = 0;
    record->trace_class = TRACE_ABSENT;
    record->also = 0;
}

/* Of a file that the config leaves out. Asked of each record, answered once a source. */
static bool is_excluded(struct trace_resolver *resolver, const struct source *source)
{
    if (resolver->exclude->count == 0 || source == NULL || source->path == NULL) {
        return false;
    }
    if (source->id != resolver->last_source_id) {
        resolver->last_source_id = source->id;
        resolver->is_excluded = false;
        for (size_t i = 0; i < resolver->exclude->count; i++) {
            resolver->is_excluded =
                resolver->is_excluded || fnmatch(resolver->exclude->items[i], source->path, 0) == 0;
        }
    }
    return resolver->is_excluded;
}

void trace_resolve(struct trace_resolver *resolver, struct record *record,
                   const struct shape *line, struct slice message)
{
    const struct key_hits *hits = &line->top;
    if (is_excluded(resolver, record->source)) {
        set_absent(record);
        return;
    }
    struct trace_candidates *candidates = &resolver->candidates;
    struct work work = {resolver, candidates, &record->fields, record->format};
    size_t head = head_len(record, message);
    candidates_clear(candidates);
    add_head(&work, slice_make(message.data, head));
    if (line->answers.trace != ANSWER_ASK && resolver->user == NULL && !has_any(candidates) &&
        resolve_usual(resolver, record, &line->answers)) {
        return;
    }
    if (resolver->user != NULL) {
        add_user_keys(&work);
        if (record->format == FORMAT_TEXT && trace_user_has_patterns(resolver->user)) {
            trace_user_match(resolver->user, record->line, resolver->options, candidates);
        }
    }
    add_hits(&work, hits);
    if ((hits->holds & KEY_HOLDS_TRACE) != 0 && !is_complete(&work)) {
        walk_containers(&work, hits);
    }
    add_text(&work, slice_skip(message, head));
    if (!resolver->message_fallback) {
        drop_mentions(candidates);
    }
    if (candidates_is_empty(candidates)) {
        set_absent(record);
    } else {
        candidates_decide(candidates, resolver->repeat_moved, record);
    }
    if (!record->has_trace_id && (hits->roles & 1u << KEY_ROLE_REQUEST) != 0) {
        record->also |= UINT64_C(1) << NOTE_REQUEST_ID;
    }
}
