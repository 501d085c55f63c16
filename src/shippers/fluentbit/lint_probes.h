/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_FLUENTBIT_LINT_PROBES_H
#define CLEW_SHIPPERS_FLUENTBIT_LINT_PROBES_H

/* The records an input of Fluent Bit makes of the probes. */

#include "shippers/fluentbit/lint.h"

enum {
    FB_FORMATS_MAX = 24,
    FB_STARTS_MAX = 96,
};

/* A parser of text lines that is in use, and the key it looks at (NULL: the line of the input). */
struct fb_format {
    const struct fb_section *parser;
    const char *key;
    const char *sample;
};

struct fb_formats {
    struct fb_format items[FB_FORMATS_MAX];
    size_t count;
};

struct fb_start {
    struct probe probe;
    struct item *record;
    const char *line;                /* what the application wrote */
    const struct fb_section *parser; /* of the input, if it has parsed the line */
};

struct fb_starts {
    struct fb_start items[FB_STARTS_MAX];
    size_t count;
};

/* The parsers that an input or a parser filter names. */
void fb_formats_add(struct fb_config *config, struct fb_formats *formats,
                    const struct fb_section *section);

/* No starts at all: the input makes metrics. */
void fb_starts_make(struct fb_config *config, const struct fb_section *input,
                    const struct fb_formats *formats, struct fb_starts *starts);

/* What the input's own parser did to the line: it may have lost the ids already. */
void fb_judge_input(struct fb_config *config, const struct fb_section *input,
                    const struct fb_start *start, struct trail *trail);

#endif
