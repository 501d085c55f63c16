/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_HEAD_FORMS_H
#define CLEW_RESOLVE_HEAD_FORMS_H

/* Heads of one fixed form: syslog, klog and glog, Ruby's Logger, Redis, Nest, Squid. */

#include "resolve/time/timestamp.h"

/* All slices point into the line; empty or 0 is "not there". */
struct head {
    struct timestamp time;
    uint8_t severity_number;
    struct slice severity_text; /* empty where only the syslog priority tells the severity */
    struct slice service;       /* Sleuth's or Spring's bracket, syslog's APP-NAME or tag */
    struct slice logger;
};

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

/* `1:M 02 Mar 2026 10:11:12.345 * …`: the level is a mark. */
bool head_read_redis(struct slice line, const struct timestamp_env *env, struct head *out);

/* `[Nest] 1234  - 03/02/2026, 10:11:12 AM     LOG [Context] …` */
bool head_read_nest(struct slice line, const struct timestamp_env *env, struct head *out);

/* `3:04PM`, which zerolog's console writes: the reference's day, to the minute. The bytes taken. */
size_t head_read_kitchen(struct slice line, const struct timestamp_env *env, struct head *out);

/* `26/03/02 10:11:12 INFO `: year, month and day, as Spark and Hadoop write them; taken for that where
 * a level in capitals follows and the day is not ahead of the reference. The bytes taken. */
size_t head_read_spark(struct slice line, const struct timestamp_env *env, struct head *out);

/* `1772446272.345 `: seconds since 1970 with a fraction, as Squid writes them. The bytes taken. */
size_t head_read_epoch(struct slice line, struct head *out);

#endif
