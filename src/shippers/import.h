/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_IMPORT_H
#define CLEW_SHIPPERS_IMPORT_H

/*
 * From a Fluent Bit config to the config of clew that takes its place.
 *
 * Every section and every option of the old config ends in a row of the table: what became of it,
 * and why. An option that nothing here knows is a row too ("needs you"), so nothing is dropped in
 * silence. The new config keeps every field of a record: where the old one stripped fields it does
 * not, and its row says so (IMPORT_CHANGED).
 *
 *     text ── foreign/fluentbit ──► sections ──► inputs, filters, routes, outputs ──► YAML
 *                                      └───────────────► rows ─────────────────────► table
 *
 * The YAML is always one that clew reads without a complaint, whatever was in the old file.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/slice.h"
#include "shippers/common/foreign.h"

enum import_fate {
    IMPORT_MAPPED,    /* to what `what` says */
    IMPORT_DEFAULT,   /* clew does it without being told */
    IMPORT_CHANGED,   /* it does something else on purpose */
    IMPORT_IGNORED,   /* it has no meaning here */
    IMPORT_NEEDS_YOU, /* clew does not do it, or cannot know */
};

/* For machines, and for people. */
extern const char *const import_fate_names[];
extern const char *const import_fate_titles[];

struct import_row {
    struct foreign_place place; /* line 0: of no line, what was not written */
    const char *section;        /* "FILTER parser" */
    const char *option;         /* as written, "" for the section itself */
    const char *value;          /* one line, secrets hidden */
    enum import_fate fate;
    const char *what;           /* to what, or why */
};

enum import_result {
    IMPORT_READ = 0,
    IMPORT_NOT_A_CONFIG, /* no section of a Fluent Bit config is in it */
};

struct import;

struct import *import_new(void);
void import_free(struct import *import); /* NULL is fine */

/* Read a file, with what it includes. Several are one config: parsers in a file of their own, the
 * parts of a ConfigMap. 0, IMPORT_NOT_A_CONFIG, or -errno. */
int import_file(struct import *import, const char *path);

/* The same for a text in hand: for tests. */
int import_text(struct import *import, const char *name, const char *text, size_t len);

/* Convert what has been read, once: the YAML, the table at its end as comments. Good until
 * import_free(). */
struct slice import_convert(struct import *import);

/* After import_convert(): by file and line. */
const struct import_row *import_rows(const struct import *import, size_t *out_count);

/* How many rows have that fate. */
size_t import_count(const struct import *import, enum import_fate fate);

#endif
