/* SPDX-License-Identifier: Apache-2.0 */
#include "record/shape_answers.h"

/* ---- ids ---- */

static uint32_t *place_of(struct shape_answers *answers, uint16_t id)
{
    switch (id) {
    case KEY_TRACE_ID:
    case KEY_TRACE_ID_OTEL:
        return &answers->trace;
    case KEY_SPAN_ID:
    case KEY_SPAN_ID_OTEL:
        return &answers->span;
    case KEY_FLAGS:
    case KEY_FLAGS_OTEL:
        return &answers->flags;
    default:
        return NULL;
    }
}

/* False when a member of any other convention is there, or one of these is there twice. */
static bool find_ids(const struct key_hits *top, struct shape_answers *answers)
{
    unsigned spellings = 0;
    for (uint32_t i = 0; i < top->count; i++) {
        uint16_t id = top->items[i].id;
        if (id > KEY_RESOURCE_LOGS) {
            continue;
        }
        uint32_t *place = place_of(answers, id);
        if (place == NULL || *place != ANSWER_NONE) {
            return false;
        }
        *place = top->items[i].field;
        spellings |= id == KEY_TRACE_ID || id == KEY_SPAN_ID || id == KEY_FLAGS ? 1 : 2;
    }
    return answers->trace != ANSWER_NONE && answers->span != ANSWER_NONE && spellings != 3;
}

/* ---- the others ---- */

/* The first member of the ids from `first` to `last`, which *out_id is. */
static uint32_t find_first(const struct hits *hits, uint16_t first, uint16_t last, uint16_t *out_id)
{
    *out_id = KEY_UNKNOWN;
    return hits_next(hits, (uint16_t)(first - 1), last, out_id) != NULL ? hits->slots[*out_id]
                                                                        : ANSWER_NONE;
}

static uint32_t find_level(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_SEVERITY_TEXT, KEY_LEVEL_NAME_PSR, &id);
    bool is_simple = !hits_has(hits, KEY_SEVERITY_NUMBER) && place != ANSWER_NONE;
    return is_simple ? place : ANSWER_ASK;
}

/* Not those whose name says a unit, or that come in two parts. */
static uint32_t find_time(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_TIME_UNIX_NANO, KEY_DATE, &id);
    switch (id) {
    case KEY_TIME_UNIX_NANO:
    case KEY_TIME_MILLIS:
    case KEY_REALTIME_TIMESTAMP:
    case KEY_INSTANT_SECOND:
    case KEY_INSTANT_NANO:
    case KEY_TIMESTAMP_SECONDS:
    case KEY_TIMESTAMP_NANOS:
        return ANSWER_ASK;
    default:
        return place;
    }
}

/* Where bunyan may have written it (`v`), `name` is one or the other by its value. */
static uint32_t find_service(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_SERVICE_DOT_NAME, KEY_SYSLOG_IDENTIFIER, &id);
    bool is_bunyan = place == ANSWER_NONE && hits_has(hits, KEY_V);
    return is_bunyan || id == KEY_HOST || hits_has(hits, KEY_SERVICE_NAMESPACE) ? ANSWER_ASK
                                                                                : place;
}

static uint32_t find_logger(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_LOG_LOGGER, KEY_NAME, &id);
    return hits_has(hits, KEY_V) ? ANSWER_ASK : place;
}

/* `text` is the message or not by what else there is (loguru). */
static uint32_t find_message(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_MESSAGE, KEY_RECORD_MESSAGE, &id);
    return id == KEY_TEXT || place == ANSWER_NONE ? ANSWER_ASK : place;
}

void shape_answers_find(const struct key_hits *top, const struct hits *hits, bool is_kept,
                        struct shape_answers *out)
{
    *out = (struct shape_answers){ANSWER_ASK, ANSWER_ASK,  ANSWER_ASK,  ANSWER_ASK,
                                  ANSWER_ASK, ANSWER_NONE, ANSWER_NONE, ANSWER_NONE};
    if (!find_ids(top, out)) {
        out->trace = ANSWER_ASK;
    }
    if (is_kept) {
        out->level = find_level(hits);
        out->time = find_time(hits);
        out->service = find_service(hits);
        out->logger = find_logger(hits);
        out->message = find_message(hits);
    }
}
