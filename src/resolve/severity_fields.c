/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/severity_fields.h"

#include "resolve/severity.h"

/*
 * Words before numbers: a line that has both (`level` 400, `level_name` ERROR) repeats itself, and
 * the word needs no guess about the scale. Only OpenTelemetry's own severity_number goes before.
 * The same number means different things (30 is INFO in pino, WARNING in Python, 3 is ERROR in
 * GELF), so the scale is told by the key and by which other members the line has.
 */

static bool is_string(const struct field *field)
{
    return field->kind == FIELD_STRING;
}

/* The decimal text of a level: a JSON integer, or a string of digits. */
static bool read_integer(const struct field *field, int64_t *out)
{
    if (field->kind == FIELD_INT) {
        *out = field->value.i;
        return true;
    }
    struct slice text = severity_clean(field_text(field));
    int64_t value = 0;
    if (!is_string(field) || text.len == 0 || text.len > 9) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    *out = value;
    return true;
}

static bool set(struct record *record, uint8_t number, struct slice text)
{
    record->severity_number = number;
    record->severity_text = text;
    return true;
}

static enum severity_dialect dialect_of(const struct hits *hits, uint16_t id)
{
    bool fatal = id == KEY_LEVELNAME || id == KEY_LOGLEVEL_NET || id == KEY_SEVERITY_LEVEL ||
                 hits_has(hits, KEY_LEVELNO);
    return fatal ? SEVERITY_CRITICAL_IS_FATAL : SEVERITY_SYSLOG;
}

static uint8_t read_word(const struct hits *hits, uint16_t id, struct slice text)
{
    if (id == KEY_LEVEL_MONGO) { /* F E W I D D1 … D5 */
        bool is_it = hits_has(hits, KEY_TIME_MONGO) && memchr("FEWID", text.data[0], 5) != NULL;
        return is_it ? severity_from_text(slice_make(text.data, 1), SEVERITY_SYSLOG) : 0;
    }
    uint8_t number = severity_from_text(text, dialect_of(hits, id));
    bool verbose = number == 6 && (text.data[0] | 0x20) == 'v';
    return verbose && id == KEY_LEVEL_CLEF ? 1 : number;
}

/* Datadog's `status` is a level only when it says one: an outcome ("success", "fail", "200") is
 * somebody's own field. */
static bool is_status_level(struct slice text)
{
    static const struct slice outcomes[] = {SLICE("success"), SLICE("fail"),   SLICE("log"),
                                            SLICE("http"),    SLICE("config"), SLICE("fine")};
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (slice_is_equal_nocase(text, outcomes[i])) {
            return false;
        }
    }
    return text.len >= 3;
}

/* The first word of a table among the ids from `first` to `last`. */
static bool take_word(const struct hits *hits, uint16_t first, uint16_t last, struct record *record)
{
    uint16_t id = (uint16_t)(first - 1);
    for (const struct field *field; (field = hits_next(hits, id, last, &id)) != NULL;) {
        struct slice text = severity_clean(field_text(field));
        if (!is_string(field) || text.len == 0 || (id == KEY_STATUS && !is_status_level(text))) {
            continue;
        }
        uint8_t number = read_word(hits, id, text);
        if (number != 0) {
            return set(record, number, text);
        }
        bool digit = text.data[0] >= '0' && text.data[0] <= '9';
        bool is_weak = id == KEY_STATUS || id == KEY_LEVEL_MONGO;
        if (record->severity_text.len == 0 && !is_weak && !digit) {
            record->severity_text = text; /* a level of the application's own */
        }
    }
    return false;
}

/* The scale of a number under `level` and its like. SEVERITY_SCALES: none is told. */
static enum severity_scale find_scale(const struct hits *hits, int64_t level)
{
    if (hits_has(hits, KEY_SHORT_MESSAGE) && level <= 7) {
        return SCALE_SYSLOG; /* GELF */
    }
    if (level >= 100 && (hits_has(hits, KEY_LEVEL_NAME_PSR) || hits_has(hits, KEY_CHANNEL))) {
        return SCALE_MONOLOG;
    }
    if (hits_has(hits, KEY_LEVELNAME) || hits_has(hits, KEY_LEVELNO)) {
        return SCALE_PYTHON;
    }
    if (hits_has(hits, KEY_LOGGER_NAME) && level >= 100) {
        return SCALE_LOG4J;
    }
    bool node = hits_has(hits, KEY_PID) || hits_has(hits, KEY_HOSTNAME) || hits_has(hits, KEY_V) ||
                hits_has(hits, KEY_TIME);
    bool step = level % 10 == 0;
    return level >= 10 && level < 70 && (node || step) ? SCALE_PINO : SEVERITY_SCALES;
}

static enum severity_scale scale_of(const struct hits *hits, uint16_t id, int64_t level)
{
    switch (id) {
    case KEY_SEVERITY_NUMBER:
        return SCALE_OTLP;
    case KEY_SEVERITY_LEVEL:
        return SCALE_AZURE;
    case KEY_PRIORITY:
        return SCALE_SYSLOG;
    case KEY_LEVELNO:
        return SCALE_PYTHON;
    case KEY_LEVEL_VALUE:
        return SCALE_LOGBACK;
    case KEY_LEVEL_INDEX:
        return SCALE_SEMANTIC_LOGGER;
    case KEY_SEVERITY:
        return level % 100 == 0 && level <= 800 ? SCALE_GOOGLE : find_scale(hits, level);
    default:
        return find_scale(hits, level);
    }
}

/* The first number that has a scale. Its text is the record's only where no word was there. */
static bool take_number(const struct hits *hits, uint16_t first, uint16_t last,
                        struct record *record)
{
    uint16_t id = (uint16_t)(first - 1);
    for (const struct field *field; (field = hits_next(hits, id, last, &id)) != NULL;) {
        int64_t level;
        if (id == KEY_STATUS || id == KEY_SEVERITY_TEXT || id == KEY_LEVEL_MONGO ||
            !read_integer(field, &level)) {
            continue;
        }
        enum severity_scale scale = scale_of(hits, id, level);
        uint8_t number = scale == SEVERITY_SCALES ? 0 : severity_from_number(level, scale);
        if (record->severity_text.len == 0) {
            record->severity_text = severity_clean(field_text(field));
        }
        if (number != 0) {
            record->severity_number = number;
            return true;
        }
    }
    return false;
}

/* `SEVERITY_NUMBER_WARN2` of OTLP/JSON written with names, and 13. */
static uint8_t read_otlp_number(const struct field *field)
{
    int64_t level;
    if (read_integer(field, &level)) {
        return severity_from_number(level, SCALE_OTLP);
    }
    struct slice text = field_text(field);
    struct slice prefix = SLICE("SEVERITY_NUMBER_");
    if (!is_string(field) || !slice_has_prefix(text, prefix)) {
        return 0;
    }
    return severity_from_text(slice_skip(text, prefix.len), SEVERITY_SYSLOG);
}

static bool take_otlp_number(const struct hits *hits, struct record *record)
{
    const struct field *field = hits_find(hits, KEY_SEVERITY_NUMBER);
    uint8_t number = field != NULL ? read_otlp_number(field) : 0;
    if (number == 0) {
        return false;
    }
    take_word(hits, KEY_SEVERITY_TEXT, KEY_LEVEL_NAME_PSR, record);
    record->severity_number = number;
    return true;
}

/* Two libraries leave the level out: Serilog for Information, Kubernetes' JSON for everything. */
static bool take_silence(const struct hits *hits, struct record *record)
{
    if (hits_has(hits, KEY_TIME_CLEF) &&
        (hits_has(hits, KEY_MESSAGE_CLEF) || hits_has(hits, KEY_TEMPLATE_CLEF))) {
        record->severity_number = 9;
        return true;
    }
    bool error = hits_has(hits, KEY_ERR);
    if (hits_has(hits, KEY_CALLER) && hits_has(hits, KEY_TS) && (error || hits_has(hits, KEY_V))) {
        record->severity_number = error ? 17 : 9;
        return true;
    }
    return false;
}

bool severity_from_fields(const struct hits *hits, struct record *record)
{
    if (take_otlp_number(hits, record) ||
        take_word(hits, KEY_SEVERITY_TEXT, KEY_LEVEL_NAME_PSR, record) ||
        take_number(hits, KEY_SEVERITY, KEY_LEVEL_NAME_PSR, record) ||
        take_word(hits, KEY_STATUS, KEY_LEVEL_MONGO, record) ||
        take_number(hits, KEY_SEVERITY_LEVEL, KEY_LEVEL_INDEX, record)) {
        return true;
    }
    return record->severity_text.len == 0 && take_silence(hits, record);
}
