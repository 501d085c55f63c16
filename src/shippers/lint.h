/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_LINT_H
#define CLEW_SHIPPERS_LINT_H

/*
 * Does the config of another log shipper keep the thread? Fluent Bit (classic, YAML, within
 * ConfigMaps and Helm values), Vector (TOML, YAML) and Logstash are read as they are found.
 *
 * Data flow, not key words: probe records that carry known ids are sent through the inputs,
 * parsers, filters and outputs the config names, on every route, and at each stage it is looked
 * where the ids are then. Where a stage cannot be followed (Lua that does more than is understood,
 * a value that a template fills in) that is said as "may be lost", never as "fine".
 *
 *     probe                                           a loss means
 *     the first: the app prints JSON with its ids     strips, unless the stage asks for a condition
 *     variants: ids nested, in a column of a text     depends
 *     line, beside the line, in journald's fields
 *
 * A whole record that is dropped is no field loss. An id that was a field and survives only within
 * a text is "depends"; one that never was anything but text is kept, and not promoted.
 */

#include <stdbool.h>
#include <stddef.h>
#include "shippers/common/foreign.h"

enum lint_verdict {
    LINT_KEEPS,
    LINT_DEPENDS,
    LINT_STRIPS,
};

enum lint_effect {
    LINT_LOST,
    LINT_MAY_BE_LOST,
    LINT_ONLY_IN_TEXT,
};

struct lint_finding {
    struct foreign_place place;
    enum lint_effect effect;
    const char *stage; /* "filter parser", "sink clickhouse" */
    const char *when;  /* for which records; "always" */
    const char *why;
    const char *fix; /* in the config's own language; "" if there is none to name */
};

/* Results of lint_file() the caller must handle. */
enum lint_result {
    LINT_READ = 0,
    LINT_NOT_A_CONFIG, /* nothing in it is an input, filter or output of a shipper we know */
};

struct lint;

/* `environ` may be NULL and must live as long as the lint: variables without a value there and
 * without a default are unknown values. */
struct lint *lint_new(char *const *environ);
void lint_free(struct lint *lint);

/* Read one config, with what it includes and the parser files and scripts beside it, and add what
 * it does to the verdict. 0, LINT_NOT_A_CONFIG, or -errno. */
int lint_file(struct lint *lint, const char *path);

/* The same for a text in hand, which includes nothing: for tests. */
int lint_text(struct lint *lint, const char *name, const char *text, size_t len);

/* Of all files together: the worst. Promoted: the first probe's id arrives as a value of its own
 * (for OTLP: as the record's trace id) on every route. */
enum lint_verdict lint_verdict(const struct lint *lint);
bool lint_is_promoted(const struct lint *lint);

/* In the order of files and lines; good until the next call of lint_file(). */
const struct lint_finding *lint_findings(struct lint *lint, size_t *out_count);

extern const char *const lint_verdict_names[];
extern const char *const lint_effect_names[];

#endif
