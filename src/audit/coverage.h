/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_COVERAGE_H
#define CLEW_AUDIT_COVERAGE_H

/*
 * Coverage while clew runs: what /coverage and /metrics show, and the warnings.
 *
 *     check     every audit.check_interval: the windows move on; one warning for each service that
 *               fell under its minimum, one line when it has recovered; one error, ever, if ids or
 *               fields were stripped on the way through; one warning, ever, for each limit that is hit
 *     summary   every audit.summary_interval: the numbers as log lines, for the backend's alerts
 *     looks     whenever somebody asks
 *
 * All of them go through every service, of which there may be many: so each is made step by step, and
 * a step is a bounded number of units of work, a microsecond or two each. Lines are counted between the
 * steps. One is made at a time, and the others wait for it, first come first served.
 *
 * It reads no clock: the caller brings the time, of a clock that never goes back.
 */

#include <stdbool.h>
#include <stdint.h>
#include "audit/audit.h"
#include "base/buf.h"
#include "base/log.h"

struct coverage;

struct coverage_look;

enum {
    COVERAGE_PAGE_MAX = 500,    /* services in one document; the others are one */
    COVERAGE_STEP_UNITS = 500,  /* that stop nobody for long */
};

/* All three must outlive it, it every look. A look takes about `bytes_max`: services for which that is
 * not enough are among the others. */
struct coverage *coverage_new(const struct audit_settings *settings, uint64_t bytes_max,
                              struct audit *audit, const struct log *log);
void coverage_use(struct coverage *coverage, const struct audit_settings *settings,
                  uint64_t bytes_max); /* from now on */
void coverage_free(struct coverage *coverage); /* NULL is fine */

/* One check at a time: another one while it goes on is none. True: it is done. */
void coverage_begin_check(struct coverage *coverage);
bool coverage_check_step(struct coverage *coverage, uint64_t now_ns, size_t units);

/* The document of docs/coverage.md with its windows, of the `count` services behind the `first` worst
 * ones; or the families by service (audit/coverage_metrics.h). */
struct coverage_look *coverage_look_json(struct coverage *coverage, uint64_t first, uint64_t count);
struct coverage_look *coverage_look_metrics(struct coverage *coverage);

enum coverage_step {
    COVERAGE_GOES_ON,
    COVERAGE_DONE,
    COVERAGE_TOO_LARGE, /* for out->limit */
};

/* Appends what there is to append. Until it is done. */
enum coverage_step coverage_look_step(struct coverage_look *look, uint64_t now_ns, size_t units,
                                      struct buf *out);

/* Lines of JSON, each with its own `message`: one of all services together, then one for each
 * service, the worst first, at most a hundred. Each is good until `take` returns. True: it is done. */
struct coverage_look *coverage_look_summary(struct coverage *coverage);
bool coverage_summary_step(struct coverage_look *look, uint64_t now_ns, size_t units,
                           void (*take)(void *context, struct slice line), void *context);

void coverage_look_free(struct coverage_look *look); /* done or not; NULL is fine */

#endif
