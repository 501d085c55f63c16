/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_LOGSTASH_READ_H
#define CLEW_SHIPPERS_LOGSTASH_READ_H

/* A Logstash pipeline as a tree: plugins with their options, and the conditions around them. */

#include "shippers/common/yaml.h"
#include "shippers/probe/trail.h"

enum ls_kind {
    LS_PLUGIN,
    LS_IF, /* `body` if `condition`, else `otherwise` */
};

struct ls_node {
    struct ls_node *next;
    enum ls_kind kind;
    struct foreign_place place;
    const char *name;     /* of a plugin */
    struct yaml *options; /* a map; keys may be there more than once */
    const char *condition;
    struct ls_node *body;
    struct ls_node *otherwise;
};

struct ls_pipeline {
    struct ls_node *inputs;
    struct ls_node *filters;
    struct ls_node *outputs;
};

/* False if the text has none of the three sections. */
bool ls_read(struct lint *lint, const struct foreign_text *text, struct ls_pipeline *out);

/* The pattern of a grok expression as a regular expression; groups are named after the fields, with
 * what no name may hold (`[a][b]`) spelt out in *out_names: group `f0` is its first text, … */
enum { GROK_FIELDS_MAX = 64 };
struct grok {
    const char *regex;
    const char *names[GROK_FIELDS_MAX];
    size_t count;
};
void grok_translate(struct lint *lint, const char *pattern, struct grok *out);

#endif
