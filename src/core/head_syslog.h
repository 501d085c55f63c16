/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_HEAD_SYSLOG_H
#define CLEW_CORE_HEAD_SYSLOG_H

/* Heads of one fixed form: syslog, klog and glog, Ruby's Logger. */

#include "core/head.h"

struct head_syslog {
    struct timestamp time;
    uint8_t severity_number; /* of the priority; 0 if the line has none */
    struct slice service;
    bool is_whole; /* RFC 5424: what follows is structured data and the message */
};

/*
 * RFC 5424 (`<165>1 time host app procid msgid`), or RFC 3164 (`<165>Mar  2 10:11:12 host
 * app[1]:`), whose priority may be missing where a file was written. The bytes taken, 0 if the line
 * is neither.
 */
size_t head_read_syslog(struct slice line, const struct timestamp_env *env,
                        struct head_syslog *out);

/* `E0302 10:11:12.345678       1 a.go:12] …` */
bool head_read_klog(struct slice line, const struct timestamp_env *env, struct head *out);

/* `W, [2026-03-02T10:11:12.345678 #8674]  WARN -- progname: …` */
bool head_read_ruby(struct slice line, const struct timestamp_env *env, struct head *out);

#endif
