/* SPDX-License-Identifier: Apache-2.0 */

/* Sections and properties of a Fluent Bit config, and the files it names. */

#include "shippers/fluentbit/read.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/mem.h"

enum {
    SECTIONS_MAX = 2048,
    PROPERTIES_MAX = 8192,
    NOTES_MAX = 4096,
    INCLUDE_DEPTH_MAX = 8,
};

struct fb_section *fb_section_new(struct fb_config *config, enum fb_kind kind,
                                  struct slice header, struct foreign_place place)
{
    struct fb_section *section = foreign_alloc(&config->foreign->arena, sizeof(*section));
    section->kind = kind;
    section->header = foreign_copy(&config->foreign->arena, header);
    section->place = place;
    return section;
}

void fb_note_add(struct fb_config *config, struct foreign_place place, struct slice text,
                 const char *why)
{
    if (config->note_count++ >= NOTES_MAX) {
        return;
    }
    struct arena *arena = &config->foreign->arena;
    struct fb_note *note = foreign_alloc(arena, sizeof(*note));
    *note = (struct fb_note){NULL, place, foreign_copy(arena, text),
                             foreign_copy(arena, slice_from_string(why))};
    if (config->last_note == NULL) {
        config->notes = note;
    } else {
        config->last_note->next = note;
    }
    config->last_note = note;
}

void fb_set_add(struct fb_config *config, struct slice name, struct slice value)
{
    struct arena *arena = &config->foreign->arena;
    struct fb_set *set = foreign_alloc(arena, sizeof(*set));
    *set = (struct fb_set){config->sets, slice_from_string(foreign_copy(arena, name)),
                           slice_from_string(foreign_copy(arena, value))};
    config->sets = set;
}

void fb_section_append(struct fb_config *config, struct fb_section *section)
{
    enum fb_kind kind = section->kind;
    section->number = config->sections;
    if (config->sections++ >= SECTIONS_MAX) {
        if (config->sections == SECTIONS_MAX + 1) {
            fb_note_add(config, section->place, slice_from_string(section->header),
                        "there are more sections than are read: this and what follows");
        }
        return;
    }
    if (config->last[kind] == NULL) {
        config->first[kind] = section;
    } else {
        config->last[kind]->next = section;
    }
    config->last[kind] = section;
}

static bool find_set(const struct fb_config *config, struct slice name, struct slice *out)
{
    for (const struct fb_set *s = config->sets; s != NULL; s = s->next) {
        if (slice_is_equal(s->name, name)) {
            *out = s->value;
            return true;
        }
    }
    return false;
}

/* What stands between the braces: @SET goes before the environment, that before a default. */
static void expand_one(struct fb_config *config, struct slice inner, bool with_environ,
                       struct buf *out)
{
    const char *dash = memmem(inner.data, inner.len, ":-", 2);
    struct slice bare = dash != NULL ? slice_make(inner.data, (size_t)(dash - inner.data)) : inner;
    const char *found = with_environ ? foreign_getenv(config->foreign, bare) : NULL;
    struct slice set;
    if (find_set(config, bare, &set)) {
        buf_append_slice(out, set);
    } else if (found != NULL && *found != '\0') {
        buf_append_string(out, found);
    } else if (dash != NULL && with_environ) {
        buf_append_slice(out, slice_skip(inner, bare.len + 2));
    } else {
        buf_append_string(out, "${");
        buf_append_slice(out, inner);
        buf_append_string(out, "}");
    }
}

/* `${X:-default}`, `${X}` with a value: expanded. Without one: left as it stands, an unknown. */
static const char *expand(struct fb_config *config, struct slice value, bool with_environ)
{
    struct buf out;
    buf_init(&out, FOREIGN_TEXT_BYTES_MAX);
    for (size_t i = 0; i < value.len; i++) {
        const char *at = value.data + i;
        const char *end = value.len - i > 3 && at[0] == '$' && at[1] == '{'
                              ? memchr(at, '}', value.len - i)
                              : NULL;
        if (end == NULL) {
            buf_append(&out, at, 1);
            continue;
        }
        expand_one(config, slice_make(at + 2, (size_t)(end - at) - 2), with_environ, &out);
        i = (size_t)(end - value.data);
    }
    const char *text = foreign_copy(&config->foreign->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

void fb_property_add(struct fb_config *config, struct fb_section *section, struct slice key,
                     struct slice value, struct foreign_place place, bool is_conditional)
{
    if (config->properties++ >= PROPERTIES_MAX) {
        if (config->properties == PROPERTIES_MAX + 1) {
            fb_note_add(config, place, key, "there are more options than are read: this and what follows");
        }
        return;
    }
    struct fb_property *p = foreign_alloc(&config->foreign->arena, sizeof(*p));
    char *small = mem_string_from(key);
    for (char *c = small; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    p->key = foreign_copy(&config->foreign->arena, slice_from_string(small));
    free(small);
    p->value = expand(config, value, true);
    p->raw = expand(config, value, false);
    p->is_told = foreign_alloc(&config->foreign->arena, sizeof(*p->is_told));
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

bool fb_is_key(const struct fb_property *property, const char *key)
{
    return is_key(property->key, key);
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

bool fb_is_true(const char *value)
{
    return strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0 ||
           strcasecmp(value, "yes") == 0 || strcmp(value, "1") == 0;
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
    return fb_is_true(p->value);
}

const char *fb_word(struct arena *arena, const char *text, const char **out_rest)
{
    text += strspn(text, " \t");
    char quote = *text == '"' ? '"' : '\0';
    text += quote != '\0' ? 1 : 0;
    size_t len = quote != '\0' ? strcspn(text, "\"") : strcspn(text, " \t");
    const char *rest = text + len + (quote != '\0' && text[len] == '"' ? 1 : 0);
    rest += strspn(rest, " \t");
    if (out_rest != NULL) {
        *out_rest = rest;
    }
    return foreign_copy(arena, slice_make(text, len));
}

/* ---- files ---- */

static bool is_yaml_name(const char *path)
{
    size_t len = strlen(path);
    return (len > 5 && strcasecmp(path + len - 5, ".yaml") == 0) ||
           (len > 4 && strcasecmp(path + len - 4, ".yml") == 0);
}

/* `x.yaml`, and `x.yaml.tpl` too. */
static bool is_yaml_like(const char *path)
{
    return strcasestr(path, ".yaml") != NULL || strcasestr(path, ".yml") != NULL;
}

static void read_any(struct fb_config *config, const struct foreign_text *text)
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
    for (size_t i = 0; i < found.gl_pathc && i < FOREIGN_FILES_MAX; i++) {
        struct foreign_text text;
        if (strcmp(found.gl_pathv[i], config->path) != 0 &&
            foreign_read(config->foreign, found.gl_pathv[i], &text) == 0) {
            read_any(config, &text);
            is_any = true;
        }
    }
    globfree(&found);
    return is_any;
}

static bool include_glob(struct fb_config *config, const char *wanted)
{
    struct arena *arena = &config->foreign->arena;
    const char *slash = strrchr(config->path, '/');
    int folder = slash != NULL ? (int)(slash - config->path) + 1 : 0;
    const char *name = strrchr(wanted, '/');
    name = name != NULL ? name + 1 : wanted;
    int stem = (int)strcspn(config->path + folder, ".") + folder;
    if (wanted[0] != '/' && strstr(wanted, "..") == NULL &&
        include_pattern(config, foreign_format(arena, "%.*s%s", folder, config->path, wanted))) {
        return true;
    }
    /* A bare `*.conf` beside it may be anything: only in the folder of what belongs to it. */
    return include_pattern(config,
                           foreign_format(arena, "%.*s.aux/%s", stem, config->path, name));
}

bool fb_include(struct fb_config *config, const char *wanted)
{
    struct foreign_text text;
    if (strchr(wanted, '*') != NULL) {
        return include_glob(config, wanted);
    }
    if (!foreign_find(config->foreign, config->path, wanted, &text)) {
        return false;
    }
    read_any(config, &text);
    return true;
}

/* The parsers file has another name here than there: whatever of that kind belongs to it. */
static bool read_parsers_beside(struct fb_config *config)
{
    const char *slash = strrchr(config->path, '/');
    int folder = slash != NULL ? (int)(slash - config->path) + 1 : 0;
    int stem = (int)strcspn(config->path + folder, ".") + folder;
    return include_pattern(config, foreign_format(&config->foreign->arena, "%.*s.aux/*parser*.conf",
                                                  stem, config->path));
}

/* Fluent Bit's own parsers.conf is known by heart (fluentbit_parsers.c). */
static bool is_stock_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcasecmp(slash != NULL ? slash + 1 : path, "parsers.conf") == 0;
}

static bool is_any_parser(const struct fb_config *config)
{
    return config->first[FB_PARSER] != NULL;
}

void fb_read_parsers(struct fb_config *config)
{
    size_t before = config->sections;
    const struct fb_property *missing = NULL;
    bool is_wanted = false;
    for (struct fb_section *s = config->first[FB_SERVICE]; s != NULL; s = s->next) {
        const struct fb_property *p = fb_next(s->first, "parsers_file");
        for (; p != NULL; p = fb_next(p->next, "parsers_file")) {
            bool is_there = fb_include(config, p->value);
            missing = is_there || is_stock_file(p->value) ? missing : p;
            is_wanted = true;
        }
    }
    bool is_beside = is_wanted && config->sections == before && read_parsers_beside(config);
    if (missing != NULL && !is_beside && !is_any_parser(config)) {
        fb_note_add(config, missing->place, slice_from_string(missing->value),
                    "this file of parsers is not to be found here");
    }
}

static void read_whole(struct fb_config *config, const struct foreign_text *text)
{
    unsigned before = config->sections;
    config->path = text->path;
    config->text = text->text;
    if (!is_yaml_like(text->path)) {
        fb_read_classic(config, text);
    } else {
        fb_read_blocks(config, text);
        if (config->sections == before) {
            (void)fb_read_yaml(config, text);
        }
        if (config->sections == before) {
            fb_read_classic(config, text);
        }
    }
}

/* [Service] is of systemd's units too, whose lines are key=value. */
static bool is_service(const struct fb_section *section)
{
    for (const struct fb_property *p = section->first; p != NULL; p = p->next) {
        if (strchr(p->key, '=') == NULL) {
            return true;
        }
    }
    return false;
}

/* Brackets stand in many a text: one of Fluent Bit's own sections has to be there. */
static bool is_config(const struct fb_config *config)
{
    for (enum fb_kind kind = FB_SERVICE; kind < FB_OTHER; kind++) {
        for (const struct fb_section *s = config->first[kind]; s != NULL; s = s->next) {
            if (kind != FB_SERVICE || is_service(s)) {
                return true;
            }
        }
    }
    return false;
}

struct fb_config *fb_read(struct foreign *foreign, const struct foreign_text *text)
{
    struct fb_config *config = foreign_alloc(&foreign->arena, sizeof(*config));
    config->foreign = foreign;
    read_whole(config, text);
    fb_read_parsers(config);
    return is_config(config) ? config : NULL;
}

static bool is_read(const struct fb_config *config, const char *path)
{
    for (enum fb_kind kind = FB_SERVICE; kind < FB_KINDS; kind++) {
        for (const struct fb_section *s = config->first[kind]; s != NULL; s = s->next) {
            if (strcmp(s->place.file, path) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool fb_read_more(struct fb_config *config, const struct foreign_text *text)
{
    const char *path = config->path;
    struct slice own = config->text;
    unsigned before = config->sections;
    bool is_there = is_read(config, text->path);
    if (!is_there) {
        read_whole(config, text);
        config->path = path;
        config->text = own;
    }
    return is_there || config->sections > before;
}
