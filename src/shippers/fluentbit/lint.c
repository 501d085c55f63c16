/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/fluentbit/lint.h"

#include <string.h>
#include <strings.h>

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

bool fluentbit_lint(struct lint *lint, const struct foreign_text *text)
{
    struct fb_config *config = fb_read(&lint->foreign, text);
    if (config == NULL) {
        return false;
    }
    config->owner = lint;
    fb_run(config);
    return true;
}
