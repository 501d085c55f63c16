/* SPDX-License-Identifier: Apache-2.0 */
#include "core/head_syslog.h"

#include "core/head_cursor.h"
#include "core/severity.h"

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
