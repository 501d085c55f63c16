/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_LOG_H
#define CLEW_BASE_LOG_H

/*
 * clew's own log: one line an event on standard error, in key=value form, so that clew can read
 * itself: `time=… level=warn msg="…"`.
 *
 * The one that decides what happens next logs, once, with what it will do about it; functions that
 * return an error do not. Control characters, quotes and bytes that are not UTF-8 are escaped, so
 * that nothing read from a log can forge a line here or speak to the terminal.
 */

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
};

struct log {
    int fd;
    enum log_level level; /* events below it are not written */
};

void log_event(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
