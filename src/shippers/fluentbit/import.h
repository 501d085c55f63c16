/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_FLUENTBIT_IMPORT_H
#define CLEW_SHIPPERS_FLUENTBIT_IMPORT_H

/*
 * What the converters of services, inputs, filters and outputs share.
 *
 * A tag is known only in part (`kube.*` becomes a path), so it is a pattern. What carries a tag is
 * a flow: an input as it begins, and what rewrite_tag makes of one. Match is held against flows.
 */

#include "base/buf.h"
#include "shippers/fluentbit/read.h"
#include "shippers/dialects.h"

enum {
    IMPORT_ROWS_MAX = 1 << 15,
    IMPORT_INPUTS_MAX = 64,
    IMPORT_FLOWS_MAX = 256,
    IMPORT_OUTPUTS_MAX = 63,
    IMPORT_RULES_MAX = 64,
    IMPORT_FILTERS_MAX = 256, /* as many as clew takes in a list */
    IMPORT_YAML_BYTES_MAX = 16 << 20,
};

struct draft_input {
    const struct fb_section *section;
    const char *name;
    const char *tag;     /* a pattern, without variables */
    const char *folder;  /* of Path, no slash at the end; NULL: several, or not known */
    struct buf yaml;     /* the lines of its item */
    bool is_fields;      /* an unparsed line is text: what parses fields of it */
};

struct flow {
    size_t input;
    const char *tag;
    const char *when;       /* a condition of clew's, as YAML; NULL: all records */
    const char *gone;       /* records of this condition have another tag … */
    unsigned gone_number;   /* … behind the section of this number; no such: NULL */
    bool is_rewritten;
};

struct draft_output {
    const struct fb_section *section;
    const char *name;
    struct buf yaml;
    bool is_collector; /* the stand-in for what has no OTLP endpoint */
};

/* A rule set for records of several lines; `section` is NULL for one of Parser_Firstline. */
struct draft_rule {
    const struct fb_section *section;
    const char *name;
};

struct fb_import {
    struct import_work work;
    struct foreign *foreign;
    struct fb_config *config;
    struct draft_input inputs[IMPORT_INPUTS_MAX];
    size_t input_count;
    struct flow flows[IMPORT_FLOWS_MAX];
    size_t flow_count;
    struct draft_output outputs[IMPORT_OUTPUTS_MAX];
    size_t output_count;
    struct draft_rule rules[IMPORT_RULES_MAX];
    size_t rule_count;
    size_t filter_count;
    struct buf multiline;
    struct buf top;     /* options of the whole */
    struct buf resource;
    struct buf filters;
    struct buf routes;
    struct buf retry;   /* what [SERVICE] says for every output */
    struct buf yaml;
};

/* The functions of the dialect's row. */
struct import_work *fb_import_begin(struct foreign *foreign, const struct foreign_text *text);
bool fb_import_more(struct import_work *work, const struct foreign_text *text);
struct slice fb_import_convert(struct import_work *work);
void fb_import_end(struct import_work *work);

static inline struct arena *import_arena(struct fb_import *import)
{
    return &import->foreign->arena;
}

/* ---- rows ---- */

/* Of a property, or of the section itself where that is NULL. */
void row_add(struct fb_import *import, const struct fb_section *section,
             const struct fb_property *property, enum import_fate fate, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Every property of that key. */
void row_add_all(struct fb_import *import, const struct fb_section *section, const char *key,
                 enum import_fate fate, const char *what);

/* What has no place: an option that was not written. */
void row_add_unwritten(struct fb_import *import, const struct fb_section *section, const char *option,
                       enum import_fate fate, const char *what);
void row_add_note(struct fb_import *import, const struct fb_note *note);

/* "FILTER parser". */
const char *section_title(struct fb_import *import, const struct fb_section *section);

/* By a table of options that are known and not converted one by one; what no table knows needs you. */
struct known_option {
    const char *plugin; /* "" for all of the kind */
    const char *option; /* one with a star at its end is a prefix */
    enum import_fate fate;
    const char *what;
};
void rows_finish(struct fb_import *import, enum fb_kind kind);
const struct known_option *known_find(enum fb_kind kind, const char *plugin, const char *option);

/* ---- YAML ---- */

/* A value in quotes, variables as clew has them: `${X}` is nothing where X is not set, as it was. */
const char *yaml_quote(struct fb_import *import, const char *value);

/* The same without variables: every dollar sign is itself. */
const char *yaml_quote_literal(struct fb_import *import, const char *value);

/* `[a, b]` of quoted texts. */
const char *yaml_list(struct fb_import *import, const char *const *items, size_t count);

/* A sequence of UTF-8 that YAML lets stand in a comment: no control character, and none that would
 * end the line. `len` 0 is none. */
bool text_is_printable(const char *text, size_t len);

/* A text that may stand in a comment. */
const char *yaml_comment(struct fb_import *import, const char *text);

/* The lines of the old section as a comment. */
void yaml_comment_section(struct fb_import *import, struct buf *out, const struct fb_section *section,
                          const char *indent);

/* A name of letters, digits, `_`, `-`, `.` that nothing of `taken` has yet. */
const char *draft_name(struct fb_import *import, const char *wanted,
                      bool (*is_taken)(const struct fb_import *import, const char *name));

/* ---- values ---- */

bool key_is_secret(const char *key);
bool text_has_template(const char *value); /* `{{`, `{%`, $VAR that an envsubst fills in: not known */
bool text_is_number(const char *text);

/* `5`, `5s`, `1.5`, `2m` as clew's duration; NULL if it is none. */
const char *duration_text(struct fb_import *import, const char *value);

/* An Onigmo pattern of Ruby's as PCRE2, checked; NULL if it is none that clew takes. */
const char *pattern_text(struct fb_import *import, const char *value);

/* ---- the parts ---- */

void import_service(struct fb_import *import);
void import_inputs(struct fb_import *import);
void import_flows(struct fb_import *import);
void import_multiline(struct fb_import *import);
void import_kubernetes(struct fb_import *import);
void import_filters(struct fb_import *import);
void import_outputs(struct fb_import *import);
void import_routes(struct fb_import *import);
void import_parsers(struct fb_import *import); /* rows for those that nothing has used */

/* An input's parser: envelope, format, or a filter that parses. */
void input_parser(struct fb_import *import, struct draft_input *input, const struct fb_property *p);

/* A filter that parses the lines of an input. False: it cannot be, `out_why` says why. */
bool input_parse_lines(struct fb_import *import, struct draft_input *input,
                       const struct fb_section *parser, const char **out_why);

/* line_bytes_max, by the largest of options that are sizes; `keys` ends with NULL. */
void input_longest(struct fb_import *import, struct draft_input *input, const char *const *keys);

/* The lines of an input's item; false where there is nothing to read from. */
bool convert_syslog(struct fb_import *import, struct draft_input *input);
bool convert_stdin(struct fb_import *import, struct draft_input *input);
bool convert_systemd(struct fb_import *import, struct draft_input *input);

/* Is there room for one more filter? Then it is counted. */
bool filter_has_room(struct fb_import *import);

/* A `parse` filter for a parser of the config; false if it cannot be. Rows of the parser's own
 * options are added once. */
bool parse_filter(struct fb_import *import, const struct fb_section *parser, const char *field,
                  const char *when, struct buf *out, const char **out_why);

/* The condition under which records meet a section's Match, NULL for always. False: never. */
bool match_when(struct fb_import *import, const struct fb_section *section, const char **out_when);
bool flow_is_matched(struct fb_import *import, const struct fb_section *section,
                     const struct flow *flow);

/* The `condition` of a processor, NULL for none. False: it cannot be said, and rows say so. */
bool processor_when(struct fb_import *import, const struct fb_section *section, const char **out_when);

/* One or two conditions that both have to hold; either may be NULL. */
const char *when_both(struct fb_import *import, const char *a, const char *b);

#endif
