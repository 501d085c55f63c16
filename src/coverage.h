/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_COVERAGE_H
#define CLEW_COVERAGE_H

/*
 * Coverage while clew runs: what /coverage and /metrics show, and the warnings.
 *
 *     check()    every audit.check_interval: the windows move on; one warning for each service that
 *                fell under its minimum, one line when it has recovered; one error, ever, if ids or
 *                fields were stripped on the way through
 *     summary()  every audit.summary_interval: the numbers as log lines, for the backend's alerts
 *
 * It reads no clock: the caller brings the time, of a clock that never goes back.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/log.h"
#include "core/audit.h"

struct coverage;

/* All three must outlive it. */
struct coverage *coverage_new(const struct audit_settings *settings, const struct audit *audit,
                              const struct log *log);
void coverage_use(struct coverage *coverage, const struct audit_settings *settings); /* from now on */
void coverage_free(struct coverage *coverage); /* NULL is fine */

void coverage_check(struct coverage *coverage, uint64_t now_ns);

/* Lines of JSON, each with its own `message`: one of all services together, then one for each
 * service, the worst first, at most a hundred. Good until `take` returns. */
void coverage_summary(struct coverage *coverage, uint64_t now_ns,
                      void (*take)(void *context, struct slice line), void *context);

/* The document of docs/coverage.md with its windows; false at out->limit. */
bool coverage_append_json(struct coverage *coverage, uint64_t now_ns, struct buf *out);

/* Families by service (control/coverage_metrics.h); false at out->limit. */
bool coverage_append_metrics(struct coverage *coverage, uint64_t now_ns, struct buf *out);

#endif
