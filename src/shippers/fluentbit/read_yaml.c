/* SPDX-License-Identifier: Apache-2.0 */

/* Fluent Bit's YAML: at the top of a file, or as a text within a ConfigMap or Helm values. */

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "shippers/fluentbit/read.h"
#include "base/mem.h"
#include "shippers/common/yaml.h"

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
    return foreign_copy(&config->foreign->arena, slice_make(out, n));
}

static void add(struct fb_config *config, struct fb_section *section, const char *key,
                const struct yaml_entry *e, const struct yaml *value)
{
    struct foreign_place place = e->value == value && !value->is_block ? e->place : value->place;
    place = value->is_block ? e->place : place;
    fb_property_add(config, section, slice_from_string(snake(config, key)),
                    slice_from_string(value->text), place, false);
}

static void read_processors(struct fb_config *config, struct fb_section *section,
                            const struct yaml *map);

/* `{state: s, regex: r, next_state: n}` is `"s" "r" "n"`. */
static bool add_rule(struct fb_config *config, struct fb_section *section,
                     const struct yaml_entry *e, const struct yaml *rule)
{
    const char *state = yaml_text(rule, "state", NULL);
    const char *regex = yaml_text(rule, "regex", NULL);
    if (state == NULL || regex == NULL) {
        return false;
    }
    const char *text = foreign_format(&config->foreign->arena, "\"%s\" \"%s\" \"%s\"", state, regex,
                                      yaml_text(rule, "next_state", ""));
    fb_property_add(config, section, slice_from_string(e->key), slice_from_string(text),
                    rule->place, false);
    return true;
}

/* Fluent Bit takes texts and lists of them; what is deeper (conditions, routes) gets a dotted key. */
static void fill(struct fb_config *config, struct fb_section *section, const struct yaml *node,
                 const char *prefix, unsigned depth)
{
    for (const struct yaml_entry *e = node->first; e != NULL && depth < YAML_DEPTH_MAX;
         e = e->next) {
        const char *own = *e->key != '\0' ? e->key : "-";
        const char *key = *prefix == '\0' ? own
                                          : foreign_format(&config->foreign->arena, "%s.%s", prefix,
                                                           own);
        const struct yaml *value = e->value;
        if (strcasecmp(key, "processors") == 0) {
            read_processors(config, section, value);
        } else if (value->kind == YAML_TEXT) {
            add(config, section, key, e, value);
        } else if (value->kind == YAML_LIST) {
            for (const struct yaml_entry *i = value->first; i != NULL; i = i->next) {
                if (i->value->kind == YAML_TEXT) {
                    add(config, section, key, e, i->value);
                } else if (!add_rule(config, section, e, i->value)) {
                    fill(config, section, i->value, key, depth + 1);
                }
            }
        } else {
            fill(config, section, value, key, depth + 1);
        }
    }
}

static struct fb_section *section_of(struct fb_config *config, enum fb_kind kind,
                                     const char *header, const struct yaml *map)
{
    struct fb_section *section = fb_section_new(config, kind, slice_from_string(header),
                                                map->place);
    fill(config, section, map, "", 0);
    return section;
}

/* `processors: {logs: [{name: …}]}`: filters of this one input or output. */
static void read_processors(struct fb_config *config, struct fb_section *section,
                            const struct yaml *map)
{
    const struct yaml *logs = yaml_get(map, "logs");
    struct fb_section **link = &section->processors;
    for (const struct yaml_entry *e = map->first; e != NULL; e = e->next) {
        if (e->value != logs) {
            fb_note_add(config, e->place, slice_from_string(e->key),
                        "processors of what is no log");
        }
    }
    for (const struct yaml_entry *e = logs != NULL ? logs->first : NULL; e != NULL; e = e->next) {
        *link = section_of(config, FB_FILTER, "processor", e->value);
        link = &(*link)->next;
    }
}

static bool read_list(struct fb_config *config, enum fb_kind kind, const char *header,
                      const struct yaml *list)
{
    bool is_any = false;
    for (const struct yaml_entry *e = list != NULL ? list->first : NULL; e != NULL; e = e->next) {
        if (e->value->kind == YAML_MAP) {
            fb_section_append(config, section_of(config, kind, header, e->value));
            is_any = true;
        }
    }
    return is_any;
}

static bool read_document(struct fb_config *config, const struct yaml *root);

/* Texts and maps within the tree that are such a config themselves. */
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
                                 ? yaml_read(config->foreign, slice_from_string(node->text),
                                             node->place)
                                 : NULL;
        return inner != NULL && read_document(config, inner->first->value);
    }
    const struct yaml *pipeline = yaml_get(node, "pipeline");
    if (depth > 0 && pipeline != NULL && pipeline->kind == YAML_MAP) {
        return read_document(config, node);
    }
    for (const struct yaml_entry *e = node->first; e != NULL; e = e->next) {
        is_any = read_inner(config, e->value, depth + 1) || is_any;
    }
    return is_any;
}

static void read_env(struct fb_config *config, const struct yaml *env)
{
    for (const struct yaml_entry *e = env->first; e != NULL; e = e->next) {
        bool is_named = e->value->kind == YAML_MAP;
        const char *name = is_named ? yaml_text(e->value, "name", "") : e->key;
        const char *value = is_named ? yaml_text(e->value, "value", "") : e->value->text;
        if (*name != '\0' && value != NULL && *value != '\0') {
            fb_set_add(config, slice_from_string(name), slice_from_string(value));
        }
    }
}

static bool read_pipeline(struct fb_config *config, const struct yaml *pipeline)
{
    static const struct {
        const char *key;
        enum fb_kind kind;
    } lists[] = {{"inputs", FB_INPUT}, {"filters", FB_FILTER}, {"outputs", FB_OUTPUT}};
    bool is_any = false;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (const struct yaml_entry *e = pipeline->first; e != NULL; e = e->next) {
            if (strcasecmp(e->key, lists[i].key) == 0) { /* a key that is there twice counts twice */
                is_any = read_list(config, lists[i].kind, lists[i].key, e->value) || is_any;
            }
        }
    }
    return is_any;
}

/* A part of the document that is not of the pipeline: its name and options are kept. */
static void read_other(struct fb_config *config, const struct yaml_entry *e)
{
    struct fb_section *section = fb_section_new(config, FB_OTHER, slice_from_string(e->key),
                                                e->place);
    if (e->value->kind == YAML_TEXT) {
        add(config, section, "value", e, e->value);
    } else {
        fill(config, section, e->value, "", 0);
    }
    fb_section_append(config, section);
}

static void read_includes(struct fb_config *config, const struct yaml *list)
{
    for (const struct yaml_entry *i = list->first; i != NULL; i = i->next) {
        if (i->value->kind == YAML_TEXT && !fb_include(config, i->value->text)) {
            fb_note_add(config, i->place, slice_from_string(i->value->text),
                        "the included file is not to be found here");
        }
    }
}

static bool is_config(const struct yaml *root)
{
    return yaml_get(root, "pipeline") != NULL || yaml_get(root, "parsers") != NULL ||
           yaml_get(root, "multiline_parsers") != NULL || yaml_get(root, "includes") != NULL;
}

static bool read_document(struct fb_config *config, const struct yaml *root)
{
    bool is_any = false;
    const struct yaml *env = yaml_get(root, "env");
    if (root->kind != YAML_MAP || !is_config(root)) {
        return false;
    }
    if (env != NULL) {
        read_env(config, env);
    }
    for (const struct yaml_entry *e = root->first; e != NULL; e = e->next) {
        if (strcasecmp(e->key, "service") == 0 && e->value->kind == YAML_MAP) {
            fb_section_append(config, section_of(config, FB_SERVICE, e->key, e->value));
        } else if (strcasecmp(e->key, "parsers") == 0) {
            is_any = read_list(config, FB_PARSER, e->key, e->value) || is_any;
        } else if (strcasecmp(snake(config, e->key), "multiline_parsers") == 0) {
            is_any = read_list(config, FB_MULTILINE_PARSER, e->key, e->value) || is_any;
        } else if (strcasecmp(e->key, "pipeline") == 0) {
            is_any = read_pipeline(config, e->value) || is_any;
        } else if (strcasecmp(e->key, "includes") == 0) {
            read_includes(config, e->value);
            is_any = true;
        } else if (e->value != env) {
            read_other(config, e);
        }
    }
    return is_any;
}

bool fb_read_yaml(struct fb_config *config, const struct foreign_text *text)
{
    bool is_any = false;
    struct yaml *all = yaml_read(config->foreign, text->text, (struct foreign_place){text->path, 1, 1});
    for (const struct yaml_entry *e = all != NULL ? all->first : NULL; e != NULL; e = e->next) {
        is_any = read_document(config, e->value) || is_any;
    }
    for (const struct yaml_entry *e = all != NULL && !is_any ? all->first : NULL; e != NULL;
         e = e->next) {
        is_any = read_inner(config, e->value, 0) || is_any;
    }
    return is_any;
}
