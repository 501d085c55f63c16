/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_POD_MULTILINE_H
#define CLEW_DAEMON_POD_MULTILINE_H

/*
 * The rules by which a pod asks for its lines to be joined: `clew.dev/multiline` is names of rule sets
 * (docs/multiline.md), such as `java,dated`, built-in ones (`all` stands for those) and the config's own, or
 * it is `off`. Rules are made once for each value; values that are none, and those behind the first 32,
 * are left aside and counted.
 */

#include "parsers/multiline_rules.h"
#include "record/counters.h"
#include "record/settings.h"
#include "record/source.h"

struct pod_multiline;

/* Both must outlive it. */
struct pod_multiline *pod_multiline_new(const struct settings *settings, struct counters *counters);
void pod_multiline_free(
    struct pod_multiline *pod_multiline); /* after all that goes by its rules; NULL is fine */

/* The rules for lines of this source: those of its pod, else `fallback`. NULL: lines stay apart. */
const struct multiline_rules *pod_multiline_rules(struct pod_multiline *pod_multiline,
                                                  const struct source *source,
                                                  const struct multiline_rules *fallback);

#endif
