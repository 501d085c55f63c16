/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/trace/candidates.h"

#define BIT(class_or_note) (UINT64_C(1) << (class_or_note))

#define TRACE(family, form)                                                                        \
    {                                                                                              \
        KEY_ROLE_TRACE_ID, FAMILY_##family, FORM_##form                                            \
    }
#define HEADER(family, form)                                                                       \
    {                                                                                              \
        KEY_ROLE_TRACE_HEADER, FAMILY_##family, FORM_##form                                        \
    }
#define SPAN(family, form)                                                                         \
    {                                                                                              \
        KEY_ROLE_SPAN_ID, FAMILY_##family, FORM_##form                                             \
    }
#define FLAGS(family)                                                                              \
    {                                                                                              \
        KEY_ROLE_FLAGS, FAMILY_##family, FORM_HEX                                                  \
    }

static const struct trace_key trace_keys[] = {
    [KEY_TRACE_ID] = TRACE(OTEL, HEX),
    [KEY_TRACE_ID_OTEL] = TRACE(OTEL_SPELLED, HEX),
    [KEY_TRACE_ID_UNSAMPLED] = TRACE(MARKER, HEX),
    [KEY_TRACE_ID_GCP] = TRACE(GCP, HEX),
    [KEY_TRACE_ID_DD] = TRACE(DD, DD),
    [KEY_TRACE_ID_DYNATRACE] = TRACE(DYNATRACE, HEX),
    [KEY_TRACE_ID_HONEYCOMB] = TRACE(HONEYCOMB, HEX),
    [KEY_TRACE_ID_AZURE] = TRACE(AZURE, AZURE),
    [KEY_TRACE_ID_AZURE_WEAK] = TRACE(AZURE, WEAK_32),
    [KEY_TRACE_ID_XRAY] = TRACE(XRAY, HEX),
    [KEY_TRACE_ID_SKYWALKING] = TRACE(SKYWALKING, SKYWALKING),
    [KEY_TRACE_ID_B3] = TRACE(B3, HEX),
    [KEY_TRACE_ID_INSTANA] = TRACE(INSTANA, HEX),
    [KEY_TRACE_WEAK] = TRACE(WEAK, WEAK),
    [KEY_TID_WEAK] = TRACE(SKYWALKING, TID),
    [KEY_TRACEPARENT] = HEADER(TRACEPARENT, TRACEPARENT),
    [KEY_B3_SINGLE] = HEADER(B3_SINGLE, B3),
    [KEY_UBER_TRACE_ID] = HEADER(UBER, UBER),
    [KEY_SENTRY_TRACE] = HEADER(SENTRY, SENTRY),
    [KEY_CLOUD_TRACE_CONTEXT] = HEADER(CLOUD, CLOUD),
    [KEY_NR_LINKING] = HEADER(MARKER, NR_LINKING),
    [KEY_SPAN_ID] = SPAN(OTEL, HEX),
    [KEY_SPAN_ID_OTEL] = SPAN(OTEL_SPELLED, HEX),
    [KEY_SPAN_ID_GCP] = SPAN(GCP, HEX),
    [KEY_SPAN_ID_DD] = SPAN(DD, DD),
    [KEY_SPAN_ID_DYNATRACE] = SPAN(DYNATRACE, HEX),
    [KEY_SPAN_ID_HONEYCOMB] = SPAN(HONEYCOMB, HEX),
    [KEY_SPAN_ID_AZURE] = SPAN(AZURE, AZURE),
    [KEY_SPAN_ID_B3] = SPAN(B3, HEX),
    [KEY_SPAN_ID_INSTANA] = SPAN(INSTANA, HEX),
    [KEY_SPAN_WEAK] = SPAN(WEAK, WEAK),
    [KEY_TRANSACTION_ID] = SPAN(TRANSACTION, HEX),
    [KEY_FLAGS] = FLAGS(OTEL),
    [KEY_FLAGS_OTEL] = FLAGS(OTEL_SPELLED),
    [KEY_FLAGS_GCP] = FLAGS(GCP),
    [KEY_FLAGS_DYNATRACE] = FLAGS(DYNATRACE),
    [KEY_FLAGS_B3] = FLAGS(B3),
    [KEY_FLAGS_B3_DEBUG] = FLAGS(B3),
    [KEY_FLAGS_WEAK] = FLAGS(WEAK),
};

struct trace_key trace_key(uint16_t key_id)
{
    return key_id < sizeof(trace_keys) / sizeof(trace_keys[0]) ? trace_keys[key_id]
                                                               : (struct trace_key){0};
}

void candidates_add_context(struct trace_candidates *candidates, enum trace_family family,
                            const struct context_value *context, struct candidate_place place)
{
    if (context->trace.state != TRACE_ABSENT && candidates->trace_count < CANDIDATES_MAX) {
        candidates->traces[candidates->trace_count++] =
            (struct id_candidate){context->trace, place, (uint8_t)family};
    }
    candidates_add_span(candidates, family, &context->span, place);
    candidates_add_flags(candidates, family, &context->flags, place);
}

void candidates_add_span(struct trace_candidates *candidates, enum trace_family family,
                         const struct id_value *span, struct candidate_place place)
{
    if (span->state != TRACE_ABSENT && candidates->span_count < CANDIDATES_MAX) {
        candidates->spans[candidates->span_count++] =
            (struct id_candidate){*span, place, (uint8_t)family};
    }
}

void candidates_add_flags(struct trace_candidates *candidates, enum trace_family family,
                          const struct flags_value *flags, struct candidate_place place)
{
    if (flags->state != FLAGS_NONE && candidates->flags_count < CANDIDATES_MAX) {
        candidates->flags[candidates->flags_count++] =
            (struct flags_candidate){*flags, place, (uint8_t)family};
    }
}

bool candidates_has_trace(const struct trace_candidates *candidates)
{
    for (uint32_t i = 0; i < candidates->trace_count; i++) {
        if (candidates->traces[i].id.is_valid) {
            return true;
        }
    }
    return false;
}

static bool is_header(uint8_t family)
{
    return family >= FAMILY_TRACEPARENT && family <= FAMILY_CLOUD;
}

bool candidates_has_span(const struct trace_candidates *candidates)
{
    for (uint32_t i = 0; i < candidates->span_count; i++) {
        const struct id_candidate *span = &candidates->spans[i];
        if (span->id.is_valid && span->family != FAMILY_TRANSACTION) {
            return true;
        }
    }
    return false;
}

static bool is_low64(const uint8_t id[16])
{
    static const uint8_t zeros[8];
    return memcmp(id, zeros, sizeof(zeros)) == 0;
}

/* Some libraries write only the low half of an id. */
static bool is_same_trace(const uint8_t a[16], const uint8_t b[16])
{
    return memcmp(a + 8, b + 8, 8) == 0 && (memcmp(a, b, 8) == 0 || is_low64(a) || is_low64(b));
}

/* What the decision knows so far. */
struct choice {
    const struct id_candidate *trace;
    const struct id_candidate *span;
    const struct flags_candidate *flags;
    bool is_conflict;
    bool has_other_span; /* another valid span of the same trace */
    bool is_flags_invalid;
};

static void choose_trace(const struct trace_candidates *candidates, struct choice *choice)
{
    const struct id_candidate *best = NULL;
    for (uint32_t i = 0; i < candidates->trace_count; i++) {
        const struct id_candidate *trace = &candidates->traces[i];
        if (trace->id.is_valid && (best == NULL || trace->family < best->family)) {
            best = trace;
        }
    }
    choice->trace = best;
    for (uint32_t i = 0; best != NULL && i < candidates->trace_count; i++) {
        const struct id_candidate *trace = &candidates->traces[i];
        if (!trace->id.is_valid) {
            continue;
        }
        if (!is_same_trace(best->id.bytes, trace->id.bytes)) {
            choice->is_conflict = true;
        } else if (is_low64(choice->trace->id.bytes) && !is_low64(trace->id.bytes)) {
            choice->trace = trace;
        }
    }
    choice->is_conflict = choice->is_conflict || candidates->is_duplicate_different;
}

/* A span or flags of this family belong to the chosen trace: their own trace id is the same one, or
 * they have none of their own. */
static bool goes_with_trace(const struct trace_candidates *candidates, const struct choice *choice,
                            uint8_t family)
{
    bool has_own = false;
    for (uint32_t i = 0; i < candidates->trace_count; i++) {
        const struct id_candidate *trace = &candidates->traces[i];
        if (trace->family != family) {
            continue;
        }
        if (choice->trace == NULL || trace == choice->trace ||
            (trace->id.is_valid && is_same_trace(trace->id.bytes, choice->trace->id.bytes))) {
            return true;
        }
        has_own = true;
    }
    return !has_own;
}

static void choose_span(const struct trace_candidates *candidates, struct choice *choice)
{
    for (uint32_t i = 0; i < candidates->span_count; i++) {
        const struct id_candidate *span = &candidates->spans[i];
        if (!span->id.is_valid || !goes_with_trace(candidates, choice, span->family)) {
            continue;
        }
        if (choice->trace == NULL &&
            (span->family == FAMILY_TRANSACTION || is_header(span->family))) {
            continue;
        }
        if (choice->span == NULL || span->family < choice->span->family) {
            choice->span = span;
        }
    }
    for (uint32_t i = 0; choice->span != NULL && i < candidates->span_count; i++) {
        const struct id_candidate *span = &candidates->spans[i];
        if (span->id.is_valid && span->family != FAMILY_TRANSACTION &&
            goes_with_trace(candidates, choice, span->family) &&
            memcmp(span->id.bytes, choice->span->id.bytes, 8) != 0) {
            choice->has_other_span = true;
        }
    }
}

static void choose_flags(const struct trace_candidates *candidates, struct choice *choice)
{
    for (uint32_t i = 0; i < candidates->flags_count; i++) {
        const struct flags_candidate *flags = &candidates->flags[i];
        if (!goes_with_trace(candidates, choice, flags->family)) {
            continue;
        }
        if (flags->flags.state == FLAGS_INVALID) {
            choice->is_flags_invalid = true;
        } else if (choice->flags == NULL || flags->family < choice->flags->family) {
            choice->flags = flags;
        }
    }
}

static uint64_t span_defect(enum trace_class state)
{
    switch (state) {
    case TRACE_ALL_ZERO:
        return BIT(NOTE_SPAN_ALL_ZERO);
    case TRACE_MALFORMED_LENGTH:
        return BIT(NOTE_SPAN_MALFORMED_LENGTH);
    case TRACE_NON_HEX:
        return BIT(NOTE_SPAN_NON_HEX);
    case TRACE_MALFORMED_OTHER:
    case TRACE_VENDOR_OPAQUE:
        return BIT(NOTE_SPAN_MALFORMED_OTHER);
    default:
        return 0;
    }
}

static uint64_t span_defects(const struct trace_candidates *candidates)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < candidates->span_count; i++) {
        const struct id_value *span = &candidates->spans[i].id;
        bits |= span->is_valid
                    ? 0
                    : span_defect(span->state) | (span->notes & BIT(NOTE_NUMERIC_PRECISION));
    }
    return bits;
}

/* The classes that apply to a record with a valid trace id; TRACE_OK alone if none other does. */
static uint64_t classes_of_valid(const struct choice *choice)
{
    const struct id_value *trace = &choice->trace->id;
    const struct id_value *span = choice->span != NULL ? &choice->span->id : NULL;
    uint64_t bits = choice->is_conflict ? BIT(TRACE_CONFLICT) : 0;
    bits |= choice->trace->place.in_message ? BIT(TRACE_MESSAGE_ONLY) : 0;
    bits |= span == NULL ? BIT(TRACE_TRACE_WITHOUT_SPAN) : 0;
    if (trace->state != TRACE_OK) {
        bits |= BIT(trace->state);
    }
    if (span != NULL && span->state != TRACE_OK) {
        bits |= BIT(span->state);
        bits |= span->state == TRACE_MALFORMED_LENGTH ? BIT(NOTE_SPAN_MALFORMED_LENGTH) : 0;
    }
    if (choice->flags != NULL && (choice->flags->flags.bits & 1) == 0) {
        bits |= BIT(TRACE_UNSAMPLED);
    }
    return bits;
}

/* Values that are no ids say why; kept beside the class of the one that is. */
static uint64_t invalid_states(const struct trace_candidates *candidates)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < candidates->trace_count; i++) {
        const struct id_value *trace = &candidates->traces[i].id;
        bits |= trace->is_valid ? 0 : BIT(trace->state) | trace->notes;
    }
    return bits;
}

static enum trace_class first_class(uint64_t bits)
{
    bits &= BIT(TRACE_CLASSES) - 1;
    return bits != 0 ? (enum trace_class)__builtin_ctzll(bits) : TRACE_OK;
}

static uint64_t notes_of_choice(const struct trace_candidates *candidates,
                                const struct choice *choice)
{
    uint64_t bits = choice->trace->id.notes;
    if (choice->span != NULL) {
        bits |= choice->span->id.notes & (BIT(NOTE_REPAIRED) | BIT(NOTE_LOWERED));
        bits |= choice->span->family == FAMILY_TRANSACTION ? BIT(NOTE_SPAN_FROM_TRANSACTION) : 0;
        bits |= choice->has_other_span ? BIT(NOTE_SPAN_DIFFERS) : 0;
    } else {
        bits |= span_defects(candidates);
    }
    if (choice->flags == NULL) {
        bits |= BIT(NOTE_SAMPLING_UNKNOWN);
        bits |= choice->is_flags_invalid ? BIT(NOTE_FLAGS_INVALID) : 0;
    }
    return bits;
}

/* Said of the id that is shipped, or of the record: not of a value that lost to a valid id. */
static const uint64_t notes_of_shipped =
    BIT(NOTE_LOW64) | BIT(NOTE_UUID) | BIT(NOTE_NOT_SHIPPED) | BIT(NOTE_LOWERED);

static void classify_valid(const struct trace_candidates *candidates, const struct choice *choice,
                           struct record *record)
{
    uint64_t classes = classes_of_valid(choice);
    record->trace_class = first_class(classes);
    uint64_t others = invalid_states(candidates) & ~notes_of_shipped;
    record->also =
        (classes & ~BIT(record->trace_class)) | others | notes_of_choice(candidates, choice);
}

static void classify_invalid(const struct trace_candidates *candidates, const struct choice *choice,
                             struct record *record)
{
    uint64_t bits = invalid_states(candidates);
    uint64_t beside = span_defects(candidates);
    if (candidates->trace_count > 0) {
        bits |= choice->span != NULL ? BIT(TRACE_SPAN_WITHOUT_TRACE) : 0;
        record->trace_class = first_class(bits);
    } else if (choice->span != NULL) {
        record->trace_class = TRACE_SPAN_WITHOUT_TRACE;
    } else if (candidates->span_count > 0) {
        for (uint32_t i = 0; i < candidates->span_count; i++) {
            const struct id_candidate *span = &candidates->spans[i];
            bits |=
                !span->id.is_valid && span->family != FAMILY_TRANSACTION ? BIT(span->id.state) : 0;
        }
        record->trace_class = bits != 0 ? first_class(bits) : TRACE_ABSENT;
    } else if (candidates->has_bare_id) {
        record->trace_class = TRACE_MESSAGE_ONLY;
        beside |= BIT(NOTE_NOT_SHIPPED);
    } else {
        record->trace_class = TRACE_ABSENT;
    }
    record->also = (bits | beside) & ~BIT(record->trace_class);
}

static void mark_moved(struct record *record, bool is_verbatim, struct candidate_place place)
{
    if (is_verbatim && place.field != NO_FIELD) {
        record->fields.items[place.field].flags |= FIELD_MOVED;
    }
}

static void set_ids(const struct choice *choice, bool repeat_moved, struct record *record)
{
    record->has_trace_id = choice->trace != NULL;
    record->has_span_id = choice->span != NULL;
    record->has_flags = choice->flags != NULL;
    record->flags = choice->flags != NULL ? choice->flags->flags.bits : 0;
    if (choice->trace != NULL) {
        memcpy(record->trace_id, choice->trace->id.bytes, sizeof(record->trace_id));
    }
    if (choice->span != NULL) {
        memcpy(record->span_id, choice->span->id.bytes, sizeof(record->span_id));
    }
    if (repeat_moved) {
        return;
    }
    if (choice->trace != NULL) {
        mark_moved(record, choice->trace->id.is_verbatim, choice->trace->place);
    }
    if (choice->span != NULL) {
        mark_moved(record, choice->span->id.is_verbatim, choice->span->place);
    }
    if (choice->flags != NULL) {
        mark_moved(record, choice->flags->flags.is_verbatim, choice->flags->place);
    }
}

void candidates_decide(const struct trace_candidates *candidates, bool repeat_moved,
                       struct record *record)
{
    struct choice choice = {0};
    choose_trace(candidates, &choice);
    choose_span(candidates, &choice);
    if (choice.trace != NULL) {
        choose_flags(candidates, &choice);
        classify_valid(candidates, &choice, record);
    } else {
        classify_invalid(candidates, &choice, record);
    }
    set_ids(&choice, repeat_moved, record);
    record->also |= candidates->has_duplicate ? BIT(NOTE_DUPLICATE_KEY) : 0;
}
