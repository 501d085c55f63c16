/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_LOG_NAME_H
#define CLEW_INPUT_TAIL_LOG_NAME_H

/*
 * What a file's name tells about its place among the generations of a log.
 *
 *     kubelet   N.log is live, N.log.YYYYMMDD-HHMMSS[.gz] rotated; N counts restarts; the base is ""
 *               because all of them are one stream, the container's directory
 *     others    app.log is live; app.log.1, app.1.log, app.log.old, app.log-20260302,
 *               app.log.2026-03-02_10-00-00, app-2026-03-02.log, app.2026-03-02.0.log, app-2026-03.log,
 *               app.log-02032026, app.log-1772445600, 20260302-1000-01-app.log rotated; the base is
 *               app.log. A name with digits and `.tmp` behind it is the same (logback). @400000… is rotated,
 *               its base is `current`
 *
 * Whether a name of the second kind really is a generation of its base, and not a log of its own,
 * the name alone cannot tell: discovery looks whether the base exists.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_age {
    LOG_NUMBERED, /* number: the larger, the older; or a date whose day or month is in front */
    LOG_DATED,    /* number: the digits of its date, the larger, the newer */
    LOG_LIVE,
};

enum { LOG_NAME_MAX = 255 }; /* NAME_MAX of Linux */

struct log_name {
    enum log_age age;
    bool is_compressed;
    uint64_t restart; /* kubelet only */
    uint64_t number;
    uint64_t count; /* behind a date and a time, of any width: the larger, the newer */
    char base[LOG_NAME_MAX + 1];
};

/* False if the kubelet does not write names like this (or it is a temporary file of its own). */
bool log_name_parse_kubelet(const char *name, struct log_name *out);

bool log_name_is_gzip(const char *name);

/* The length without the extension of what is compressed. */
size_t log_name_plain_len(const char *name);

/* The extension of what is compressed otherwise, a constant; NULL if it is not. */
const char *log_name_foreign(const char *name);

/* The kubelet compresses into 0.log.20260302-100000.tmp, and renames that once it is whole. */
bool log_name_is_kubelet_temporary(const char *name);

/* Any name has a reading; one without a sign of rotation is live and its own base. */
void log_name_parse_plain(const char *name, struct log_name *out);

/* The other reading of app.2026-03-02.log.1, if it has one: not the first before app.2026-03-02.log, but the
 * second of its day before app.log (logback's `%d.log.%i`). Discovery asks where the first is no log. */
bool log_name_parse_deeper(struct log_name *name);

/* A rotated file's name for as long as it is compressed (logback): digits and `.tmp` are behind it. */
bool log_name_is_temporary(const char *name);

/* `packed` is what the file of this name is compressed to, as far as names tell. */
bool log_name_is_packed_of(const char *packed, const char *name);

/* Below 0: a was written before b; for names of one base. */
int log_name_compare(const struct log_name *a, const struct log_name *b);

/* The directory is one that the kubelet makes for a container: …/<namespace>_<pod>_<uid>/<name>. */
bool log_name_is_kubelet_directory(const char *path);

/* A file in a directory that was given whole: not hidden, no archive, no temporary or binary file. */
bool log_name_looks_like_log(const char *name);

#endif
