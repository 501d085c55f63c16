/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_FLUENTBIT_LINT_H
#define CLEW_SHIPPERS_FLUENTBIT_LINT_H

/* What a Fluent Bit config does to the probes. */

#include "shippers/fluentbit/read.h"
#include "shippers/probe/trail.h"
#include "shippers/probe/regex.h"

static inline struct lint *fb_lint(const struct fb_config *config)
{
    return config->owner;
}

/* Runs a parser over a text: the map it makes, NULL if it does not match. */
struct item *fb_parse(struct fb_config *config, const struct fb_section *parser,
                       const char *text);

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
