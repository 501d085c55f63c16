/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_FILTER_H
#define CLEW_FILTERS_FILTER_H

/*
 * What a kind of filter is to the chain.
 *
 *     chain                             kind
 *       |---- make(settings) ----------->|   NULL: the item is of another kind, or *out_error
 *       |<--- its own data --------------|
 *       |---- apply(data, record, now) ->|   the condition has been asked already
 *       |<--- DONE, FAILED, DROPPED -----|
 *
 * To add one: its file, its row in the table of filters.c, its options in config/filter_options.c.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/pattern.h"
#include "filters/name_index.h"
#include "record/parser.h"
#include "record/record.h"
#include "record/settings.h"
#include "resolve/resolve.h"

/* What filters work with; all of it must outlive the chain. */
struct filter_tools {
    const struct settings *settings;     /* for attributes of the resource, and limits */
    struct resolver *resolver;           /* for fields that `parse` finds */
    const struct parser *const *parsers; /* JSON and logfmt among them, NULL at the end */
};

/* What one filter did. */
enum filter_result {
    FILTER_SKIPPED, /* its condition does not hold */
    FILTER_DONE,
    FILTER_FAILED, /* the record is as it was before, or what could be done is done */
    FILTER_DROPPED,
};

/* What the filters of one chain share. */
struct filter_env {
    const struct filter_tools *tools;
    struct name_index *index; /* for name_make() */
    struct pattern_limits *limits; /* of the filter that is made, for pattern_watch() */
};

struct filter_kind {
    const char *name; /* its key in the config */
    void *(*make)(const struct filter_settings *item, const struct filter_env *env,
                  char **out_error);
    enum filter_result (*apply)(void *data, struct record *record, uint64_t now_ns);
    void (*free)(void *data); /* never NULL */
    /* Bits of name_index.present: where none of them is set it does nothing, and is not called. NULL:
     * it has to be. */
    uint64_t (*needs)(const void *data);
    /* Where nobody knows whether `when` holds it is passed by; all others are applied, for one of them may
     * be what hides a secret. */
    bool drops_records;
    bool hides; /* a secret: on_error: drop is obeyed even where it is unknown whether `when` holds */
};

extern const struct filter_kind filter_add;
extern const struct filter_kind filter_convert;
extern const struct filter_kind filter_copy;
extern const struct filter_kind filter_drop;
extern const struct filter_kind filter_keep;
extern const struct filter_kind filter_lift;
extern const struct filter_kind filter_limit;
extern const struct filter_kind filter_move;
extern const struct filter_kind filter_nest;
extern const struct filter_kind filter_parse;
extern const struct filter_kind filter_redact;
extern const struct filter_kind filter_remove;
extern const struct filter_kind filter_rename;
extern const struct filter_kind filter_sample;
extern const struct filter_kind filter_set;
extern const struct filter_kind filter_throttle;

#endif
