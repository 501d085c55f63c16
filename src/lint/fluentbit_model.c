/* SPDX-License-Identifier: Apache-2.0 */

/* Sections and properties of a Fluent Bit config, and the files it names. */

#include "lint/fluentbit.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/mem.h"

enum {
    SECTIONS_MAX = 4096,
    INCLUDE_DEPTH_MAX = 8,
};

struct fb_section *fb_section_new(struct fb_config *config, enum fb_kind kind,
                                  struct lint_place place)
{
    struct fb_section *section = lint_alloc(&config->lint->arena, sizeof(*section));
    section->kind = kind;
    section->place = place;
    return section;
}

void fb_section_append(struct fb_config *config, struct fb_section *section)
{
    enum fb_kind kind = section->kind;
    if (config->sections++ >= SECTIONS_MAX) {
        return;
    }
    if (config->last[kind] == NULL) {
        config->first[kind] = section;
    } else {
        config->last[kind]->next = section;
    }
    config->last[kind] = section;
}

/* `${X:-default}`, `${X}` with a value: expanded. Without one: left as it stands, an unknown. */
static const char *expand(struct fb_config *config, struct slice value)
{
    struct buf out;
    buf_init(&out, LINT_TEXT_BYTES_MAX);
    for (size_t i = 0; i < value.len; i++) {
        const char *at = value.data + i;
        const char *end = value.len - i > 3 && at[0] == '$' && at[1] == '{'
                              ? memchr(at, '}', value.len - i)
                              : NULL;
        if (end == NULL) {
            buf_append(&out, at, 1);
            continue;
        }
        struct slice name = slice_make(at + 2, (size_t)(end - at) - 2);
        const char *dash = memmem(name.data, name.len, ":-", 2);
        struct slice bare = dash != NULL ? slice_make(name.data, (size_t)(dash - name.data)) : name;
        const char *found = lint_getenv(config->lint, bare);
        if (found != NULL && *found != '\0') {
            buf_append_string(&out, found);
        } else if (dash != NULL) {
            buf_append(&out, dash + 2, name.len - bare.len - 2);
        } else {
            buf_append(&out, at, (size_t)(end - at) + 1);
        }
        i = (size_t)(end - value.data);
    }
    const char *text = lint_copy(&config->lint->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

void fb_property_add(struct fb_config *config, struct fb_section *section, struct slice key,
                     struct slice value, struct lint_place place, bool is_conditional)
{
    struct fb_property *p = lint_alloc(&config->lint->arena, sizeof(*p));
    char *small = mem_string_from(key);
    for (char *c = small; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    p->key = lint_copy(&config->lint->arena, slice_from_string(small));
    free(small);
    p->value = expand(config, value);
    p->place = place;
    p->is_conditional = is_conditional;
    if (section->last == NULL) {
        section->first = p;
    } else {
        section->last->next = p;
    }
    section->last = p;
}

/* Keys of YAML may be in camelCase, and some plugins write `_` where others write nothing. */
static bool is_key(const char *key, const char *wanted)
{
    while (*key != '\0' && *wanted != '\0') {
        if (*key == *wanted) {
            key++;
            wanted++;
        } else if (*wanted == '_') {
            wanted++;
        } else if (*key == '_') {
            key++;
        } else {
            return false;
        }
    }
    return *key == *wanted;
}

const struct fb_property *fb_next(const struct fb_property *property, const char *key)
{
    for (; property != NULL; property = property->next) {
        if (is_key(property->key, key)) {
            return property;
        }
    }
    return NULL;
}

const struct fb_property *fb_get(const struct fb_section *section, const char *key)
{
    const struct fb_property *found = NULL;
    for (const struct fb_property *p = section->first; p != NULL; p = p->next) {
        found = is_key(p->key, key) ? p : found;
    }
    return found;
}

const char *fb_value(const struct fb_section *section, const char *key, const char *otherwise)
{
    const struct fb_property *p = fb_get(section, key);
    return p != NULL ? p->value : otherwise;
}

const char *fb_name(const struct fb_section *section)
{
    return fb_value(section, "name", "");
}

bool fb_is_unknown(const char *value)
{
    return strstr(value, "{{") != NULL || strstr(value, "${") != NULL ||
           strstr(value, "{%") != NULL;
}

bool fb_bool(const struct fb_section *section, const char *key, bool otherwise, bool *out_unknown)
{
    const struct fb_property *p = fb_get(section, key);
    if (p == NULL) {
        return otherwise;
    }
    if (out_unknown != NULL && (fb_is_unknown(p->value) || p->is_conditional)) {
        *out_unknown = true;
    }
    return strcasecmp(p->value, "on") == 0 || strcasecmp(p->value, "true") == 0 ||
           strcasecmp(p->value, "yes") == 0 || strcmp(p->value, "1") == 0;
}

struct stage fb_stage(struct fb_config *config, const struct fb_section *section,
                      const struct fb_property *property, const char *why, const char *fix)
{
    static const char *const kinds[] = {"service", "parser", "multiline parser", "input",
                                        "filter",  "output", "section"};
    const struct fb_property *name = fb_get(section, "name");
    return (struct stage){
        .place = property != NULL ? property->place : name != NULL ? name->place : section->place,
        .name = lint_format(&config->lint->arena, "%s %s", kinds[section->kind], fb_name(section)),
        .why = why,
        .fix = fix,
    };
}

/* ---- files ---- */

static bool is_yaml_name(const char *path)
{
    size_t len = strlen(path);
    return (len > 5 && strcasecmp(path + len - 5, ".yaml") == 0) ||
           (len > 4 && strcasecmp(path + len - 4, ".yml") == 0);
}

static void read_any(struct fb_config *config, const struct lint_text *text)
{
    if (config->depth >= INCLUDE_DEPTH_MAX) {
        return;
    }
    config->depth++;
    if (!is_yaml_name(text->path) || !fb_read_yaml(config, text)) {
        fb_read_classic(config, text);
    }
    config->depth--;
}

/* Every file that the pattern names in a folder, in the order of their names. */
static bool include_pattern(struct fb_config *config, const char *pattern)
{
    glob_t found;
    bool is_any = false;
    if (glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc && i < LINT_FILES_MAX; i++) {
        struct lint_text text;
        if (strcmp(found.gl_pathv[i], config->path) != 0 &&
            lint_read(config->lint, found.gl_pathv[i], &text) == 0) {
            read_any(config, &text);
            is_any = true;
        }
    }
    globfree(&found);
    return is_any;
}

static void include_glob(struct fb_config *config, const char *wanted)
{
    struct arena *arena = &config->lint->arena;
    const char *slash = strrchr(config->path, '/');
    int folder = slash != NULL ? (int)(slash - config->path) + 1 : 0;
    const char *name = strrchr(wanted, '/');
    name = name != NULL ? name + 1 : wanted;
    int stem = (int)strcspn(config->path + folder, ".") + folder;
    if (wanted[0] != '/' && strstr(wanted, "..") == NULL &&
        include_pattern(config, lint_format(arena, "%.*s%s", folder, config->path, wanted))) {
        return;
    }
    /* A bare `*.conf` beside it may be anything: only in the folder of what belongs to it. */
    (void)include_pattern(config, lint_format(arena, "%.*s.aux/%s", stem, config->path, name));
}

void fb_include(struct fb_config *config, const char *wanted)
{
    struct lint_text text;
    if (strchr(wanted, '*') != NULL) {
        include_glob(config, wanted);
    } else if (lint_find(config->lint, config->path, wanted, &text)) {
        read_any(config, &text);
    }
}

/* The parsers file has another name here than there: whatever of that kind belongs to it. */
static void read_parsers_beside(struct fb_config *config)
{
    const char *slash = strrchr(config->path, '/');
    int folder = slash != NULL ? (int)(slash - config->path) + 1 : 0;
    int stem = (int)strcspn(config->path + folder, ".") + folder;
    (void)include_pattern(config, lint_format(&config->lint->arena, "%.*s.aux/*parser*.conf", stem,
                                              config->path));
}

void fb_read_parsers(struct fb_config *config)
{
    size_t before = config->sections;
    bool is_wanted = false;
    for (struct fb_section *s = config->first[FB_SERVICE]; s != NULL; s = s->next) {
        const struct fb_property *p = fb_next(s->first, "parsers_file");
        for (; p != NULL; p = fb_next(p->next, "parsers_file")) {
            fb_include(config, p->value);
            is_wanted = true;
        }
    }
    if (is_wanted && config->sections == before) {
        read_parsers_beside(config);
    }
}
