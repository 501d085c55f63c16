/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/shown.h"

enum {
    TEXT_BYTES_MAX = 2048,             /* a longer sentence is cut */
    LINE_BYTES_MAX = TEXT_BYTES_MAX * 4 + 128, /* each byte may become \xNN */
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static void append_escaped(struct buf *line, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        size_t n = shown_len(text + i, len - i);
        if (c == '"' || c == '\\') {
            buf_append_format(line, "\\%c", c);
        } else if (n == 0) {
            buf_append_format(line, "\\x%02x", c);
            n = 1;
        } else {
            buf_append(line, text + i, n);
        }
        i += n;
    }
}

void log_event(const struct log *log, enum log_level level, const char *format, ...)
{
    if (level < log->level) {
        return;
    }
    char text[TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);

    struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    buf_append_format(&line, "time=%s.%03ldZ level=%s msg=\"", stamp, now.tv_nsec / 1000000,
                      level_names[level]);
    append_escaped(&line, text, len < 0 ? 0 : strnlen(text, sizeof(text)));
    buf_append_string(&line, "\"\n");
    /* One write a line, so that lines of several processes do not mix; a lost one is lost. */
    ssize_t ignored = write(log->fd, line.data, line.len);
    (void)ignored;
    buf_fini(&line);
}
