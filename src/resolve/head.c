/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/head.h"

#include "resolve/head_cursor.h"
#include "resolve/severity.h"

/*
 * A head is a run of pieces: the time, the level, groups in brackets, numbers, names that
 * separators fence off, `key=value`. Pieces are taken one by one; the first that is none of these
 * begins the message and ends the head, so that prose is never searched.
 *
 * Which words are a level depends on how they stand (enum stand). Bare, only capitals count:
 * layouts print levels so, sentences do not. Lower case counts where the layout fences the word
 * off: `[info]`,
 * `|info|`, `info:`, between tabs, ` - info - `.
 *
 * Behind the level the same pieces are read on, for the service and the logger.
 */

#define HEAD_BYTES_MAX 1024
#define PIECES_MAX     12

enum stand {
    STAND_BARE,   /* between blanks */
    STAND_COLON,  /* `error: …` */
    STAND_FENCED, /* in brackets, between bars or tabs */
};

struct reader {
    struct cursor c;
    const struct timestamp_env *env;
    struct head *head;
    struct slice name;   /* the last name a separator fenced off: the logger, if a level follows */
    bool comma_fraction; /* Python's and log4j's time */
    bool has_time;
    bool has_level;
    char separator; /* that stood before the piece at hand: `-`, `|`, tab, or 0 */
};

/* Words that are a level only in some stands; all others of severity.h are one in each. */
static bool may_stand(struct slice word, enum stand stand)
{
    static const struct {
        struct slice word;
        bool bare, colon, fenced;
    } special[] = {
        {{"http", 4}, false, false, false}, {{"silly", 5}, false, false, true},
        {{"log", 3}, false, true, false},   {{"success", 7}, false, false, true},
        {{"fail", 4}, false, true, true},   {{"config", 6}, true, false, false},
        {{"fine", 4}, true, true, false},   {{"finer", 5}, true, true, false},
        {{"finest", 6}, true, true, false}, {{"alert", 5}, true, true, true},
        {{"note", 4}, false, false, true},
    };
    if (word.len < 3) {
        return false;
    }
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (slice_is_equal_nocase(word, special[i].word)) {
            return stand == STAND_BARE    ? special[i].bare
                   : stand == STAND_COLON ? special[i].colon
                                          : special[i].fenced;
        }
    }
    return true;
}

static bool is_capitals(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] >= 'a' && word.data[i] <= 'z') {
            return false;
        }
    }
    return true;
}

static bool take_level(struct reader *r, struct slice word, enum stand stand,
                       enum severity_dialect dialect)
{
    bool capitals = is_capitals(word);
    if (r->has_level || (!capitals && stand == STAND_BARE) || !may_stand(word, stand)) {
        return false;
    }
    /* PostgreSQL's LOG: and no other; `log:` is somebody's sentence. */
    if (!capitals && slice_is_equal_nocase(word, SLICE("log"))) {
        return false;
    }
    if (r->comma_fraction && capitals) {
        dialect = SEVERITY_CRITICAL_IS_FATAL; /* only Python has both */
    }
    uint8_t number = severity_from_text(word, dialect);
    if (number == 0) {
        return false;
    }
    r->has_level = true;
    r->head->severity_number = number;
    r->head->severity_text = word;
    return true;
}

/* ------------------------------------------------------------------ time */

static bool take_time(struct reader *r)
{
    size_t len = timestamp_scan(cursor_rest(&r->c), r->env, &r->head->time);
    if (len == 0) {
        return false;
    }
    r->comma_fraction = memchr(r->c.p, ',', len) != NULL && *r->c.p >= '0' && *r->c.p <= '9';
    r->c.p += len;
    r->has_time = true;
    return true;
}

/* ------------------------------------------------------------------ groups */

/* `[app,trace,span]`, `[app,trace,span,exportable]` and `[app,,]` of Spring Cloud Sleuth. */
static void take_sleuth_service(struct reader *r, struct slice inner)
{
    const char *comma = memchr(inner.data, ',', inner.len);
    if (comma == NULL || r->head->service.len > 0) {
        return;
    }
    size_t commas = 0;
    for (const char *p = comma; p < inner.data + inner.len; p++) {
        bool hex = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f');
        commas += *p == ',' ? 1 : 0;
        if (*p != ',' && !hex && commas < 3) {
            return;
        }
    }
    if (commas == 2 || commas == 3) {
        r->head->service = slice_make(inner.data, (size_t)(comma - inner.data));
    }
}

/* `core:error` of httpd, `INFO/MainProcess` of Celery, `WARN ` of Elasticsearch. */
static bool take_level_of_group(struct reader *r, struct slice inner)
{
    inner = severity_clean(inner);
    struct slice word = slice_make(inner.data, letters_len(inner));
    struct slice rest = slice_skip(inner, word.len);
    if (rest.len == 0) {
        return take_level(r, word, STAND_FENCED, SEVERITY_SYSLOG);
    }
    if (rest.data[0] == '/' && is_capitals(word)) {
        return take_level(r, word, STAND_FENCED, SEVERITY_CRITICAL_IS_FATAL);
    }
    const char *colon = memchr(inner.data, ':', inner.len);
    if (colon != NULL && is_identifier(slice_make(inner.data, (size_t)(colon - inner.data)))) {
        size_t skip = (size_t)(colon + 1 - inner.data);
        struct slice behind = slice_skip(inner, skip);
        return letters_len(behind) == behind.len && !is_capitals(behind) &&
               take_level(r, behind, STAND_FENCED, SEVERITY_SYSLOG);
    }
    return false;
}

/* A bracket that begins with the time may hold the level too: `[… INFO  shop::db]` of Rust's
 * env_logger, `[…: INFO/MainProcess]` of Celery. */
static bool take_time_group(struct reader *r, struct slice inner)
{
    struct cursor outside = r->c;
    r->c = (struct cursor){inner.data, inner.data + inner.len};
    bool found = take_time(r);
    if (found) {
        if (cursor_is_at(&r->c, ':')) {
            r->c.p++;
        }
        cursor_skip_space(&r->c);
        struct slice rest = cursor_rest(&r->c);
        size_t word = letters_len(rest);
        if (word < rest.len && rest.data[word] == ' ') {
            take_level(r, slice_make(rest.data, word), STAND_BARE, SEVERITY_SYSLOG);
        } else {
            take_level_of_group(r, rest);
        }
    }
    r->c = outside;
    return found;
}

/* A piece in brackets, from its opening one. False if it does not close: then the message begins.
 */
static bool take_group(struct reader *r, struct slice *out_inner)
{
    struct slice inner;
    if (!cursor_peek_group(&r->c, &inner)) {
        return false;
    }
    bool square = *r->c.p == '[';
    if (*r->c.p != '{' && (r->has_time || !square || !take_time_group(r, inner))) {
        if (!take_level_of_group(r, inner) && square) {
            take_sleuth_service(r, inner);
        }
    }
    r->c.p = inner.data + inner.len + 1;
    *out_inner = inner;
    return true;
}

/* ------------------------------------------------------------------ words */

/* `app.CRITICAL:` of Monolog. */
static bool take_channel_level(struct reader *r, struct slice token)
{
    const char *dot = memrchr(token.data, '.', token.len);
    if (dot == NULL || !r->has_time || !cursor_is_at(&r->c, ':')) {
        return false;
    }
    size_t skip = (size_t)(dot + 1 - token.data);
    struct slice word = slice_skip(token, skip);
    r->comma_fraction = false;
    if (!is_capitals(word) || !take_level(r, word, STAND_COLON, SEVERITY_SYSLOG)) {
        return false;
    }
    r->head->logger = slice_make(token.data, skip - 1);
    return true;
}

/* What stands behind a word: which of the stands it has, false if it is no place for a level. */
static bool find_stand(const struct reader *r, struct slice word, enum stand *out)
{
    struct slice rest = cursor_rest(&r->c);
    char next = rest.len > 0 ? rest.data[0] : '\0';
    char after = rest.len > 1 ? rest.data[1] : '\0';
    if (next == ':') {
        bool ends = after == '\0' || after == ' ' || after == '\t' || after == '\x1b';
        *out = STAND_COLON;
        return ends || is_capitals(word);
    }
    bool bar = next == '|' || (next == ' ' && bar_follows(rest));
    if (bar || r->separator == '|' || (next == '\t' && r->separator == '\t') ||
        (r->separator == '-' && slice_has_prefix(rest, SLICE(" - ")))) {
        *out = STAND_FENCED;
        return true;
    }
    *out = STAND_BARE;
    return next == '\0' || next == ' ' || next == '\t' || next == '[' || next == '(' ||
           next == '{' || next == ',' || next == '\x1b';
}

/* .NET's `crit:` and Python's `CRITICAL:root:` and `| CRITICAL |` are the highest level. */
static enum severity_dialect dialect_of(const struct reader *r, struct slice word, enum stand stand)
{
    struct slice rest = cursor_rest(&r->c);
    bool net = stand == STAND_COLON && slice_is_equal(word, SLICE("crit"));
    bool python = stand == STAND_COLON && rest.len > 1 && rest.data[1] != ' ' && !r->has_time;
    bool loguru =
        stand == STAND_FENCED && r->separator == '|' && rest.len > 0 && rest.data[0] == ' ';
    return net || python || loguru ? SEVERITY_CRITICAL_IS_FATAL : SEVERITY_SYSLOG;
}

/* `I [123:main] Cart -- x` of semantic_logger. */
static bool take_letter(struct reader *r, struct slice word)
{
    if (word.len != 1 || !r->has_time || r->has_level ||
        memchr("DEFITW", word.data[0], 6) == NULL ||
        !slice_has_prefix(cursor_rest(&r->c), SLICE(" ["))) {
        return false;
    }
    r->head->severity_number = severity_from_text(word, SEVERITY_SYSLOG);
    r->head->severity_text = word;
    r->has_level = true;
    return true;
}

static bool take_word_level(struct reader *r, struct slice token)
{
    struct slice word = slice_make(token.data, letters_len(token));
    enum stand stand;
    if (word.len < token.len) {
        /* `DEBUG1:` of PostgreSQL, slog's `INFO+2` */
        bool suffix = word.len >= 4 && is_capitals(token);
        return suffix && find_stand(r, token, &stand) &&
               severity_from_text(token, SEVERITY_SYSLOG) != 0 &&
               take_level(r, token, stand, SEVERITY_SYSLOG);
    }
    return find_stand(r, word, &stand) && take_level(r, word, stand, dialect_of(r, word, stand));
}

/* A piece that is no level but belongs to the head all the same. */
static bool may_pass(struct reader *r, struct slice token)
{
    struct slice rest = cursor_rest(&r->c);
    if (slice_is_equal(token, SLICE("AWS-XRAY-TRACE-ID"))) {
        r->c.p += cursor_is_at(&r->c, ':') ? 1 : 0;
        cursor_skip_space(&r->c);
        cursor_take_token(&r->c);
        return true;
    }
    if (is_number(token) || memchr(token.data, '=', token.len) != NULL ||
        memchr(token.data, '@', token.len) != NULL) {
        return r->has_time || r->has_level;
    }
    if (r->has_time && slice_is_equal(token, SLICE("PHP"))) {
        return true;
    }
    bool fenced = slice_has_prefix(rest, SLICE(" - ")) || bar_follows(rest) ||
                  slice_has_prefix(rest, SLICE("\t"));
    if (fenced && r->separator != 0 && r->has_time) {
        r->name = token;
        return true;
    }
    return false;
}

/* `<Error>` of ClickHouse. */
static bool take_angle(struct reader *r)
{
    struct slice inner = slice_skip(cursor_rest(&r->c), 1);
    struct slice word = slice_make(inner.data, letters_len(inner));
    bool closes = word.len < inner.len && inner.data[word.len] == '>';
    bool is_name = word.len > 0 && word.data[0] >= 'A' && word.data[0] <= 'Z';
    if (!closes || !is_name || !take_level(r, word, STAND_FENCED, SEVERITY_SYSLOG)) {
        return false;
    }
    r->c.p = word.data + word.len + 1;
    return true;
}

static bool take_word(struct reader *r)
{
    if (r->has_time && cursor_is_at(&r->c, '<')) {
        return take_angle(r);
    }
    struct slice token = cursor_take_token(&r->c);
    if (token.len == 0) {
        return false;
    }
    if (take_letter(r, token) || take_word_level(r, token)) {
        if (cursor_is_at(&r->c, ':')) {
            r->c.p++;
        }
        r->head->logger = r->name;
        return true;
    }
    if (take_channel_level(r, token)) {
        r->c.p++;
        return true;
    }
    return may_pass(r, token);
}

/* ------------------------------------------------------------------ behind the level */

/*
 * Spring Boot: `12345 --- [shop] [   main] [trace-span] o.s.Logger : …`. The application's name is
 * there when it is configured, the thread always, the correlation when tracing is on.
 */
static void read_spring(struct reader *r)
{
    struct slice groups[3];
    size_t count = 0;
    while (count < 3 && (cursor_skip_space(&r->c), cursor_is_at(&r->c, '['))) {
        if (!cursor_peek_group(&r->c, &groups[count])) {
            return;
        }
        r->c.p = groups[count].data + groups[count].len + 1;
        count++;
    }
    if (count > 1 && is_correlation(groups[count - 1])) {
        count--;
    }
    if (count > 1 && r->head->service.len == 0) {
        r->head->service = slice_trim(groups[0]);
    }
}

/* A dotted or `::` name that a layout prints where the logger stands. */
static void take_logger(struct reader *r, struct slice token)
{
    struct slice rest = cursor_rest(&r->c);
    bool placed = r->separator == '|' || cursor_is_at(&r->c, ':') || cursor_is_at(&r->c, '[') ||
                  slice_has_prefix(rest, SLICE(" - ")) || slice_has_prefix(rest, SLICE(" : ")) ||
                  slice_has_prefix(rest, SLICE("\t")) || next_word_is_pair(rest);
    if (r->head->logger.len == 0 && placed && is_logger_name(token)) {
        r->head->logger = token;
    }
}

static bool read_piece_behind(struct reader *r)
{
    struct slice inner;
    if (cursor_is_at_group(&r->c)) {
        if (!take_group(r, &inner)) {
            return false;
        }
        struct slice rest = cursor_rest(&r->c);
        if (r->head->logger.len == 0 && is_identifier(inner) &&
            slice_has_prefix(rest, SLICE(" [")) && memchr(rest.data, ':', rest.len) != NULL) {
            r->head->logger = inner; /* Python: `[orders.views] [views.py:88]` */
        }
        return true;
    }
    struct slice token = cursor_take_token(&r->c);
    if (slice_is_equal(token, SLICE("---"))) {
        read_spring(r);
        r->separator = 0;
        return true;
    }
    if (token.len == 0) {
        return false;
    }
    if (is_number(token) || memchr(token.data, '=', token.len) != NULL) {
        return true;
    }
    take_logger(r, token);
    return false;
}

/* ------------------------------------------------------------------ the whole */

/* Blanks, colours and separators; a `---` is left, Spring's pieces follow it. */
static void skip_between(struct reader *r)
{
    r->separator = 0;
    for (;;) {
        char before = cursor_skip_space(&r->c);
        r->separator = before == '\t' && r->separator == 0 ? '\t' : r->separator;
        if (cursor_is_at(&r->c, '|') ||
            (cursor_is_at(&r->c, '-') && slice_has_prefix(cursor_rest(&r->c), SLICE("- ")))) {
            r->separator = *r->c.p++;
        } else if (r->has_time && cursor_is_at_mark(&r->c)) {
            r->c.p++;
        } else {
            return;
        }
    }
}

static bool read_piece(struct reader *r)
{
    struct slice inner;
    if (!r->has_time && take_time(r)) {
        return true;
    }
    if (cursor_is_at_group(&r->c)) {
        return take_group(r, &inner);
    }
    return take_word(r);
}

/* `stdout `, or the request's kind in a load balancer's log: a word before a time in full. */
static void skip_prefix(struct reader *r)
{
    struct slice rest = cursor_rest(&r->c);
    size_t word = letters_len(rest);
    struct slice behind = slice_skip(rest, word);
    if (word >= 2 && word <= 6 && behind.len > 21 && behind.data[0] == ' ' &&
        behind.data[5] == '-' && behind.data[8] == '-' && behind.data[11] == 'T' &&
        (severity_from_text(slice_make(rest.data, word), SEVERITY_SYSLOG) == 0 ||
         slice_is_equal(slice_make(rest.data, word), SLICE("http")))) {
        r->c.p += word + 1;
    }
}

/* Access logs have their time in brackets somewhere behind the client: `[02/Mar/2026:…`. */
static void find_access_time(struct reader *r, struct slice line)
{
    const char *p = line.data;
    const char *end = line.data + line.len;
    while (p < end && (p = memchr(p, '[', (size_t)(end - p))) != NULL) {
        p++;
        if (end - p > 20 && p[2] == '/' && p[6] == '/' &&
            timestamp_scan(slice_make(p, (size_t)(end - p)), r->env, &r->head->time) > 0) {
            return;
        }
    }
}

static void read_pieces(struct reader *r)
{
    for (int i = 0; i < PIECES_MAX; i++) {
        skip_between(r);
        if (r->c.p == r->c.end) {
            return;
        }
        bool behind = r->has_level && (r->has_time || i > 0);
        if (behind && !r->has_time && take_time(r)) {
            continue;
        }
        if (!(behind ? read_piece_behind(r) : read_piece(r))) {
            return;
        }
    }
}

void head_read(struct slice line, const struct timestamp_env *env, struct head *out)
{
    *out = (struct head){.severity_number = 0};
    line = slice_make(line.data, line.len < HEAD_BYTES_MAX ? line.len : HEAD_BYTES_MAX);
    struct reader r = {.c = {line.data, line.data + line.len}, .env = env, .head = out};
    cursor_skip_space(&r.c);
    if (head_read_klog(cursor_rest(&r.c), env, out) ||
        head_read_ruby(cursor_rest(&r.c), env, out) ||
        head_read_redis(cursor_rest(&r.c), env, out) ||
        head_read_nest(cursor_rest(&r.c), env, out)) {
        return;
    }
    size_t time = head_read_epoch(cursor_rest(&r.c), out);
    time = time > 0 ? time : head_read_kitchen(cursor_rest(&r.c), env, out);
    time = time > 0 ? time : head_read_spark(cursor_rest(&r.c), env, out);
    if (time > 0) {
        r.c.p += time;
        r.has_time = true;
        read_pieces(&r);
        return;
    }
    struct head_syslog syslog;
    size_t len = head_read_syslog(cursor_rest(&r.c), env, &syslog);
    if (len > 0) {
        r.c.p += len;
        out->time = syslog.time;
        out->service = syslog.service;
        out->severity_number = syslog.severity_number;
        r.has_time = syslog.time.ns != 0;
    } else {
        skip_prefix(&r);
    }
    if (!syslog.is_whole || len == 0) {
        read_pieces(&r);
    }
    if (out->time.ns == 0) {
        find_access_time(&r, line);
    }
}
