/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_FLUENTBIT_READ_H
#define CLEW_SHIPPERS_FLUENTBIT_READ_H

/*
 * A Fluent Bit config, from whichever of its languages: sections of properties, in the order of the
 * file, each with its place. What is there twice is there twice: Fluent Bit honours both.
 */

#include "shippers/common/foreign.h"

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
    const char *raw;   /* as written, but for what @SET says */
    struct foreign_place place;
    bool is_conditional; /* a template decides whether it is there */
    bool *is_told;       /* for whoever goes through all of them: this one is done */
};

struct fb_section {
    struct fb_section *next;
    enum fb_kind kind;
    unsigned number;    /* its place among all sections */
    const char *header; /* as written: INPUT, `inputs`, … */
    struct foreign_place place;
    struct fb_property *first;
    struct fb_property *last;
    struct fb_section *processors; /* of an input or output: filters of its own */
    bool is_conditional;
};

/* What was read and is no property: a file that is not there, a template's line, … */
struct fb_note {
    struct fb_note *next;
    struct foreign_place place;
    const char *text; /* the line, or the name of what is missing */
    const char *why;  /* a sentence without its full stop */
};

struct fb_set {
    struct fb_set *next;
    struct slice name;
    struct slice value;
};

struct fb_config {
    struct foreign *foreign;
    void *owner; /* whose config it is: NULL, or what the reader's caller wants to find again */
    const char *path;
    struct slice text; /* of the file at `path` */
    struct fb_section *first[FB_KINDS];
    struct fb_section *last[FB_KINDS];
    unsigned sections;
    unsigned properties;
    unsigned note_count;
    unsigned depth; /* of includes */
    struct fb_note *notes;
    struct fb_note *last_note;
    struct fb_set *sets; /* @SET, `env` */
};

/* Read it, with what it includes and its parsers. NULL if no section of Fluent Bit's is in it. */
struct fb_config *fb_read(struct foreign *foreign, const struct foreign_text *text);

/* Read a further file into the same config, unless an include has done so. False: nothing is in it. */
bool fb_read_more(struct fb_config *config, const struct foreign_text *text);

struct fb_section *fb_section_new(struct fb_config *config, enum fb_kind kind,
                                  struct slice header, struct foreign_place place);
void fb_section_append(struct fb_config *config, struct fb_section *section);
void fb_property_add(struct fb_config *config, struct fb_section *section, struct slice key,
                     struct slice value, struct foreign_place place, bool is_conditional);
void fb_note_add(struct fb_config *config, struct foreign_place place, struct slice text,
                 const char *why);
void fb_set_add(struct fb_config *config, struct slice name, struct slice value);

/* The last property of that key; NULL if there is none. fb_next(): the next of that key. */
const struct fb_property *fb_get(const struct fb_section *section, const char *key);
const struct fb_property *fb_next(const struct fb_property *property, const char *key);
bool fb_is_key(const struct fb_property *property, const char *key);
const char *fb_value(const struct fb_section *section, const char *key, const char *otherwise);
const char *fb_name(const struct fb_section *section); /* its Name, "" without one */

/* The value holds a template or a variable without a value. */
bool fb_is_unknown(const char *value);
bool fb_bool(const struct fb_section *section, const char *key, bool otherwise, bool *out_unknown);
bool fb_is_true(const char *value);

/* The first word of a value, double quotes off; what follows it in *out_rest (may be NULL). */
const char *fb_word(struct arena *arena, const char *text, const char **out_rest);

/* Classic text: bare, or as blocks of a ConfigMap, Helm values or a template. */
void fb_read_classic(struct fb_config *config, const struct foreign_text *text);
void fb_read_blocks(struct fb_config *config, const struct foreign_text *text);

/* The text under the key of a wrapper (`wanted.lua: |`) that has the last part of the path `wanted`,
 * and the line it begins on; empty if there is none. */
struct slice fb_block(struct fb_config *config, const char *wanted, unsigned *out_line);

/* YAML; false if it is none or holds no pipeline. */
bool fb_read_yaml(struct fb_config *config, const struct foreign_text *text);

/* What `@INCLUDE`, `includes` and `parsers_file` name; false if there is no such file. */
bool fb_include(struct fb_config *config, const char *wanted);
void fb_read_parsers(struct fb_config *config);

/* The parser of that name: of the config, else the stock one; NULL. A stock one's place has the
 * line 0. */
const struct fb_section *fb_parser(struct fb_config *config, const char *name);

/* Does the wildcard pattern match, and a tag that two patterns both match (NULL: none does). */
bool fb_tag_matches(const char *pattern, const char *tag);
const char *fb_tag_common(struct arena *arena, const char *a, const char *b);

#endif
