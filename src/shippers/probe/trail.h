/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_TRAIL_H
#define CLEW_SHIPPERS_PROBE_TRAIL_H

/*
 * What the dialects share: the probes, a probe's way through the stages of one
 * route (its trail), and how a stage is held against what it did.
 *
 *     lint of a dialect                                    trail
 *        |-- trail_begin(probe, record) ----------------->|  where are the ids?
 *        |   … changes trail.record as the stage does …    |
 *        |-- trail_judge(stage) ------------------------->|  where are they now? a finding, or none
 *        |-- trail_end() --------------------------------->|  promoted or not
 */

#include "base/arena.h"
#include "base/slice.h"
#include "shippers/common/foreign.h"
#include "shippers/lint.h"
#include "shippers/probe/item.h"

enum {
    LINT_STEPS_MAX = 40000,        /* stages that all probes of a config go through together */
    LINT_FINDINGS_MAX = 512,
};

struct lint {
    struct foreign foreign; /* configs and findings */
    struct arena scratch;   /* the records of one probe */
    struct lint_finding findings[LINT_FINDINGS_MAX];
    size_t finding_count;
    enum lint_verdict verdict;
    bool is_unpromoted; /* the first probe arrived somewhere, and not as a value of its own */
    bool has_arrived;
    unsigned steps;
};

struct probe {
    const char *when; /* "lines of JSON", as a condition for the user */
    bool is_variant;  /* not the first probe */
    bool is_note;     /* its losses are told, but do not make the verdict */
    bool is_text;     /* no JSON, where JSON is expected: what removes its text by name counts */
};

/* A stage as the user knows it. */
struct stage {
    struct foreign_place place;
    const char *name;
    const char *why; /* a sentence without its full stop: what the stage does */
    const char *fix;
    bool is_removal; /* of keys that the config names */
};

struct trail {
    struct lint *lint;
    const struct probe *probe;
    struct item *record;
    unsigned places;
    struct foreign_place source; /* where the route begins */
    const char *source_name;
    const char *source_fix; /* what would make fields of its texts */
    bool is_conditional; /* the stage does it to some of these records only */
    bool is_encoding;    /* the stage writes the whole record as text on purpose */
    bool is_over;        /* lost or dropped */
};

void trail_begin(struct trail *trail, struct item *record);

/* After a stage has changed the record. Resets is_conditional and is_encoding. */
void trail_judge(struct trail *trail, const struct stage *stage);

/* The record is shipped as it is now. `is_promoted`: its id is the record's own; if it is not, that
 * is said of `stage`, or of the source where that is NULL. */
void trail_end(struct trail *trail, bool is_promoted, const struct stage *stage);

/* A copy for a branch. */
struct trail trail_fork(const struct trail *trail);

/* False when the budget of steps is used up; then the verdict is no better than "depends". */
bool lint_step(struct lint *lint);

/* Add a finding, once for its place and effect; `verdict` makes the whole worse. */
void lint_report(struct lint *lint, const struct stage *stage, enum lint_effect effect,
                 enum lint_verdict verdict, const char *when);

#endif
