/* SPDX-License-Identifier: Apache-2.0 */

/* Fluent Bit's YAML: at the top of a file, or as a text within a ConfigMap or Helm values. */

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "lint/fluentbit.h"
#include "lint/yaml.h"

/* `logLevel` is `log_level`. */
static const char *snake(struct fb_config *config, const char *key)
{
    char out[256];
    size_t n = 0;
    for (; *key != '\0' && n < sizeof(out) - 2; key++) {
        if (isupper((unsigned char)*key) && n > 0 && islower((unsigned char)key[-1])) {
            out[n++] = '_';
        }
        out[n++] = (char)tolower((unsigned char)*key);
    }
    return lint_copy(&config->lint->arena, slice_make(out, n));
}

static void add(struct fb_config *config, struct fb_section *section, const struct yaml_entry *e,
                const struct yaml *value)
{
    struct lint_place place = e->value == value && !value->is_block ? e->place : value->place;
    place = value->is_block ? e->place : place;
    fb_property_add(config, section, slice_from_string(snake(config, e->key)),
                    slice_from_string(value->text), place, false);
}

static void read_processors(struct fb_config *config, struct fb_section *section,
                            const struct yaml *map);

static void fill(struct fb_config *config, struct fb_section *section, const struct yaml *map)
{
    for (const struct yaml_entry *e = map->first; e != NULL; e = e->next) {
        if (strcasecmp(e->key, "processors") == 0) {
            read_processors(config, section, e->value);
        } else if (e->value->kind == YAML_TEXT) {
            add(config, section, e, e->value);
        } else if (e->value->kind == YAML_LIST) {
            for (const struct yaml_entry *i = e->value->first; i != NULL; i = i->next) {
                if (i->value->kind == YAML_TEXT) {
                    add(config, section, e, i->value);
                }
            }
        }
    }
}

static struct fb_section *section_of(struct fb_config *config, enum fb_kind kind,
                                     const struct yaml *map)
{
    struct fb_section *section = fb_section_new(config, kind, map->place);
    if (map->kind == YAML_MAP) {
        fill(config, section, map);
    }
    return section;
}

/* `processors: {logs: [{name: …}]}`: filters of this one input or output. */
static void read_processors(struct fb_config *config, struct fb_section *section,
                            const struct yaml *map)
{
    const struct yaml *logs = yaml_get(map, "logs");
    struct fb_section **link = &section->processors;
    for (const struct yaml_entry *e = logs != NULL ? logs->first : NULL; e != NULL; e = e->next) {
        *link = section_of(config, FB_FILTER, e->value);
        link = &(*link)->next;
    }
}

static bool read_list(struct fb_config *config, enum fb_kind kind, const struct yaml *list)
{
    bool is_any = false;
    for (const struct yaml_entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        if (e->value->kind == YAML_MAP) {
            fb_section_append(config, section_of(config, kind, e->value));
            is_any = true;
        }
    }
    return is_any;
}

static bool read_document(struct fb_config *config, const struct yaml *root);

/* Texts within the tree that are such a config themselves. */
static bool read_inner(struct fb_config *config, const struct yaml *node, unsigned depth)
{
    bool is_any = false;
    if (depth > YAML_DEPTH_MAX) {
        return false;
    }
    if (node->kind == YAML_TEXT) {
        bool may_be = strstr(node->text, "pipeline:") != NULL ||
                      strncmp(node->text, "parsers:", 8) == 0 ||
                      strstr(node->text, "\nparsers:") != NULL;
        struct yaml *inner = may_be && node->is_block
                                 ? yaml_read(config->lint, slice_from_string(node->text),
                                             node->place)
                                 : NULL;
        return inner != NULL && read_document(config, inner->first->value);
    }
    for (const struct yaml_entry *e = node->first; e != NULL; e = e->next) {
        is_any = read_inner(config, e->value, depth + 1) || is_any;
    }
    return is_any;
}

static bool read_document(struct fb_config *config, const struct yaml *root)
{
    bool is_any = false;
    for (const struct yaml_entry *e = root->kind == YAML_MAP ? root->first : NULL; e != NULL;
         e = e->next) {
        if (strcasecmp(e->key, "service") == 0 && e->value->kind == YAML_MAP) {
            fb_section_append(config, section_of(config, FB_SERVICE, e->value));
        } else if (strcasecmp(e->key, "parsers") == 0) {
            is_any = read_list(config, FB_PARSER, e->value) || is_any;
        } else if (strcasecmp(e->key, "pipeline") == 0) {
            is_any = read_list(config, FB_INPUT, yaml_get(e->value, "inputs")) || is_any;
            is_any = read_list(config, FB_FILTER, yaml_get(e->value, "filters")) || is_any;
            is_any = read_list(config, FB_OUTPUT, yaml_get(e->value, "outputs")) || is_any;
        } else if (strcasecmp(e->key, "includes") == 0) {
            for (const struct yaml_entry *i = e->value->first; i != NULL; i = i->next) {
                fb_include(config, i->value->text);
                is_any = true;
            }
        }
    }
    return is_any;
}

bool fb_read_yaml(struct fb_config *config, const struct lint_text *text)
{
    bool is_any = false;
    struct yaml *all = yaml_read(config->lint, text->text, (struct lint_place){text->path, 1, 1});
    for (const struct yaml_entry *e = all != NULL ? all->first : NULL; e != NULL; e = e->next) {
        is_any = read_document(config, e->value) || is_any;
    }
    for (const struct yaml_entry *e = all != NULL && !is_any ? all->first : NULL; e != NULL;
         e = e->next) {
        is_any = read_inner(config, e->value, 0) || is_any;
    }
    return is_any;
}
