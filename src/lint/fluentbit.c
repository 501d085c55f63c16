/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/fluentbit.h"

#include <string.h>
#include <strings.h>

static bool has_suffix(const char *path, const char *suffix)
{
    return strcasestr(path, suffix) != NULL;
}

static bool is_yaml(const struct lint_text *text)
{
    return has_suffix(text->path, ".yaml") || has_suffix(text->path, ".yml");
}

bool fluentbit_lint(struct lint *lint, const struct lint_text *text)
{
    struct fb_config *config = lint_alloc(&lint->arena, sizeof(*config));
    config->lint = lint;
    config->path = text->path;
    config->text = text->text;
    if (!is_yaml(text)) {
        fb_read_classic(config, text);
    } else {
        fb_read_blocks(config, text);
        if (config->sections == 0) {
            (void)fb_read_yaml(config, text);
        }
        if (config->sections == 0) {
            fb_read_classic(config, text);
        }
    }
    fb_read_parsers(config);
    if (config->sections == 0) {
        return false;
    }
    fb_run(config);
    return true;
}
