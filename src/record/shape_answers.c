/* SPDX-License-Identifier: Apache-2.0 */
#include "record/shape_answers.h"

#include "record/hits.h"

/* ---- ids ---- */

static uint32_t *place_of(struct places *places, uint16_t id)
{
    switch (id) {
    case KEY_TRACE_ID:
    case KEY_TRACE_ID_OTEL:
        return &places->trace;
    case KEY_SPAN_ID:
    case KEY_SPAN_ID_OTEL:
        return &places->span;
    case KEY_FLAGS:
    case KEY_FLAGS_OTEL:
        return &places->flags;
    default:
        return NULL;
    }
}

/* False when a member of any other convention is there, or one of these is there twice. */
static bool find_ids(const struct key_hits *top, struct places *places)
{
    unsigned spellings = 0;
    for (uint32_t i = 0; i < top->count; i++) {
        uint16_t id = top->items[i].id;
        if (id > KEY_RESOURCE_LOGS) {
            continue;
        }
        uint32_t *place = place_of(places, id);
        if (place == NULL || *place != PLACE_NONE) {
            return false;
        }
        *place = top->items[i].field;
        spellings |= id == KEY_TRACE_ID || id == KEY_SPAN_ID || id == KEY_FLAGS ? 1 : 2;
    }
    return places->trace != PLACE_NONE && places->span != PLACE_NONE && spellings != 3;
}

/* ---- the others ---- */

/* The first member of the ids from `first` to `last`, which *out_id is. */
static uint32_t find_first(const struct hits *hits, uint16_t first, uint16_t last, uint16_t *out_id)
{
    *out_id = KEY_UNKNOWN;
    return hits_next(hits, (uint16_t)(first - 1), last, out_id) != NULL ? hits->slots[*out_id]
                                                                         : PLACE_NONE;
}

static uint32_t find_level(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_SEVERITY_TEXT, KEY_LEVEL_NAME_PSR, &id);
    bool is_simple = !hits_has(hits, KEY_SEVERITY_NUMBER) && place != PLACE_NONE;
    return is_simple ? place : PLACE_ASK;
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
        return PLACE_ASK;
    default:
        return place;
    }
}

/* Where bunyan may have written it (`v`), `name` is one or the other by its value. */
static uint32_t find_service(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_SERVICE_DOT_NAME, KEY_SYSLOG_IDENTIFIER, &id);
    bool is_bunyan = place == PLACE_NONE && hits_has(hits, KEY_V);
    return is_bunyan || id == KEY_HOST || hits_has(hits, KEY_SERVICE_NAMESPACE) ? PLACE_ASK : place;
}

static uint32_t find_logger(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_LOG_LOGGER, KEY_NAME, &id);
    return hits_has(hits, KEY_V) ? PLACE_ASK : place;
}

/* `text` is the message or not by what else there is (loguru). */
static uint32_t find_message(const struct hits *hits)
{
    uint16_t id;
    uint32_t place = find_first(hits, KEY_MESSAGE, KEY_RECORD_MESSAGE, &id);
    return id == KEY_TEXT || place == PLACE_NONE ? PLACE_ASK : place;
}

void places_find(const struct key_hits *top, const struct hits *hits, bool is_kept,
                 struct places *out)
{
    *out = (struct places){PLACE_ASK, PLACE_ASK,  PLACE_ASK,  PLACE_ASK,
                           PLACE_ASK, PLACE_NONE, PLACE_NONE, PLACE_NONE};
    if (!find_ids(top, out)) {
        out->trace = PLACE_ASK;
    }
    if (is_kept) {
        out->level = find_level(hits);
        out->time = find_time(hits);
        out->service = find_service(hits);
        out->logger = find_logger(hits);
        out->message = find_message(hits);
    }
}
