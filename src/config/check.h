/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_CHECK_H
#define CLEW_CONFIG_CHECK_H

/* What is asked of a value beyond its kind: the functions that the option table names. Their shape
 * is that of `check` and `check_section` in config/option.h. */

#include <stdbool.h>

char *check_url(const char *key, const char *value);      /* http or https, with a host */
char *check_proxy(const char *key, const char *value);    /* what libcurl takes as a proxy */
char *check_header(const char *key, const char *value);   /* RFC 9110, and not one of clew's own */
char *check_resource(const char *key, const char *value); /* no ids */
char *check_listen(const char *key, const char *value);   /* address:port or `off` */
char *check_zone(const char *key, const char *value); /* UTC, an offset, or of the tz database */
/* Also good as the name of a file: letters, digits, `.`, `_` and `-`, no dot first. */
char *check_file_name(const char *key, const char *value);
char *check_not_empty(const char *key, const char *value);
char *check_pod_label(const char *key, const char *value); /* has a name */

char *check_pattern(const char *key, const char *value); /* PCRE2 */
char *check_label(const char *key, const char *value); /* at most 64 bytes, printable, no quotes */

char *check_filter(const void *section);
/* Of a syslog input: udp://, tcp://, unix:// or unixgram://. */
char *check_syslog_listen(const char *key, const char *value);

char *check_input(const void *section);
char *check_output(const void *section);
char *check_route(const void *section);

/* Does an attribute of that name hold an id of a trace or span, in whatever spelling? */
bool is_id_name(const char *name);

#endif
