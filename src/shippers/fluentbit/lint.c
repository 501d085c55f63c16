/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/fluentbit/lint.h"

#include <string.h>
#include <strings.h>
#include "shippers/fluentbit/import.h"

struct stage fb_stage(struct fb_config *config, const struct fb_section *section,
                      const struct fb_property *property, const char *why, const char *fix)
{
    static const char *const kinds[] = {"service", "parser", "multiline parser", "input",
                                        "filter",  "output", "section"};
    const struct fb_property *name = fb_get(section, "name");
    return (struct stage){
        .place = property != NULL ? property->place : name != NULL ? name->place : section->place,
        .name = foreign_format(&config->foreign->arena, "%s %s", kinds[section->kind], fb_name(section)),
        .why = why,
        .fix = fix,
    };
}

static bool lint_fluentbit(struct lint *lint, const struct foreign_text *text)
{
    struct fb_config *config = fb_read(&lint->foreign, text);
    if (config == NULL) {
        return false;
    }
    config->owner = lint;
    fb_run(config);
    return true;
}

const struct dialect dialect_fluentbit = {
    .name = "Fluent Bit",
    .lint = lint_fluentbit,
    .import_begin = fb_import_begin,
    .import_more = fb_import_more,
    .import_convert = fb_import_convert,
    .import_end = fb_import_end,
};
