/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_LINT_FLUENTBIT_H
#define CLEW_LINT_FLUENTBIT_H

/* A Fluent Bit config, from whichever of its languages, as the engine sees it. */

#include "lint/model.h"
#include "lint/regex.h"

enum fb_kind {
    FB_SERVICE,
    FB_PARSER,
    FB_MULTILINE_PARSER,
    FB_INPUT,
    FB_FILTER,
    FB_OUTPUT,
    FB_OTHER,
    FB_KINDS,
};

struct fb_property {
    struct fb_property *next;
    const char *key;   /* small letters */
    const char *value; /* variables expanded where they are known */
    struct lint_place place;
    bool is_conditional; /* a template decides whether it is there */
};

struct fb_section {
    struct fb_section *next;
    enum fb_kind kind;
    struct lint_place place;
    struct fb_property *first;
    struct fb_property *last;
    struct fb_section *processors; /* of an input or output: filters of its own */
    bool is_conditional;
};

struct fb_config {
    struct lint *lint;
    const char *path;
    struct slice text; /* of the file at `path` */
    struct fb_section *first[FB_KINDS];
    struct fb_section *last[FB_KINDS];
    unsigned sections;
    unsigned depth; /* of includes */
};

struct fb_section *fb_section_new(struct fb_config *config, enum fb_kind kind,
                                  struct lint_place place);
void fb_section_append(struct fb_config *config, struct fb_section *section);
void fb_property_add(struct fb_config *config, struct fb_section *section, struct slice key,
                     struct slice value, struct lint_place place, bool is_conditional);

/* The last property of that key; NULL if there is none. fb_next(): the next of that key. */
const struct fb_property *fb_get(const struct fb_section *section, const char *key);
const struct fb_property *fb_next(const struct fb_property *property, const char *key);
const char *fb_value(const struct fb_section *section, const char *key, const char *otherwise);
const char *fb_name(const struct fb_section *section); /* its Name, "" without one */

/* The value holds a template or a variable without a value. */
bool fb_is_unknown(const char *value);
bool fb_bool(const struct fb_section *section, const char *key, bool otherwise, bool *out_unknown);

/* Classic text: bare, or as blocks of a ConfigMap, Helm values or a template. */
void fb_read_classic(struct fb_config *config, const struct lint_text *text);
void fb_read_blocks(struct fb_config *config, const struct lint_text *text);

/* The text under the key of a wrapper (`wanted.lua: |`) that has the last part of the path `wanted`,
 * and the line it begins on; empty if there is none. */
struct slice fb_block(struct fb_config *config, const char *wanted, unsigned *out_line);

/* YAML; false if it is none or holds no pipeline. */
bool fb_read_yaml(struct fb_config *config, const struct lint_text *text);

/* What `@INCLUDE`, `includes` and `parsers_file` name. */
void fb_include(struct fb_config *config, const char *wanted);
void fb_read_parsers(struct fb_config *config);

/* The parser of that name: of the config, else the stock one; NULL. */
const struct fb_section *fb_parser(struct fb_config *config, const char *name);

/* Runs a parser over a text: the map it makes, NULL if it does not match. */
struct item *fb_parse(struct fb_config *config, const struct fb_section *parser,
                       const char *text);

/* Does the wildcard pattern match, and a tag that two patterns both match (NULL: none does). */
bool fb_tag_matches(const char *pattern, const char *tag);
const char *fb_tag_common(struct arena *arena, const char *a, const char *b);

/* Let every input's probes run through filters and outputs. */
void fb_run(struct fb_config *config);

/* One filter, or one output: changes trail->record, judges. */
void fb_filter(struct fb_config *config, const struct fb_section *filter, struct trail *trail,
               const char *tag);
void fb_output(struct fb_config *config, const struct fb_section *output, struct trail *trail);

/* The lua filter: `code` or the script's text, `call` the function. */
void fb_lua(struct fb_config *config, const struct fb_section *filter, struct trail *trail);

struct stage fb_stage(struct fb_config *config, const struct fb_section *section,
                      const struct fb_property *property, const char *why, const char *fix);

#endif
