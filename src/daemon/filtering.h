/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_FILTERING_H
#define CLEW_DAEMON_FILTERING_H

/*
 * The config's chain of filters while clew runs: what passes, what is counted, and what is said.
 *
 * A filter that takes ids away is a defect of the config: it is told once, by its name and place.
 */

#include <stdbool.h>
#include "audit/audit.h"
#include "base/log.h"
#include "filters/filters.h"
#include "record/counters.h"
#include "record/filter_count.h"
#include "record/record.h"

struct filtering;

struct filtering_env {
    const struct filter_tools *tools;
    struct audit *audit;
    const struct log *log;
    struct counters *counters;
};

/* False with *out_error, which the caller frees. *out_filtering is NULL where the config has no
 * filters: then there is nothing to call but audit_count_out(). All in `env` must outlive it. */
bool filtering_new(const struct filtering_env *env, struct filtering **out_filtering,
                   char **out_error);

/* All of these take NULL. */
void filtering_free(struct filtering *filtering);
/* Go on counting where the other one has ended; it may be NULL. */
void filtering_take_counts(struct filtering *filtering, const struct filtering *from);
void filtering_check(struct filtering *filtering); /* say what there is to say */
const struct filter_count *filtering_counts(const struct filtering *filtering, size_t *out_count);

/* Filter a record that audit_count() has counted, and count it on its way out. False: it is dropped. */
bool filtering_pass(struct filtering *filtering, struct record *record, uint64_t now_ns);

#endif
