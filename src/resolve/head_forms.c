/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/head_forms.h"

#include "resolve/head_cursor.h"
#include "resolve/severity.h"

#define PRIORITY_MAX 191

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* ------------------------------------------------------------------ klog, glog */

bool head_read_klog(struct slice line, const struct timestamp_env *env, struct head *out)
{
    if (line.len < 16 || memchr("IWEF", line.data[0], 4) == NULL || !is_digit(line.data[1]) ||
        timestamp_scan_klog(slice_skip(line, 1), env, &out->time) == 0) {
        return false;
    }
    out->severity_text = slice_make(line.data, 1);
    out->severity_number = severity_from_text(out->severity_text, SEVERITY_SYSLOG);
    return true;
}

/* ------------------------------------------------------------------ Ruby */

/* `WARN -- progname: `, behind the bracket. */
static void read_ruby_level(struct slice rest, struct head *out)
{
    rest = slice_trim(rest);
    size_t letters = letters_len(rest);
    struct slice word = slice_make(rest.data, letters);
    uint8_t number = severity_from_text(word, SEVERITY_SYSLOG);
    if (number == 0) {
        return;
    }
    out->severity_text = word;
    out->severity_number = number;
    struct slice behind = slice_skip(rest, letters);
    if (slice_has_prefix(behind, SLICE(" -- "))) {
        behind = slice_skip(behind, 4);
        const char *colon = memchr(behind.data, ':', behind.len);
        struct slice name = slice_make(behind.data, colon ? (size_t)(colon - behind.data) : 0);
        out->logger = is_identifier(name) ? name : slice_make(NULL, 0);
    }
}

bool head_read_ruby(struct slice line, const struct timestamp_env *env, struct head *out)
{
    if (line.len < 24 || memchr("DIWEFA", line.data[0], 6) == NULL ||
        !slice_has_prefix(slice_skip(line, 1), SLICE(", ["))) {
        return false;
    }
    struct slice inner = slice_skip(line, 4);
    const char *close = memchr(inner.data, ']', inner.len);
    if (close == NULL || timestamp_scan(inner, env, &out->time) == 0) {
        return false;
    }
    out->severity_text = slice_make(line.data, 1);
    out->severity_number =
        line.data[0] == 'A' ? 0 : severity_from_text(out->severity_text, SEVERITY_SYSLOG);
    read_ruby_level(slice_skip(inner, (size_t)(close + 1 - inner.data)), out);
    return true;
}

/* ------------------------------------------------------------------ Redis, Nest, zerolog, Spark, Squid */

bool head_read_redis(struct slice line, const struct timestamp_env *env, struct head *out)
{
    static const char marks[] = ".-*#";
    static const uint8_t numbers[] = {5, 6, 10, 13}; /* debug, verbose, notice, warning */
    size_t i = 0;
    while (i < line.len && i < 8 && is_digit(line.data[i])) {
        i++;
    }
    if (i == 0 || line.len < i + 28 || line.data[i] != ':' ||
        memchr("MSXC", line.data[i + 1], 4) == NULL || line.data[i + 2] != ' ') {
        return false;
    }
    struct slice rest = slice_skip(line, i + 3);
    struct head found = {.severity_number = 0};
    size_t time = timestamp_scan(rest, env, &found.time);
    rest = slice_skip(rest, time);
    const char *mark = rest.len > 2 && rest.data[0] == ' ' && rest.data[2] == ' '
                           ? memchr(marks, rest.data[1], sizeof(marks) - 1) : NULL;
    if (time == 0 || mark == NULL) {
        return false;
    }
    found.severity_text = slice_make(rest.data + 1, 1);
    found.severity_number = numbers[mark - marks];
    *out = found;
    return true;
}

/* `h:mm[:ss]`, its bytes copied to `out` as `hh:mm:ss`; the bytes taken, 0 if it is none. */
static size_t read_short_clock(struct slice s, char out[8])
{
    size_t i = s.len > 1 && s.data[1] == ':' ? 1 : 2;
    bool has_seconds = s.len > i + 5 && s.data[i + 3] == ':' && is_digit(s.data[i + 4]) &&
                       is_digit(s.data[i + 5]);
    if (s.len < i + 3 || !is_digit(s.data[0]) || !is_digit(s.data[i - 1]) || s.data[i] != ':' ||
        !is_digit(s.data[i + 1]) || !is_digit(s.data[i + 2])) {
        return 0;
    }
    out[0] = i == 1 ? '0' : s.data[0];
    out[1] = s.data[i - 1];
    memcpy(out + 2, s.data + i, 3);
    memcpy(out + 5, has_seconds ? s.data + i + 3 : ":00", 3);
    return i + (has_seconds ? 6 : 3);
}

static bool is_half_of_day(struct slice s)
{
    return slice_has_prefix(s, SLICE("AM")) || slice_has_prefix(s, SLICE("PM"));
}

size_t head_read_kitchen(struct slice line, const struct timestamp_env *env, struct head *out)
{
    char text[11] = "hh:mm:ss AM";
    size_t clock = read_short_clock(line, text);
    struct slice rest = slice_skip(line, clock);
    if (clock == 0 || clock > 5 || !is_half_of_day(rest) ||
        (rest.len > 2 && rest.data[2] != ' ' && rest.data[2] != '\x1b')) {
        return 0;
    }
    text[9] = rest.data[0];
    return timestamp_scan(slice_make(text, sizeof(text)), env, &out->time) > 0 ? clock + 2 : 0;
}

/* `03/02/2026, 10:11:12 AM`: the month is first, as the USA writes it with AM and PM; without them
 * the order is anybody's guess. The bytes taken. */
static size_t read_american_time(struct slice s, const struct timestamp_env *env, struct head *out)
{
    char text[22] = "yyyy-mm-dd hh:mm:ss AM";
    if (s.len < 21 || s.data[2] != '/' || s.data[5] != '/' || s.data[10] != ',' ||
        s.data[11] != ' ') {
        return 0;
    }
    memcpy(text, s.data + 6, 4);
    memcpy(text + 5, s.data, 2);
    memcpy(text + 8, s.data + 3, 2);
    size_t clock = read_short_clock(slice_skip(s, 12), text + 11);
    struct slice half = slice_skip(s, 12 + clock);
    if (clock == 0 || half.len < 3 || half.data[0] != ' ' || !is_half_of_day(slice_skip(half, 1))) {
        return 0;
    }
    text[20] = half.data[1];
    return timestamp_scan(slice_make(text, sizeof(text)), env, &out->time) > 0 ? 12 + clock + 3 : 0;
}

bool head_read_nest(struct slice line, const struct timestamp_env *env, struct head *out)
{
    if (!slice_has_prefix(line, SLICE("[Nest] "))) {
        return false;
    }
    struct slice rest = slice_skip(line, 7);
    size_t pid = 0;
    while (pid < rest.len && is_digit(rest.data[pid])) {
        pid++;
    }
    rest = slice_trim(slice_skip(rest, pid));
    if (!slice_has_prefix(rest, SLICE("- "))) {
        return false;
    }
    rest = slice_skip(rest, 2);
    struct head found = {.severity_number = 0};
    size_t time = read_american_time(rest, env, &found);
    rest = slice_trim(slice_skip(rest, time));
    found.severity_text = slice_make(rest.data, letters_len(rest));
    found.severity_number = severity_from_text(found.severity_text, SEVERITY_SYSLOG);
    if (time == 0 || found.severity_number == 0) {
        return false;
    }
    *out = found;
    return true;
}

size_t head_read_spark(struct slice line, const struct timestamp_env *env, struct head *out)
{
    enum { DAY_S = 86400, TIME_BYTES = 17 };
    char text[19] = "20yy-mm-dd hh:mm:ss";
    if (line.len < TIME_BYTES + 5 || line.data[2] != '/' || line.data[5] != '/' ||
        line.data[8] != ' ' || line.data[TIME_BYTES] != ' ') {
        return 0;
    }
    struct slice rest = slice_skip(line, TIME_BYTES + 1);
    struct slice word = slice_make(rest.data, letters_len(rest));
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] >= 'a') {
            return 0;
        }
    }
    memcpy(text + 2, line.data, 2);
    memcpy(text + 5, line.data + 3, 2);
    memcpy(text + 8, line.data + 6, 2);
    memcpy(text + 11, line.data + 9, 8);
    struct timestamp time;
    if (severity_from_text(word, SEVERITY_SYSLOG) == 0 ||
        timestamp_scan(slice_make(text, sizeof(text)), env, &time) != sizeof(text) ||
        time.ns / 1000000000 > env->reference_ns / 1000000000 + DAY_S) {
        return 0;
    }
    out->time = time;
    return TIME_BYTES;
}

size_t head_read_epoch(struct slice line, struct head *out)
{
    size_t dot = 0;
    while (dot < line.len && dot <= 10 && is_digit(line.data[dot])) {
        dot++;
    }
    size_t end = dot + 1;
    while (end < line.len && is_digit(line.data[end])) {
        end++;
    }
    uint64_t ns;
    if (dot != 10 || end >= line.len || line.data[dot] != '.' || end - dot < 4 || end - dot > 10 ||
        line.data[end] != ' ' || !timestamp_from_number(slice_make(line.data, end), &ns)) {
        return 0;
    }
    out->time = (struct timestamp){.ns = ns};
    return end;
}

/* ------------------------------------------------------------------ syslog */

/* `<165>`; the bytes taken. */
static size_t read_priority(struct slice line, uint8_t *out_severity)
{
    unsigned priority = 0;
    size_t i = 1;
    if (line.len < 3 || line.data[0] != '<') {
        return 0;
    }
    while (i < line.len && i < 4 && is_digit(line.data[i])) {
        priority = priority * 10 + (unsigned)(line.data[i++] - '0');
    }
    if (i == 1 || i == line.len || line.data[i] != '>' || priority > PRIORITY_MAX) {
        return 0;
    }
    *out_severity = severity_from_number((int64_t)(priority & 7), SCALE_SYSLOG);
    return i + 1;
}

/* Up to the next blank, which is taken too. */
static struct slice take_field(struct cursor *c)
{
    struct slice rest = cursor_rest(c);
    const char *blank = rest.len > 0 ? memchr(rest.data, ' ', rest.len) : NULL;
    size_t len = blank != NULL ? (size_t)(blank - rest.data) : rest.len;
    c->p += len + (blank != NULL ? 1 : 0);
    return slice_make(rest.data, len);
}

static bool is_nil(struct slice field)
{
    return slice_is_equal(field, SLICE("-"));
}

/* Behind `<165>1 `. */
static bool read_rfc5424(struct cursor *c, const struct timestamp_env *env, struct head_syslog *out)
{
    struct slice time = take_field(c);
    if (!is_nil(time) && timestamp_scan(time, env, &out->time) != time.len) {
        return false;
    }
    take_field(c); /* host */
    struct slice app = take_field(c);
    if (app.len == 0) {
        return false;
    }
    out->service = is_nil(app) ? slice_make(NULL, 0) : app;
    out->is_whole = true;
    return true;
}

/* `app[123]: ` or `app: `, the tag; the bytes taken. */
static size_t read_tag(struct slice rest, struct slice *out_name)
{
    size_t name = 0;
    while (name < rest.len && is_identifier(slice_make(rest.data, name + 1))) {
        name++;
    }
    size_t i = name;
    if (i < rest.len && rest.data[i] == '[') {
        for (i++; i < rest.len && is_digit(rest.data[i]); i++) {
        }
        if (i == rest.len || rest.data[i++] != ']') {
            return 0;
        }
    }
    if (name == 0 || i == rest.len || rest.data[i] != ':') {
        return 0;
    }
    *out_name = slice_make(rest.data, name);
    return i + 1;
}

/* `Mar  2 10:11:12 host app[1]: `; relays leave the host out. */
static bool read_rfc3164(struct cursor *c, const struct timestamp_env *env, struct head_syslog *out)
{
    size_t len = timestamp_scan(cursor_rest(c), env, &out->time);
    if (len == 0) {
        return false;
    }
    c->p += len;
    struct cursor try = *c;
    if (!cursor_is_at(&try, ' ')) {
        return true;
    }
    try.p++;
    size_t tag = read_tag(cursor_rest(&try), &out->service);
    if (tag == 0) {
        take_field(&try);
        tag = read_tag(cursor_rest(&try), &out->service);
    }
    if (tag > 0) {
        try.p += tag;
        *c = try;
    }
    return true;
}

static bool is_month_first(struct slice rest)
{
    return rest.len > 15 && letters_len(rest) == 3 && rest.data[3] == ' ' && rest.data[6] == ' ' &&
           rest.data[9] == ':';
}

size_t head_read_syslog(struct slice line, const struct timestamp_env *env, struct head_syslog *out)
{
    *out = (struct head_syslog){.is_whole = false};
    size_t priority = read_priority(line, &out->severity_number);
    struct cursor c = {line.data + priority, line.data + line.len};
    if (priority > 0 && slice_has_prefix(cursor_rest(&c), SLICE("1 "))) {
        c.p += 2;
        return read_rfc5424(&c, env, out) ? (size_t)(c.p - line.data) : 0;
    }
    if (priority == 0 && !is_month_first(cursor_rest(&c))) {
        return 0;
    }
    read_rfc3164(&c, env, out);
    return (size_t)(c.p - line.data);
}
