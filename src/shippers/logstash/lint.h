/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_LOGSTASH_LINT_H
#define CLEW_SHIPPERS_LOGSTASH_LINT_H

/* What the filters, outputs and conditions of a Logstash pipeline share: one event at one plugin. */

#include "shippers/logstash/read.h"

struct logstash {
    struct lint *lint;
    struct ls_pipeline pipeline;
    const struct ls_node *plugin; /* at work */
    struct trail *trail;
    bool has_failed; /* a grok, json, … of this event: what follows is under that condition */
};

enum { LS_DEPTH_MAX = 24 };

static inline struct arena *ls_arena(struct logstash *l)
{
    return &l->lint->scratch;
}

/* The field `[a][b]` or `a` of the event, NULL if it is not there. */
struct item *ls_get(struct logstash *l, const char *name);

/* Maps on the way are made. */
void ls_set(struct logstash *l, const char *name, struct item *value);

/* `%{field}` put in; of a field that is not there the mark itself stays. */
const char *ls_render(struct logstash *l, const char *format);

/* The first option of that name of a plugin, and the next one from `entry` on; NULL. */
const struct yaml_entry *ls_option(const struct ls_node *node, const char *name);
const struct yaml_entry *ls_option_from(const struct yaml_entry *entry, const char *name);
const char *ls_option_text(const struct ls_node *node, const char *name, const char *otherwise);

/* Does one of the patterns of the list match the key? */
bool ls_is_named(const struct yaml *list, const char *key);

struct stage ls_stage(struct logstash *l, struct foreign_place place, const char *why,
                      const char *fix);

/* Holds the event against what it was before the plugin, under the condition of what has failed. */
void ls_judge(struct logstash *l, struct foreign_place place, const char *why, const char *fix);

/* Parts of mutate, and filters. ls_csv(): false if the line is refused. */
void ls_gsub(struct logstash *l, const struct yaml *list);
void ls_convert(struct logstash *l, const char *name, const char *type);
void ls_truncate(struct logstash *l);
void ls_fingerprint(struct logstash *l);
bool ls_csv(struct logstash *l);

/* What the filter, or the output, at work does. */
void ls_filter(struct logstash *l);
void ls_output(struct logstash *l);

#endif
