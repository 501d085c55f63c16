/* SPDX-License-Identifier: Apache-2.0 */
#include "input/journal_entry.h"

#include <inttypes.h>
#include <string.h>
#include "base/json_write.h"
#include "base/mem.h"

enum { DIGITS_MAX = 18 };

/* https://opentelemetry.io/docs/specs/semconv/registry/attributes/ */
static const struct {
    const char *field;
    const char *name;
    bool is_number;
} names[] = {
    {"_PID", "process.pid", true},
    {"_EXE", "process.executable.path", false},
    {"_CMDLINE", "process.command_line", false},
    {"_HOSTNAME", "host.name", false},
    {"SYSLOG_FACILITY", "syslog.facility.code", true},
    {"CODE_FILE", "code.file.path", false},
    {"CODE_LINE", "code.line.number", true},
    {"CODE_FUNC", "code.function.name", false},
};

static bool is_number(struct slice text)
{
    if (text.len == 0 || text.len > DIGITS_MAX || (text.data[0] == '0' && text.len > 1)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return true;
}

/* All or nothing, with room left for what ends the object. */
static bool add_member(struct buf *line, struct slice name, struct slice value, bool as_number)
{
    size_t len = line->len;
    bool fits = buf_append_string(line, ",") && json_write_string(line, name) &&
                buf_append_string(line, ":") &&
                (as_number ? buf_append_slice(line, value) : json_write_string(line, value)) &&
                line->len < line->limit;
    line->len = fits ? line->len : len;
    return fits;
}

/* The longest beginning found by halving that fits, and that cuts no character. */
static bool add_message(struct buf *line, struct slice message)
{
    struct slice rest = message;
    bool fits;
    while (!(fits = add_member(line, SLICE("MESSAGE"), rest, false)) && rest.len > 0) {
        rest.len /= 2;
        while (rest.len > 0 && ((unsigned char)rest.data[rest.len] & 0xc0) == 0x80) {
            rest.len--;
        }
    }
    return fits && rest.len == message.len;
}

bool journal_entry_begin(struct buf *line, uint64_t realtime_us, struct slice message)
{
    buf_clear(line);
    ENSURE(buf_append_format(line, "{\"__REALTIME_TIMESTAMP\":\"%" PRIu64 "\"", realtime_us));
    return message.data == NULL || add_message(line, message);
}

bool journal_entry_add(struct buf *line, struct slice field)
{
    const char *equals = memchr(field.data, '=', field.len);
    if (equals == NULL) {
        return true; /* no field of a journal */
    }
    struct slice name = slice_make(field.data, (size_t)(equals - field.data));
    struct slice value = slice_skip(field, name.len + 1);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_is_equal(name, slice_from_string(names[i].field))) {
            return add_member(line, slice_from_string(names[i].name), value,
                              names[i].is_number && is_number(value));
        }
    }
    return add_member(line, name, value, false);
}

void journal_entry_end(struct buf *line)
{
    ENSURE(buf_append_string(line, "}"));
}
