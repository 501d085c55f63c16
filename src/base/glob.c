/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

/* ---- {a,b} ---- */

/* The brace group's closing brace; NULL if it is not closed or has no comma at its level. */
static const char *find_close(const char *open)
{
    unsigned depth = 0;
    bool has_comma = false;
    for (const char *s = open; *s != '\0'; s++) {
        if (*s == '\\' && s[1] != '\0') {
            s++;
        } else if (*s == '{') {
            depth++;
        } else if (*s == ',' && depth == 1) {
            has_comma = true;
        } else if (*s == '}' && --depth == 0) {
            return has_comma ? s : NULL;
        }
    }
    return NULL;
}

/* The first group that is one; NULL if there is none. */
static const char *find_group(const char *pattern, const char **out_close)
{
    for (const char *s = pattern; *s != '\0'; s++) {
        if (*s == '\\' && s[1] != '\0') {
            s++;
        } else if (*s == '{') {
            *out_close = find_close(s);
            if (*out_close != NULL) {
                return s;
            }
        }
    }
    return NULL;
}

/* The end of the choice that begins at `s`: its comma, or the group's closing brace. */
static const char *find_choice_end(const char *s, const char *close)
{
    unsigned depth = 0;
    for (; s < close; s++) {
        if (*s == '\\') {
            s++;
        } else if (*s == '{') {
            depth++;
        } else if (*s == '}') {
            depth--;
        } else if (*s == ',' && depth == 0) {
            break;
        }
    }
    return s < close ? s : close;
}

/* ---- components ---- */

static bool is_pattern(const char *component)
{
    return strpbrk(component, "*?[\\") != NULL;
}

static void add_component(struct glob *glob, char *component)
{
    glob->components = mem_resize(glob->components, glob->count + 1, sizeof(char *));
    glob->components[glob->count++] = component;
}

/* Everything before the first component with a pattern is the root; the last component never is, so
 * that a single file is looked for in its directory. */
static struct glob split(const char *pattern)
{
    struct glob glob = {.is_literal = !is_pattern(pattern)};
    size_t root_len = 0;
    const char *s = pattern;
    while (*s != '\0') {
        s += strspn(s, "/");
        size_t len = strcspn(s, "/");
        char *component = mem_string_from(slice_make(s, len));
        bool is_last = s[len + strspn(s + len, "/")] == '\0';
        if (len > 0 && (glob.count > 0 || is_last || is_pattern(component))) {
            add_component(&glob, component);
        } else {
            root_len = (size_t)(s - pattern) + len;
            free(component);
        }
        s += len + (is_last ? strlen(s + len) : 0);
    }
    glob.root = root_len > 0 ? mem_string_from(slice_make(pattern, root_len))
                             : mem_string(pattern[0] == '/' ? "/" : ".");
    return glob;
}

bool glob_list_add(struct glob_list *list, const char *pattern)
{
    const char *close = NULL;
    const char *open = find_group(pattern, &close);
    if (open == NULL) {
        if (list->count == GLOBS_MAX) {
            return false;
        }
        list->items = mem_resize(list->items, list->count + 1, sizeof(*list->items));
        list->items[list->count++] = split(pattern);
        return true;
    }
    for (const char *choice = open + 1; choice <= close;) {
        const char *end = find_choice_end(choice, close);
        char *expanded = mem_format("%.*s%.*s%s", (int)(open - pattern), pattern,
                                    (int)(end - choice), choice, close + 1);
        bool fits = glob_list_add(list, expanded);
        free(expanded);
        if (!fits) {
            return false;
        }
        choice = end + 1;
    }
    return true;
}

void glob_list_fini(struct glob_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        for (size_t c = 0; c < list->items[i].count; c++) {
            free(list->items[i].components[c]);
        }
        free(list->items[i].components);
        free(list->items[i].root);
    }
    free(list->items);
    *list = (struct glob_list){0};
}

/* ---- matching ---- */

bool glob_is_any_depth(const char *component)
{
    return strcmp(component, "**") == 0;
}

bool glob_matches_name(const char *component, const char *name)
{
    return fnmatch(component, name, FNM_PATHNAME | FNM_PERIOD) == 0;
}

/* Behind the first component of `path`; *out_name holds it. */
static const char *take_name(const char *path, char out_name[256])
{
    path += strspn(path, "/");
    size_t len = strcspn(path, "/");
    size_t kept = len < 255 ? len : 255;
    memcpy(out_name, path, kept);
    out_name[kept] = '\0';
    return path + len;
}

static bool matches_from(const struct glob *glob, size_t index, const char *path)
{
    char name[256];
    for (; index < glob->count; index++) {
        if (glob_is_any_depth(glob->components[index])) {
            while (*path != '\0') {
                if (matches_from(glob, index + 1, path)) {
                    return true;
                }
                path = take_name(path, name);
            }
            return index + 1 == glob->count;
        }
        path = take_name(path, name);
        if (name[0] == '\0' || !glob_matches_name(glob->components[index], name)) {
            return false;
        }
    }
    return path[strspn(path, "/")] == '\0';
}

static bool matches(const struct glob *glob, const char *path)
{
    if (strcmp(glob->root, ".") == 0) {
        const char *slash = strrchr(path, '/');
        return glob->count == 1 &&
               glob_matches_name(glob->components[0], slash != NULL ? slash + 1 : path);
    }
    size_t root_len = strcmp(glob->root, "/") == 0 ? 0 : strlen(glob->root);
    return strncmp(path, glob->root, root_len) == 0 &&
           (path[root_len] == '/' || path[root_len] == '\0') &&
           matches_from(glob, 0, path + root_len);
}

bool glob_list_matches(const struct glob_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++) {
        if (matches(&list->items[i], path)) {
            return true;
        }
    }
    return false;
}
