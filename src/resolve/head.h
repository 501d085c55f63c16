/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RESOLVE_HEAD_H
#define CLEW_RESOLVE_HEAD_H

/*
 * The head of a text line: what stands before the message in the usual layouts.
 *
 * Only the head counts. A level in prose ("no error found") is no level, so a level must stand
 * where layouts put it, in the form they give it; docs/fields.md has the rule. Terminal colours
 * between the parts are passed over.
 */

#include "resolve/time/timestamp.h"

/* All slices point into the line; empty or 0 is "not there". */
struct head {
    struct timestamp time;
    uint8_t severity_number;
    struct slice severity_text; /* empty where only the syslog priority tells the severity */
    struct slice service;       /* Sleuth's or Spring's bracket, syslog's APP-NAME or tag */
    struct slice logger;
};

void head_read(struct slice line, const struct timestamp_env *env, struct head *out);

#endif
